"""What a finished comparison is told in: metrics, rows, curves, pictures and two sentences."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from methods.base import Context
from methods.caching.config import SampleConfig
from methods.caching.ddim import ddim_schedule
from methods.caching.figures import schedule_figure
from methods.caching.images import GRID_IMAGES, to_grid, to_picture
from methods.caching.inception import told
from methods.caching.judging import Verdict
from methods.caching.models import LoadedModel
from methods.caching.policy import Policy
from methods.caching.quality import psnr, relative_l2, squared_error
from methods.caching.tally import Tally


@dataclass(frozen=True)
class Comparison:
    """All that is known at the end of a run.

    Attributes:
        plain: the policy is the uncached sampling itself, so that nothing was sampled twice.
        images: (N, 1 or 3, H, W) in [-1, 1].
        verdict, reference_verdict: of the small world's judge, where it was asked.
        inception: figures of the Inception network by name, of both sides; empty where there was none.
    """

    config: SampleConfig
    model: LoadedModel
    policy: Policy
    tally: Tally
    plain: bool
    labels: Tensor
    images: Tensor
    reference: Tensor
    verdict: Verdict | None
    reference_verdict: Verdict | None
    inception: dict[str, float]

    @cached_property
    def errors(self) -> Tensor:
        """Mean squared error of each image to its uncached twin, (N,)."""
        return squared_error(self.images, self.reference)

    @property
    def extrapolated(self) -> bool:
        """Uncached images were remembered, and their time is taken from a few steps."""
        return self.tally.reference.timed_steps < self.tally.batches * self.config.compared_steps()


def metrics(run: Comparison) -> dict[str, float]:
    """Finite numbers by name.

    `psnr` is missing, and `identical` is 1, where every image equals its uncached twin. Times are of sampling alone,
    without decoding. `uncached_timed_steps` is the number of uncached steps that were timed in this run, over all
    batches; where the uncached images were remembered, their time is extrapolated from these. Module forwards are of
    one sampling, as the papers count. On a CPU peak memory is the whole process's.
    """
    tally, facts = run.tally, run.model.facts
    images = len(run.labels)
    seconds, uncached = tally.policy.seconds, tally.reference.seconds
    attn, ff = (tally.counts[kind] / tally.batches for kind in ("attn", "ff"))
    cells = facts.layers * run.config.compared_steps()
    work = facts.sampling_macs(attn, ff, run.config.steps)
    # In the order in which they are shown: what was won, what it cost in quality, then the rest.
    found = {
        "speedup": uncached / seconds,
        "flop_share": work / facts.sampling_macs(cells, cells, run.config.compared_steps()),
        "relative_l2": float(relative_l2(run.images, run.reference).mean()),
    }
    ratio = psnr(float(run.errors.mean()))
    if ratio is not None:
        found["psnr"] = ratio
    for verdict, ending in ((run.verdict, ""), (run.reference_verdict, "_uncached")):
        if verdict is not None:
            found |= {f"judge_{name}{ending}": value for name, value in verdict.metrics.items()}
    if "judge_frechet_distance" in found and run.verdict is not None:
        found["judge_frechet_distance_real"] = run.verdict.floor
    found |= run.inception
    path = tally.trajectory_error()
    if path:
        found |= {"trajectory_error": path[-1], "trajectory_error_mean": sum(path) / len(path)}
    return found | {
        "identical": float(torch.equal(run.images, run.reference)),
        "seconds": seconds,
        "seconds_uncached": uncached,
        "uncached_timed_steps": float(tally.reference.timed_steps),
        "seconds_per_image": seconds / images,
        "attn_forwards": attn,
        "ff_forwards": ff,
        "attn_forwards_uncached": float(cells),
        "ff_forwards_uncached": float(cells),
        "reused_share": run.policy.reused_share,
        "cache_memory_mb": tally.cache_mb,
        "peak_memory_mb": tally.policy.peak_mb,
        "peak_memory_mb_uncached": tally.reference.peak_mb,
        "images": float(images),
    }


def summary(run: Comparison, found: dict[str, float]) -> str:
    """Two plain sentences, loss as plainly as gain."""
    images = int(found["images"])
    if run.plain:
        text = f"The uncached sampling itself, {run.config.steps} steps: {images} images in {found['seconds']:.2f} s."
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
        f"({found['seconds']:.2f} s against {uncached} for {images} images) with "
        f"{found['flop_share']:.0%} of their multiply-adds."
    )
    if found["identical"]:
        distance = " The images are identical to the uncached ones."
    else:
        distance = f" Relative L2 to the uncached images {found['relative_l2']:.3f}, PSNR {found['psnr']:.1f} dB."
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


def save(run: Comparison, context: Context) -> None:
    """Save every image, the grids, the schedule and the curves; record a row for each image."""
    names = [run.model.facts.class_name(label) for label in run.labels.tolist()]
    rows = [_row(run, index, name, context) for index, name in enumerate(names)]
    context.record("images", rows)
    columns = min(len(set(names)), 10)
    grids = (
        {"samples.png": run.images}
        if run.plain
        else {"samples.png": run.images, "uncached.png": run.reference}
    )
    for name, images in grids.items():
        context.save_image(
            name,
            to_grid(images[:GRID_IMAGES], columns),
            role="grid",
            images=len(images[:GRID_IMAGES]),
        )
    context.save_figure("schedule.json", schedule_figure(run.policy), role="schedule")
    _save_steps(run, context)


def _row(run: Comparison, index: int, class_name: str, context: Context) -> dict[str, Any]:
    meta = {
        "class_id": int(run.labels[index]),
        "class_name": class_name,
        "index": index,
        "seed": context.seed,
        "pixels": run.images.shape[-1],
    }
    image, twin = run.images[index], run.reference[index]
    sample = context.save_image(f"sample_{index:04d}.png", to_picture(image), role="sample", **meta)
    row: dict[str, Any] = {**meta, "name": sample.name, "sha256": sample.sha256}
    if not run.plain:
        other = context.save_image(
            f"uncached_{index:04d}.png", to_picture(twin), role="reference", **meta
        )
        row |= {"uncached_name": other.name, "uncached_sha256": other.sha256}
        row |= {
            "psnr": psnr(float(run.errors[index])),
            "relative_l2": float(relative_l2(image[None], twin[None])[0]),
            "identical": torch.equal(image, twin),
        }
    if run.verdict is not None:
        row["judged_class"] = run.model.facts.class_name(run.verdict.classes[index])
    return row


def _save_steps(run: Comparison, context: Context) -> None:
    """One row, and one point of each curve, for each step of this sampling."""
    tally = run.tally
    timesteps, _ = ddim_schedule(run.config.steps, run.config.paper_exact)
    path = tally.trajectory_error()
    rows = []
    for step, timestep in enumerate(timesteps):
        values = {"step_seconds": tally.policy.step_seconds[step] / tally.batches}
        values["reused_cells"] = float(run.policy.mask[step].double().mean())
        if path and not run.plain:
            values["trajectory_error"] = path[step]
        if path and not run.plain and not run.extrapolated:
            values["step_seconds_uncached"] = tally.reference.step_seconds[step] / tally.batches
        context.log(step, **values)
        rows.append({"step": step, "timestep": timestep, **values})
    context.save_table("steps.csv", rows, role="table")
