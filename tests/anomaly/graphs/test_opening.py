"""From settings to a graph, and what is said before a run is queued."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from methods.anomaly.graphs import datasets, fits
from methods.anomaly.graphs.config import GraphSettings
from methods.anomaly.graphs.opening import check_graph, open_graph
from methods.base import MethodError


def here(ref: str) -> Path:
    if not Path(ref).exists():
        raise MethodError(f"there is no {ref!r}")
    return Path(ref)


def test_the_default_opens_without_a_file() -> None:
    config = GraphSettings()
    check_graph(config, here)
    opened = open_graph(config, here)
    assert opened.graph.source == "payments"
    assert opened.labels is not None


def test_settings_reach_the_reader(tmp_path: Path) -> None:
    (tmp_path / "e.csv").write_text("source,target\na,b\nb,c\n")
    (tmp_path / "n.csv").write_text("id,size\na,1\nb,\nc,3\n")
    (tmp_path / "l.csv").write_text("name,label\nc,1\n")
    given = {"graph": "e", "node_table": "n", "labels": "l"}
    paths = {key: str(tmp_path / f"{name}.csv") for key, name in given.items()}
    config = GraphSettings(**paths, direction="undirected", missing="indicate")
    check_graph(config, here)
    opened = open_graph(config, here)
    assert opened.graph.edges.tolist() == [[0, 1, 1, 2], [1, 0, 2, 1]]
    assert opened.graph.x.tolist() == [[1, 0], [2, 1], [3, 0]]
    assert opened.labels is not None
    assert opened.labels.anomalous.tolist() == [-1, -1, 1]
    with pytest.raises(MethodError, match=r"e\.csv: 1 value of a feature is missing"):
        check_graph(config.model_copy(update={"missing": "refuse"}), here)


def test_wrong_files_are_named_before_a_run_is_queued(tmp_path: Path) -> None:
    with pytest.raises(MethodError, match="there is no 'nothing'"):
        check_graph(GraphSettings(graph="nothing"), here)
    with pytest.raises(MethodError, match="node_table stands beside an edge list"):
        check_graph(GraphSettings(node_table="n.csv"), here)
    pickled = tmp_path / "bad.pt"
    with zipfile.ZipFile(pickled, "w") as archive:
        archive.writestr("bad/data.pkl", b"\x80\x02cos\nsystem\nX\x01\0\0\0a\x85R.")
    with pytest.raises(MethodError, match=r"bad\.pt holds more than tensors: os\.system"):
        check_graph(GraphSettings(graph=str(pickled)), here)
    np.savez(tmp_path / "g.npz", x=np.full((2, 1), np.nan), edge_index=np.array([[0], [1]]))
    with pytest.raises(MethodError, match=r"g\.npz: 2 values of features are missing"):
        check_graph(GraphSettings(graph=str(tmp_path / "g.npz")), here)
    with pytest.raises(MethodError, match=r"g\.npz is no MATLAB file"):
        check_graph(GraphSettings(graph=str(tmp_path / "g.npz"), format="mat"), here)


def test_a_file_that_does_not_fit_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fits.psutil, "virtual_memory", lambda: SimpleNamespace(available=3 * 1000))
    for name in ("g.pt", "g.zip"):  # neither is read from end to end here
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("g/data.pkl" if name == "g.pt" else "g.mat", bytes(1001))
        with pytest.raises(MethodError, match=r"are free here, so that .* of it would fit"):
            check_graph(GraphSettings(graph=str(tmp_path / name)), here)


def test_labels_of_a_named_graph_are_checked_too(tmp_path: Path) -> None:
    path = tmp_path / "l.csv"
    path.write_text("name,label\nNobody,1\n")
    with pytest.raises(
        MethodError, match="the labels, row 1: payments has no node called 'Nobody'"
    ):
        check_graph(GraphSettings(labels=str(path)), here)


def test_data_sets_that_cannot_be_had_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(MethodError, match=r"DGraphFin is handed out by its authors only"):
        check_graph(GraphSettings(graph="DGraphFin"), here)
    with pytest.raises(MethodError, match=r"Tolokers is not in .*works offline"):
        check_graph(GraphSettings(graph="Tolokers"), here)
    assert all(name in datasets.DATASETS for name in datasets.BACKGROUND)


def test_reading_costs_no_torch_nor_does_checking_a_pt(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "g.pt", "w") as archive:
        archive.writestr("g/data.pkl", b"\x80\x02}X\x0a\0\0\0edge_indexNs.")
    code = (
        "import sys; from pathlib import Path; from methods.anomaly.graphs.opening import check_graph; "
        "from methods.anomaly.graphs.config import GraphSettings; "
        "[check_graph(GraphSettings(graph=each), Path) for each in ('payments', 'miserables', sys.argv[1])]; "
        "assert 'torch' not in sys.modules"
    )
    path = str(tmp_path / "g.pt")
    subprocess.run([sys.executable, "-c", code, path], check=True, timeout=120)
