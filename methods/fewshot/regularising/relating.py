"""Rows `afr_related`: what every novel class is related to, what is struck out, and where even the nearest is far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from methods.fewshot.afr.relate import low_similarity
from methods.fewshot.regularising.meaning import cosines
from methods.fewshot.regularising.records import CANDIDATES
from methods.fewshot.regularising.world import World

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Related:
    """Novel classes and their base classes.

    Attributes:
        rows: as `afr_related` has them.
        low: the cosine below which a class is far from every base class; None for a single base class.
        far: names of the novel classes that are.
    """

    rows: list[Row]
    low: float | None
    far: list[str]


def relate(world: World, count: int) -> Related:
    """Every novel class with its `count` related base classes, by similarity."""
    classes = world.classes
    similarity = cosines(world.semantics.double().cpu().numpy(), classes.novel, classes.base)
    struck = world.struck.cpu().numpy()[list(classes.novel)]
    low = low_similarity(world.base_semantics)
    best = np.where(struck, -np.inf, similarity).max(1)
    rows = [
        _row(world, name, similarity[place], struck[place], count, _warning(name, best[place], low))
        for place, name in enumerate(classes.novel_names)
    ]
    far = [str(row["class"]) for row in rows if row["warned"] is not None]
    return Related(rows, low if np.isfinite(low) else None, far)


def _warning(name: str, best: float, low: float) -> str | None:
    if best >= low:
        return None
    return (
        f"{name}: its nearest base class has a cosine of {best:.2f}; nine in ten base classes have one of {low:.2f} or more among themselves. "
        "Mixing may do harm here."
    )


def _row(
    world: World,
    name: str,
    similarity: NDArray[np.float64],
    struck: NDArray[np.bool_],
    count: int,
    warned: str | None,
) -> Row:
    order = np.argsort(-similarity, kind="stable")
    used = np.cumsum(~struck[order])
    end = int(np.searchsorted(used, count)) + 1  # down to the k-th that is not struck out
    rest = order[end:]
    next_ones = [*rest[:CANDIDATES], *(each for each in rest[CANDIDATES:] if struck[each])]
    names = world.classes.base_names

    def told(places: Iterator[int]) -> list[dict[str, Any]]:
        return [
            {
                "name": names[place],
                "similarity": float(similarity[place]),
                "vetoed": bool(struck[place]),
            }
            for place in places
        ]

    return {
        "class": name,
        "related": told(iter(order[:end])),
        "candidates": told(iter(next_ones)),
        "warned": warned,
    }
