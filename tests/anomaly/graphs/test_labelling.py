"""What arrays and tables of labels mean, and that what is written is read again."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from methods.anomaly.graphs.graph import Graph, Labels
from methods.anomaly.graphs.labelling import labels_of, read_labels, write_labels

GRAPH = Graph(np.eye(4), np.array([[0, 1], [1, 2]]), ["Ada", 'Bo "B"', "Cleo, C", "Dag"])


@pytest.mark.parametrize(
    "values",
    [
        [True, False, False, False],
        np.array([1, 0, 0, 0], np.uint8),
        np.array([[1.0], [0.0], [0.0], [0.0]]),
        np.array([1, 0, 0, 0], np.int64),
    ],
)
def test_labels_of_any_dtype_are_the_same(values: Any) -> None:
    notes: list[str] = []
    labels = labels_of(values, "y", notes)
    assert labels is not None
    assert labels.anomalous.tolist() == [1, 0, 0, 0]
    assert notes == []


def test_bonds_bits_are_kinds() -> None:
    labels = labels_of(np.array([0, 1, 2, 3, 0, 0, 0, -1]), "y", [])
    assert labels is not None
    assert labels.anomalous.tolist() == [0, 1, 1, 1, 0, 0, 0, -1]
    assert labels.kinds == ["", "contextual", "structural", "contextual and structural", *[""] * 4]


def test_what_is_not_known_stays_so() -> None:
    labels = labels_of(np.array([np.nan, 1, 0, -1]), "y", [])
    assert labels is not None
    assert labels.anomalous.tolist() == [-1, 1, 0, -1]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([0, 1, 2, 3, 4, 5], "y has 6 values from 0 to 5: classes"),
        ([1, 2, 3, 3], "y has 3 values from 1 to 3: classes"),
        ([0.5, 1, 0, 0], "classes"),
        (np.eye(4), r"y \(float64 \(4, 4\)\) is not one real number a node"),
        (np.zeros(4, complex), r"y \(complex128 \(4,\)\) is not one real number a node"),
        (np.array(["a", "b", "c", "d"]), "is not one real number a node"),
    ],
)
def test_classes_are_not_taken_for_labels(values: Any, said: str) -> None:
    notes: list[str] = []
    assert labels_of(values, "y", notes) is None
    (note,) = notes
    assert re.search(said, note)


@pytest.mark.parametrize("kinds", [None, ["ring", "", "", ""]])
def test_labels_that_were_written_are_read_again(tmp_path: Path, kinds: list[str] | None) -> None:
    given = Labels(np.array([1, 0, -1, 0]), kinds)
    path = write_labels(tmp_path / "labels.csv", GRAPH, given)
    back = read_labels(path, GRAPH)
    assert back.anomalous.tolist() == [1, 0, -1, 0]
    assert back.kinds == kinds
    bare = Graph(GRAPH.x, GRAPH.edges)
    assert read_labels(write_labels(path, bare, given), bare).anomalous.tolist() == [1, 0, -1, 0]
    with pytest.raises(ValueError, match="2 labels for 4 nodes"):
        write_labels(path, GRAPH, Labels(np.array([1, 0])))


def test_a_name_that_was_kept_from_being_a_formula_is_found(tmp_path: Path) -> None:
    graph = Graph(np.eye(2), np.array([[0], [1]]), ["=1+1", "'quoted"])
    (tmp_path / "labels.csv").write_text("name,label\n'=1+1,1\n'quoted,0\n")
    assert read_labels(tmp_path / "labels.csv", graph).anomalous.tolist() == [1, 0]


def test_exported_reviews_are_labels(tmp_path: Path) -> None:
    path = tmp_path / "reviews.csv"
    path.write_text(
        'name,label,verdict,note\nDag,1,confirm,"two, odd"\nAda,0,dismiss,\n"Cleo, C",,unsure,\n'
    )
    assert read_labels(path, GRAPH).anomalous.tolist() == [0, -1, -1, 1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,label\nEva,1\n", "mine, row 1: graph has no node called 'Eva'"),
        ("name,label\nAda,1\nAda,0\n", "mine, row 2: 'Ada' stands there twice"),
        ("name,label\nAda,2\n", "mine, row 1, column label: '2' is no label; allowed are 1"),
        ("name,score\nAda,2\n", "mine has no column 'label', but name, score"),
        ("name,label\n", "mine has no rows"),
    ],
)
def test_each_mistake_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "l.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=said):
        read_labels(path, GRAPH, "mine")
