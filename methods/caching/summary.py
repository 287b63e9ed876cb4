"""What a finished comparison says in plain sentences."""

from __future__ import annotations

import torch

from methods.caching.correcting import gain_sentence
from methods.caching.inception import told
from methods.caching.report import Comparison


def summary(run: Comparison, found: dict[str, float]) -> str:
    """Two plain sentences, loss as plainly as gain."""
    images = f"{found['images']:.0f} image{'' if found['images'] == 1 else 's'}"
    if run.plain:
        text = f"The uncached sampling itself, {run.config.steps} steps: {images} in {found['seconds']:.2f} s."
        return text + _judged(run.model.name, found, control=False) + told(found, control=False)
    speed = found["speedup"]
    faster = (
        f"{speed:.2f}x faster than" if speed >= 1 else f"slower than ({speed:.2f}x the speed of)"
    )
    steps = f"{run.config.compared_steps()} uncached steps"
    uncached = f"{found['seconds_uncached']:.2f} s"
    if run.extrapolated:
        uncached = f"about {uncached}, from {found['uncached_timed_steps']:.0f} steps timed now,"
    text = (
        f"{run.policy.name[0].upper()}{run.policy.name[1:]}; {run.config.steps} steps: {faster} {steps} "
        f"({found['seconds']:.2f} s against {uncached} for {images}) with "
        f"{found['flop_share']:.0%} of their multiply-adds."
    )
    if found["nothing_reused"]:
        text += " It reused nothing: every attention and feed-forward was executed."
    if found["identical"]:
        distance = " The images are identical to the uncached ones."
    else:
        distance = (
            f" Relative L2 to the uncached images {found['relative_l2']:.3f}, PSNR {found['psnr']:.1f} dB, "
            f"SSIM {found['ssim']:.3f}."
        )
        if run.control is not None:
            distance += gain_sentence(found, same=torch.equal(run.images, run.control))
    return text + distance + _judged(run.model.name, found) + told(found, control=True)


def _judged(world: str, found: dict[str, float], control: bool = True) -> str:
    if "judge_class_accuracy" not in found:
        return ""
    low, high = found["judge_class_accuracy_low"], found["judge_class_accuracy_high"]
    text = f" The {world} judge recognises {found['judge_class_accuracy']:.1%} (95%: {low:.1%} to {high:.1%})"
    if control:
        text += f", of the uncached {found['judge_class_accuracy_uncached']:.1%}"
    if "judge_frechet_distance" in found:
        text += f"; Fréchet distance in its features {found['judge_frechet_distance']:.2f}"
        if control:
            text += f" against {found['judge_frechet_distance_uncached']:.2f}"
    return text + "."
