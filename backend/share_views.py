"""What leaves the backend about links: plain frozen data, as in `views`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Part:
    """A part of what a link shows, which its maker takes in or leaves out; it is shown only with the parts that it `needs`."""

    name: str
    title: str
    about: str
    needs: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class SharePreset:
    """A choice of parts under a name; of a kind that lacks some of them, the others."""

    name: str
    title: str
    about: str
    parts: list[str]


@dataclass(frozen=True)
class ShareKind:
    """A kind of thing that a link can show, and the parts of it that can be chosen."""

    name: str
    title: str
    parts: list[str]


@dataclass(frozen=True)
class ShareChoices:
    """All that can be chosen when a link is made; `default` names a preset."""

    kinds: list[ShareKind]
    parts: list[Part]
    presets: list[SharePreset]
    default: str
    days_max: int


@dataclass(frozen=True)
class ShareView:
    """A link; `url` is a path below the studio's address. Times are UTC epoch seconds.

    Attributes:
        selection: which part of the target it shows: of a run a node, or pairs.
        shows: the parts that its page shows, as `ShareChoices` names them.
        target: what the target is called now; "" once it was deleted.
        title: what its page is called; "" takes the target's title where titles are shown.
        note: for whoever looks at the list; its page does not show it.
        state: "active", "expired" or "revoked".
        hits: visits of the page.
        mine: whether whoever asks may change and revoke it.
    """

    id: str
    kind: str
    target_id: str
    selection: dict[str, Any]
    shows: list[str]
    target: str
    title: str
    note: str
    url: str
    created_by: str
    created_at: float
    expires_at: float
    revoked_at: float | None
    state: str
    hits: int
    first_visit_at: float | None
    last_visit_at: float | None
    mine: bool


@dataclass(frozen=True)
class SharePage:
    """One page of links, newest first; `cursor` asks for the next one and is None at the end."""

    items: list[ShareView]
    cursor: str | None
    total: int


@dataclass(frozen=True)
class SharedTarget:
    """What a link shows, as it stands now: its title, and the runs whose figures it shows."""

    title: str
    run_ids: list[str]
