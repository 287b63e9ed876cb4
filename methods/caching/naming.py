"""What policies are called, in the summary of a run as in what a sweep concludes."""

from __future__ import annotations

from collections.abc import Sequence

from methods.caching.config import SampleConfig


def schedule_name(config: SampleConfig) -> str:
    """The schedule with the settings that tell it from another, without its correction."""
    threshold = f"threshold {config.threshold:g}"
    own = ", its own phase" if config.phase == "fora" else ""
    return {
        "none": "nothing reused",
        "interval": f"FORA with interval {config.interval}{own}",
        "odd_first_half": "reuse at odd steps of the first half",
        "router": "the L2C router",
        "taylorseer": f"TaylorSeer with interval {config.interval}, order {config.order}",
        "first_block": f"first-block cache with {threshold}",
        "cache_dit": f"cache-dit with {threshold}, order {config.order}",
    }[config.schedule]


def steps_name(corrected: Sequence[int], reused: Sequence[int]) -> str:
    """The steps that are corrected, of those that reuse something."""
    if not corrected:
        return "no step"
    if corrected == reused:
        return "every reused step"
    return f"step{'s' if len(corrected) > 1 else ''} {', '.join(map(str, corrected))}"
