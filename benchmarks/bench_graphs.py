"""Opening a large graph in each format: seconds of the processor, and the most memory that the process held.

    python -m benchmarks.bench_graphs [--nodes 1000000] [--edges 5000000] [--features 32]

The graph is drawn: uniform ends, normal features, and names in the tables. Each format is opened in a process of its own, up to the
links in rows, both ways, and the fingerprint. Processor seconds, because they say more on a busy machine; imports are in them.
Writes results/graphs.json.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from multiprocessing import Process
from pathlib import Path

import numpy as np

RESULTS = Path(__file__).parent / "results"
FORMATS = ("graph.npz", "graph.pt", "parquet", "csv")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--nodes", type=int, default=1_000_000)
    parser.add_argument("--edges", type=int, default=5_000_000)
    parser.add_argument("--features", type=int, default=32)
    parser.add_argument("--open", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.open:
        print(json.dumps(measured(Path(options.open))))  # noqa: T201
        return
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        # In a process of its own as well: a child's peak starts from its parent's memory.
        drawing = Process(
            target=draw, args=(Path(folder), options.nodes, options.edges, options.features)
        )
        drawing.start()
        drawing.join()
        for name in FORMATS:
            command = [
                sys.executable,
                "-m",
                "benchmarks.bench_graphs",
                "--open",
                f"{folder}/{name}",
            ]
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            rows[name] = json.loads(out.splitlines()[-1])
            print(name, rows[name])  # noqa: T201
    told = {
        "nodes": options.nodes,
        "edges": options.edges,
        "features": options.features,
        "formats": rows,
        "processor": platform.processor() or platform.machine(),
        "versions": {each: version(each) for each in ("numpy", "pyarrow", "torch")},
    }
    (RESULTS / "graphs.json").write_text(json.dumps(told, indent=1) + "\n")


def draw(folder: Path, nodes: int, edges: int, features: int) -> None:
    """The same random graph as `.npz`, `.pt`, and folders of parquet and CSV tables."""
    import pyarrow as pa  # noqa: PLC0415  the processes that open graphs must not hold it
    import pyarrow.csv as pv  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415
    import torch  # noqa: PLC0415

    rng = np.random.default_rng(0)
    x = rng.standard_normal((nodes, features), dtype=np.float32)
    ends = rng.integers(0, nodes, (2, edges))
    np.savez(folder / "graph.npz", x=x, edge_index=ends)
    torch.save(
        {"x": torch.from_numpy(x), "edge_index": torch.from_numpy(ends)}, folder / "graph.pt"
    )
    names = pa.array([f"account {place}" for place in range(nodes)])
    source, target = (names.take(pa.array(each)) for each in ends)
    tables = {
        "nodes": pa.table({"name": names, **{f"f{j}": x[:, j] for j in range(features)}}),
        "edges": pa.table({"source": source, "target": target}),
    }
    for kind, write in (("parquet", pq.write_table), ("csv", pv.write_csv)):
        (folder / kind).mkdir()
        for name, table in tables.items():
            write(table, folder / kind / f"{name}.{kind}")


def measured(path: Path) -> dict[str, float]:
    """Open a graph; processor seconds of each step and the process's peak."""
    from methods.anomaly.graphs.reading import read_graph  # noqa: PLC0415

    start = time.process_time()
    graph = read_graph(path).graph
    read = time.process_time()
    graph.csr().transposed()
    rows = time.process_time()
    _ = graph.fingerprint
    return {
        "read_s": round(read - start, 1),
        "rows_both_ways_s": round(rows - read, 1),
        "fingerprint_s": round(time.process_time() - rows, 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "links": graph.links,
    }


if __name__ == "__main__":
    main()
