from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from methods.anomaly.graphs.graph import Graph
from methods.anomaly.outcome import Outcome
from methods.anomaly.results import files, writing
from methods.anomaly.results.mapped import Mapped
from methods.anomaly.results.rows import flagged_neighbours, node_rows
from tests.anomaly.results.conftest import Made


def test_arrays_are_mapped_and_equal_to_what_safetensors_reads(tmp_path: Path) -> None:
    arrays = {
        "a": np.arange(6, dtype=np.float32).reshape(2, 3),
        "b": np.arange(5, dtype=np.int64),
        "c": np.zeros((0, 3), dtype=np.float64),
        "d": np.array([7], dtype=np.int8),
    }
    path = tmp_path / "x.safetensors"
    save_file(arrays, path, metadata={"facts": '{"said": 1}'})
    mapped = Mapped(path)
    assert mapped.facts == {"said": 1}
    for name, values in load_file(path).items():
        assert np.array_equal(mapped[name], values)
        assert mapped[name].dtype == values.dtype
    assert not mapped["a"].flags.owndata
    assert not mapped["a"].flags.writeable


@pytest.mark.parametrize(
    "content", [b"", b"short", b"\xff" * 40, (5).to_bytes(8, "little") + b"{nope" + b"0" * 9]
)
def test_what_is_no_safetensors_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="no safetensors file"):
        Mapped(path)


def test_an_array_that_lies_outside_the_file_is_refused(tmp_path: Path) -> None:
    header = json.dumps({"a": {"dtype": "F32", "shape": [9], "data_offsets": [0, 36]}}).encode()
    path = tmp_path / "x.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + b"0" * 8)
    with pytest.raises(ValueError, match="a does not lie"):
        Mapped(path)


def test_the_graph_is_found_again(made: Made) -> None:
    graph, stored = made.graph, made.results.graph
    assert (stored.nodes, stored.links, stored.directed) == (graph.nodes, graph.links, True)
    assert stored.features == list(graph.features)
    assert np.array_equal(stored.x, graph.x)
    dense = made.links
    for position in range(graph.nodes):
        assert stored.name(position) == graph.name(position)
        assert stored.node_id(position) == graph.node_id(position)
        assert stored.out.of(position).tolist() == np.flatnonzero(dense[position]).tolist()
        assert stored.into.of(position).tolist() == np.flatnonzero(dense[:, position]).tolist()
        near = (dense[position] + dense[:, position]) > 0
        near[position] = False
        assert stored.neighbours(position).tolist() == np.flatnonzero(near).tolist()
        places = stored.into_places[stored.into.span(position)]
        assert set(stored.out.indices[places].tolist()) <= {position}
        assert stored.weights[places].tolist() == dense[stored.into.of(position), position].tolist()


def test_the_same_graph_is_the_same_file_byte_for_byte(made: Made, tmp_path: Path) -> None:
    score, found = made.outcome.score, set()
    for number in range(4):
        place = tmp_path / str(number)
        place.mkdir()
        beside = {"norm": score, "forest": score}
        paths = writing.write_results(
            place, made.graph, made.outcome, detector="x", top=number + 1, beside=beside
        )
        found.add(paths[0].read_bytes())
    assert len(found) == 1


def test_nodes_without_names_are_called_by_their_position(made: Made, tmp_path: Path) -> None:
    graph = Graph(made.graph.x, made.graph.edges)
    writing.write_results(
        tmp_path,
        graph,
        Outcome(made.outcome.score),
        detector="degree",
        top=3,
        beside={"norm": made.outcome.score, "forest": made.outcome.score},
    )
    results = files.open_results(tmp_path)
    assert results.graph.name(17) == "17"
    assert results.graph.node_id(17) == graph.node_id(17)
    assert results.reasons is None
    assert results.labels is None
    assert results.views == []
    assert not results.has_parts
    with pytest.raises(ValueError, match="degree have no attribute"):
        results.order(0.5)


def test_a_quantile_is_the_share_of_nodes_below_with_ties_by_half(made: Made) -> None:
    stored = made.results.graph
    for j in range(len(stored.features)):
        column = stored.x[:, j]
        for value in (*column[:9], column.max(), column.min() - 1):
            slow = (sum(column < value) + sum(column == value) / 2) / len(column)
            assert stored.quantile(j, value) == pytest.approx(slow, abs=1e-12)


def test_of_many_nodes_a_grid_of_quantiles_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "GRID", 101)
    x = np.random.default_rng(0).normal(size=(5000, 2)).astype(np.float32)
    grid = writing.quantile_grid(x)
    assert grid.shape == (2, 101)
    assert grid[:, 0].tolist() == x.min(axis=0).tolist()
    assert grid[:, -1].tolist() == x.max(axis=0).tolist()
    assert np.abs(grid[0] - np.quantile(x[:, 0], np.linspace(0, 1, 101))).max() < 0.02


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"score": np.ones(3)}, "score: a value for each of 120 nodes, got \\(3,\\)"),
        ({"error": np.full(120, np.nan)}, "error: finite numbers are allowed, node 0 has nan"),
    ],
)
def test_results_that_do_not_fit_the_graph_are_refused(
    made: Made, tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    outcome = replace(made.outcome, **change)
    beside = {"norm": np.ones(len(outcome.score)), "forest": np.ones(len(outcome.score))}
    with pytest.raises(ValueError, match=said):
        writing.write_results(tmp_path, made.graph, outcome, detector="x", top=0, beside=beside)
    assert list(tmp_path.iterdir()) == []


def test_rows_come_best_first_with_all_that_pages_show(made: Made) -> None:
    labels = np.zeros(made.graph.nodes, dtype=np.int8)
    labels[0], labels[1] = 1, -1
    [rows] = node_rows(made.results, labels, ["ring", *[""] * (made.graph.nodes - 1)])
    assert [row["rank"] for row in rows] == list(range(1, made.graph.nodes + 1))
    scores = [row["score"] for row in rows]
    assert scores == sorted(scores, reverse=True)
    by_place = {row["position"]: row for row in rows}
    assert by_place[0]["label"] == 1
    assert by_place[0]["kind"] == "ring"
    assert by_place[1]["label"] is None
    assert "kind" not in by_place[2]
    for position, row in by_place.items():
        assert row["name"] == made.graph.name(position)
        assert row["degree"] == np.count_nonzero(made.links[position])
        assert row["in_degree"] == np.count_nonzero(made.links[:, position])
        trivial = [row[f"{name}_percentile"] for name in ("degree", "norm", "forest")]
        assert row["apart"] == row["percentile"] - max(trivial)
        views = made.outcome.percentiles
        assert views is not None
        assert row["stability"] == pytest.approx(float(views[:, position].std()), rel=1e-5)
        assert row["error"] == pytest.approx((row["attribute"] + row["structure"]) / 2)


def test_flagged_neighbours_are_counted_once_and_never_the_node_itself(made: Made) -> None:
    flags = np.zeros(made.graph.nodes, dtype=bool)
    flags[[0, 1, 5, 40, 41]] = True
    found = flagged_neighbours(made.results, flags)
    dense = made.links
    for i in range(made.graph.nodes):
        slow = sum(
            bool(flags[v] and v != i and (dense[i, v] or dense[v, i]))
            for v in range(made.graph.nodes)
        )
        assert found[i] == slow
