from __future__ import annotations

import numpy as np
import pytest

from methods.anomaly.closing import agreement


def test_ties_among_counts_are_no_disagreement() -> None:
    counts = np.array([0.0, 0.0, 3.0, 3.0])
    assert agreement(np.array([0.2, 0.1, 0.7, 0.9]), counts) == pytest.approx(1)
    assert agreement(np.array([0.7, 0.9, 0.1, 0.2]), counts) == pytest.approx(-1)
    # ranks -3, 1, -1, 3 against -2, -2, 2, 2 (eighths): 8 of 16
    assert agreement(np.array([0.1, 0.6, 0.5, 0.9]), counts) == pytest.approx(1 / 2)
    assert agreement(counts, np.ones(4)) == 0
