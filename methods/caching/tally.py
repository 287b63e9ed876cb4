"""What a run has gathered so far; all that its end is made from, and what a checkpoint keeps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from methods.caching.hooks import CORRECTED
from methods.caching.sampling import Sampled


@dataclass
class Side:
    """One of the samplings that are compared: with the policy, uncached, or plain reuse beside a correction.

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
        return torch.cat(self.finals) if self.finals else torch.empty(0)

    @property
    def seconds(self) -> float:
        return sum(self.step_seconds)

    def state(self, name: str) -> dict[str, Any]:
        """Entries of a checkpoint."""
        return {
            f"{name}_latents": self.latents,
            f"{name}_seconds": self.step_seconds,
            f"{name}_mb": self.peak_mb,
            f"{name}_timed": self.timed_steps,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any], name: str) -> Side:
        latents = state[f"{name}_latents"]
        return cls(
            [latents] if latents.numel() else [],
            state[f"{name}_seconds"],
            state[f"{name}_mb"],
            state[f"{name}_timed"],
        )


def no_squares() -> Tensor:
    return torch.zeros(2, 0, dtype=torch.float64)


@dataclass
class Tally:
    """All sides, and the distances between their trajectories.

    Attributes:
        batches: batches done.
        control: plain reuse beside a correction; empty where the run has none.
        counts: module forwards executed under the policy, over all batches.
        cells: what each cell did in the first batch, as the handle of the cache has it.
        differing: batches in which cells did something else than in the first.
        cache_mb: memory of the reused outputs at the end of the largest batch.
        squares: per step, the sums over images of |x - x_ref|^2 and |x_ref|^2, (2, S) float64; empty where the two
            samplings have different steps, so that there is no trajectory to compare.
        control_squares: the same of the control.
        pairs: seconds of a corrected step and of plain reuse at the same step, where both were timed in this run.
    """

    batches: int = 0
    policy: Side = field(default_factory=Side)
    reference: Side = field(default_factory=Side)
    control: Side = field(default_factory=Side)
    counts: dict[str, int] = field(default_factory=lambda: {"attn": 0, "ff": 0})
    cells: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.int8))
    differing: int = 0
    cache_mb: float = 0.0
    squares: Tensor = field(default_factory=no_squares)
    control_squares: Tensor = field(default_factory=no_squares)
    pairs: list[list[float]] = field(default_factory=list)

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
        self.squares = _sum(self.squares, squares)

    def add_control(self, control: Sampled, reference: Sampled, pairs: list[list[float]]) -> None:
        """Add a batch of plain reuse; both trajectories were kept."""
        self.control.add(control)
        self.pairs += pairs
        if control.trajectory.shape == reference.trajectory.shape:
            steps = zip(control.trajectory, reference.trajectory, strict=True)
            squares = torch.stack([trajectory_squares(*pair) for pair in steps], dim=1)
            self.control_squares = _sum(self.control_squares, squares)

    @property
    def corrected(self) -> list[int]:
        """Steps at which a cell was really corrected."""
        return corrected_steps(self.cells)

    def trajectory_error(self) -> list[float]:
        """Relative L2 distance to the uncached latents after each step, over all images."""
        return relative(self.squares).tolist()

    def control_error(self) -> list[float]:
        """The same of plain reuse."""
        return relative(self.control_squares).tolist()

    def state(self) -> dict[str, Any]:
        """A flat state for `Context.checkpoint`."""
        kept = {name: getattr(self, name) for name in KEPT}
        for name in SIDES:
            kept |= getattr(self, name).state(name)
        return kept

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Tally:
        policy, reference, control = (Side.from_state(state, name) for name in SIDES)
        kept = {name: state[name] for name in KEPT}
        return cls(policy=policy, reference=reference, control=control, **kept)


SIDES = ("policy", "reference", "control")
KEPT = (
    "batches",
    "counts",
    "cells",
    "differing",
    "cache_mb",
    "squares",
    "control_squares",
    "pairs",
)


def _sum(known: Tensor, more: Tensor) -> Tensor:
    return known + more if known.numel() else more


def corrected_steps(cells: Tensor) -> list[int]:
    """Steps of cells (S, L, 2) at which one was corrected."""
    steps: list[int] = torch.nonzero((cells == CORRECTED).flatten(1).any(dim=1)).flatten().tolist()
    return steps


def trajectory_squares(latents: Tensor, reference: Tensor) -> Tensor:
    """Sums |x - x_ref|^2 and |x_ref|^2 of latents (n, C, H, W), (2,) float64."""
    exact = reference.double()
    return torch.stack([(latents.double() - exact).square().sum(), exact.square().sum()])


def relative(squares: Tensor) -> Tensor:
    """Relative L2 distance of sums (2, ...)."""
    return (squares[0] / squares[1].clamp(min=1e-24)).sqrt()
