"""The run of `caching.calibrate`: the mean of uncached runs, saved as a prior."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch
from torch import Tensor

from methods.base import Context, Result
from methods.caching import eoc, goc
from methods.caching.calibration import Recorder
from methods.caching.check import check_calibrate
from methods.caching.config import CalibrateConfig
from methods.caching.estimate import MB
from methods.caching.images import to_grid, to_preview
from methods.caching.memory import naming_out_of_memory
from methods.caching.models import LoadedModel, load_model
from methods.caching.prior import NAME, PriorInfo
from methods.caching.sampling import Batch, sample_batch

CHECKPOINT_SECONDS = 30.0
"""The means of a large model are gigabytes: they are kept this seldom."""
SHOWN_IMAGES = 20


def run(config: CalibrateConfig, context: Context) -> Result:
    """Average module outputs of uncached runs and save them.

    Raises:
        MethodError: the model does not load; out of memory.
        Cancelled: the run was asked to stop.
    """
    check_calibrate(config, context.open)
    with naming_out_of_memory(config, context.device):
        model = load_model(config.model, context.device, config.precision)
        calibrator = _Calibrator(config, model, context)
        return calibrator.run()


@dataclass
class _Calibrator:
    config: CalibrateConfig
    model: LoadedModel
    context: Context
    done: int = 0
    seconds: float = 0.0
    peak_mb: float = 0.0

    def run(self) -> Result:
        config, facts, context = self.config, self.model.facts, self.context
        classes = spread(facts.null_class, config.max_classes)
        batches = calibration_batches(self.model, classes, config, context.seed)
        total = len(batches) * config.steps
        recorder = Recorder(
            facts.layers, config.steps, facts.tokens, facts.width, guided=config.guidance_scale != 1
        )
        first = self._resume(recorder)
        self.done = first * config.steps
        context.progress(self.done, total, "model loaded")
        kept_at = time.monotonic()
        latents = torch.empty(0)
        for index, batch in enumerate(batches[first:], start=first):
            latents = self._sample(batch, recorder, total)
            if time.monotonic() - kept_at >= CHECKPOINT_SECONDS:
                context.checkpoint(
                    {**recorder.state(), "batches": index + 1, "seconds": self.seconds}
                )
                kept_at = time.monotonic()
        # Decoding may run out of memory: nothing is saved before it.
        shown = latents[:SHOWN_IMAGES]
        if len(shown):
            shown = self.model.decode(shown, config.vae_tiling)
        result = self._save(recorder, len(classes))
        if len(shown):
            context.save_image("uncached.png", to_grid(shown, columns=10), role="grid")
        context.progress(total, total, "done")
        return result

    def _resume(self, recorder: Recorder) -> int:
        state = self.context.resume()
        if state is None:
            return 0
        recorder.restore(state)
        self.seconds = state["seconds"]
        return int(state["batches"])

    def _sample(self, batch: Batch, recorder: Recorder, total: int) -> Tensor:
        steps = self.config.steps

        def watch(step: int, latents: Tensor) -> None:
            recorder.step = step + 1
            self.done += 1
            self.context.progress(
                self.done,
                total,
                f"uncached: step {step + 1} of {steps}, {recorder.images} images averaged",
                to_preview(self.model.preview(latents)),
            )

        with recorder.recording(self.model.transformer, len(batch.labels)):
            sampled = sample_batch(self.model, batch, self.config, steps, watch)
        self.seconds += sum(sampled.step_seconds)
        self.peak_mb = max(self.peak_mb, sampled.peak_mb)
        return sampled.final

    def _save(self, recorder: Recorder, classes: int) -> Result:
        config, facts = self.config, self.model.facts
        trend = eoc.trend_statistic(recorder.attn, recorder.ff)
        direction = goc.direction_statistic(recorder.block)
        for step in range(config.steps):
            self.context.log(step, trend=float(trend[step]), direction=float(direction[step]))
        info = PriorInfo(
            model=self.model.name,
            model_hash=self.model.hash,
            steps=config.steps,
            resolution=facts.size,
            layers=facts.layers,
            tokens=facts.tokens,
            width=facts.width,
            classes=classes,
            images=recorder.images,
            guidance_scale=config.guidance_scale,
            paper_exact=config.paper_exact,
        )
        tensors = {"attn": recorder.attn, "ff": recorder.ff, "trend": trend, "direction": direction}
        saved = self.context.save_tensors(NAME, tensors, **info.header())
        turns = int((direction < 0).sum())
        metrics = {
            "images": float(recorder.images),
            "classes": float(classes),
            "seconds": self.seconds,
            "seconds_per_image": self.seconds / recorder.images,
            "prior_mb": saved.size / MB,
            "peak_memory_mb": self.peak_mb,
            "trend_mean": float(trend[1:].mean()),
            "direction_min": float(direction.min()),
            "turning_steps": float(turns),
        }
        summary = (
            f"Averaged {recorder.images} uncached images of {classes} classes over {config.steps} steps of {self.model.name}. "
            f"Outputs change by {metrics['trend_mean']:.1%} from step to step; the averaged run turns back at {turns} steps."
        )
        return Result(metrics, summary)


def spread(count: int, most: int) -> tuple[int, ...]:
    """At most so many of the ids 0..count-1, evenly spread."""
    number = min(count, most)
    return tuple(index * count // number for index in range(number))


def calibration_batches(
    model: LoadedModel, classes: tuple[int, ...], config: CalibrateConfig, seed: int
) -> list[Batch]:
    """Batches in which the n-th image of every class starts from the same noise."""
    generator = torch.Generator().manual_seed(seed)
    shape = (1, model.facts.channels, model.facts.size, model.facts.size)
    batches: list[Batch] = []
    for image in range(config.images_per_class):
        noise = torch.randn(shape, generator=generator)
        for first in range(0, len(classes), config.batch_size):
            labels = torch.tensor(classes[first : first + config.batch_size])
            start = image * len(classes) + first
            batches.append(Batch(start, labels, noise.expand(len(labels), -1, -1, -1)))
    return batches
