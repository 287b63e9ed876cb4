"""Losses of the controls, row by row. Pure functions on the log-probabilities of answers."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import softplus

NPO_BETA = 0.1


def npo_losses(log_probs: Tensor, reference: Tensor, beta: float = NPO_BETA) -> Tensor:
    """(2 / beta) log(1 + (p / p_ref)^beta): the loss of negative preference optimisation, one a row to forget.

    Zhang et al., COLM 2024, arXiv:2404.05868, equation 3. Its gradient is that of log p, each row weighted by
    2 p^beta / (p^beta + p_ref^beta): 1 at the start, towards 0 once the row is forgotten.

    Args:
        log_probs: (B,), log-probability of each answer, summed over its tokens, in nats.
        reference: (B,), the same under the adapter before; no gradient flows through it.
        beta: inverse temperature, above 0; towards 0 the loss less (2 / beta) log 2 becomes log_probs - reference.

    Returns:
        (B,).
    """
    if beta <= 0:
        raise ValueError(f"beta must be above 0, got {beta}")
    return 2 / beta * softplus(beta * (log_probs - reference.detach()))


def stratified_weights(changed: int, others: int, share: float) -> list[float]:
    """Weights of the rows of a step, changed ones first, so that their weighted sum estimates the whole data set's mean loss.

    Args:
        changed, others: how many rows of each kind the step has.
        share: of the changed rows in the data set, 0..1.

    Returns:
        share / changed for each changed row and (1 - share) / others for each other one; where one kind is missing the other
        has all the weight. Unbiased where each kind is drawn evenly; 1 / n each where the step is the data set.
    """
    if not changed or not others:
        share = 1.0 if changed else 0.0
    return [share / max(changed, 1)] * changed + [(1 - share) / max(others, 1)] * others
