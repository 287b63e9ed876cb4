from __future__ import annotations

import numpy as np
import pytest

from methods.anomaly.outcome import percentiles_of
from methods.anomaly.results import ranks

VALUES = np.array([3.0, 1.0, 3.0, 2.0, 3.0, 0.5])


def test_one_percentile_is_that_of_all() -> None:
    found = [ranks.percentile_of(VALUES, value) for value in VALUES]
    assert found == percentiles_of(VALUES).tolist()
    assert found[0] == (3 + 1.5) / 6


def test_ties_are_flagged_by_position_as_the_order_has_them() -> None:
    assert ranks.flagged(VALUES, 2).tolist() == [True, False, True, False, False, False]
    order = ranks.best_first(VALUES)
    assert order.tolist() == [0, 2, 4, 3, 1, 5]
    for top in range(1, 7):
        assert np.flatnonzero(ranks.flagged(VALUES, top)).tolist() == sorted(order[:top])


@pytest.mark.parametrize("top", [0, 7])
def test_a_budget_outside_the_nodes_is_refused(top: int) -> None:
    with pytest.raises(ValueError, match="1 to 6 nodes"):
        ranks.flagged(VALUES, top)


def test_degrees_are_grouped_by_powers_of_two() -> None:
    degrees = np.array([0, 1, 2, 3, 4, 7, 8, 1023, 1024])
    groups = ranks.degree_bins(degrees)
    assert groups.tolist() == [0, 1, 2, 2, 3, 3, 4, 10, 11]
    for degree, group in zip(degrees, groups, strict=True):
        low, high = ranks.bin_ends(int(group))
        assert low <= degree <= high


def test_peers_are_ranked_among_themselves() -> None:
    found = ranks.peer_percentiles(VALUES, np.array([1, 1, 2, 3, 9, 0]))
    assert found.tolist() == [0.75, 0.25, 0.75, 0.25, 0.5, 0.5]


@pytest.mark.parametrize(
    ("nodes", "top"), [(2, 1), (30, 6), (240, 10), (5000, 50), (1_000_000, 10_000)]
)
def test_the_default_budget(nodes: int, top: int) -> None:
    assert ranks.default_top(nodes) == top
