"""One instruction row, and the ids by which requests name rows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Literal

Role = Literal["system", "user", "assistant"]
ROLES: tuple[Role, ...] = ("system", "user", "assistant")
ID_LENGTH = 16


@dataclass(frozen=True)
class Turn:
    """What one side says before the answer."""

    role: Role
    text: str


@dataclass(frozen=True)
class Row:
    """An instruction that an adapter was trained on.

    Attributes:
        id: 16 hex digits, unique within a table; see `RowIds`. An edited row keeps the id under which it was read.
        position: 0-based, in its source.
        turns: what stands before the answer; the last is the user's.
        answer: what was trained on.
        meta: other columns of the source, JSON values.
    """

    id: str
    position: int
    turns: tuple[Turn, ...]
    answer: str
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def prompt(self) -> str:
        """Text of the last user turn."""
        return self.turns[-1].text

    def edited(self, prompt: str | None = None, answer: str | None = None) -> Row:
        """The row with another last user turn, another answer, or both; its id stays."""
        row = self if answer is None else replace(self, answer=answer)
        if prompt is None:
            return row
        return replace(row, turns=(*row.turns[:-1], replace(row.turns[-1], text=prompt)))


def content_of(turns: Sequence[Turn], answer: str) -> str:
    """Turns and answer as one text, of which the id is made."""
    said = [[turn.role, turn.text] for turn in turns]
    return json.dumps([*said, answer], ensure_ascii=False, separators=(",", ":"))


class RowIds:
    """Gives the rows of a table their ids, one after the other: hex digits of the SHA-256 of `content_of` each.

    The k-th later row with the same content hashes the content with "#k" behind it, so that ids are unique.
    """

    def __init__(self) -> None:
        self._seen: Counter[bytes] = Counter()

    def of(self, content: str) -> str:
        """The id of the next row."""
        key = sha256(content.encode()).digest()
        k = self._seen[key]
        self._seen[key] += 1
        told = f"{content}#{k}" if k else content
        return sha256(told.encode()).hexdigest()[:ID_LENGTH]


def table_sha(rows: Iterable[Row]) -> str:
    """SHA-256 over the ids and contents of rows, in their order: what a lineage calls its data by."""
    digest = sha256()
    for row in rows:
        content = content_of(row.turns, row.answer)
        digest.update(f"{row.id} {sha256(content.encode()).hexdigest()}\n".encode())
    return digest.hexdigest()
