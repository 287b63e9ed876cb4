"""What the deltas of a data set say, and where they mislead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from methods.intervals import mean_of

Floats = npt.NDArray[np.float64]
BINS = 40


def correlation(x: npt.ArrayLike, y: npt.ArrayLike) -> float | None:
    """Pearson's correlation of two lists of equal length; None where one of them does not vary."""
    a, b = (np.asarray(values, dtype=np.float64) for values in (x, y))
    if len(a) < 2 or a.std() == 0 or b.std() == 0:
        return None
    return float(np.clip(np.corrcoef(a, b)[0, 1], -1, 1))


def level_rows(levels: Sequence[str], delta: Floats, factor: Floats) -> list[dict[str, Any]]:
    """One row a level, in order of their first pair: how many, mean delta with its 95 % interval, contested share, factor."""
    names = np.asarray(levels)
    rows = []
    for level in dict.fromkeys(levels):
        of_level = delta[names == level]
        mean = mean_of(of_level.tolist())
        rows.append(
            {
                "level": level,
                "pairs": mean.n,
                "delta_mean": mean.mean,
                "delta_low": mean.low,
                "delta_high": mean.high,
                "delta_std": float(of_level.std()),
                "contested_share": float((of_level < 0).mean()),
                "data_factor_mean": float(factor[names == level].mean()),
            }
        )
    return rows


def histogram(delta: Floats, mean: float) -> dict[str, Any]:
    """A plotly figure: how many pairs have which delta, contested ones in another colour, and where the factor is 1."""
    counts, edges = np.histogram(delta, bins=BINS)
    middles = (edges[:-1] + edges[1:]) / 2
    bars = [
        {
            "type": "bar",
            "name": name,
            "x": middles[of].tolist(),
            "y": counts[of].tolist(),
            "width": float(edges[1] - edges[0]),
            "hovertemplate": "delta %{x:.3f}: %{y} pairs<extra></extra>",
        }
        for name, of in (("contested: delta below 0", middles < 0), ("CLIP agrees", middles >= 0))
    ]
    line = {"type": "line", "x0": mean, "x1": mean, "y0": 0, "y1": 1, "yref": "paper"}
    note = {
        "x": mean,
        "y": 1,
        "yref": "paper",
        "text": "factor 1",
        "showarrow": False,
        "xanchor": "left",
    }
    layout = {
        "barmode": "overlay",
        "bargap": 0,
        "xaxis": {"title": {"text": "delta"}},
        "yaxis": {"title": {"text": "pairs"}},
        "shapes": [{**line, "line": {"dash": "dot"}}],
        "annotations": [note],
    }
    return {"data": bars, "layout": layout}
