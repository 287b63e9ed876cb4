"""How fast the plain autoencoder trains beside PyGOD's reconstruction detectors, and how much memory each needs.

    python -m benchmarks.bench_anomaly_speed [--graphs DIR] [--epochs 50] [--rounds 3] [--memory-nodes 50000]

Speed: DOMINANT and GAE of PyGOD 1.1 and our autoencoder (which rebuilds features and links, as DOMINANT does; GAE rebuilds the
features alone) at equal epochs, width, dropout and learning rate, in one process, taking turns within each round, on one thread;
the processor's time of a whole fit, scoring and our explanation included, without what loading libraries costs. Figures are medians
over rounds. Graphs: those of DIR (`.pt` of PyG) and a drawn one of 5,000 nodes. DOMINANT holds dense n x n matrices, so it is
left out above 12,000 nodes.
Memory: the most that a fresh process holds in a fit of few epochs, less what it held before; DOMINANT runs where its matrices
fit in the memory that is free, and otherwise what one n x n matrix of float32 needs is printed, of which it holds several.
Writes results/anomaly_speed.json.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch is loaded

import psutil
import torch

from benchmarks.bench_anomaly_scale import drawn, peak_mb
from methods.anomaly import GraphAutoencoder
from methods.anomaly.detectors.pygod import Training, pygod_scores
from methods.anomaly.graphs.graph import Graph
from methods.anomaly.graphs.reading import read_graph
from methods.anomaly.scaling import FeatureScale
from methods.anomaly.settings import hidden_width

RESULTS = Path(__file__).parent / "results"
DETECTORS = ("ours", "gae", "dominant")
MOST_DENSE_NODES = 12_000
FEATURES = 32
MEMORY_EPOCHS = 3


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--graphs", type=Path, default=None)
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory-nodes", type=int, nargs="*", default=[10_000, 50_000])
    parser.add_argument("--memory-of", nargs=2, default=None, help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    if options.memory_of:
        print(memory_of(options.memory_of[0], int(options.memory_of[1])))  # noqa: T201
        return
    graphs = (
        [read_graph(str(path)).graph for path in sorted(options.graphs.glob("*.pt"))]
        if options.graphs
        else []
    )
    row = {
        "epochs": options.epochs,
        "rounds": options.rounds,
        "speed": [
            speed(graph, options.epochs, options.rounds)
            for graph in (*graphs, drawn(5000, 5, FEATURES))
        ],
        "memory_mb": [memory(nodes) for nodes in options.memory_nodes],
        "torch": torch.__version__,
        "load_average": os.getloadavg(),
    }
    (RESULTS / "anomaly_speed.json").write_text(json.dumps(row, indent=1) + "\n")


def fit_of(name: str, graph: Graph, epochs: int) -> Callable[[], Any]:
    """A fit of a detector on a graph: equal features, width, dropout, rate and epochs."""
    hidden = hidden_width(graph.x.shape[1])
    if name == "ours":
        return lambda: GraphAutoencoder(0, hidden=hidden, epochs=epochs, dropout=0.1).fit(graph)
    training = Training(
        hidden=hidden, epochs=epochs, dropout=0.1, learning_rate=0.01, weight_decay=0.0, alpha=0.5
    )
    x = FeatureScale.of(graph.x, "zscore", 10).apply(graph.x)
    return lambda: pygod_scores(name, x, graph.edges, training, seed=0, device=torch.device("cpu"))


def speed(graph: Graph, epochs: int, rounds: int) -> dict[str, Any]:
    names = [name for name in DETECTORS if name != "dominant" or graph.nodes <= MOST_DENSE_NODES]
    fits = {name: fit_of(name, graph, epochs) for name in names}
    for name in names:
        fit_of(name, graph, 1)()  # loads what it needs
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            start = time.process_time()
            fits[name]()
            seconds[name].append(time.process_time() - start)
    medians = {name: round(statistics.median(each), 3) for name, each in seconds.items()}
    row = {
        "graph": graph.source,
        "nodes": graph.nodes,
        "links": graph.links,
        "features": graph.x.shape[1],
        "hidden": hidden_width(graph.x.shape[1]),
        "processor_seconds": medians,
        "times_as_fast_as_gae": round(medians["gae"] / medians["ours"], 2),
    }
    print(json.dumps(row), flush=True)  # noqa: T201
    return row


def memory(nodes: int) -> dict[str, Any]:
    """Each detector in a process of its own."""
    row: dict[str, Any] = {"nodes": nodes, "dense_matrix": round(nodes**2 * 4 / 2**20)}
    for name in DETECTORS:
        if name == "dominant" and 8 * nodes**2 * 4 > psutil.virtual_memory().available:
            row[name] = None
            continue
        asked = [
            sys.executable,
            "-m",
            "benchmarks.bench_anomaly_speed",
            "--memory-of",
            name,
            str(nodes),
        ]
        done = subprocess.run(asked, capture_output=True, text=True, check=True)
        row[name] = round(float(done.stdout.split()[-1]))
    print(json.dumps(row), flush=True)  # noqa: T201
    return row


def memory_of(name: str, nodes: int) -> float:
    """MiB that a fit adds to the most that the process ever held."""
    fit_of(name, drawn(200, 5, FEATURES), 1)()  # loads what it needs
    fit = fit_of(name, drawn(nodes, 5, FEATURES), MEMORY_EPOCHS)
    before = psutil.Process().memory_info().rss / 2**20
    fit()
    return peak_mb() - before


if __name__ == "__main__":
    main()
