"""What a correction gains, or costs, against plain reuse of the same cells from the same noise."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from methods.intervals import student_t


def paired_ratio(values: Tensor, base: Tensor) -> tuple[float, float | None]:
    """Ratio of the means of paired measures, R = mean(values) / mean(base), and half of its 95 % interval.

    Closed form (Cochran, Sampling Techniques, 1977, section 2.11), with Student's t on N - 1 degrees of freedom:

        se(R)^2 = sum_i (values_i - R base_i)^2 / (N (N-1) mean(base)^2)

    Args:
        values: (N,).
        base: (N,), its mean not 0.
    Returns:
        R, and the half-width; None for a single pair, which has no scatter.
    """
    count, mean = len(base), float(base.mean())
    ratio = float(values.mean()) / mean
    if count == 1:
        return ratio, None
    scatter = float((values - ratio * base).square().sum())
    error = math.sqrt(scatter / (count * (count - 1))) / mean
    return ratio, student_t(count - 1) * error


def paired_gain(distances: Tensor, plain: Tensor) -> dict[str, float]:
    """How much nearer the corrected images are to the uncached ones than those of plain reuse: 1 - R, over images.

    Args:
        distances: of each corrected image to its uncached twin, (N,).
        plain: the same of plain reuse, (N,).
    Returns:
        "correction_gain", positive where the correction helps; with two images or more also "correction_gain_low" and
        "correction_gain_high". Empty where plain reuse has no distance that could be lowered.
    """
    if float(plain.mean()) == 0:
        return {}
    ratio, half = paired_ratio(distances, plain)
    found = {"correction_gain": 1 - ratio}
    if half is not None:
        found |= {"correction_gain_low": 1 - ratio - half, "correction_gain_high": 1 - ratio + half}
    return found


def overhead(
    pairs: Sequence[Sequence[float]], corrected_seconds: float, seconds: float
) -> dict[str, float]:
    """Share of time that a correction adds to plain reuse.

    Only corrected steps differ, so R, the paired ratio of their times, is all that has to be known of plain reuse:

        overhead = seconds / (seconds - C + C / R) - 1,  C = the corrected steps' part of the time

    Args:
        pairs: seconds of a corrected step and of plain reuse at the same step, both timed in this run, (N, 2).
        corrected_seconds: C.
        seconds: of all steps.
    Returns:
        "seconds_plain", "correction_overhead", and of two pairs or more its "_low" and "_high" (95 %): on a machine
        that does other work as well, they lie far apart.
    """
    if not pairs:  # nothing is corrected
        return {"seconds_plain": seconds, "correction_overhead": 0.0}

    def plain(ratio: float) -> float:
        return seconds - corrected_seconds + corrected_seconds / max(ratio, 1e-9)

    corrected, reused = torch.tensor(pairs, dtype=torch.float64).T
    ratio, half = paired_ratio(corrected, reused)
    found = {"seconds_plain": plain(ratio), "correction_overhead": seconds / plain(ratio) - 1}
    if half is not None:
        found["correction_overhead_low"] = seconds / plain(ratio - half) - 1
        found["correction_overhead_high"] = seconds / plain(ratio + half) - 1
    return found


def gain_sentence(found: dict[str, float], same: bool) -> str:
    """One plain sentence, loss as plainly as gain; empty where there was nothing to correct.

    Args:
        found: metrics of the run.
        same: the corrected images are those of plain reuse, bit for bit.
    """
    if same:
        return " The correction changes nothing: the images are those of plain reuse, bit for bit."
    if "correction_gain" not in found:
        return " Plain reuse already gives the uncached images: there was nothing to correct."
    gain, plain = found["correction_gain"], f"plain reuse ({found['relative_l2_plain']:.3f})"
    did = "lowered" if gain > 0 else "raised"
    change = f"The correction {did} the distance by {_percent(abs(gain))}"
    if "correction_gain_low" not in found:
        return f" {change} against {plain}; one image says nothing about others."
    low, high = found["correction_gain_low"], found["correction_gain_high"]
    if low <= 0 <= high:
        return (
            f" Against {plain} the correction makes no difference that these images can tell "
            f"(distance {_percent(-gain, sign=True)}; 95%: {_percent(-high, sign=True)} to {_percent(-low, sign=True)})."
        )
    ends = (low, high) if gain > 0 else (-high, -low)
    between = " to ".join(_percent(end) for end in ends)
    return f" {change} (95%: {between}) against {plain}{'' if gain > 0 else ': it hurts here'}."


def _percent(share: float, sign: bool = False) -> str:
    digits = 0 if abs(share) >= 0.1 else 1
    return f"{share:{'+' if sign else ''}.{digits}%}"
