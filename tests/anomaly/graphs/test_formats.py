"""Files of each layout that is handed around: what they say, and what is refused without being opened."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from scipy.io import savemat

from methods.anomaly.graphs.formats.pt import check_pt
from methods.anomaly.graphs.reading import read_graph

X = np.array([[1, 2], [3, 4], [5, 7]], np.float32)
EDGES = np.array([[0, 1, 2], [1, 2, 0]])
ADJACENCY = np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0]])
GRAPHML = """<?xml version="1.0" encoding="utf-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
  <key id="d0" for="node" attr.name="name" attr.type="string"/>
  <key id="d1" for="node" attr.name="age [days]" attr.type="double"/>
  <key id="d2" for="node" attr.name="label" attr.type="int"/>
  <key id="d3" for="edge" attr.name="amount" attr.type="double"/>
  <graph edgedefault="EDGEDEFAULT">
    <node id="a"><data key="d0">Ada</data><data key="d1">1.5</data><data key="d2">0</data></node>
    <node id="b"><data key="d0">Bo</data><data key="d1">2.5</data><data key="d2">1</data></node>
    <node id="c"><data key="d0">Cleo</data><data key="d1">4</data></node>
    <edge source="a" target="b"><data key="d3">9</data></edge>
    <edge source="b" target="c"><data key="d3">2</data></edge>
  </graph>
</graphml>
"""
GEXF = """<?xml version="1.0" encoding="UTF-8"?>
<gexf xmlns="http://www.gexf.net/1.2draft" version="1.2">
  <graph mode="static" defaultedgetype="undirected">
    <attributes class="node"><attribute id="0" title="size" type="float"/></attributes>
    <nodes>
      <node id="n0" label="Ada"><attvalues><attvalue for="0" value="1"/></attvalues></node>
      <node id="n1" label="Bo"><attvalues><attvalue for="0" value="2"/></attvalues></node>
      <node id="n2" label="Cleo"><attvalues><attvalue for="0" value="5"/></attvalues></node>
    </nodes>
    <edges><edge id="0" source="n0" target="n1"/><edge id="1" source="n1" target="n2"/></edges>
  </graph>
</gexf>
"""


def saved(path: Path, value: Any) -> Path:
    import torch

    torch.save(value, path)
    return path


def tensors(**more: Any) -> dict[str, Any]:
    import torch

    held = {"x": torch.from_numpy(X), "edge_index": torch.from_numpy(EDGES)}
    return held | {key: torch.as_tensor(value) for key, value in more.items()}


def as_pyg(path: Path) -> Path:
    """The file of a dict of tensors as PyG 2 writes one of `Data`: two classes by their names, around the same dict."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    (name,) = (each for each in members if each.endswith("data.pkl"))
    held = members[name][2:-1]  # without the header and the end
    made = (
        b"\x80\x02ctorch_geometric.data.data\nData\n)\x81}X\x06\0\0\0_store"
        b"ctorch_geometric.data.storage\nGlobalStorage\n)\x81}X\x08\0\0\0_mapping" + held + b"sbsb."
    )
    with zipfile.ZipFile(path, "w") as archive:
        for each, content in members.items():
            archive.writestr(each, made if each == name else content)
    return path


def test_pyg_data_opens_without_pyg(tmp_path: Path) -> None:
    opened = read_graph(as_pyg(saved(tmp_path / "g.pt", tensors(y=[True, False, False]))))
    assert opened.graph.x.tolist() == X.tolist()
    assert opened.graph.edges.tolist() == EDGES.tolist()
    assert opened.graph.directed
    assert opened.labels is not None
    assert opened.labels.anomalous.tolist() == [1, 0, 0]


def test_dicts_and_the_files_of_data_sets_open(tmp_path: Path) -> None:
    held = tensors()
    first = read_graph(saved(tmp_path / "dict.pt", held))
    assert first.labels is None
    assert read_graph(saved(tmp_path / "pair.pt", (held, None))).graph.fingerprint == (
        first.graph.fingerprint
    )
    sparse_x = {**held, "x": held["x"].to_sparse()}
    assert read_graph(saved(tmp_path / "sparse.pt", sparse_x)).graph.fingerprint == (
        first.graph.fingerprint
    )
    named = {**held, "names": ["Ada", "Bo", "Cleo"], "feature_names": ["age [days]", "size"]}
    graph = read_graph(saved(tmp_path / "named.pt", named)).graph
    assert graph.name(1) == "Bo"
    assert graph.features[0].unit == "days"


class Harm:
    done: Path

    def __reduce__(self) -> Any:
        return (Path.touch, (self.done,))


def test_a_pickle_in_a_pt_is_named_and_never_run(tmp_path: Path) -> None:
    harm = Harm()
    harm.done = tmp_path / "done"
    path = saved(tmp_path / "bad.pt", {**tensors(), "more": harm})
    for look in (lambda: check_pt(path, "bad.pt"), lambda: read_graph(path)):
        with pytest.raises(ValueError, match=r"bad\.pt holds more than tensors: .*pathlib"):
            look()
    bare = tmp_path / "g.pkl"
    bare.write_bytes(pickle.dumps(harm))
    with pytest.raises(ValueError, match=r"g\.pkl is a pickle, which could run anything"):
        read_graph(bare)
    assert not harm.done.exists()


def test_a_pt_that_is_no_graph_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"weights\.pt is no graph: it has no edge_index"):
        read_graph(saved(tmp_path / "weights.pt", {"layer": tensors()["x"]}))
    cut = saved(tmp_path / "cut.pt", tensors())
    cut.write_bytes(cut.read_bytes()[:200])
    with pytest.raises(ValueError, match=r"cut\.pt"):
        read_graph(cut)


@pytest.mark.parametrize(
    "held",
    [
        {"x": X, "edge_index": EDGES, "y": [0, 1, 0]},
        {
            "edges": EDGES[:, :2].T,
            "node_features": X,
            "node_labels": [0, 1, 0],
        },
        {
            **{f"adj_{k}": getattr(sparse.csr_matrix(ADJACENCY), k) for k in ("data", "indices", "indptr", "shape")},
            **{f"attr_{k}": getattr(sparse.csr_matrix(X), k) for k in ("data", "indices", "indptr", "shape")},
            "labels": [0, 1, 0],
        },
    ],
    ids=["ours", "platonov", "csr"],
)  # fmt: skip
def test_npz_of_each_layout(tmp_path: Path, held: dict[str, Any]) -> None:
    np.savez(tmp_path / "g.npz", **held)
    opened = read_graph(tmp_path / "g.npz")
    undirected = "edges" in held
    assert opened.graph.x.tolist() == X.tolist()
    assert opened.graph.directed is not undirected
    assert opened.graph.edges.tolist() == (
        [[0, 1, 1, 2], [1, 0, 2, 1]] if undirected else EDGES.tolist()
    )
    assert opened.labels is not None
    assert opened.labels.anomalous.tolist() == [0, 1, 0]


def test_dgraphfin_codes_what_is_missing_and_what_is_background(tmp_path: Path) -> None:
    held = {
        "x": np.array([[1.0, -1], [2, 5], [4, 7], [9, 9]]),
        "y": np.array([0, 1, 2, 3]),
        "edge_index": np.array([[0, 1], [1, 2], [3, 0]]),
        "edge_type": np.array([1, 1, 2]),
    }
    np.savez(tmp_path / "dgraphfin.npz", **held)
    with zipfile.ZipFile(tmp_path / "DGraphFin.zip", "w") as archive:
        archive.write(tmp_path / "dgraphfin.npz", "dgraphfin.npz")
    with pytest.raises(ValueError, match="node 0, column 'feature 1': nan"):
        read_graph(tmp_path / "dgraphfin.npz")
    for path in (tmp_path / "dgraphfin.npz", tmp_path / "DGraphFin.zip"):
        opened = read_graph(path, missing="indicate")
        assert opened.graph.x.tolist() == [[1, 7, 1], [2, 5, 0], [4, 7, 0], [9, 9, 0]]
        assert opened.graph.edges.tolist() == [[0, 1, 3], [1, 2, 0]]
        assert opened.labels is not None
        assert opened.labels.anomalous.tolist() == [0, 1, -1, -1]


def test_an_adjacency_alone_has_features_counted(tmp_path: Path) -> None:
    sparse.save_npz(tmp_path / "a.npz", sparse.csr_matrix(2 * ADJACENCY))
    graph = read_graph(tmp_path / "a.npz").graph
    assert graph.edges.tolist() == EDGES.tolist()
    assert [feature.name for feature in graph.features][:2] == ["out links", "in links"]
    assert any("entries other than 0 and 1" in note for note in graph.notes)


def test_npz_with_pickled_objects_or_without_a_graph_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "o.npz", x=X, edge_index=EDGES, names=np.array(["a", None, "c"], object))
    with pytest.raises(ValueError, match=r"o\.npz cannot be read without opening a pickle"):
        read_graph(tmp_path / "o.npz")
    np.savez(tmp_path / "n.npz", weights=X)
    with pytest.raises(ValueError, match=r"n\.npz is no graph: it has weights"):
        read_graph(tmp_path / "n.npz")
    np.savez(tmp_path / "s.npz", x=X[:2], edge_index=EDGES)
    with pytest.raises(ValueError, match=r"s\.npz: edge 1 joins nodes 1 and 2; with 2 nodes"):
        read_graph(tmp_path / "s.npz")
    np.savez(tmp_path / "t.npz", x=np.array([["a"], ["b"], ["c"]]), edge_index=EDGES)
    with pytest.raises(ValueError, match=r"t\.npz: x must be numbers"):
        read_graph(tmp_path / "t.npz")


def test_mat_with_network_attributes_and_label(tmp_path: Path) -> None:
    held = {
        "Network": sparse.csc_matrix(ADJACENCY),
        "Attributes": sparse.csc_matrix(X),
        "Label": np.array([[0], [1], [0]]),
    }
    savemat(tmp_path / "g.mat", held)
    opened = read_graph(tmp_path / "g.mat")
    assert opened.graph.x.tolist() == X.tolist()
    assert sorted(zip(*opened.graph.edges.tolist(), strict=True)) == [(0, 1), (1, 2), (2, 0)]
    assert opened.labels is not None
    assert opened.labels.anomalous.tolist() == [0, 1, 0]
    kinds = {"attr_anomaly_label": [[0, 1, 0]], "str_anomaly_label": [[0, 1, 1]]}
    savemat(tmp_path / "k.mat", {"A": ADJACENCY, "X": X, **kinds})
    labels = read_graph(tmp_path / "k.mat").labels
    assert labels is not None
    assert labels.kinds == ["", "contextual and structural", "structural"]


def test_mat_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    savemat(tmp_path / "g.mat", {"Attributes": X})
    with pytest.raises(ValueError, match=r"g\.mat is no graph: it needs Network \(or A\)"):
        read_graph(tmp_path / "g.mat")
    savemat(tmp_path / "r.mat", {"Network": X})
    with pytest.raises(ValueError, match=r"r\.mat: Network must be square.*got \(3, 2\)"):
        read_graph(tmp_path / "r.mat")
    new = tmp_path / "new.mat"
    new.write_bytes(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + bytes(384))
    with pytest.raises(ValueError, match=r"new\.mat is a MATLAB file of version 7.3"):
        read_graph(new)


@pytest.mark.parametrize("directed", [True, False])
def test_graphml_has_names_features_labels_and_a_direction(tmp_path: Path, directed: bool) -> None:
    path = tmp_path / "blob"
    path.write_text(GRAPHML.replace("EDGEDEFAULT", "directed" if directed else "undirected"))
    opened = read_graph(path)
    graph = opened.graph
    assert graph.names == ["Ada", "Bo", "Cleo"]
    assert (graph.features[0].name, graph.features[0].unit) == ("age", "days")
    assert graph.x.tolist() == [[1.5], [2.5], [4]]
    assert graph.directed is directed
    assert graph.links == (2 if directed else 4)
    assert opened.labels is not None
    assert opened.labels.anomalous.tolist() == [0, 1, -1]


def test_graphml_without_attributes_has_features_counted(tmp_path: Path) -> None:
    lines = GRAPHML.replace("EDGEDEFAULT", "undirected").splitlines()
    bare = [line.split("<data")[0] + ("</node>" if "<node" in line else "") if "<node" in line else line for line in lines if 'for="node"' not in line]  # fmt: skip
    path = tmp_path / "bare.graphml"
    path.write_text("\n".join(bare))
    graph = read_graph(path).graph
    assert graph.names == ["a", "b", "c"]
    named = {feature.name: graph.x[:, j].tolist() for j, feature in enumerate(graph.features)}
    assert named["links"] == [1, 2, 1]
    assert named["amount, summed"] == [9, 11, 2]
    assert any("no features of their own" in note for note in graph.notes)


def test_gexf_shows_its_labels_which_are_names(tmp_path: Path) -> None:
    path = tmp_path / "g.gexf"
    path.write_text(GEXF)
    opened = read_graph(path)
    assert opened.graph.names == ["Ada", "Bo", "Cleo"]
    assert opened.labels is None
    assert opened.graph.x.tolist() == [[1], [2], [5]]
    assert opened.graph.edges.tolist() == [[0, 1, 1, 2], [1, 0, 2, 1]]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (b"<html></html>", "is XML, but neither GraphML nor GEXF"),
        (b"\x89PNG\r\n\x1a\n\0\0", "holds no graph that can be read"),
        (b"<graphml><graph></node></graphml>", "is no graphml that can be read"),
        (b"PK\x03\x04 and no more", "is no zip file that can be read"),
    ],
)
def test_what_is_no_graph_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "thing"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"thing {said}"):
        read_graph(path)
    with pytest.raises(ValueError, match="there is no file"):
        read_graph(tmp_path / "nothing.pt")


def test_a_zip_of_something_else_is_named(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("readme.md", "hello")
    (tmp_path / "z.zip").write_bytes(buffer.getvalue())
    with pytest.raises(ValueError, match=r"z\.zip holds readme\.md, which is no graph"):
        read_graph(tmp_path / "z.zip")
