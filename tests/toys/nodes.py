"""A toy that reports what `anomaly.detect` reports, from factors that are drawn instead of trained: `toy.nodes`.

Accounts who pay each other in towns of forty; in the first town eight pay each other all round (a ring), and a few accounts have the habits
of another town. The arithmetic of the error and of its parts is the real one, so that every sum holds.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import Field

from methods.anomaly.evidence import as_evidence, discordance
from methods.anomaly.graphs.graph import Feature, Graph
from methods.anomaly.outcome import Outcome, Reasons, View, percentiles_of
from methods.anomaly.results.files import open_results
from methods.anomaly.results.rows import node_rows
from methods.anomaly.results.writing import write_results
from methods.base import Config, Context, Result

Array = np.ndarray[Any, np.dtype[Any]]

FEATURES = (
    ("turnover per month", "EUR"),
    ("payments per week", ""),
    ("share at night", "%"),
    ("age of the account", "days"),
    ("shops paid", ""),
)
CENTRES = np.array([2400.0, 9.0, 12.0, 900.0, 5.0])
SPREAD = np.array([700.0, 3.0, 5.0, 350.0, 2.0])
FIRST = ("Ada", "Bo", "Cleo", "Dan", "Eva", "Finn", "Gita", "Hugo", "Ines", "Jan")
LAST = ("Arendt", "Berg", "Costa", "Dorn", "Eklund", "Faber", "Gruber", "Holm")
TOWN = 40
RING = 8
WIDTH = 6
"""Of the latent factors."""


def made_graph(nodes: int = 240, directed: bool = True) -> tuple[Graph, Array]:
    """A graph and which of its nodes were made odd, (n,) int8: 2 in the ring, 1 with another's habits."""
    draw = np.random.default_rng(7)
    towns = np.arange(nodes) // TOWN
    shift = draw.normal(size=(towns.max() + 1, len(FEATURES)))
    x = CENTRES + SPREAD * (shift[towns] + 0.5 * draw.normal(size=(nodes, len(FEATURES))))
    kinds = np.zeros(nodes, dtype=np.int8)
    kinds[:RING] = 2
    swapped = np.arange(RING + 5, nodes, TOWN)
    x[swapped] = x[(swapped + nodes // 2) % nodes] + 2.5 * SPREAD
    kinds[swapped] = 1
    sources = draw.integers(0, nodes - 2, size=4 * nodes)  # the last two stay alone
    near = np.minimum(towns[sources] * TOWN + draw.integers(0, TOWN, len(sources)), nodes - 3)
    far = draw.integers(0, nodes - 2, size=len(sources))
    targets = np.where(draw.random(len(sources)) < 0.85, near, far)
    ring = np.array([(i, j) for i in range(RING) for j in range(RING) if i != j]).T
    edges = np.concatenate([np.stack([sources, targets]), ring], axis=1)
    if not directed:
        edges = np.unique(np.concatenate([edges, edges[::-1]], axis=1), axis=1)
    names = [
        f"{FIRST[i % len(FIRST)]} {LAST[i // len(FIRST) % len(LAST)]} {i}" for i in range(nodes)
    ]
    return Graph(
        x.astype(np.float32),
        edges,
        names,
        tuple(Feature(name, unit) for name, unit in FEATURES),
        directed,
        "toy payments",
        ("2 accounts neither pay nor are paid",),
    ), kinds


def made_outcome(
    graph: Graph, *, repeats: int = 2, levels: tuple[int, ...] = (0, 50), kept: int = 4
) -> Outcome:
    """What a detector would say: towns are known well, the ring and swapped habits are not."""
    views = [View(repeat, level, 0) for repeat in range(repeats) for level in levels]
    found = [_view(graph, number) for number in range(len(views))]
    alpha = 0.5
    a, b = (np.stack([view[name] for view in found]) for name in ("a", "b"))
    errors = alpha * a + (1 - alpha) * b
    percentiles = np.stack([percentiles_of(view) for view in errors])
    chosen = np.linspace(0, len(views) - 1, min(kept, len(views))).round().astype(int)
    mean = {
        name: np.mean([view[name] for view in found], axis=0).astype(np.float32)
        for name in ("feature", "expected", "link", "expected_link")
    }
    reasons = Reasons(
        **mean,
        factors=np.stack([found[i]["factors"] for i in chosen]).astype(np.float32),
        structure_of=b[chosen].astype(np.float32),
    )
    return Outcome(
        score=percentiles.mean(axis=0),
        error=errors.mean(axis=0),
        attribute=a.mean(axis=0),
        structure=b.mean(axis=0),
        plain_attribute=a[0],
        plain_structure=b[0],
        percentiles=percentiles.astype(np.float32),
        views=views,
        alpha=alpha,
        reasons=reasons,
    )


def _view(graph: Graph, seed: int) -> dict[str, Array]:
    """One scoring: towns' means as the expected features, towns' densities as the expected links, noise on both."""
    draw = np.random.default_rng(100 + seed)
    n, csr = len(graph.x), graph.csr()
    towns = np.arange(n) // TOWN
    scaled = (graph.x - CENTRES) / SPREAD
    means = np.stack([np.median(scaled[towns == town], axis=0) for town in range(towns.max() + 1)])
    expected = means[towns] + 0.1 * draw.normal(size=scaled.shape)
    a = np.linalg.norm(scaled - expected, axis=1)
    directions = 0.3 * draw.normal(size=(towns.max() + 1, WIDTH))
    h = directions[towns] + 0.05 * draw.normal(size=(n, WIDTH))
    sources = np.repeat(np.arange(n), np.diff(csr.indptr))
    inner = (h[sources] * h[csr.indices]).sum(axis=1)
    own = np.bincount(sources, csr.weights * (csr.weights - 2 * inner), n)
    b = np.sqrt(own + np.einsum("ni,ij,nj->n", h, h.T @ h, h))
    return {
        "a": a,
        "b": b,
        "feature": (scaled - expected) ** 2 / a[:, None],
        "expected": CENTRES + SPREAD * expected,
        "link": (csr.weights - inner) ** 2 / b[sources],
        "expected_link": inner,
        "factors": h,
    }


class NodesConfig(Config):
    nodes: int = Field(240, ge=2 * TOWN, le=1_000_000, description="Accounts.")
    directed: bool = Field(True, description="Whether a payment has a direction.")
    repeats: int = Field(
        2, ge=1, le=10, description="Scorings with other factors, at each of two levels."
    )
    kept: int = Field(4, ge=1, le=20, description="Scorings whose factors are kept.")
    evidence: bool = Field(False, description="True reports evidence in place of errors.")
    parts: bool = Field(True, description="False reports like a detector that gives no reasons.")
    labels: bool = Field(True, description="Whether the graph has labels.")
    top: int = Field(0, ge=0, description="Flagged nodes; 0 for the rule.")


def record_nodes(config: NodesConfig, context: Context) -> Result:
    """Writes the files and the `node` rows of a detection."""
    graph, kinds = made_graph(config.nodes, config.directed)
    outcome = made_outcome(graph, repeats=config.repeats, kept=config.kept)
    if config.evidence:
        links = graph.csr()
        outcome = as_evidence(outcome, discordance(graph.x, links), links.sources())
    scaled = (graph.x - CENTRES) / SPREAD
    beside = {
        "norm": np.linalg.norm(scaled, axis=1),
        "forest": np.abs(scaled).max(axis=1),  # stands for an Isolation Forest
    }
    if not config.parts:
        beside["plain"] = outcome.error
        outcome = Outcome(outcome.score, percentiles=outcome.percentiles, views=outcome.views)
    anomalous = np.where(kinds > 0, 1, 0).astype(np.int8)
    anomalous[-5:] = -1
    for path in write_results(
        context.workdir,
        graph,
        outcome,
        detector="diffgad" if config.parts else "forest",
        top=config.top,
        beside=beside,
        labels=anomalous if config.labels else None,
        notes=("made by a toy: nothing was trained",),
    ):
        context.save_file(path.name, path)
    words = [("", "contextual", "structural")[kind] for kind in kinds]
    results = open_results(context.workdir)
    for shard in node_rows(results, anomalous if config.labels else None, words):
        context.record("node", shard)
    context.progress(1, 1, "done")
    figures = {"nodes": float(config.nodes), "flagged": float(results.top)}
    return Result(figures, f"{results.top} of {config.nodes} accounts are flagged")
