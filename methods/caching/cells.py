"""What each cell of a run did, as the file that maps of the cache are drawn from."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from methods.caching.tally import corrected_steps

NAME = "cells.json"
STATES = ("computed", "reused", "corrected")
KINDS = ("attention", "feed-forward")
FIRST_TREND = 1
FIRST_DIRECTION = 2
"""First steps that have one: a change needs a step before, a change of direction two."""


def cells_table(
    cells: Tensor,
    timesteps: list[int],
    trend: Tensor | None,
    direction: Tensor | None,
    forecast: bool = False,
) -> dict[str, Any]:
    """The content of `cells.json`.

    Args:
        cells: what each cell really did, (S, L, 2), as `StepCache.cells` has it.
        timesteps: of each step, noisiest first.
        trend: r_k of `eoc.trend_statistic`, (S,), where the run has a prior.
        direction: c_k of `goc.direction_statistic`, (S,), where the run has a prior.
        forecast: what is not computed is not the last value but a Taylor series: called so instead of "reused".
    Returns:
        "cells": [S][L][2], indices into "states"; last axis is "kinds". "timesteps": [S]. "trend" and "direction": [S],
        null at the first steps, which have none; or null. "positions": steps at which a cell was corrected.
    """
    return {
        "cells": cells.tolist(),
        "states": ["computed", "forecast", "corrected"] if forecast else list(STATES),
        "kinds": list(KINDS),
        "timesteps": timesteps,
        "trend": _from(trend, FIRST_TREND),
        "direction": _from(direction, FIRST_DIRECTION),
        "positions": corrected_steps(cells),
    }


def _from(statistic: Tensor | None, first: int) -> list[float | None] | None:
    if statistic is None:
        return None
    return [None if step < first else value for step, value in enumerate(statistic.tolist())]
