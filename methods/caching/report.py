"""What a finished comparison is told in: metrics, rows, curves and pictures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from methods.base import Context
from methods.caching import cells
from methods.caching.config import SampleConfig
from methods.caching.correcting import overhead, paired_gain
from methods.caching.ddim import ddim_schedule
from methods.caching.hooks import COMPUTED
from methods.caching.images import GRID_IMAGES, to_grid, to_picture
from methods.caching.judging import Verdict
from methods.caching.models import LoadedModel
from methods.caching.policy import Policy
from methods.caching.quality import psnr, relative_l2, squared_error, ssim
from methods.caching.tally import Tally


@dataclass(frozen=True)
class Comparison:
    """All that is known at the end of a run.

    Attributes:
        plain: the policy is the uncached sampling itself, so that nothing was sampled twice.
        images, reference: (N, 1 or 3, H, W) in [-1, 1].
        control: the same of plain reuse, beside a correction.
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
    control: Tensor | None
    verdict: Verdict | None
    reference_verdict: Verdict | None
    inception: dict[str, float]

    @cached_property
    def errors(self) -> Tensor:
        """Mean squared error of each image to its uncached twin, (N,)."""
        return squared_error(self.images, self.reference)

    @cached_property
    def distances(self) -> Tensor:
        """Relative L2 of each image to its uncached twin, (N,)."""
        return relative_l2(self.images, self.reference)

    @cached_property
    def control_distances(self) -> Tensor | None:
        """The same of plain reuse."""
        return None if self.control is None else relative_l2(self.control, self.reference)

    @cached_property
    def similarity(self) -> Tensor:
        """Structural similarity of each image to its uncached twin, (N,)."""
        return ssim(self.images, self.reference)

    @property
    def extrapolated(self) -> bool:
        """Uncached images were remembered, and their time is taken from a few steps."""
        return self.tally.reference.timed_steps < self.tally.batches * self.config.compared_steps()


def metrics(run: Comparison) -> dict[str, float]:
    """Finite numbers by name.

    `psnr` is missing, and `identical` is 1, where every image equals its uncached twin. Names in `_plain` are of plain
    reuse beside a correction; `correction_overhead` is the share of time that the correction adds, by the corrected
    steps that were timed with and without it in this run. Times are of sampling alone,
    without decoding. `uncached_timed_steps` is the number of uncached steps that were timed in this run, over all
    batches; where the uncached images were remembered, their time is extrapolated from these. Module forwards are of
    one sampling, as the papers count; `reused_share` is taken from them, over all batches, and `nothing_reused` is 1 where
    a cache was on the model and every forward was executed all the same. On a CPU peak memory is the whole process's.
    """
    tally, facts = run.tally, run.model.facts
    images = len(run.labels)
    seconds, uncached = tally.policy.seconds, tally.reference.seconds
    attn, ff = (tally.counts[kind] / tally.batches for kind in ("attn", "ff"))
    uncached_cells = facts.layers * run.config.compared_steps()
    uncached_work = facts.sampling_macs(uncached_cells, uncached_cells, run.config.compared_steps())
    reused = 1 - (attn + ff) / (2 * facts.layers * run.config.steps)
    # In the order in which they are shown: what was won, what it cost in quality, then the rest.
    found = {
        "speedup": uncached / seconds,
        "flop_share": facts.sampling_macs(attn, ff, run.config.steps) / uncached_work,
        "relative_l2": float(run.distances.mean()),
        **_gain(run),
        **_psnr("psnr", run.errors),
        "ssim": float(run.similarity.mean()),
    }
    for verdict, ending in ((run.verdict, ""), (run.reference_verdict, "_uncached")):
        if verdict is not None:
            found |= {f"judge_{name}{ending}": value for name, value in verdict.metrics.items()}
    if "judge_frechet_distance" in found and run.verdict is not None:
        found["judge_frechet_distance_real"] = run.verdict.floor
    found |= run.inception
    path = tally.trajectory_error()
    if path:
        found |= {"trajectory_error": path[-1], "trajectory_error_mean": sum(path) / len(path)}
    if run.control is not None:
        found |= _psnr("psnr_plain", squared_error(run.control, run.reference))
    if tally.control_error():
        found["trajectory_error_plain"] = tally.control_error()[-1]
    return found | {
        "identical": float(torch.equal(run.images, run.reference)),
        "seconds": seconds,
        "seconds_uncached": uncached,
        **_overhead(run),
        "uncached_timed_steps": float(tally.reference.timed_steps),
        "seconds_per_image": seconds / images,
        "attn_forwards": attn,
        "ff_forwards": ff,
        "attn_forwards_uncached": float(uncached_cells),
        "ff_forwards_uncached": float(uncached_cells),
        "reused_share": reused,
        "nothing_reused": float(run.policy.cache is not None and reused == 0),
        "cache_memory_mb": tally.cache_mb,
        "peak_memory_mb": tally.policy.peak_mb,
        "peak_memory_mb_uncached": tally.reference.peak_mb,
        "images": float(images),
    }


def _psnr(name: str, errors: Tensor) -> dict[str, float]:
    found = psnr(float(errors.mean()))
    return {} if found is None else {name: found}


def _gain(run: Comparison) -> dict[str, float]:
    plain = run.control_distances
    if plain is None:
        return {}
    return {**paired_gain(run.distances, plain), "relative_l2_plain": float(plain.mean())}


def _overhead(run: Comparison) -> dict[str, float]:
    """Time of plain reuse, and what the correction adds to it."""
    if run.control is None:
        return {}
    tally = run.tally
    corrected = sum(tally.policy.step_seconds[step] for step in tally.corrected)
    return overhead(tally.pairs, corrected, tally.policy.seconds)


def save(run: Comparison, context: Context) -> None:
    """Save every image, the grids, the cells and the curves; record a row for each image."""
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
    timesteps, _ = ddim_schedule(run.config.steps, run.config.paper_exact)
    policy = run.policy
    table = cells.cells_table(
        run.tally.cells, timesteps, policy.trend, policy.direction, policy.forecasts
    )
    context.save_figure(cells.NAME, table, role="cells", caption="What each module did")
    _save_steps(run, timesteps, context)


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
            "ssim": float(run.similarity[index]),
            "relative_l2": float(run.distances[index]),
            "identical": torch.equal(image, twin),
        }
    if run.control_distances is not None:
        row["relative_l2_plain"] = float(run.control_distances[index])
    if run.verdict is not None:
        row["judged_class"] = run.model.facts.class_name(run.verdict.classes[index])
    return row


def _save_steps(run: Comparison, timesteps: list[int], context: Context) -> None:
    """One row, and one point of each curve, for each step of this sampling."""
    tally = run.tally
    path, control = tally.trajectory_error(), tally.control_error()
    rows = []
    for step, timestep in enumerate(timesteps):
        values = {"step_seconds": tally.policy.step_seconds[step] / tally.batches}
        values["reused_cells"] = float((tally.cells[step] > COMPUTED).double().mean())
        if path and not run.plain:
            values["trajectory_error"] = path[step]
        if control:
            values["trajectory_error_plain"] = control[step]
        if path and not run.plain and not run.extrapolated:
            values["step_seconds_uncached"] = tally.reference.step_seconds[step] / tally.batches
        context.log(step, **values)
        rows.append({"step": step, "timestep": timestep, **values})
    context.save_table("steps.csv", rows, role="table")
