from __future__ import annotations

import numpy as np
import pytest

from methods.anomaly.scaling import FeatureScale

X = np.array([[1, 5, 193978], [3, 5, 193978], [5, 5, 193978], [7, 6, 193978]], np.float32)


def test_a_score_in_deviations_by_hand() -> None:
    scale = FeatureScale.of(X, "zscore", 10)
    assert scale.kept.tolist() == [True, True, False]
    scaled = scale.apply(X)
    assert scaled[:, 0].tolist() == pytest.approx([-1.3416407, -0.4472136, 0.4472136, 1.3416407])
    assert scaled.shape == (4, 2)


def test_a_robust_score_by_hand() -> None:
    """Median 4, quartiles 2.5 and 5.5; where they coincide, the deviation is taken."""
    scale = FeatureScale.of(X, "robust", 0)
    assert scale.apply(X)[:, 0].tolist() == pytest.approx(
        [-1.349, -1.349 / 3, 1.349 / 3, 1.349], rel=1e-6
    )
    rare = np.array([[0], [0], [0], [0], [1]], np.float32)
    assert FeatureScale.of(rare, "robust", 0).spread[0] == pytest.approx(0.4)


@pytest.mark.parametrize("scaling", ["none", "zscore", "robust"])
def test_scaled_features_come_back_in_their_own_units(scaling: str) -> None:
    scale = FeatureScale.of(X, scaling, 0)  # type: ignore[arg-type]
    np.testing.assert_allclose(scale.restore(scale.apply(X)), X, rtol=1e-6)


def test_clipping_and_no_scaling() -> None:
    assert np.abs(FeatureScale.of(X, "zscore", 0.5).apply(X)).max() == 0.5
    assert np.array_equal(FeatureScale.of(X, "none", 10).apply(X), X)


def test_parts_of_what_was_left_out_are_zero() -> None:
    parts = FeatureScale.of(X, "zscore", 10).spread_out(np.ones((4, 2), np.float32))
    assert parts.tolist() == [[1, 1, 0]] * 4


def test_features_that_are_all_constant_leave_one_of_zeros() -> None:
    x = np.full((3, 2), 4, np.float32)
    scale = FeatureScale.of(x, "zscore", 10)
    assert scale.apply(x).tolist() == [[0], [0], [0]]
    assert np.array_equal(scale.restore(scale.apply(x)), x)
