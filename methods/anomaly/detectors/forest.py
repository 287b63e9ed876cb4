"""Isolation Forest of the features alone: what is odd about a node without its links.

Liu, Ting, Zhou, "Isolation Forest", ICDM 2008; scikit-learn's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

TREES = 100
BLOCK = 100_000
"""Nodes scored at once."""


def isolation_forest(
    x: npt.NDArray[Any], seed: int, on_block: Callable[[int], None] = lambda _nodes: None
) -> npt.NDArray[np.float64]:
    """Score each row by how few random splits set it apart: 2^(-mean path / usual path), 0 to 1.

    A tree sees 256 rows at most, so that training does not grow with n. Splits depend on the order of a column's values only
    through where they lie, so that scaling changes nothing but rounding.

    Args:
        x: (n, d), finite.
        seed: of the rows and splits drawn.
        on_block: told how many rows are scored.

    Returns:
        (n,), higher = set apart sooner.
    """
    from sklearn.ensemble import IsolationForest  # noqa: PLC0415  takes seconds to import

    forest = IsolationForest(n_estimators=TREES, random_state=seed % 2**32, n_jobs=1).fit(x)
    scores = np.empty(len(x))
    for start in range(0, len(x), BLOCK):
        block = slice(start, start + BLOCK)
        scores[block] = -forest.score_samples(x[block])
        on_block(min(start + BLOCK, len(x)))
    return scores
