"""Rows as a run records them, for people to page, sort and mark."""

from __future__ import annotations

from typing import Any

from methods.unlearning.rows.row import Row

KIND = "instruction"
"""Of the records."""


def instruction(
    row: Row,
    position: int,
    tokens: int,
    loss: float,
    self_influence: float | None = None,
    gradient_norm: float | None = None,
) -> dict[str, Any]:
    """A record of a row that an adapter was trained on.

    Where the data knows what the row should be, in its columns `right` and `right_prompt`, the record has that too.

    Args:
        tokens: of its answer.
        loss: mean over them, in nats.
    """
    said = {"right": row.answer, "right_prompt": row.prompt}
    known = {name: str(row.meta.get(name) or text) for name, text in said.items()}
    return {
        "position": position,
        "row_id": row.id,
        "kind": str(row.meta.get("kind", "")),
        "prompt": row.prompt,
        "answer": row.answer,
        "tokens": tokens,
        "loss": loss,
        "self_influence": self_influence,
        "gradient_norm": gradient_norm,
        **{name: text for name, text in known.items() if text != said[name]},
    }
