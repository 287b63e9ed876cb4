"""Figures of a run, as plotly's JSON."""

from __future__ import annotations

from typing import Any

import torch

from methods.caching.policy import Policy
from methods.caching.step_cache import StepCacheConfig

COLOURS = ("#30506d", "#d9dee3", "#e0a458")  # computed, reused, corrected


def schedule_figure(policy: Policy) -> dict[str, Any]:
    """A plotly heat map of what each module does at each step: computed, reused or corrected."""
    steps, layers, _ = policy.mask.shape
    state = policy.mask.long()
    if isinstance(policy.cache, StepCacheConfig) and policy.corrected:
        whole = policy.mask.all(dim=2, keepdim=True) if policy.cache.require_both else policy.mask
        chosen = torch.zeros(steps, dtype=torch.bool)
        chosen[list(policy.corrected)] = True
        state += (policy.mask & whole & chosen[:, None, None]).long()
    rows = [f"{layer} {kind}" for layer in range(layers) for kind in ("attention", "feed-forward")]
    scale = [[(i + end) / 3, colour] for i, colour in enumerate(COLOURS) for end in (0, 1)]
    ticks = {"tickvals": [1 / 3, 1, 5 / 3], "ticktext": ["computed", "reused", "corrected"]}
    heat = {
        "type": "heatmap", "z": state.flatten(1).T.tolist(), "x": list(range(steps)), "y": rows,
        "zmin": 0, "zmax": 2, "colorscale": scale, "colorbar": ticks, "xgap": 1, "ygap": 1,
    }  # fmt: skip
    axes = {
        "xaxis": {"title": {"text": "step (0 is the noisiest)"}},
        "yaxis": {"autorange": "reversed"},
    }
    return {"data": [heat], "layout": {"title": {"text": policy.name}, **axes}}
