"""The `node` rows of a run, best first: what pages sort, filter and search."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from methods.anomaly.results import ranks
from methods.anomaly.results.files import Results
from methods.anomaly.results.mapped import Array
from methods.anomaly.results.writing import TRIVIAL

SHARD = 20_000
SCALARS = (
    "score",
    "percentile",
    "error",
    "attribute",
    "structure",
    "degree",
    "in_degree",
    "plain_percentile",
    "degree_percentile",
    "norm_percentile",
    "forest_percentile",
    "peer_percentile",
    "stability",
)


def node_rows(
    results: Results, labels: Array | None = None, kinds: Sequence[str] | None = None
) -> Iterator[list[dict[str, Any]]]:
    """Rows of kind `node` in shards of up to `SHARD`, the most anomalous node first.

    Args:
        labels: (n,) 1, 0, or -1 where it is not known; only noted, never used.
        kinds: what sort of anomaly a node is, "" for none.
    """
    near = flagged_neighbours(results, ranks.flagged(results.order(), results.top))
    order = ranks.best_first(results.order())
    for start in range(0, len(order), SHARD):
        positions = order[start : start + SHARD]
        shard = [
            {"position": position, "rank": start + place + 1, **node}
            for place, (position, node) in enumerate(
                zip(positions.tolist(), nodes(results, positions), strict=True)
            )
        ]
        for row in shard:
            row["flagged_neighbours"] = int(near[row["position"]])
            label = -1 if labels is None else int(labels[row["position"]])
            row["label"] = None if label < 0 else label
            if kinds is not None and kinds[row["position"]]:
                row["kind"] = kinds[row["position"]]
        yield shard


def nodes(results: Results, positions: Array) -> Iterator[dict[str, Any]]:
    """What the scores say of some nodes by themselves, None where the detector has no such number."""
    columns: dict[str, list[Any]] = {}
    for name in SCALARS:
        values = results.scores.get(name)
        columns[name] = [None] * len(positions) if values is None else values[positions].tolist()
    for place, position in enumerate(positions.tolist()):
        found = {name: values[place] for name, values in columns.items()}
        trivial = [found[f"{name}_percentile"] for name in TRIVIAL]
        known = [value for value in trivial if value is not None]
        yield {
            "node_id": results.graph.node_id(position),
            "name": results.graph.name(position),
            **found,
            "apart": found["percentile"] - max(known),
        }


def flagged_neighbours(results: Results, flags: ranks.Flags) -> Array:
    """How many flagged nodes each node links to or is linked from; each counts once, a node itself never. (n,) int64."""
    n = results.graph.nodes
    chosen = np.flatnonzero(flags)
    pairs = []
    for side in (results.graph.out, results.graph.into):
        of, near = side.of_all(chosen)
        pairs.append(near * n + of)
    both = np.unique(np.concatenate(pairs))
    near, of = np.divmod(both, n)
    return np.bincount(near[near != of], minlength=n)
