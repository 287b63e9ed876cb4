"""Chance by name: each use has a generator of its own, so that what is drawn depends on nothing drawn before."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import torch


class Use(IntEnum):
    """What chance is for. The numbers are part of what a seed means: never change one."""

    WEIGHTS = 0
    DROPOUT = 1
    DENOISER_WEIGHTS = 2
    DENOISER_STEP = 3
    CONTENT = 4
    SAMPLER = 5


def generator(device: torch.device, seed: int, use: Use, *place: int) -> torch.Generator:
    """A generator for one use at one place (repeat, epoch, chunk, ...).

    Args:
        seed: of the run, at least 0.
        place: whole numbers >= 0; another place is another, independent stream.
    """
    words = np.random.SeedSequence([seed, int(use), *place]).generate_state(1, np.uint64)
    return torch.Generator(device).manual_seed(int(words[0] >> np.uint64(1)))
