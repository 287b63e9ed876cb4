"""What leaves the backend about the nodes of graphs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class NodeRun:
    """A run that recorded nodes: one detector on one graph.

    Attributes:
        nodes: how many.
        has_parts: whether each error is a sum of what features and links have in it, so that they can be weighed anew.
        top: how many nodes the run itself flags.
    """

    id: str
    title: str
    method: str
    status: str
    created_at: float
    seed: int
    detector: str
    graph: str
    nodes: int
    has_parts: bool
    top: int


@dataclass(frozen=True)
class NodePage:
    """One page of nodes.

    Attributes:
        rows: what was recorded of each node; `weighted`, its error under the moved weight or None; `flagged`; `place`,
            its rank under that weight, None in a filtered list of a very large graph; its review or None.
        total: how many nodes match.
        counts: of all nodes of the run: how many have each verdict, how many have any ("reviewed"), and how many of the
            flagged ones have none ("flagged_unreviewed").
        top: how many nodes are flagged.
        weight: of the attribute part, 0 to 1; None for the run's own order.
    """

    rows: list[dict[str, Any]]
    total: int
    counts: dict[str, int]
    top: int
    weight: float | None


@dataclass(frozen=True)
class NextNode:
    """The next flagged node without a verdict, as in a page; None where all have one."""

    row: dict[str, Any] | None
