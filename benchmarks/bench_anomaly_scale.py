"""A million nodes on two cores: how long each stage of a fit takes, and the most memory that the process ever held.

    python -m benchmarks.bench_anomaly_scale [--nodes 1000000] [--links-a-node 5] [--features 32] [--epochs 300] [--threads 2]

The graph is drawn: each node links to five others, half of them of its own community, and has 32 normal features around its
community's. Speed and memory do not depend on what the features say. DiffGAD runs with `FAST` (18 sampler steps, 4 levels). What
a stage took is the time between the reports of progress, with the processor's time beside it (of all threads: on a busy
machine it says more); the memory is the process's own maximum, PyTorch included.
Writes results/anomaly_scale.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch is loaded

import numpy as np
import torch

from methods.anomaly import DiffGAD
from methods.anomaly.graphs.graph import Graph
from methods.anomaly.settings import FAST

RESULTS = Path(__file__).parent / "results"
COMMUNITY = 1000
"""Nodes of one."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--nodes", type=int, default=1_000_000)
    parser.add_argument("--links-a-node", type=int, default=5)
    parser.add_argument("--features", type=int, default=32)
    parser.add_argument("--epochs", type=int, default=300)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)

    seconds: dict[str, list[float]] = {}
    tell = clock(seconds)
    graph = drawn(options.nodes, options.links_a_node, options.features)
    tell(0, 1, "drawing the graph")
    before = peak_mb()
    start = time.perf_counter()
    fitted = DiffGAD(0, epochs=options.epochs, **FAST).fit(graph, progress=tell)
    total = time.perf_counter() - start
    tell(1, 1, "closing")
    row = {
        **vars(options),
        "links": graph.links,
        "seconds_and_processor_seconds": {
            name: [round(value, 1) for value in both] for name, both in seconds.items()
        },
        "fit_seconds": round(total, 1),
        "peak_mb": round(peak_mb()),
        "peak_mb_before_fit": round(before),
        "finite": bool(np.isfinite(fitted.decision_score_).all()),
        "figures": dict(fitted.outcome_.figures),
        "processor": platform.processor() or platform.machine(),
        "torch": torch.__version__,
        "load_average": os.getloadavg(),
    }
    print(json.dumps(row, indent=1))  # noqa: T201
    (RESULTS / "anomaly_scale.json").write_text(json.dumps(row, indent=1) + "\n")


def clock(seconds: dict[str, list[float]]) -> Callable[[float, float, str], None]:
    """Adds the time since the last report, and the processor's, to the stage that is reported."""
    last = time.perf_counter(), time.process_time()

    def tell(_done: float, _total: float, message: str) -> None:
        nonlocal last
        now = time.perf_counter(), time.process_time()
        both = seconds.setdefault(message.split(",")[0].split(":")[0], [0.0, 0.0])
        for side in range(2):
            both[side] += now[side] - last[side]
        last = now

    return tell


def drawn(nodes: int, links_a_node: int, features: int) -> Graph:
    """A directed graph of communities."""
    chance = np.random.default_rng(0)
    sources = np.repeat(np.arange(nodes), links_a_node)
    near = sources // COMMUNITY * COMMUNITY + chance.integers(0, COMMUNITY, len(sources))
    far = chance.integers(0, nodes, len(sources))
    targets = np.where(chance.random(len(sources)) < 0.5, np.minimum(near, nodes - 1), far)
    centres = chance.normal(size=(nodes // COMMUNITY + 1, features)).astype(np.float32)
    x = chance.standard_normal((nodes, features), dtype=np.float32)
    x += centres[np.arange(nodes) // COMMUNITY]
    return Graph(x, np.stack([sources, targets]), source="drawn")


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
