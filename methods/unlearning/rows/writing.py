"""Writing instruction rows as chat messages, one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from methods.unlearning.rows.reading import ROW_ID
from methods.unlearning.rows.row import Row

RESERVED = (ROW_ID, "messages", "system")
"""Columns that say something of the row itself wherever they stand."""


def write_rows(rows: Iterable[Row], target: Path) -> Path:
    """Write rows so that `read_rows` gives back turns, answers, meta and ids, and any trainer reads their `messages`.

    The positions become those in the new file. The file appears under its name once it is whole.
    """
    partial = target.with_name(f".{target.name}.partial")
    with partial.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(json.dumps(_written(row), ensure_ascii=False) + "\n")
    return partial.replace(target)


def _written(row: Row) -> dict[str, object]:
    said = [(turn.role, turn.text) for turn in row.turns] + [("assistant", row.answer)]
    messages = [{"role": role, "content": text} for role, text in said]
    others = {name: value for name, value in row.meta.items() if name not in RESERVED}
    return {ROW_ID: row.id, "messages": messages, **others}
