"""What is said of preference data before anything runs on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PairFormatView:
    """A format of preference data.

    Attributes:
        needs: columns without which a row is not of it, in words.
        text: what a newcomer must know.
        examples: minimal valid rows, by what is special about each.
    """

    name: str
    title: str
    needs: str
    text: str
    examples: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class PairProblemView:
    """A broken rule; `row` counts from 0."""

    row: int
    field: str
    rule: str
    severity: str
    message: str


@dataclass(frozen=True)
class PairPreview:
    """Preference data as it was found.

    Attributes:
        format, title: the format that it has, and what people call it.
        reason: why that one.
        count: all rows.
        checked: rows that were looked at.
        problems: the first ones, in order of rows.
        counts: all of them among the rows looked at, by rule.
        rules: what each of these rules asks for.
        broken: rows with an error.
        first: the first pairs: turns, both answers, small pictures.
    """

    name: str
    format: str
    title: str
    reason: str
    notes: tuple[str, ...]
    count: int
    checked: int
    problems: tuple[PairProblemView, ...]
    counts: dict[str, int]
    rules: dict[str, str]
    broken: int
    sentence: str
    first: tuple[dict[str, Any], ...]
