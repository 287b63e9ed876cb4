"""Some Adam steps from the adapter as it is; afterwards it is as it was."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from methods.unlearning.controls.plan import Budget, Term
from methods.unlearning.models.values import copied, restored
from methods.unlearning.rows.language import Sample, collate, row_means, token_losses

if TYPE_CHECKING:
    from methods.unlearning.models.loading import Adapted

Tell = Callable[[int, int], None]
"""Called after each step as (step, steps); may raise to stop."""
Ended = tuple[dict[str, Tensor], int, float, tuple[float, ...]]
"""Parameters on the CPU, steps, seconds, and the objective before each step."""


def run_steps(
    adapted: Adapted,
    terms: Callable[[int], Sequence[Term]],
    budget: Budget,
    rate: float,
    tell: Tell,
    *,
    weight_decay: float = 0.0,
) -> Ended:
    """Adam with its usual constants (0.9, 0.999, 1e-8) and a fixed rate; one gradient a step, summed over `terms`.

    Args:
        adapted: as before afterwards, bit for bit, also where something was raised.
        weight_decay: w of w/2 |theta|^2 in the objective (coupled); not in the reported losses.

    Raises:
        FloatingPointError: the objective is no longer finite; says at which step.
    """
    started, objectives = time.perf_counter(), list[float]()
    parameters = adapted.parameters
    with restored(parameters):
        adam = torch.optim.Adam(list(parameters.values()), lr=rate, weight_decay=weight_decay)
        for step in range(budget.steps):
            adam.zero_grad(set_to_none=True)
            objective = sum(_backward(adapted, term, budget.batch_size) for term in terms(step))
            if not math.isfinite(objective):
                raise FloatingPointError(
                    f"the objective is {objective} at step {step + 1} of {budget.steps}: lower the rate, {rate:g} now"
                )
            objectives.append(objective)
            adam.step()
            tell(step + 1, budget.steps)
        ended = copied(parameters)
    return ended, budget.steps, time.perf_counter() - started, tuple(objectives)


@torch.no_grad()
def log_probs_of(adapted: Adapted, samples: Sequence[Sample], batch_size: int) -> Tensor:
    """(N,) log-probability of each answer, summed over its tokens, in nats."""
    starts = range(0, len(samples), batch_size)
    return torch.cat([_answers(adapted, samples[at : at + batch_size])[1] for at in starts])


def _backward(adapted: Adapted, term: Term, batch_size: int) -> float:
    """Adds the gradient of a term to the parameters', in pieces; returns its value."""
    total = 0.0
    for start in range(0, len(term.samples), batch_size):
        rows = slice(start, start + batch_size)
        losses, log_probs = _answers(adapted, term.samples[rows])
        weights = losses.new_tensor(term.weights[rows])
        value = (weights * term.losses(losses, log_probs, rows)).sum()
        value.backward()
        total += float(value.detach())
    return total


def _answers(adapted: Adapted, samples: Sequence[Sample]) -> tuple[Tensor, Tensor]:
    """(B,) mean loss over each answer's tokens, and (B,) log-probability summed over them."""
    device = next(iter(adapted.parameters.values())).device
    batch = {name: tensor.to(device) for name, tensor in collate(samples).items()}
    output = adapted.model(
        input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], use_cache=False
    )
    losses = token_losses(output.logits, batch["labels"])
    return row_means(losses, batch["labels"]), -losses.sum(-1)
