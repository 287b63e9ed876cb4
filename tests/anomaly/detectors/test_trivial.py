"""Links counted, lengths of features, and a forest: by hand, and where columns say nothing."""

from __future__ import annotations

import numpy as np
import pytest

from methods.anomaly.detectors.forest import isolation_forest
from methods.anomaly.detectors.trivial import feature_norm, link_counts
from methods.anomaly.graphs.graph import Graph


def test_links_are_counted_once_each():
    edges = np.array([[0, 0, 0, 1, 2], [1, 1, 2, 0, 2]])
    csr = Graph(np.zeros((4, 1), np.float32), edges).csr()
    assert link_counts(csr.indptr).tolist() == [2, 1, 1, 0]


def test_the_norm_is_that_of_z_scores():
    # Columns 1, 3 (mean 2, deviation 1) and 0, 0, 4, 4 (mean 2, deviation 2): every z is 1 or -1.
    x = np.array([[1, 0], [3, 0], [1, 4], [3, 4]], np.float32)
    assert feature_norm(x).tolist() == pytest.approx([2**0.5] * 4)
    far = np.array([[1, 0], [3, 0], [1, 4], [9, 4]], np.float32)
    slow = (far - far.mean(0)) / far.std(0)
    assert feature_norm(far) == pytest.approx(np.linalg.norm(slow, axis=1), rel=1e-6)


def test_a_constant_column_counts_nothing_however_large():
    draw = np.random.default_rng(0).standard_normal((50, 3)).astype(np.float32)
    padded = np.concatenate([draw, np.full((50, 1), 193_978.1, np.float32)], axis=1)
    assert feature_norm(padded).tolist() == feature_norm(draw).tolist()
    assert feature_norm(np.full((5, 2), 0.1, np.float32)).tolist() == [0] * 5


def test_the_forest_finds_what_lies_apart_and_follows_its_seed():
    draw = np.random.default_rng(1).standard_normal((300, 4)).astype(np.float32)
    draw[17] += 9
    told: list[int] = []
    scores = isolation_forest(draw, seed=2**40 + 3, on_block=told.append)
    assert scores.argmax() == 17
    assert ((scores > 0) & (scores < 1)).all()
    assert told == [300]
    assert isolation_forest(draw, seed=2**40 + 3).tolist() == scores.tolist()
    assert isolation_forest(draw, seed=4).tolist() != scores.tolist()
