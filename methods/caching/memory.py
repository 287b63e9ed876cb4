"""Peak memory of a piece of work, and running out of it said in words that help."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import torch

from methods.base import MethodError
from methods.caching.config import CalibrateConfig, SampleConfig
from methods.caching.estimate import BASE_MB, MB, memory_mb

CPU_REFUSALS = ("can't allocate memory", "not enough memory", "Cannot allocate memory")


class PeakMemory:
    """Largest memory seen, in MB: what the GPU's allocator held, or the whole process on a CPU, looked at each step."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.peak_mb = 0.0
        self._process = psutil.Process()
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
        self.look()

    def look(self) -> None:
        """Take the memory of now into account."""
        if self.device.type == "cuda":
            now = torch.cuda.max_memory_allocated(self.device)
        else:
            now = self._process.memory_info().rss
        self.peak_mb = max(self.peak_mb, now / MB)


@contextmanager
def naming_out_of_memory(
    config: SampleConfig | CalibrateConfig, device: torch.device
) -> Iterator[None]:
    """Turn an allocation that failed into a `MethodError` that says what was asked and what would fit."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise MethodError(_advice(config, device)) from error
    except RuntimeError as error:  # the CPU allocator has no exception of its own
        if not any(mark in str(error) for mark in CPU_REFUSALS):
            raise
        raise MethodError(_advice(config, device)) from error


def _advice(config: SampleConfig | CalibrateConfig, device: torch.device) -> str:
    needed = memory_mb(config)
    least = memory_mb(config.model_copy(update={"batch_size": 1}))
    if device.type == "cuda":
        torch.cuda.empty_cache()
        free = torch.cuda.mem_get_info(device)[0] / MB
    else:
        free = psutil.virtual_memory().available / MB + BASE_MB
    each = max(needed - least, 1.0) / max(config.batch_size - 1, 1)
    fits = int(min(config.batch_size // 2, 1 + 0.8 * (free - least) / each))
    what = (
        f"out of memory on {device}: a batch of {config.batch_size} images of {config.model} in {config.precision} "
        f"needs about {needed:,.0f} MB and {free:,.0f} MB are free"
    )
    if fits >= 1:
        return f"{what}; a batch of {fits} should fit"
    return f"{what}; not even one image fits: choose a lower precision, a smaller model, or a larger device"
