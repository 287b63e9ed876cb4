"""Which rows are held out of a training."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from methods.unlearning.rows.row import Row


def split(rows: Sequence[Row], share: float, seed: int) -> tuple[list[Row], list[Row]]:
    """Rows to train on and rows held out, both in their order.

    Rows with the same prompt and answer fall on the same side: else a held-out row would have been trained on.

    Args:
        share: of the rows, from 0 to 0.5, that is held out at most.
        seed: of the draw.
    """
    groups: dict[tuple[object, str], list[int]] = {}
    for place, row in enumerate(rows):
        groups.setdefault((row.turns, row.answer), []).append(place)
    order = list(groups.values())
    Random(seed).shuffle(order)
    held: set[int] = set()
    for group in order:
        if len(held) + len(group) <= int(share * len(rows)):
            held.update(group)
    trained = [row for place, row in enumerate(rows) if place not in held]
    return trained, [row for place, row in enumerate(rows) if place in held]
