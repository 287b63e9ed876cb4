"""What evaluations side by side say."""

from __future__ import annotations

from collections.abc import Sequence

from methods.alignment.hallucination.naming import (
    HEADLINE,
    LESS_IS_BETTER,
    NAMES,
    SAID,
    title_of,
)
from methods.base import Finished

UNLIKE = "These runs are of different benchmarks or items: their figures do not compare."


def remark_evaluate(runs: Sequence[Finished]) -> str:
    """Which of several evaluations is best, whether its interval parts from the others, and whether it says less."""
    settings = {
        (run.config.get("benchmark"), run.config.get("judge"), run.metrics.get("answers"))
        for run in runs
    }
    if len(runs) < 2:
        return ""
    if len({benchmark for benchmark, _, _ in settings}) > 1:
        return UNLIKE
    benchmark = str(runs[0].config.get("benchmark"))
    name = HEADLINE[benchmark][0]
    known = [run for run in runs if name in run.metrics]
    if len(known) < 2:
        return f"Fewer than two of these runs have a {title_of(name)}: there is nothing to compare."
    sign = 1 if name in LESS_IS_BETTER else -1
    best, second = sorted(known, key=lambda run: sign * run.metrics[name])[:2]
    parted = _interval(best, name)[1] < _interval(second, name)[0]
    if sign < 0:
        parted = _interval(best, name)[0] > _interval(second, name)[1]
    text = f"“{best.title}” has the best {title_of(name)} on {NAMES[benchmark]}, {best.metrics[name]:.3g}"
    text += (
        ", and its interval lies apart from the next."
        if parted
        else f"; its interval overlaps that of “{second.title}”, so this may be chance."
    )
    said = next((each for each in SAID if each in best.metrics and each in second.metrics), None)
    if said is not None and best.metrics[said] < second.metrics[said]:
        text += f" It also says less: {title_of(said)} {best.metrics[said]:.3g} against {second.metrics[said]:.3g}."
    if len({judge for _, judge, _ in settings}) > 1:
        text += " Not all have the same judge: their figures do not compare."
    return text


def _interval(run: Finished, name: str) -> tuple[float, float]:
    value = run.metrics[name]
    return run.metrics.get(f"{name}_low", value), run.metrics.get(f"{name}_high", value)
