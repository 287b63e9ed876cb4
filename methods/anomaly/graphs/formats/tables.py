"""An edge list, with or without a table of its nodes: CSV or parquet files, alone, in a folder or in a zip."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from methods.anomaly.graphs.formats.columns import numbers, read_table, strings
from methods.anomaly.graphs.formats.kinds import SUFFIXES
from methods.anomaly.graphs.formats.node_table import add_nodes
from methods.anomaly.graphs.labelling import labels_by_name
from methods.anomaly.graphs.parts import Parts
from methods.archives import Archive

SOURCES = ("source", "src", "from", "start", "u", ":start_id")
TARGETS = ("target", "dst", "to", "end", "v", ":end_id")
EDGE_FILES = ("edges", "edge", "edgelist", "links", "relationships")
NODE_FILES = ("nodes", "node", "vertices", "features")
LABEL_FILES = ("labels", "label")


def read_tables(path: Path, told: str, node_table: Path | None = None) -> Parts:
    """Read an edge list with its node table.

    Args:
        path: an edge list, or a folder or zip of "edges" and maybe "nodes" and "labels" (.csv, .tsv, .txt or .parquet).
        node_table: beside an edge list that is alone.

    Raises:
        ValueError: by file, row and column.
    """
    if path.is_dir():
        named = {_stem(each.name): each for each in sorted(path.iterdir()) if _is_table(each.name)}
        return _from_files(named, told, node_table)
    with path.open("rb") as file:
        zipped = file.read(2) == b"PK"
    if not zipped:
        return _from_files({EDGE_FILES[0]: path}, told, node_table)
    archive = Archive(path, told)
    with TemporaryDirectory(prefix="vitrine-graph-") as folder:
        named = {}
        for member in sorted(filter(_is_table, archive.members)):
            named[_stem(member)] = Path(folder) / PurePosixPath(member).name
            archive.copy(member, named[_stem(member)])
        return _from_files(named, told, node_table)


def _from_files(named: dict[str, Path], told: str, node_table: Path | None) -> Parts:
    def first(stems: Sequence[str]) -> Path | None:
        return next((named[stem] for stem in stems if stem in named), None)

    edges, nodes = first(EDGE_FILES), node_table or first(NODE_FILES)
    if edges is None:
        raise ValueError(
            f"{told} has no table called edges (.csv or .parquet), but {', '.join(sorted(named)) or 'no tables'}; nodes and labels "
            "may stand beside it"
        )
    edges_told = told if len(named) == 1 else f"{told}/{edges.name}"
    nodes_told = "" if nodes is None else "the node table" if node_table else f"{told}/{nodes.name}"
    parts = from_tables(
        read_table(edges, edges_told),
        None if nodes is None else read_table(nodes, nodes_told),
        edges_told,
        nodes_told,
    )
    labels = first(LABEL_FILES)
    if labels is not None:
        names = parts.names or [str(place) for place in range(parts.nodes or 0)]
        parts.labels = labels_by_name(labels, names, told, f"{told}/{labels.name}")
    return parts


def from_tables(
    edges: pa.Table,
    nodes: pa.Table | None,
    edges_told: str,
    nodes_told: str,
    directed: bool | None = True,
) -> Parts:
    """The parts of a graph from a table of edges and maybe one of nodes.

    Args:
        directed: as of `Parts`; a column "Type" of the edges, as Gephi writes it, says more.
    """
    source, target = _ends(edges, edges_told)
    ends = [strings(edges, each) for each in (source, target)]
    for column, end in zip((source, target), ends, strict=True):
        if end.null_count:
            row = pc.index(pc.is_null(end), True).as_py()
            raise ValueError(
                f"{edges_told}, row {row + 1}: {column} is empty; both ends of an edge are needed"
            )
    parts = Parts(np.empty((2, 0), np.int64), directed=_direction(edges, edges_told, directed))
    if nodes is None:
        known = pc.unique(pa.concat_arrays(ends))
        places = [pc.index_in(end, value_set=known) for end in ends]
        parts.names, parts.nodes = known.to_pylist(), len(known)
        parts.notes.append(
            "There is no node table: nodes are those that edges name, in the order of their first edge."
        )
    else:
        places = add_nodes(parts, nodes, ends, edges_told, nodes_told)
    parts.edges = np.stack(
        [each.to_numpy(zero_copy_only=False).astype(np.int64) for each in places]
    )
    _add_strengths(parts, edges, (source, target))
    return parts


def _ends(edges: pa.Table, told: str) -> tuple[str, str]:
    lower = {name.lower(): name for name in edges.column_names}
    source = next((lower[each] for each in SOURCES if each in lower), None)
    target = next((lower[each] for each in TARGETS if each in lower), None)
    if source and target:
        return source, target
    if edges.num_columns < 2:
        raise ValueError(
            f"{told} has one column, {edges.column_names[0]!r:.60}; edges need source and target"
        )
    if source or target or edges.num_columns > 3:
        raise ValueError(
            f"{told} must have the columns source and target; it has {', '.join(edges.column_names[:10])}"
        )
    return edges.column_names[0], edges.column_names[1]


def _direction(edges: pa.Table, told: str, directed: bool | None) -> bool | None:
    name = next((each for each in edges.column_names if each.lower() == "type"), None)
    if name is None:
        return directed
    kinds = {each.lower() for each in pc.unique(strings(edges, name)).to_pylist() if each}
    if kinds == {"directed", "undirected"}:
        raise ValueError(
            f"{told}: column {name} has directed and undirected edges; a graph is one or the other"
        )
    return directed if not kinds & {"directed", "undirected"} else kinds == {"directed"}


def _add_strengths(parts: Parts, edges: pa.Table, ends: tuple[str, str]) -> None:
    others = [
        name
        for name in edges.column_names
        if name not in ends and name.lower() not in ("type", "id")
    ]
    if not others:
        return
    if parts.x is not None:
        parts.notes.append(
            f"Not read from the edges: {', '.join(others)}; a row is one link, whatever its values."
        )
        return
    parts.strengths = {
        name: values for name in others if (values := numbers(edges, name)) is not None
    }


def _is_table(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in SUFFIXES


def _stem(name: str) -> str:
    return PurePosixPath(name).stem.lower()
