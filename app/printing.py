"""How commands write numbers, times and tables."""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

MARKS = {
    "queued": "○",
    "running": "◐",
    "cancelling": "◌",
    "succeeded": "●",
    "failed": "✕",
    "cancelled": "–",
}


def number(value: Any) -> str:
    """Four figures; nothing is a dash."""
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return setting(value)
    if isinstance(value, int) or (value.is_integer() and abs(value) < 1e6):
        return f"{int(value):,}"
    return f"{value:.4g}" if math.isfinite(value) else "not finite"


def setting(value: Any) -> str:
    """A setting as one would type it."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(isinstance(each, str | int | float) for each in value):
        return ",".join(str(each) for each in value) or "–"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def duration(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    if seconds < 90:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"


def moment(at: float | None) -> str:
    """A date and time of this machine's clock."""
    return "–" if at is None else f"{datetime.fromtimestamp(at):%Y-%m-%d %H:%M}"


def status(run: dict[str, Any]) -> str:
    return f"{MARKS.get(run['status'], ' ')} {run['status']}"


def plain(text: str) -> str:
    """A text of somebody's in one line, without the characters that would steer the terminal."""
    return "".join(c if c.isprintable() else " " for c in text)


def width(text: str) -> int:
    """Columns that a text takes in a terminal."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def cut(text: str, columns: int) -> str:
    """A text that takes at most so many columns."""
    if width(text) <= columns:
        return text
    while text and width(text) > columns - 1:
        text = text[:-1]
    return f"{text}…"


def table(
    rows: Sequence[Sequence[str]], right: Sequence[int] = (), most: int = 48
) -> Iterator[str]:
    """Lines of aligned cells.

    Args:
        rows: the head first, if there is one; all of one length.
        right: places of columns whose cells stand at the right, as numbers do.
        most: columns of the terminal that one cell may take.
    """
    cells = [[cut(plain(cell), most) for cell in row] for row in rows]
    widths = [max(map(width, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        padded = (
            " " * (wide - width(cell)) + cell if at in right else cell + " " * (wide - width(cell))
            for at, (cell, wide) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(padded).rstrip()


def as_json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)
