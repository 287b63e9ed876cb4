"""One batch sampled and timed, and the batches that this process remembers: uncached ones, and plain reuse."""

from __future__ import annotations

import statistics
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from methods.base import MethodError
from methods.caching.config import CalibrateConfig, SampleConfig
from methods.caching.ddim import ddim_sample
from methods.caching.memory import PeakMemory
from methods.caching.models import LoadedModel

REMEMBERED_BYTES = 256 * 2**20
TIMED_STEPS = 3
Watch = Callable[[int, Tensor], None]


class Stopwatch:
    """Seconds of work that the device has finished."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._started = 0.0

    def start(self) -> None:
        self._wait()
        self._started = time.perf_counter()

    def elapsed(self) -> float:
        self._wait()
        return time.perf_counter() - self._started

    def _wait(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)


@dataclass(frozen=True)
class Batch:
    """Images that are sampled together.

    Attributes:
        start: index of the first within the run.
        labels: (n,) int64.
        noise: (n, C, H, W) float32.
    """

    start: int
    labels: Tensor
    noise: Tensor


@dataclass(frozen=True)
class Sampled:
    """What sampling a batch gave, on the CPU.

    Attributes:
        final: latents (n, C, H, W) float32.
        trajectory: latents after each step, (S, n, C, H, W), where they were to be kept; else (0,).
        step_seconds: time of each step, without what watching it took.
        peak_mb: largest memory seen.
        timed_steps: steps that were timed; fewer than there are where the time of the others is taken from them.
    """

    final: Tensor
    trajectory: Tensor
    step_seconds: list[float]
    peak_mb: float
    timed_steps: int

    @property
    def nbytes(self) -> int:
        return self.final.nbytes + self.trajectory.nbytes


def make_batches(
    model: LoadedModel, classes: tuple[int, ...], images_per_class: int, size: int, seed: int
) -> list[Batch]:
    """Labels in turn and noise by image: image i of a seed is the same whatever the batch size and the policy."""
    images = len(classes) * images_per_class
    labels = torch.tensor(classes, dtype=torch.int64).repeat(images_per_class)
    generator = torch.Generator().manual_seed(seed)
    shape = (1, model.facts.channels, model.facts.size, model.facts.size)
    noise = torch.cat([torch.randn(shape, generator=generator) for _ in range(images)])
    return [
        Batch(start, labels[start : start + size], noise[start : start + size])
        for start in range(0, images, size)
    ]


def sample_batch(
    model: LoadedModel,
    batch: Batch,
    config: SampleConfig | CalibrateConfig,
    steps: int,
    watch: Watch,
    keep_trajectory: bool = False,
) -> Sampled:
    """Sample with whatever cache the model carries; `watch` gets (k, latents on the CPU) and is not timed.

    Raises:
        MethodError: the latents are no longer finite.
    """
    kept: list[Tensor] = []
    seconds: list[float] = []
    memory = PeakMemory(model.device)
    stopwatch = Stopwatch(model.device)

    def on_step(step: int, latents: Tensor) -> None:
        seconds.append(stopwatch.elapsed())
        memory.look()
        shown = latents.to("cpu", torch.float32, copy=True)
        _check_finite(shown, step, steps, config)
        if keep_trajectory:
            kept.append(shown)
        watch(step, shown)
        stopwatch.start()

    noise = batch.noise.to(model.device)
    labels = batch.labels.to(model.device)
    stopwatch.start()
    final = ddim_sample(
        model.transformer,
        labels,
        noise,
        num_inference_steps=steps,
        guidance_scale=config.guidance_scale,
        paper_exact=config.paper_exact,
        prediction_type=model.facts.prediction,
        on_step=on_step,
    )
    trajectory = torch.stack(kept) if kept else torch.empty(0)
    return Sampled(final.float().cpu(), trajectory, seconds, memory.peak_mb, len(seconds))


def _check_finite(
    latents: Tensor, step: int, steps: int, config: SampleConfig | CalibrateConfig
) -> None:
    """Stop before black images and figures that are no numbers come of it."""
    if latents.isfinite().all():
        return
    advice = (
        "float16 ends at 65,504: choose bfloat16 or float32"
        if config.precision == "float16"
        else "the model's weights are not sound, or a correction has grown without bound: lower its weight or correct fewer steps"
    )
    raise MethodError(
        f"the latents of {config.model} in {config.precision} are infinite or no numbers after step {step + 1} of {steps}: {advice}"
    )


def warm_up(model: LoadedModel, batch: Batch, config: SampleConfig) -> None:
    """Do the first, slow forwards of this batch's shape, untimed; once per loaded model."""
    shape = (*batch.noise.shape, int(config.guidance_scale == 1))
    if shape not in model.warmed:
        sample_batch(model, batch, config, 2, lambda *_: None)
        model.warmed.add(shape)


def retimed(model: LoadedModel, batch: Batch, config: SampleConfig, known: Sampled) -> Sampled:
    """The remembered uncached batch with the time and memory it takes now, both from a few steps.

    Every uncached step does the same work, so the median of the few stands for each. What was measured minutes ago,
    beside other work, would not compare.
    """
    few = sample_batch(model, batch, config, TIMED_STEPS, lambda *_: None)
    step = statistics.median(few.step_seconds)
    return replace(
        known,
        step_seconds=[step] * len(known.step_seconds),
        peak_mb=few.peak_mb,
        timed_steps=few.timed_steps,
    )


def sampling_key(
    model: LoadedModel,
    batch: Batch,
    config: SampleConfig,
    seed: int,
    steps: int,
    mask: Tensor | None = None,
) -> tuple[object, ...]:
    """All that defines an uncached batch, or with a mask, one of plain reuse."""
    return (
        model.hash,
        model.facts.prediction,  # two folders with the same weights may differ in their scheduler
        str(model.device),
        config.precision,
        steps,
        config.guidance_scale,
        config.paper_exact,
        seed,
        batch.start,
        tuple(batch.labels.tolist()),
        None if mask is None else mask.numpy().tobytes(),
    )


class Remembered:
    """The last batches of this process that later runs are compared with, up to a number of bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._items: OrderedDict[tuple[object, ...], Sampled] = OrderedDict()

    def get(self, key: tuple[object, ...]) -> Sampled | None:
        if key in self._items:
            self._items.move_to_end(key)
        return self._items.get(key)

    def put(self, key: tuple[object, ...], sampled: Sampled) -> None:
        self._items[key] = sampled
        self._items.move_to_end(key)
        while sum(item.nbytes for item in self._items.values()) > self._limit:
            self._items.popitem(last=False)

    def clear(self) -> None:
        self._items.clear()


references = Remembered(REMEMBERED_BYTES)
