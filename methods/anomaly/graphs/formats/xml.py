"""GraphML and GEXF, through networkx: nodes and edges become two tables, which are read as any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import pyarrow as pa

from methods.anomaly.graphs.formats.tables import from_tables
from methods.anomaly.graphs.parts import Parts

MOST_BYTES = 200 * 10**6
"""networkx holds some twenty times the file."""


def read_xml(path: Path, told: str, kind: str) -> Parts:
    """The parts of a graph in a "graphml" or "gexf" file.

    Raises:
        ValueError: it is damaged or too large, or a node or an edge is not as a table's row must be.
    """
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise ValueError(
            f"{told} has {size / 1e6:.0f} MB; up to {MOST_BYTES / 1e6:.0f} MB of XML are read. An edge list with a node table "
            "(.parquet or .csv) may have any size"
        )
    import networkx as nx  # noqa: PLC0415  half a second, and only these formats need it

    try:
        graph = nx.read_graphml(path) if kind == "graphml" else nx.read_gexf(path)
    except (nx.NetworkXError, ParseError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{told} is no {kind} that can be read: {error}") from error
    return from_networkx(graph, told)


def from_networkx(graph: Any, told: str) -> Parts:
    """The parts of a networkx graph, whose attributes are columns of tables."""
    if graph.number_of_edges() == 0:
        raise ValueError(f"{told} has no edges; a graph needs one at least")
    nodes = [(str(node), held) for node, held in graph.nodes(data=True)]
    edges = [(str(source), str(target), held) for source, target, held in graph.edges(data=True)]
    node_table = _table({"id": [node for node, _ in nodes]}, [held for _, held in nodes])
    ends = {"source": [each[0] for each in edges], "target": [each[1] for each in edges]}
    edge_table = _table(ends, [each[2] for each in edges])
    return from_tables(
        edge_table, node_table, f"{told}, edges", f"{told}, nodes", graph.is_directed()
    )


def _table(keys: Mapping[str, Sequence[str]], held: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Columns of the attributes that all rows together have; what is no number or text (a position, a colour) is left out."""
    columns: dict[str, Any] = {name: pa.array(values) for name, values in keys.items()}
    names = dict.fromkeys(name for row in held for name in row)
    for name in names:
        values = [row.get(name) for row in held]
        if name in keys or any(isinstance(each, Mapping | list | tuple) for each in values):
            continue
        try:
            columns[str(name)] = pa.array(values)
        except (pa.ArrowInvalid, pa.ArrowTypeError):  # of several types
            columns[str(name)] = pa.array([None if each is None else str(each) for each in values])
    return pa.table(columns)
