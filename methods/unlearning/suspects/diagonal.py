"""Self-influence with the diagonal of the empirical Fisher information.

    s_i = g_i' (D + lambda I)^-1 g_i,     D = mean over rows of g_i^2, coordinate by coordinate,     lambda = damping * mean(D)

g_i is the gradient of row i's loss. It is the self-influence of Koh and Liang (ICML 2017) with the Hessian replaced by that
diagonal; 1/n s_i is, to first order, by how much row i's own loss would rise without it. The rule for lambda is that of
DataInf (Kwon et al., ICLR 2024). |g_i| alone is the score GraNd (Paul et al., NeurIPS 2021).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from methods.unlearning.suspects.per_sample import PerSample


@dataclass(frozen=True)
class Figures:
    """What is known of some rows, each (B,) float64 on the CPU.

    Attributes:
        loss: in nats.
        gradient_norm: |g_i|.
        self_influence: s_i.
    """

    loss: Tensor
    gradient_norm: Tensor
    self_influence: Tensor


def damped_diagonal(gradients: PerSample, samples: Sequence[Any], damping: float) -> Tensor:
    """(p,), D + lambda from the samples given, at least one."""
    total, count = None, 0
    for _, rows in gradients(samples):
        part = rows.square().sum(0)
        total, count = part if total is None else total + part, count + len(rows)
    if total is None:
        raise ValueError("the diagonal needs at least one sample")
    diagonal = total / count
    return diagonal + damping * diagonal.mean()


def figures(gradients: PerSample, samples: Sequence[Any], diagonal: Tensor) -> Iterator[Figures]:
    """Loss, gradient norm and self-influence, batch by batch; a coordinate without any curvature adds nothing."""
    inverse = torch.where(diagonal > 0, 1 / diagonal, 0)
    for losses, rows in gradients(samples):
        squares = rows.square()
        yield Figures(
            losses.double().cpu(),
            squares.sum(1).sqrt().double().cpu(),
            (squares @ inverse).double().cpu(),
        )
