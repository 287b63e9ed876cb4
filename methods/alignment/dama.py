"""The loss of DAMO, called DAMA in its conference version: DPO with a beta of each pair's own.

Pure functions on tensors. With g the gaps of a batch, delta the pairs' hardness, s the logistic function and R a running mean:

    alpha_D,i = s(delta_i) / s(mean delta)              data-aware, (B,)
    keep      = floor(B (1 - drop)) pairs, drawn without replacement with weights exp(-(g - R)^2 / 2)
    alpha_M   = mean over keep of s(g) / s(R)           model-aware, a scalar
    beta_i    = max(beta alpha_D,i alpha_M, min_beta)   no gradient flows through it
    loss      = mean over keep of -log s(beta_i g_i)
    R        <- gamma R + (1 - gamma) mean g            over all pairs, after the loss

Source: arXiv:2502.01943 and the code published with it; `reading` says which of the two where they differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from methods.alignment.filtering import draw_keep

Reading = Literal["code", "paper"]


@dataclass
class DamaState:
    """What DAMO remembers from step to step.

    Attributes:
        running_mean: R, of the gaps in nats (with `reading="paper"` of the rewards, beta times the gaps); starts at 0.
        running_std: of the same, never used by DAMO's own loss, but by filters that ask for it; starts at 1.
    """

    running_mean: float = 0.0
    running_std: float = 1.0

    def update(self, gaps: Tensor, gamma: float) -> None:
        """R <- gamma R + (1 - gamma) mean(gaps), and the standard deviation (of the population) likewise."""
        deviation = float(gaps.std(correction=0))
        self.running_mean = gamma * self.running_mean + (1 - gamma) * float(gaps.mean())
        self.running_std = gamma * self.running_std + (1 - gamma) * deviation


@dataclass(frozen=True)
class DamaOutput:
    """One step of DAMO on a batch of B pairs; only `loss` carries a gradient.

    Attributes:
        loss: scalar.
        beta: (B,), each pair's own strength.
        keep: (B,) bool, the pairs that the filter kept.
        gap: (B,), g in nats.
        data_factor: (B,), alpha_D; ones without hardness.
        model_factor: scalar, alpha_M; one where the model's state is not used.
        losses: (B,), -log s(beta_i g_i) of every pair, dropped ones too.
        weight: (B,), how strongly a pair pulls: minus the gradient of `loss` by its log-probability of the chosen answer.
    """

    loss: Tensor
    beta: Tensor
    keep: Tensor
    gap: Tensor
    data_factor: Tensor
    model_factor: Tensor
    losses: Tensor
    weight: Tensor


def dama_loss(
    policy_chosen: Tensor,
    policy_rejected: Tensor,
    ref_chosen: Tensor,
    ref_rejected: Tensor,
    hardness: Tensor | None,
    state: DamaState,
    *,
    beta: float = 0.1,
    drop: float = 0.2,
    gamma: float = 0.9,
    min_beta: float = 1e-3,
    hardness_mean: float | None = None,
    keep: Tensor | None = None,
    generator: torch.Generator | None = None,
    use_hardness: bool = True,
    use_model: bool = True,
    reading: Reading = "code",
    training: bool = True,
) -> DamaOutput:
    """DAMO's loss of one batch, and what it is made of.

    Args:
        policy_chosen, policy_rejected, ref_chosen, ref_rejected: (B,), log-probabilities in nats, summed over the tokens of
            each answer, of the model and of the reference.
        hardness: (B,), delta: evidence for the chosen answer minus evidence for the rejected one; larger is easier. May be
            None without `use_hardness`.
        state: the running mean; changed in place where `training`.
        beta: DPO's strength, above 0.
        drop: share of the pairs that the filter leaves out, from 0 to below 1; at least one pair is always kept.
        gamma: share of the running mean that a step keeps, 0 to 1.
        min_beta: no pair's beta is less.
        hardness_mean: mean of delta over the data set; None takes this batch's.
        keep: (B,) bool, the kept pairs; given, nothing is drawn.
        generator: for the draw; torch's own if None.
        use_hardness: False sets alpha_D to 1.
        use_model: False sets alpha_M to 1 and draws nothing: the filter belongs to the estimate of the model's state.
        reading: "code" is the published code, as above. "paper" is Algorithm 1: alpha_M = s(mean over keep of r) / s(R),
            and R follows the kept pairs only. That r = beta g, also in the filter, and that dropped pairs stay in the loss
            is how we read it.
        training: False keeps every pair and leaves the state alone.

    Raises:
        ValueError: shapes that differ, an empty batch, numbers that are not finite (the pair is named), settings out of range.
    """
    check_settings(beta, drop, gamma, min_beta)
    if reading not in ("code", "paper"):
        raise ValueError(f'reading must be "code" or "paper", got {reading!r}')
    pairs = {
        "policy_chosen": policy_chosen,
        "policy_rejected": policy_rejected,
        "ref_chosen": ref_chosen,
        "ref_rejected": ref_rejected,
    }
    if use_hardness:
        if hardness is None:
            raise ValueError("hardness is missing: give delta of every pair, or use_hardness=False")
        pairs["hardness"] = hardness
    check_pairs(pairs)
    gap = (policy_chosen - policy_rejected) - (ref_chosen - ref_rejected)
    detached = gap.detach()
    seen = beta * detached if reading == "paper" else detached

    if keep is not None:
        kept = checked_keep(keep, gap)
    elif training and use_model and drop > 0:
        kept = draw_keep(seen, state.running_mean, drop=drop, generator=generator)
    else:
        kept = torch.ones_like(gap, dtype=torch.bool)

    data = data_factor(hardness, hardness_mean) if use_hardness and hardness is not None else None
    model = model_factor(seen, kept, state.running_mean, reading) if use_model else None
    ones = torch.ones_like(detached)
    betas = beta * (ones if data is None else data) * (1.0 if model is None else model)
    betas = betas.clamp(min=min_beta).to(gap.dtype)
    if training:
        state.update(seen[kept] if reading == "paper" else seen, gamma)
    return dynamic_dpo(
        gap,
        betas,
        kept,
        trained=torch.ones_like(kept) if reading == "paper" else kept,
        data=ones if data is None else data,
        model=ones.new_ones(()) if model is None else model,
    )


def dynamic_dpo(
    gap: Tensor, beta: Tensor, keep: Tensor, *, trained: Tensor, data: Tensor, model: Tensor
) -> DamaOutput:
    """Mean over the trained pairs of -log s(beta_i g_i), with what is known of each pair.

    Args:
        gap, beta, keep, data: (B,), of `DamaOutput`; only `gap` carries a gradient.
        trained: (B,) bool, the pairs that enter the loss; of none of them the loss is 0.
        model: scalar.
    """
    losses = -logsigmoid(beta * gap)
    count = trained.sum().clamp(min=1)
    detached = gap.detach()
    return DamaOutput(
        loss=(losses if bool(trained.all()) else losses[trained]).sum() / count,
        beta=beta,
        keep=keep,
        gap=detached,
        data_factor=data,
        model_factor=model,
        losses=losses.detach(),
        weight=trained / count * beta * torch.sigmoid(-beta * detached),
    )


def data_factor(hardness: Tensor, mean: float | None = None) -> Tensor:
    """alpha_D = s(delta) / s(mean delta), (B,): above 1 for pairs that are easier than the mean.

    Args:
        mean: of delta over the data set; None takes that of `hardness`. The logistic of the mean, not a mean of logistics.
    """
    middle = hardness.mean() if mean is None else hardness.new_tensor(mean)
    return torch.sigmoid(hardness) / torch.sigmoid(middle)


def model_factor(
    gaps: Tensor, keep: Tensor, running_mean: float, reading: Reading = "code"
) -> Tensor:
    """alpha_M, a scalar: mean of s(gap) over the kept pairs ("paper": s of their mean), over s(R).

    Nothing kept is 1.
    """
    if not bool(keep.any()):
        return gaps.new_ones(())
    kept = gaps[keep]
    state = torch.sigmoid(kept.mean()) if reading == "paper" else torch.sigmoid(kept).mean()
    return state / torch.sigmoid(gaps.new_tensor(running_mean))


def check_settings(beta: float, drop: float, gamma: float, min_beta: float) -> None:
    """Raise `ValueError` for a setting out of range."""
    if beta <= 0:
        raise ValueError(f"beta must be above 0, got {beta}")
    if not 0 <= drop < 1:
        raise ValueError(f"drop must be at least 0 and below 1, got {drop}")
    if not 0 <= gamma <= 1:
        raise ValueError(f"gamma must be between 0 and 1, got {gamma}")
    if min_beta < 0:
        raise ValueError(f"min_beta must not be negative, got {min_beta}")


def check_pairs(pairs: dict[str, Tensor]) -> None:
    """Raise `ValueError` unless all are (B,) with at least one pair, and finite; the first that is not is named."""
    shape = next(iter(pairs.values())).shape
    if len(shape) != 1 or shape[0] == 0:
        raise ValueError(
            f"log-probabilities must be (B,) with at least one pair, got {tuple(shape)}"
        )
    for name, values in pairs.items():
        if values.shape != shape:
            raise ValueError(
                f"{name} must be {tuple(shape)} like the rest, got {tuple(values.shape)}"
            )
    finite = torch.stack([torch.isfinite(values.detach()) for values in pairs.values()])
    if not bool(finite.all()):
        row, pair = (~finite).nonzero()[0].tolist()
        name = list(pairs)[row]
        raise ValueError(f"{name} of pair {pair} of the batch is {float(pairs[name][pair])}")


def checked_keep(keep: Tensor, gap: Tensor) -> Tensor:
    """A given mask, on the device of the gaps.

    Raises:
        ValueError: it is not (B,).
    """
    if keep.shape != gap.shape:
        raise ValueError(f"keep must be {tuple(gap.shape)}, got {tuple(keep.shape)}")
    return keep.to(gap.device, torch.bool)
