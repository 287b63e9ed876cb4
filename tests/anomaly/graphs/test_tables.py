"""Edge lists with and without their node tables: what is read, and each mistake by file, row and column."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from methods.anomaly.graphs.graph import Feature
from methods.anomaly.graphs.reading import read_graph

NODES = """name,age [days],city,active,label
Ada,10,Oslo,true,0
Bo,20,Rome,false,1
Cleo,30.5,Oslo,true,
"""
EDGES = "source,target,amount\nAda,Bo,5\nBo,Cleo,7.5\nAda,Bo,1\n"
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def folder(nodes: str | None = NODES, edges: str = EDGES, **more: str) -> Path:
        place = tmp_path / "mine"
        place.mkdir(exist_ok=True)
        for name, text in {"nodes": nodes, "edges": edges, **more}.items():
            if text is not None:
                (place / f"{name}.csv").write_text(text, encoding="utf-8")
        return place

    return folder


def test_a_folder_of_tables_becomes_names_features_links_and_labels(write: Write) -> None:
    opened = read_graph(write())
    graph, labels = opened.graph, opened.labels
    assert graph.names == ["Ada", "Bo", "Cleo"]
    assert graph.features == (
        Feature("age", "days"),
        Feature("city: Oslo"),
        Feature("city: Rome"),
        Feature("active"),
    )
    assert graph.x.tolist() == [[10, 1, 0, 1], [20, 0, 1, 0], [30.5, 1, 0, 1]]
    assert graph.edges.tolist() == [[0, 1, 0], [1, 2, 1]]
    assert graph.directed
    assert labels is not None
    assert labels.anomalous.tolist() == [0, 1, -1]
    assert any("1 edges repeat" in note for note in graph.notes)
    assert any("Not read from the edges: amount" in note for note in graph.notes)


def test_a_zip_a_pair_and_parquet_are_the_same_graph(write: Write, tmp_path: Path) -> None:
    place = write()
    zipped = tmp_path / "blob"  # stored uploads have no suffix
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.write(place / "nodes.csv", "data/nodes.csv")
        archive.write(place / "edges.csv", "data/edges.csv")
    columns: dict[str, Any] = {
        "name": ["Ada", "Bo", "Cleo"],
        "age [days]": [10, 20, 30.5],
        "city": pa.array(["Oslo", "Rome", "Oslo"]).dictionary_encode(),
        "active": [True, False, True],
        "label": [0, 1, None],
    }
    pq.write_table(pa.table(columns), tmp_path / "nodes")
    first = read_graph(place)
    for other in (
        read_graph(zipped),
        read_graph(place / "edges.csv", node_table=place / "nodes.csv"),
        read_graph(place / "edges.csv", node_table=tmp_path / "nodes"),
    ):
        assert other.graph.fingerprint == first.graph.fingerprint
        assert other.graph.features == first.graph.features
        assert other.labels is not None
        assert other.labels.anomalous.tolist() == [0, 1, -1]


def test_labels_change_nothing_that_scores(write: Write) -> None:
    plain = "\n".join(line.rpartition(",")[0] for line in NODES.splitlines())
    shuffled = NODES.replace("true,0", "true,1").replace("false,1", "false,0")
    graphs = [read_graph(write(nodes)).graph for nodes in (NODES, plain, shuffled)]
    assert len({graph.fingerprint for graph in graphs}) == 1
    assert {graph.features for graph in graphs} == {graphs[0].features}


def test_an_edge_list_alone_has_features_counted_from_its_links(write: Write) -> None:
    graph = read_graph(write(None)).graph
    assert graph.names == ["Ada", "Bo", "Cleo"]
    named = {feature.name: graph.x[:, j].tolist() for j, feature in enumerate(graph.features)}
    assert named == {
        "out links": [2, 1, 0],
        "amount out, summed": [6, 7.5, 0],
        "in links": [0, 2, 1],
        "amount in, summed": [0, 6, 7.5],
        "neighbours' links, mean": [2, 1, 2],
        "linked pairs of neighbours": [0, 0, 0],
    }


def test_a_bare_edge_list_with_comments_needs_no_header(tmp_path: Path) -> None:
    path = tmp_path / "wiki.txt"
    path.write_text("# FromNodeId\tToNodeId\n30\t1412\n30\t3352\n1412\t30\n")
    graph = read_graph(path).graph
    assert graph.names == ["30", "1412", "3352"]
    assert graph.edges.tolist() == [[0, 0, 1], [1, 2, 0]]
    path.write_text("0 1\n1 2\n")
    assert read_graph(path).graph.names == ["0", "1", "2"]


def test_a_node_table_without_names_is_counted_from_0(write: Write) -> None:
    graph = read_graph(write("a,b\n1,2\n3,4\n5,7\n", "source,target\n0,2\n2,1\n")).graph
    assert graph.names is None
    assert graph.edges.tolist() == [[0, 2], [2, 1]]
    assert graph.x.tolist() == [[1, 2], [3, 4], [5, 7]]


def test_gephis_tables_show_labels_and_say_whether_edges_are_directed(write: Write) -> None:
    nodes = "Id,Label,size\nn0,Ada,1\nn1,Bo,2\nn2,Cleo,4\n"
    edges = "Source,Target,Type,Id,Weight\nn0,n1,Undirected,0,1.0\nn1,n2,Undirected,1,3.0\n"
    opened = read_graph(write(nodes, edges))
    assert opened.graph.names == ["Ada", "Bo", "Cleo"]
    assert opened.labels is None
    assert not opened.graph.directed
    assert opened.graph.edges.tolist() == [[0, 1, 1, 2], [1, 0, 2, 1]]
    assert read_graph(write(nodes, edges.replace("Und", "D").replace("Di", "di"))).graph.directed
    with pytest.raises(ValueError, match=r"edges.csv: column Type has directed and undirected"):
        read_graph(write(nodes, edges.replace("Undirected,1", "Directed,1")))


def test_labels_in_a_file_of_their_own(write: Write) -> None:
    plain = "\n".join(line.rpartition(",")[0] for line in NODES.splitlines())
    opened = read_graph(write(plain, labels="name,label,kind\nCleo,1,ring\nAda,0,\n"))
    assert opened.labels is not None
    assert opened.labels.anomalous.tolist() == [0, -1, 1]
    assert opened.labels.kinds == ["", "", "ring"]


def test_missing_values_become_the_median_and_a_column_that_says_where(write: Write) -> None:
    nodes = "name,age,gone\nAda,1,\nBo,NA,\nCleo,3,\nDag,8,\n"
    with pytest.raises(
        ValueError, match=r"mine: 1 value of a feature.* node 1 \(Bo\), column 'age': nan. Set"
    ):
        read_graph(write(nodes))
    graph = read_graph(write(nodes), missing="indicate").graph
    assert [feature.name for feature in graph.features] == ["age", "age missing"]
    assert graph.x.tolist() == [[1, 0], [3, 1], [3, 0], [8, 0]]
    assert any("1 missing values in age became the median" in note for note in graph.notes)
    assert any("Not read as features: gone" in note for note in graph.notes)


def test_texts_of_too_many_kinds_are_left_out_and_said(write: Write) -> None:
    rows = "".join(f"n{i},{i},text {i}\n" for i in range(30))
    edges = "source,target\n" + "".join(f"n{i},n{i + 1}\n" for i in range(29))
    graph = read_graph(write(f"name,size,about\n{rows}", edges)).graph
    assert [feature.name for feature in graph.features] == ["size"]
    assert any("Not read as features: about" in note for note in graph.notes)


def test_a_feature_that_sounds_like_a_label_is_said(write: Write) -> None:
    graph = read_graph(write(NODES.replace("active", "is_fraud"))).graph
    assert any(note.startswith("is_fraud was read as a feature") for note in graph.notes)
    assert not any("was read as a feature" in note for note in read_graph(write()).graph.notes)


def test_numbers_that_float32_cannot_tell_apart_are_said(write: Write) -> None:
    nodes = "name,seen\nAda,1764000000\nBo,1764000900\nCleo,1764000300\n"
    assert any("seen are large" in note for note in read_graph(write(nodes)).graph.notes)


@pytest.mark.parametrize(
    ("nodes", "edges", "said"),
    [
        (
            NODES,
            EDGES + "Dag,Bo,1\n",
            r"edges.csv, row 4: no node of mine/nodes.csv is called 'Dag'",
        ),
        (NODES, EDGES + "Bo,,1\n", r"edges.csv, row 4: target is empty"),
        (NODES, "source,target\n", "edges.csv has no rows"),
        (NODES, "", "edges.csv has no rows"),
        (
            NODES,
            "a,b,c,d\nAda,Bo,1,1\n",
            "must have the columns source and target; it has a, b, c, d",
        ),
        (NODES, "one\nAda\n", "one column, 'one'"),
        (NODES + "Bo,1,Oslo,true,0\n", EDGES, "nodes.csv, rows 2 and 4 have the same name, 'Bo'"),
        (NODES + ",1,Oslo,true,0\n", EDGES, "nodes.csv, row 4: the node has no name"),
        (
            NODES + "Dag,1,Oslo,true,maybe\n",
            EDGES,
            "row 4, column label: 'maybe' is no label; allowed are 1",
        ),
        (
            NODES + 'Dag,"12,5",Oslo,true,0\n',
            EDGES,
            r"row 4, column 'age \[days\]': '12,5' is no number",
        ),
        (NODES + "Dag,1,Oslo\n", EDGES, "nodes.csv cannot be read: .*Expected 5 columns, got 3"),
        (
            NODES + "Dag,inf,Oslo,true,0\n",
            EDGES,
            r"node 3 \(Dag\), column 'age': inf. Up to 3.4e38",
        ),
        (NODES + "Dag,1e39,Oslo,true,0\n", EDGES, r"node 3 \(Dag\), column 'age'.* Up to 3.4e38"),
        (NODES.replace("city", "active"), EDGES, "nodes.csv has two columns called 'active'"),
    ],
)
def test_each_mistake_is_named(write: Write, nodes: str, edges: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_graph(write(nodes, edges))


def test_what_is_no_text_and_a_folder_without_edges_are_named(write: Write, tmp_path: Path) -> None:
    latin = tmp_path / "latin.csv"
    latin.write_bytes("source,target,café\n".encode("latin-1"))
    with pytest.raises(ValueError, match=r"latin.csv, line 1 is not UTF-8"):
        read_graph(latin)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ValueError, match="empty has no table called edges"):
        read_graph(empty)


def test_a_node_table_belongs_to_an_edge_list(write: Write, tmp_path: Path) -> None:
    place = write()
    np.savez(tmp_path / "g.npz", x=np.eye(3), edge_index=np.array([[0, 1], [1, 2]]))
    with pytest.raises(ValueError, match=r"g\.npz is npz and has its own nodes"):
        read_graph(tmp_path / "g.npz", node_table=place / "nodes.csv")
