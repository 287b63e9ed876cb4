"""FORA: reuse every module's output except at one step in `interval`.

Paper: Selvaraju et al., "FORA: Fast-Forward Caching in Diffusion Transformer Acceleration", arXiv:2407.01425, 2024.
A mask is a bool tensor (S, L, 2): S sampling steps (0 the noisiest), L blocks, (attention, feed-forward); True = reused.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import torch
from torch import Tensor

Phase = Literal["sampling", "fora"]


def steps_mask(num_steps: int, num_layers: int, steps: Iterable[int]) -> Tensor:
    """Reuse every module at the given steps; returns (S, L, 2).

    Raises:
        ValueError: no step or no block, or a step outside 1..S-1 (step 0 has nothing to reuse).
    """
    if num_steps < 1 or num_layers < 1:
        raise ValueError(f"a mask needs a step and a block; got {num_steps} and {num_layers}")
    mask = torch.zeros(num_steps, num_layers, 2, dtype=torch.bool)
    for step in steps:
        if not 0 < step < num_steps:
            raise ValueError(f"step {step} cannot be reused: allowed are 1 to {num_steps - 1}")
        mask[step] = True
    return mask


def interval_mask(
    num_steps: int, num_layers: int, interval: int, phase: Phase = "sampling"
) -> Tensor:
    """FORA's schedule; returns (S, L, 2).

    Args:
        interval: N; 1 computes everything.
        phase: where the interval starts. "sampling" computes step k where k mod N = 0, as the EOC and GOC papers count;
            "fora" is FORA's own code: with i = S-1-k counting down, it computes i = S-1 and i mod N = 0.

    Raises:
        ValueError: the interval is below 1, or the phase is another word.
    """
    if interval < 1:
        raise ValueError(f"interval must be at least 1; got {interval}")
    if phase not in ("sampling", "fora"):
        raise ValueError(f"phase must be 'sampling' or 'fora'; got {phase!r}")
    count = range(num_steps) if phase == "sampling" else range(num_steps - 1, -1, -1)
    reused = [step for step, index in enumerate(count) if step > 0 and index % interval]
    return steps_mask(num_steps, num_layers, reused)


def odd_first_half_mask(num_steps: int, num_layers: int) -> Tensor:
    """The "25 %" schedule of the EOC and GOC code: odd steps of the first half; returns (S, L, 2)."""
    return steps_mask(num_steps, num_layers, range(1, num_steps // 2, 2))
