"""Cache maps as SVG, for pages that run no script: what each module did at each step, as `static/cache-map.js` draws it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

STATES = ("computed", "reused", "corrected")
WIDTH, LEFT, RIGHT, BOTTOM = 380, 34, 6, 18
TALLEST = 230
Cells = Sequence[Sequence[Sequence[int]]]
"""[step][block][attention, feed-forward]: a place in `STATES`."""


@dataclass(frozen=True)
class Share:
    """Cells of one state: how many, of how many, and all of them as one path."""

    state: str
    count: int
    share: float
    path: str


@dataclass(frozen=True)
class CacheMap:
    """The map of one run, in the coordinates of an SVG of `width` x `height`."""

    title: str
    shares: list[Share]
    across: list[tuple[float, str]]
    down: list[tuple[float, str]]
    height: float
    width: int = WIDTH
    left: int = LEFT


def cache_maps(runs: Sequence[tuple[str, Cells]]) -> list[CacheMap]:
    """One map a run, (title, cells) each, all on the same axes."""
    if not runs:
        return []
    steps = max(len(cells) for _, cells in runs)
    layers = max(len(cells[0]) for _, cells in runs)
    cell = (WIDTH - LEFT - RIGHT) / steps
    row = max(3.5, min(9.0, TALLEST / (2 * layers)))
    block = 2 * row + min(3.0, row / 2)

    def drawn(title: str, cells: Cells) -> CacheMap:
        places: dict[int, list[str]] = {state: [] for state in range(len(STATES))}
        for step, blocks in enumerate(cells):
            for layer, pair in enumerate(blocks):
                for module, state in enumerate(pair):
                    x, y = LEFT + step * cell, layer * block + module * row
                    places[state].append(f"M{x:.2f} {y:.2f}")
        box = f"h{cell - 1:.2f}v{row - 0.5:.2f}h-{cell - 1:.2f}z"
        total = sum(len(found) for found in places.values())
        shares = [
            Share(STATES[state], len(found), len(found) / total, "".join(at + box for at in found))
            for state, found in places.items()
        ]
        across = [(LEFT + (step + 0.5) * cell, str(step)) for step in _few(steps, 10)]
        down = [(layer * block + row + 3.5, str(layer)) for layer in _few(layers, 12)]
        return CacheMap(title, shares, across, down, layers * block + BOTTOM)

    return [drawn(title, cells) for title, cells in runs]


def _few(count: int, most: int) -> range:
    """From 0, so many as can be read."""
    return range(0, count, -(-count // most))
