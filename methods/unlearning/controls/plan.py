"""What each step of a control sees: which rows, and what weight each has. Fixed by the seed, and alike for all controls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from methods.unlearning.controls.objectives import stratified_weights
from methods.unlearning.request import Request
from methods.unlearning.rows.language import Sample

RowLosses = Callable[[Tensor, Tensor, slice], Tensor]
"""From mean losses and summed log-probabilities (b,) of some rows of a term, and which they are, to what is minimised (b,)."""


@dataclass(frozen=True)
class Budget:
    """What each control may spend.

    Attributes:
        steps: of Adam.
        rate: of Adam; None is each control's own, see `controls.RATES`.
        rows: the most rows of one step; all the rows it is about, where there are no more.
        batch_size: rows of one forward pass; changes no result but for rounding.
        weight_decay: that of the adapter's objective, w/2 |theta|^2; only for the fine-tune, the others have no such objective.
    """

    steps: int = 30
    rate: float | None = None
    rows: int = 256
    batch_size: int = 16
    seed: int = 0
    weight_decay: float = 0.0


@dataclass(frozen=True)
class Term:
    """Part of a step's objective: a weighted sum over rows.

    Attributes:
        weights: one a sample.
        losses: what is summed; by default each row's loss.
    """

    samples: Sequence[Sample]
    weights: Sequence[float]
    losses: RowLosses = lambda loss, *_: loss


@dataclass(frozen=True)
class Plan:
    """The rows of every step, by position in the data set.

    Attributes:
        forget: marked rows, whose old content is to go.
        corrected: rows with new content.
        others: rows that stay as they are.
        share: of the corrected rows among the edited ones.
    """

    samples: Sequence[Sample]
    request: Request
    forget: list[list[int]]
    corrected: list[list[int]]
    others: list[list[int]]
    share: float

    @classmethod
    def of(cls, samples: Sequence[Sample], request: Request, budget: Budget) -> Plan:
        corrected, others = sorted(request.replace), request.retained(len(samples))
        of_corrected, of_others = shares(len(corrected), len(others), budget.rows)
        return cls(
            samples,
            request,
            steps_of(request.marked, budget.rows, budget.steps, budget.seed),
            steps_of(corrected, of_corrected, budget.steps, budget.seed),
            steps_of(others, of_others, budget.steps, budget.seed),
            len(corrected) / (len(corrected) + len(others)),
        )

    def old(self, step: int, losses: RowLosses) -> Term:
        """Mean over the marked rows' old content."""
        rows = [self.samples[at] for at in self.forget[step]]
        return Term(rows, [1 / len(rows)] * len(rows), losses)

    def edited(self, step: int, weight: float = 1.0) -> Term:
        """The edited rows' summed loss over the number of rows before the request, as in the edit's own objective; times `weight`."""
        corrected = [self.request.replace[at] for at in self.corrected[step]]
        others = [self.samples[at] for at in self.others[step]]
        weights = stratified_weights(len(corrected), len(others), self.share)
        left = 1 - len(self.request.remove) / len(self.samples)
        return Term([*corrected, *others], [weight * left * each for each in weights])


def steps_of(positions: Sequence[int], size: int, steps: int, seed: int) -> list[list[int]]:
    """Positions for each step, as many as `size`, or all where there are no more.

    Drawn in epochs: each row comes once before one comes again; a new order for each epoch.

    Args:
        positions: to draw from; none gives empty steps.
        size: rows a step, at least 1.
    """
    if len(positions) <= size:
        return [list(positions) for _ in range(steps)]
    stream = _endless(positions, seed)
    return [[next(stream) for _ in range(size)] for _ in range(steps)]


def shares(changed: int, others: int, size: int) -> tuple[int, int]:
    """How many changed rows and how many others a step sees.

    All where they fit. Else up to half of the step are changed rows, so that few of them among many are seen at each step.
    """
    if changed + others <= size:
        return changed, others
    first = min(changed, max(size // 2, size - others))
    return first, size - first


def _endless(positions: Sequence[int], seed: int) -> Iterator[int]:
    generator = np.random.default_rng(seed)
    while True:
        for place in generator.permutation(len(positions)):
            yield positions[place]
