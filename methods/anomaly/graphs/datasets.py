"""Graphs by name: one that ships inside networkx, and data sets that PyG fetches."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from methods.anomaly.graphs.formats.xml import from_networkx
from methods.anomaly.graphs.parts import Parts

BACKGROUND = {"DGraphFin": (2, 3), "EllipticBitcoinDataset": (2,)}
"""Classes of a data set that say that a node's label is not known."""


@dataclass(frozen=True)
class Dataset:
    """How PyG calls a data set; only such as it reads without a pickle."""

    kind: str
    options: dict[str, str] = field(default_factory=dict)


DATASETS = {
    "DGraphFin": Dataset("DGraphFin"),
    "EllipticBitcoinDataset": Dataset("EllipticBitcoinDataset"),
    "Tolokers": Dataset("HeterophilousGraphDataset", {"name": "Tolokers"}),
    "Questions": Dataset("HeterophilousGraphDataset", {"name": "Questions"}),
    "Minesweeper": Dataset("HeterophilousGraphDataset", {"name": "Minesweeper"}),
    "AmazonComputers": Dataset("Amazon", {"name": "Computers"}),
    "CoraML": Dataset("CitationFull", {"name": "Cora_ML"}),
}


def miserables() -> Parts:
    """Les Misérables: who appears with whom in a chapter (Knuth 1993, ships inside networkx); a link has the number of chapters.

    Its features are counted from the links.
    """
    import networkx as nx  # noqa: PLC0415  half a second, and only this graph needs it

    graph = nx.les_miserables_graph()
    for _, _, held in graph.edges(data=True):
        held["chapters together"] = held.pop("weight")
    return from_networkx(graph, "miserables")


def place() -> Path:
    """The folder where data sets are kept: ~/.cache/vitrine/graphs, or below XDG_CACHE_HOME."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vitrine" / "graphs"


def check_dataset(name: str) -> None:
    """Raise ValueError where a data set is not here and cannot be fetched: DGraphFin by anybody, all others offline."""
    raw = place() / name
    if name == "DGraphFin" and not (raw / "raw" / "DGraphFin.zip").is_file():
        raise ValueError(
            f"DGraphFin is handed out by its authors only, at dgraph.xinye.com: put DGraphFin.zip into {raw / 'raw'}, or choose the "
            "file itself as the graph"
        )
    if not raw.is_dir() and os.environ.get("HF_HUB_OFFLINE") == "1":
        raise ValueError(f"{name} is not in {raw}, and this studio works offline")


def load(name: str) -> Parts:
    """A data set of `DATASETS`; it is fetched when first asked for.

    Raises:
        ValueError: it cannot be fetched.
    """
    check_dataset(name)
    import torch_geometric.datasets as known  # noqa: PLC0415  ten seconds

    from methods.anomaly.graphs.formats.pt import fields_of, from_fields  # noqa: PLC0415

    wanted = DATASETS[name]
    try:
        data: Any = getattr(known, wanted.kind)(str(place() / name), **wanted.options)[0]
    except Exception as error:  # whatever a download or a damaged file raises
        raise ValueError(f"{name} cannot be fetched: {str(error).splitlines()[0]:.300}") from error
    held = fields_of(data, name)
    for unknown in BACKGROUND.get(name, ()):
        held["y"] = held["y"].masked_fill(held["y"] == unknown, -1)
    if name == "DGraphFin":
        held["x"] = held["x"].masked_fill(held["x"] == -1, float("nan"))
    return from_fields(held, name)
