"""From a file or a name to a graph and, apart from it, its labels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from methods.anomaly.graphs.config import MISERABLES, PAYMENTS, Direction, FormatName, Missing
from methods.anomaly.graphs.finishing import finish
from methods.anomaly.graphs.fits import check_file
from methods.anomaly.graphs.formats.kinds import kind_of
from methods.anomaly.graphs.graph import Opened
from methods.anomaly.graphs.labelling import read_labels
from methods.anomaly.graphs.parts import Parts
from methods.archives import Archive


def read_graph(
    source: str | Path,
    *,
    format: FormatName = "auto",
    node_table: str | Path | None = None,
    labels: str | Path | None = None,
    direction: Direction = "as_given",
    missing: Missing = "refuse",
    name: str = "",
) -> Opened:
    """Open a graph.

    What an edge is: its direction is the file's. `.pt`, `.npz`, `.mat` and data sets do not say whether they are directed, and
    are taken for undirected where every edge has its counterpart; a CSV or parquet edge list is directed unless a column "Type"
    says Undirected (Gephi's); GraphML and GEXF say it. An edge that stands there k times is one link of weight k. Other
    values of an edge (an amount, a "weight") are no number of links and never become one: they are summed into features where
    nodes have none of their own, and left out otherwise, which the notes say.

    What a node is called: "id" or "name" of the node table, or its first column where that holds texts; a second column "name", or
    Gephi's "Label", is shown instead where all differ. Without names edges count rows from 0. Columns that are numbers, true and
    false or a few different texts are features, with a unit from a header such as "age [days]"; "label" and "y" are labels.

    Args:
        source: a file, a folder of tables, or a name: "payments", "miserables", or a PyG data set of `datasets.DATASETS`.
        format: "auto" tells it by the content.
        node_table: a CSV or parquet file beside an edge list that comes alone.
        labels: a table with the columns name and label; instead of what the graph has.
        direction: "undirected" adds the other direction of each link.
        missing: "refuse" raises for a missing feature; "indicate" puts the column's median there and adds a column that says where.
        name: what to call it in messages; "" is what the file is called.

    Raises:
        ValueError: there is no such file, or it holds no graph that can be read: by file, row and column, and what is allowed.
    """
    told = name or (
        str(source) if isinstance(source, str) and _is_name(source) else Path(source).name
    )
    table = None if node_table is None else Path(node_table).expanduser()
    opened = finish(_parts(source, told, format, table), told, direction, missing)
    if labels is None:
        return opened
    return replace(opened, labels=read_labels(labels, opened.graph, "the labels"))


def _parts(source: str | Path, told: str, format: FormatName, node_table: Path | None) -> Parts:
    if isinstance(source, str) and _is_name(source):
        return _named(source)
    path = Path(source).expanduser()
    if not path.exists():
        raise ValueError(f"there is no file {path}")
    kind = kind_of(path, told) if format == "auto" else format
    if node_table is not None and kind != "tables":
        raise ValueError(
            f"a node table stands beside an edge list; {told} is {kind} and has its own nodes"
        )
    if kind == "zipped":
        return _unzipped(path, told)
    check_file(path, kind, told)
    if kind == "pt":
        from methods.anomaly.graphs.formats.pt import read_pt  # noqa: PLC0415  imports are half of opening a small file

        return read_pt(path, told)
    if kind == "npz":
        from methods.anomaly.graphs.formats.npz import read_npz  # noqa: PLC0415

        return read_npz(path, told)
    if kind == "mat":
        from methods.anomaly.graphs.formats.mat import read_mat  # noqa: PLC0415

        return read_mat(path, told)
    if kind == "tables":
        from methods.anomaly.graphs.formats.tables import read_tables  # noqa: PLC0415

        return read_tables(path, told, node_table)
    from methods.anomaly.graphs.formats.xml import read_xml  # noqa: PLC0415

    return read_xml(path, told, kind)


def _unzipped(path: Path, told: str) -> Parts:
    archive = Archive(path, told)
    (member,) = archive.members
    with TemporaryDirectory(prefix="vitrine-graph-") as folder:
        inner = Path(folder) / PurePosixPath(member).name
        archive.copy(member, inner)
        if kind_of(inner, inner.name) in ("zipped", "tables"):
            raise ValueError(f"{told} holds {member}, which is no graph that can be read")
        return _parts(inner, f"{told}/{inner.name}", "auto", None)


def _is_name(source: str) -> bool:
    from methods.anomaly.graphs.datasets import DATASETS  # noqa: PLC0415

    return source in (PAYMENTS, MISERABLES) or source in DATASETS


def _named(name: str) -> Parts:
    if name == PAYMENTS:
        from methods.anomaly.graphs.formats.tables import read_tables  # noqa: PLC0415
        from methods.worlds import payments  # noqa: PLC0415

        return read_tables(payments.folder(), name)
    from methods.anomaly.graphs import datasets  # noqa: PLC0415

    return datasets.miserables() if name == MISERABLES else datasets.load(name)
