"""How quick one node of a million is explained, drawn and judged from the files of its run.

    python -m benchmarks.bench_node_figures [--nodes 1000000] [--rounds 9]

Five links a node, 32 features, four scorings whose factors of width 16 are all kept: drawn, as no training is needed to read them. The
files lie in the store of a studio in a temporary folder; services are asked as pages do. Writes results/node_figures.json.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from backend import services
from backend.services import NodeCut
from backend.settings import settings
from benchmarks import asking
from methods.anomaly.graphs.graph import Csr, Graph
from methods.anomaly.outcome import Outcome, Reasons, View, percentiles_of
from methods.anomaly.results.writing import write_results
from storage import db, records
from storage.artefacts import ArtefactStore
from storage.models import Artefact

GOAL_MS = 150
RUN = "bench"
FEATURES, WIDTH, VIEWS, LINKS = 32, 16, 4, 5
POSITIVES = 0.01


def graph_of(count: int, draw: np.random.Generator) -> Graph:
    x = draw.standard_normal((count, FEATURES), dtype=np.float32)
    edges = draw.integers(0, count, (2, LINKS * count))
    edges[1, : count // 100] = 7  # a node that a hundredth of all link to
    return Graph(x, edges, [f"Account {i}" for i in range(count)], source="bench")


def outcome_of(graph: Graph, draw: np.random.Generator) -> Outcome:
    """Errors and their parts of reconstructions that are drawn."""
    csr = graph.csr()
    expected = 0.5 * graph.x
    attribute = np.linalg.norm(graph.x - expected, axis=1).astype(np.float64)
    factors = 0.05 * draw.standard_normal((VIEWS, graph.nodes, WIDTH), dtype=np.float32)
    structure = np.empty((VIEWS, graph.nodes), dtype=np.float32)
    link = np.zeros(graph.links, dtype=np.float32)
    inner_mean = np.zeros(graph.links, dtype=np.float32)
    for view, h in enumerate(factors):
        inner, structure[view] = _structure(csr, h)
        link += (csr.weights - inner) ** 2 / structure[view][csr.sources()] / VIEWS
        inner_mean += inner / VIEWS
    feature = (graph.x - expected) ** 2 / attribute[:, None].astype(np.float32)
    b = structure.mean(axis=0, dtype=np.float64)
    error = 0.5 * attribute + 0.5 * b
    return Outcome(
        score=error,
        error=error,
        attribute=attribute,
        structure=b,
        plain_attribute=attribute,
        plain_structure=b,
        percentiles=np.stack(
            [percentiles_of(attribute + each).astype(np.float32) for each in structure]
        ),
        views=[View(0, level, 0) for level in range(VIEWS)],
        reasons=Reasons(feature, expected, link, inner_mean, factors, structure),
    )


def _structure(csr: Csr, h: Any) -> tuple[Any, Any]:
    """Inner products along the links, and the closed form of the structure error."""
    sources = csr.sources()
    inner = np.einsum("lh,lh->l", h[sources], h[csr.indices])
    own = np.bincount(sources, csr.weights * (csr.weights - 2 * inner), csr.nodes)
    return inner, np.sqrt(np.maximum(own + np.einsum("ni,ij,nj->n", h, h.T @ h, h), 1e-12))


def save(count: int) -> dict[str, int]:
    """Write the files of a made run into the store; gives their sizes."""
    draw = np.random.default_rng(0)
    graph = graph_of(count, draw)
    outcome = outcome_of(graph, draw)
    norm = np.linalg.norm(graph.x, axis=1)
    labels = (draw.random(count) < POSITIVES).astype(np.int8)
    store, sizes = ArtefactStore(settings().artefacts_dir), {}
    with tempfile.TemporaryDirectory() as folder:
        beside = {"norm": norm, "forest": np.abs(graph.x).max(axis=1)}
        for path in write_results(
            Path(folder), graph, outcome, detector="diffgad", top=0, beside=beside, labels=labels
        ):
            sha256, size = store.put(path)
            sizes[path.name] = size
            found = Artefact(
                run_id=RUN, attempt=1, sha256=sha256, role="file", name=path.name, meta={}
            )
            with db.writing(settings().database_url) as session:
                records.put_artefact(session, found, size, "application/octet-stream")
    return sizes


def questions() -> dict[str, Callable[[], Any]]:
    """What pages ask, by what it is called in the table; each weight is another, so that nothing of it is known yet."""
    own, weights = NodeCut(RUN), (0.3 + i / 1000 for i in itertools.count())
    nodes = itertools.cycle(range(1000, 2000))

    def moved() -> NodeCut:
        return NodeCut(RUN, next(weights))

    return {
        "why one node": lambda: services.explain_node(own, next(nodes)),
        "why, of the node with the most links": lambda: services.explain_node(own, 7),
        "why, after the weight has moved": lambda: services.explain_node(moved(), next(nodes)),
        "one hop around a node": lambda: services.nodes_around(own, next(nodes)),
        "two hops around a node": lambda: services.nodes_around(own, next(nodes), hops=2),
        "around the node with the most links": lambda: services.nodes_around(own, 7),
        "all nodes at once, after the weight has moved": lambda: services.node_overview(moved()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    with asking.studio():
        asking.add_run(RUN)
        sizes = save(options.nodes)
        figures: dict[str, Any] = {
            "nodes": options.nodes,
            "rounds": options.rounds,
            "goal_ms": GOAL_MS,
            "bytes": sizes,
        }
        figures["asked"] = asking.ask(questions(), options.rounds)
        begun = time.process_time()
        services.node_gexf(NodeCut(RUN, None, 100))
        figures["gexf_of_100_flagged_cpu_s"] = time.process_time() - begun
        begun = time.process_time()
        services.judge_nodes(NodeCut(RUN, 0.9), "labels")
        figures["judge_cpu_s"] = time.process_time() - begun  # once: the answer is kept
    asking.report("node_figures", figures, f"{options.nodes:,} nodes", GOAL_MS)


if __name__ == "__main__":
    main()
