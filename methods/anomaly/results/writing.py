"""The files of a detection, written once: the graph, the scores, the reasons, the labels.

    graph.safetensors    x (n, d) f32; out_indptr (n + 1) i64, out_indices, out_weights (L,) and the same of `in_`, by node and
                         then by neighbour; in_places (L,) where each link into a node stands in out_indices; quantiles (d, q) f32, each column's values in order, at most `GRID` of them;
                         name_bytes u8 and name_offsets (n + 1) i64 where nodes have names
    scores.safetensors   what `SCORES` lists, (n,) each, and view_percentiles (n, views) f32
    reasons.safetensors  feature, expected (n, d) f32; link, expected_link (L,) f32 in the order of out_indices;
                         factors (K, n, h) f32, structure_of (K, n) f32; unlike (L,) f32 where the measure is evidence.
                         Only of detectors whose error has parts
    labels.safetensors   anomalous (n,) i8: 1, 0, -1 unknown. Read by `evaluation` only

Names are kept with the graph, as bytes and offsets (16 MB for a million short ones), so that a neighbour is named without asking
the database.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from methods.anomaly.graphs.graph import Csr, Graph
from methods.anomaly.outcome import Outcome, Reasons, percentiles_of
from methods.anomaly.results import ranks
from methods.anomaly.results.mapped import FACTS, Array

GRAPH, SCORES, REASONS, LABELS = (
    "graph.safetensors",
    "scores.safetensors",
    "reasons.safetensors",
    "labels.safetensors",
)
GRID = 4097
"""Values kept of a column to tell a quantile by: all of up to so many nodes, of more an even choice (1/4096 apart)."""
BESIDE = ("plain", "degree", "norm", "forest")
"""The scores that stand beside every detector's: the plain autoencoder's, out-degree, feature norm, Isolation Forest."""
PARTS = ("error", "attribute", "structure", "plain_attribute", "plain_structure")
TRIVIAL = ("degree", "norm", "forest")
SURPRISE = 0.9
"""A link is called surprising where it exceeds what the model expected by more than this share of all links do."""


def write_results(
    folder: Path,
    graph: Graph,
    outcome: Outcome,
    *,
    detector: str,
    top: int,
    beside: Mapping[str, Array],
    labels: Array | None = None,
    notes: Sequence[str] = (),
) -> list[Path]:
    """Write what a run keeps.

    Args:
        top: how many nodes the run flags; 0 for `ranks.default_top`.
        beside: scores by their names in `BESIDE`, (n,) each; degree is known from the graph and may be left out. Without
            plain, it is the error of the outcome's plain parts.
        labels: (n,) 1, 0, or -1 where it is not known.
        notes: what must be known of the scores beside the outcome's own notes.

    Returns:
        the files, `GRAPH` and `SCORES` first.

    Raises:
        ValueError: an array has another length than the graph has nodes or links, or a score is no finite number.
    """
    csr = graph.csr()
    nodes = len(graph.x)
    top = top or ranks.default_top(nodes)
    if not 1 <= top <= nodes:
        raise ValueError(f"top: 1 to {nodes} nodes can be flagged, got {top}")
    parts = {name: getattr(outcome, name) for name in PARTS}
    given = {
        "score": outcome.score,
        **{name: each for name, each in parts.items() if each is not None},
    }
    for name, values in {**given, **beside}.items():
        _check(name, values, nodes)
    scores = _scores(csr, given, float(outcome.alpha), beside)
    if outcome.percentiles is not None:
        scores |= _views(outcome.percentiles, nodes)
    known = {
        "detector": detector,
        "alpha": float(outcome.alpha),
        "measure": outcome.measure,
        "top": top,
        "views": [[view.repeat, view.level, view.draw] for view in outcome.views],
        "notes": [*outcome.notes, *notes],
    }
    written = [
        _save(folder / GRAPH, _graph(graph, csr), _about(graph)),
        _save(folder / SCORES, scores, known),
    ]
    if outcome.reasons is not None:
        written.append(_save(folder / REASONS, *_reasons(csr, outcome.reasons, nodes)))
    if labels is not None:
        written.append(_save(folder / LABELS, {"anomalous": np.asarray(labels, dtype=np.int8)}, {}))
    return written


def _save(path: Path, arrays: Mapping[str, Array], facts: Mapping[str, Any]) -> Path:
    whole = {name: np.ascontiguousarray(values) for name, values in arrays.items()}
    save_file(whole, path, metadata={FACTS: json.dumps(facts)})
    return path


def _about(graph: Graph) -> dict[str, Any]:
    return {
        "features": [[each.name, each.unit] for each in graph.features],
        "directed": bool(graph.directed),
        "source": graph.source,
        "fingerprint": graph.fingerprint,
        "notes": list(graph.notes),
    }


def _graph(graph: Graph, csr: Csr) -> dict[str, Array]:
    x = graph.x
    found = {"x": x, "quantiles": quantile_grid(x)}
    found |= {
        "out_indptr": csr.indptr,
        "out_indices": csr.indices,
        "out_weights": csr.weights,
    }
    # Links are sorted by source: sorting them stably by target gives those into each node, by source again.
    places = np.argsort(csr.indices, kind="stable")
    found["in_indptr"] = np.searchsorted(csr.indices[places], np.arange(graph.nodes + 1))
    found["in_indices"] = csr.sources()[places]
    found["in_places"] = places
    if graph.names is not None:
        encoded = [name.encode() for name in graph.names]
        ends = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
        found["name_bytes"] = np.frombuffer(b"".join(encoded), dtype=np.uint8)
        found["name_offsets"] = ends
    return found


def quantile_grid(x: Array) -> Array:
    """The values of each column in order, at most `GRID` of them, evenly chosen with both ends. (d, q)."""
    places = np.linspace(0, len(x) - 1, min(len(x), GRID)).round().astype(np.int64)
    return np.stack([np.sort(column)[places] for column in x.T])


def _check(name: str, values: Array, nodes: int) -> None:
    if np.shape(values) != (nodes,):
        raise ValueError(f"{name}: a value for each of {nodes} nodes, got {np.shape(values)}")
    broken = ~np.isfinite(values)
    if broken.any():
        at = int(broken.argmax())
        raise ValueError(f"{name}: finite numbers are allowed, node {at} has {values[at]}")


def _scores(
    csr: Csr, given: Mapping[str, Array], alpha: float, beside: Mapping[str, Array]
) -> dict[str, Array]:
    """What is given, and the ranks and percentiles that follow."""
    score = given["score"]
    degree = np.diff(csr.indptr).astype(np.int32)
    rank = np.empty(len(score), dtype=np.int32)
    rank[ranks.best_first(score)] = np.arange(1, len(score) + 1)
    others = {"degree": degree, **beside}
    if "plain" not in others and "plain_attribute" in given:
        others["plain"] = alpha * given["plain_attribute"] + (1 - alpha) * given["plain_structure"]
    return {
        **given,
        "rank": rank,
        "percentile": percentiles_of(score),
        "peer_percentile": ranks.peer_percentiles(score, degree),
        "degree": degree,
        "in_degree": np.bincount(csr.indices, minlength=len(score)).astype(np.int32),
        **{f"{name}_percentile": percentiles_of(values) for name, values in others.items()},
    }


def _views(percentiles: Array, nodes: int) -> dict[str, Array]:
    """Each view's percentiles, node by node, and how far they differ where there are several."""
    if percentiles.ndim != 2 or percentiles.shape[1] != nodes:
        raise ValueError(f"percentiles: (views, {nodes}) is needed, got {percentiles.shape}")
    found = {"view_percentiles": percentiles.T}
    if len(percentiles) > 1:
        found["stability"] = percentiles.std(axis=0, dtype=np.float64)
    return found


def _reasons(csr: Csr, reasons: Reasons, nodes: int) -> tuple[dict[str, Array], dict[str, float]]:
    names = ("feature", "expected", "link", "expected_link", "factors", "structure_of")
    found = {name: getattr(reasons, name) for name in names}
    if reasons.unlike is not None:
        found["unlike"] = reasons.unlike
    lengths = {
        "feature": nodes,
        "expected": nodes,
        "link": len(csr.indices),
        "expected_link": len(csr.indices),
    }
    for name, length in lengths.items():
        if len(found[name]) != length:
            raise ValueError(f"reasons: {name} must have {length} rows, got {len(found[name])}")
    excess = csr.weights - found["expected_link"]
    line = float(np.quantile(excess, SURPRISE)) if len(excess) else 0.0
    return found, {"surprise": line}
