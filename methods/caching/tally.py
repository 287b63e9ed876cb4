"""What a run has gathered so far; all that its end is made from, and what a checkpoint keeps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from methods.caching.sampling import Sampled


@dataclass
class Side:
    """One of the two samplings that are compared: with the policy, or uncached.

    Attributes:
        finals: final latents of each batch.
        step_seconds: time of each step, summed over batches.
        peak_mb: largest memory seen.
        timed_steps: steps that were timed, over all batches.
    """

    finals: list[Tensor] = field(default_factory=list)
    step_seconds: list[float] = field(default_factory=list)
    peak_mb: float = 0.0
    timed_steps: int = 0

    def add(self, sampled: Sampled) -> None:
        self.finals.append(sampled.final)
        known = self.step_seconds or [0.0] * len(sampled.step_seconds)
        self.step_seconds = [a + b for a, b in zip(known, sampled.step_seconds, strict=True)]
        self.peak_mb = max(self.peak_mb, sampled.peak_mb)
        self.timed_steps += sampled.timed_steps

    @property
    def latents(self) -> Tensor:
        return torch.cat(self.finals)

    @property
    def seconds(self) -> float:
        return sum(self.step_seconds)


@dataclass
class Tally:
    """Both sides, and the distance between their trajectories.

    Attributes:
        batches: batches done.
        counts: module forwards executed under the policy, over all batches.
        cells: what each cell did in the first batch, as the handle of the cache has it.
        differing: batches in which cells did something else than in the first.
        cache_mb: memory of the reused outputs at the end of the largest batch.
        squares: per step, the sums over images of |x - x_ref|^2 and |x_ref|^2, (2, S) float64; empty where the two
            samplings have different steps, so that there is no trajectory to compare.
    """

    batches: int = 0
    policy: Side = field(default_factory=Side)
    reference: Side = field(default_factory=Side)
    counts: dict[str, int] = field(default_factory=lambda: {"attn": 0, "ff": 0})
    cells: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.int8))
    differing: int = 0
    cache_mb: float = 0.0
    squares: Tensor = field(default_factory=lambda: torch.zeros(2, 0, dtype=torch.float64))

    def add(
        self, policy: Sampled, reference: Sampled, counts: dict[str, int], cells: Tensor
    ) -> None:
        """Add a batch that both sides have sampled."""
        self.policy.add(policy)
        self.reference.add(reference)
        self.counts = {kind: self.counts[kind] + count for kind, count in counts.items()}
        if not self.batches:
            self.cells = cells
        self.differing += not torch.equal(cells, self.cells)
        self.batches += 1

    def add_squares(self, squares: Tensor) -> None:
        """Add a batch's trajectory sums, (2, S)."""
        self.squares = squares if not self.squares.numel() else self.squares + squares

    def trajectory_error(self) -> list[float]:
        """Relative L2 distance to the uncached latents after each step, over all images."""
        return relative(self.squares).tolist()

    def state(self) -> dict[str, Any]:
        """A flat state for `Context.checkpoint`."""
        return {
            "batches": self.batches,
            "policy_latents": self.policy.latents,
            "reference_latents": self.reference.latents,
            "policy_seconds": self.policy.step_seconds,
            "reference_seconds": self.reference.step_seconds,
            "policy_mb": self.policy.peak_mb,
            "reference_mb": self.reference.peak_mb,
            "policy_timed": self.policy.timed_steps,
            "reference_timed": self.reference.timed_steps,
            "counts": self.counts,
            "cells": self.cells,
            "differing": self.differing,
            "cache_mb": self.cache_mb,
            "squares": self.squares,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Tally:
        policy, reference = (
            Side(
                [state[f"{side}_latents"]],
                state[f"{side}_seconds"],
                state[f"{side}_mb"],
                state[f"{side}_timed"],
            )
            for side in ("policy", "reference")
        )
        return cls(
            state["batches"],
            policy,
            reference,
            state["counts"],
            state["cells"],
            state["differing"],
            state["cache_mb"],
            state["squares"],
        )


def trajectory_squares(latents: Tensor, reference: Tensor) -> Tensor:
    """Sums |x - x_ref|^2 and |x_ref|^2 of latents (n, C, H, W), (2,) float64."""
    exact = reference.double()
    return torch.stack([(latents.double() - exact).square().sum(), exact.square().sum()])


def relative(squares: Tensor) -> Tensor:
    """Relative L2 distance of sums (2, ...)."""
    return (squares[0] / squares[1].clamp(min=1e-24)).sqrt()
