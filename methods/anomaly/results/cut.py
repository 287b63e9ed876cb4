"""The nodes in one order, cut at a budget: what the sliders of a page set."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from methods.anomaly.results import ranks
from methods.anomaly.results.files import Results
from methods.anomaly.results.mapped import Array
from methods.anomaly.results.rows import flagged_neighbours, nodes


@dataclass(frozen=True)
class Cut:
    """A detection, ranked by a weight and cut at a number of nodes; what needs all nodes is computed once.

    Attributes:
        asked: weight of the attributes that ranks the nodes; None keeps the run's own order, by its score.
        top: how many nodes are flagged.
    """

    results: Results
    asked: float | None
    top: int

    @property
    def weight(self) -> float:
        """The weight that explanations use."""
        return self.results.weight(self.asked)

    @cached_property
    def values(self) -> Array:
        """What ranks the nodes, (n,)."""
        return np.asarray(self.results.order(self.asked))

    @cached_property
    def _ordered(self) -> Array:
        return np.sort(self.values)

    def percentiles(self, positions: Array) -> Array:
        """Share of all nodes below each of some, ties by half. (m,)."""
        values = self.values[positions]
        sides = [np.searchsorted(self._ordered, values, side) for side in ("left", "right")]
        return (sides[0] + sides[1]) / (2 * len(self.values))

    def rank(self, position: int) -> int:
        """The place of a node, from 1; of equals the lower position comes first."""
        value = self.values[position]
        left, right = (
            int(np.searchsorted(self._ordered, value, side)) for side in ("left", "right")
        )
        before = np.count_nonzero(self.values[:position] == value) if right - left > 1 else 0
        return len(self.values) - right + int(before) + 1

    @cached_property
    def flags(self) -> ranks.Flags:
        return ranks.flagged(self.values, self.top)

    @cached_property
    def threshold(self) -> float:
        """The lowest value that is flagged."""
        return float(self.values[self.flags].min())

    @cached_property
    def near(self) -> Array:
        """Flagged neighbours of each node, (n,) int32."""
        return flagged_neighbours(self.results, self.flags).astype(np.int32)

    @cached_property
    def error(self) -> Array | None:
        """The error at the weight of the explanations, (n,); None of a detector that has no parts."""
        if not self.results.has_parts:
            return None
        return self.results.weighted("attribute", "structure", self.weight)

    def place(self, position: int) -> dict[str, Any]:
        """A node's name and numbers, and where it stands in this order."""
        [found] = nodes(self.results, np.array([position]))
        return {
            "position": position,
            **found,
            "weighted": None if self.error is None else float(self.error[position]),
            "rank": self.rank(position),
            "percentile": float(self.percentiles(np.array([position]))[0]),
            "flagged": bool(self.flags[position]),
            "flagged_neighbours": int(self.near[position]),
        }


def cut(results: Results, weight: float | None = None, top: int = 0) -> Cut:
    """A detection ranked and cut.

    Args:
        top: 0 takes the run's own; more than there are nodes means all.

    Raises:
        ValueError: a weight outside 0..1 or of a detector without parts, or a negative top.
    """
    if weight is not None:
        results.check_weight(weight)
    if top < 0:
        raise ValueError(f"top: 0 or more is allowed, got {top}")
    return Cut(results, weight, min(top or results.top, results.graph.nodes))
