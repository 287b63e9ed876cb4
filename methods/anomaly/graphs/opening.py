"""From the settings to a graph, and what is wrong with them before a run is queued."""

from __future__ import annotations

from pathlib import Path

from methods.anomaly.graphs.config import MISERABLES, PAYMENTS, GraphSettings
from methods.anomaly.graphs.datasets import DATASETS, check_dataset
from methods.anomaly.graphs.fits import check_file
from methods.anomaly.graphs.formats.kinds import kind_of
from methods.anomaly.graphs.formats.pt import check_pt
from methods.anomaly.graphs.graph import Opened
from methods.anomaly.graphs.reading import read_graph
from methods.base import MethodError, Open

READ_WHOLE = 50 * 10**6
"""Bytes up to which a file is read from end to end before a run is queued: a second or two."""


def open_graph(config: GraphSettings, open_file: Open) -> Opened:
    """The graph that the settings name, and its labels apart from it.

    Raises:
        MethodError: there is none, or it cannot be read: by file, row and column, and what is allowed.
    """
    named = _is_name(config.graph)
    try:
        return read_graph(
            config.graph if named else open_file(config.graph),
            format=config.format,
            node_table=open_file(config.node_table) if config.node_table else None,
            labels=open_file(config.labels) if config.labels else None,
            direction=config.direction,
            missing=config.missing,
            name=config.graph.rpartition("/")[2],
        )
    except (ValueError, OSError) as error:
        raise MethodError(str(error)) from error


def check_graph(config: GraphSettings, open_file: Open) -> Opened | None:
    """Raise `MethodError` for a graph that cannot be read, before a run is queued and without torch.

    A file of up to `READ_WHOLE` bytes is read from end to end; of a larger one, and of a `.pt`, which needs torch, what it is, that
    it fits into the memory that is free, and that it names nothing that may not be built.

    Returns:
        the graph, where it was read.
    """
    if _is_name(config.graph):
        return _check_named(config, open_file)
    path = open_file(config.graph)
    told = config.graph.rpartition("/")[2]
    try:
        kind = kind_of(path, told) if config.format == "auto" else config.format
        check_file(path, kind, told)
        if kind == "pt":
            check_pt(path, told)
            return None
    except (ValueError, OSError) as error:
        raise MethodError(str(error)) from error
    return open_graph(config, open_file) if _size(path) <= READ_WHOLE else None


def _check_named(config: GraphSettings, open_file: Open) -> Opened | None:
    if config.node_table:
        raise MethodError(
            f"node_table stands beside an edge list; {config.graph} has its own nodes"
        )
    if config.graph not in DATASETS:
        return open_graph(config, open_file)
    try:
        check_dataset(config.graph)
    except ValueError as error:
        raise MethodError(str(error)) from error
    return None


def _is_name(graph: str) -> bool:
    return graph in (PAYMENTS, MISERABLES) or graph in DATASETS


def _size(path: Path) -> int:
    files = path.iterdir() if path.is_dir() else [path]
    return sum(each.stat().st_size for each in files)
