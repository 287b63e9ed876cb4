"""What a request asks of rows: checked against the rows that a run recorded."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sqlmodel import Session

from backend.request_views import Mark
from backend.services.errors import NotFound, ServiceError
from methods.unlearning.editing.request_file import read_request
from storage import instructions
from storage.kept import Erasure
from storage.typed import storable

MAX_MARKS = 5000
MAX_TEXT = 20_000
WORDS = {
    "remove": "is to be removed",
    "prompt": "is to get another prompt",
    "answer": "is to get another answer",
    "both": "is to get another prompt and another answer",
}
Item = dict[str, Any]
"""One entry of `Erasure.items`."""


@dataclass(frozen=True)
class Change:
    """What is asked of one row: that it be removed, or another prompt, answer, or both. None leaves a text as it is."""

    remove: bool = False
    prompt: str | None = None
    answer: str | None = None


@dataclass(frozen=True)
class Marks:
    """What is asked of many rows, as a request file says it: ids to remove, new prompts and new answers by id."""

    remove: Sequence[str] = ()
    prompts: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)

    def changes(self) -> dict[str, Change]:
        """By row.

        Raises:
            ServiceError: a row is to be removed twice.
        """
        twice = [row_id for row_id, number in Counter(self.remove).items() if number > 1]
        if twice:
            raise ServiceError(f"remove: row {twice[0]:.80} is named twice")
        removed = set(self.remove)
        rows = dict.fromkeys([*self.remove, *self.prompts, *self.answers])
        return {
            row_id: Change(row_id in removed, self.prompts.get(row_id), self.answers.get(row_id))
            for row_id in rows
        }


def items_of(session: Session, table_run: str, changes: Mapping[str, Change]) -> dict[str, Item]:
    """What is asked of these rows, as a request keeps it.

    Raises:
        NotFound: the table has no such row.
        ServiceError: a row is removed and edited at once, or an edit changes nothing; the row is named.
    """
    if len(changes) > MAX_MARKS:
        raise ServiceError(f"up to {MAX_MARKS:,} rows may be marked, got {len(changes):,}")
    rows = instructions.by_ids(session, table_run, changes)
    missing = [row_id for row_id in changes if row_id not in rows]
    if missing:
        more = f" and {len(missing) - 1:,} more" if missing[1:] else ""
        raise NotFound(f"run {table_run} has no row {missing[0]!r:.80}{more}")
    return {row_id: _item(rows[row_id], change) for row_id, change in changes.items()}


def _item(row: Mapping[str, Any], change: Change) -> Item:
    name = f"row {row['row_id']} (position {row['position']})"
    kept = {name: row[name] for name in ("position", "prompt", "answer")}
    edits = {"new_prompt": change.prompt, "new_answer": change.answer}
    if change.remove:
        if any(text is not None for text in edits.values()):
            raise ServiceError(f"{name}: it can be removed or edited, not both at once")
        return kept | {"remove": True}
    for what in ("prompt", "answer"):
        text = edits[f"new_{what}"]
        if text == row[what]:
            edits[f"new_{what}"] = None
        elif text is not None and not text.strip():
            raise ServiceError(f"{name}: the new {what} is empty; remove the row instead")
        elif text is not None and text != storable(text):
            raise ServiceError(
                f"{name}: the new {what} has a NUL character or half of a surrogate pair"
            )
        elif text is not None and len(text) > MAX_TEXT:
            raise ServiceError(
                f"{name}: a new {what} has up to {MAX_TEXT:,} characters, got {len(text):,}"
            )
    if all(text is None for text in edits.values()):
        raise ServiceError(f"{name}: nothing is changed; give remove, another prompt or answer")
    return kept | edits


def mark_view(row_id: str, item: Item) -> Mark:
    return Mark(
        row_id,
        item["position"],
        task_of(item),
        item["prompt"],
        item["answer"],
        item.get("new_prompt"),
        item.get("new_answer"),
    )


def task_of(item: Item) -> str:
    if item.get("remove"):
        return "remove"
    if item["new_prompt"] is not None and item["new_answer"] is not None:
        return "both"
    return "prompt" if item["new_prompt"] is not None else "answer"


def told(mark: Mark) -> str:
    """What was asked of one row, in words of the trail."""
    return f"row {mark.row_id} (position {mark.position}) {WORDS[mark.task]}"


def brief(mark: Mark) -> dict[str, Any]:
    """A mark for the trail, without the texts that the adapter was trained on."""
    return {name: value for name, value in asdict(mark).items() if name not in ("prompt", "answer")}


def counts_of(items: Mapping[str, Item]) -> dict[str, int]:
    """Rows to remove, prompts and answers to change."""
    return {
        "remove": sum(bool(item.get("remove")) for item in items.values()),
        "prompts": sum(item.get("new_prompt") is not None for item in items.values()),
        "answers": sum(item.get("new_answer") is not None for item in items.values()),
    }


def in_order(items: Mapping[str, Item]) -> list[tuple[str, Item]]:
    """Items in the order of their rows."""
    return sorted(items.items(), key=lambda pair: (pair[1]["position"], pair[0]))


def request_file(erasure: Erasure) -> bytes:
    """The request as methods read it: the same bytes for the same request."""
    items = in_order(erasure.items)
    said = {
        "version": 1,
        "id": erasure.id,
        "title": erasure.title,
        "remove": [row_id for row_id, item in items if item.get("remove")],
        "prompts": {key: each["new_prompt"] for key, each in items if each.get("new_prompt")},
        "answers": {key: each["new_answer"] for key, each in items if each.get("new_answer")},
        "note": erasure.note,
    }
    return json.dumps(said, ensure_ascii=False, indent=1).encode() + b"\n"


def read_request_file(path: Path) -> tuple[str, str, Marks]:
    """Title, note and marks of a request file.

    Raises:
        MethodError: it is none.
    """
    asked = read_request(path)
    return asked.title, asked.note, Marks(asked.remove, asked.prompts, asked.answers)
