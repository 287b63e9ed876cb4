"""What leaves the backend about instruction rows, requests to erase some of them, and versions of adapters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from backend.views import RunView


@dataclass(frozen=True)
class InstructionTable:
    """A run that recorded instruction rows: a table in which a request can mark some.

    Attributes:
        adapter, data: what the rows are of, as the settings of methods name it; "" where the run itself has none yet.
        rows: how many there are.
        kinds: how many of each kind.
        ranked: whether the influence of each row on itself is known.
    """

    id: str
    title: str
    method: str
    status: str
    created_at: float
    seed: int
    config: dict[str, Any]
    adapter: str
    data: str
    rows: int
    kinds: dict[str, int]
    ranked: bool


@dataclass(frozen=True)
class InstructionPage:
    """One page of instruction rows, each with its `mark`; `total` says how many match."""

    rows: list[dict[str, Any]]
    total: int


@dataclass(frozen=True)
class Mark:
    """What a request asks of one row.

    Attributes:
        position: of the row in its data, from 0.
        task: "remove", "prompt", "answer", or "both" for another prompt and another answer.
        prompt, answer: as the adapter was trained on them.
        new_prompt, new_answer: None for what stays.
    """

    row_id: str
    position: int
    task: str
    prompt: str
    answer: str
    new_prompt: str | None
    new_answer: str | None


@dataclass(frozen=True)
class TrailLine:
    """Something that happened to a request."""

    at: float
    action: str
    text: str
    data: dict[str, Any]


@dataclass(frozen=True)
class RequestItem:
    """A request in a list.

    Attributes:
        state: "requested", "approved", "running", "verified", "kept" or "rejected".
        counts: rows to remove, prompts and answers to change; a row may count for both of these.
        runs: how many edits were made for it as it was approved.
    """

    id: str
    title: str
    state: str
    table: str
    adapter: str
    data: str
    note: str
    counts: dict[str, int]
    runs: int
    kept_run: str | None
    created_at: float
    updated_at: float


@dataclass(frozen=True)
class RequestView:
    """A request with all that is known of it.

    Attributes:
        state, counts: as in `RequestItem`.
        method: the method that carries it out.
        source: the settings that say which adapter it is about and what that was trained on.
        items: what is asked of each row, in the order of the data.
        file: sha256 of the request as it was approved; None before.
        runs: the edits made for it as it was approved, oldest first.
        trail: all that happened, oldest first, with the ends of its runs.
        draft: nobody ever decided about it: it can be deleted.
        url: a path below the studio's address.
    """

    id: str
    title: str
    state: str
    method: str
    table: str
    adapter: str
    data: str
    source: dict[str, Any]
    note: str
    counts: dict[str, int]
    items: list[Mark]
    file: str | None
    runs: list[RunView]
    kept_run: str | None
    trail: list[TrailLine]
    draft: bool
    created_at: float
    updated_at: float
    url: str


@dataclass(frozen=True)
class Marked:
    """What a request asks of one row by now, None for nothing, and what it asks in all."""

    item: Mark | None
    counts: dict[str, int]


@dataclass(frozen=True)
class RequestEstimate:
    """What an edit is expected to need, and what to weigh before it: `advice` in plain sentences."""

    seconds: float
    memory_mb: float
    detail: dict[str, float]
    advice: list[str]


@dataclass(frozen=True)
class AdapterVersion:
    """An adapter that a run made.

    Attributes:
        sha256: of its weights.
        parent: of the weights that it came from, maybe of no run here; None for a first one.
        request: that it was made for, as that is approved now.
        kept: whether a request keeps it.
    """

    sha256: str
    parent: str | None
    run: str
    request: str | None
    kept: bool
    title: str
    method: str
    created_at: float
