"""The loss of beta-DPO, DAMO's parent: one beta a batch that follows the batch's mean gap.

    R         <- gamma R + (1 - gamma) mean g, and likewise the standard deviation; before the loss
    keep      = floor(B (1 - drop)) pairs, drawn without replacement with weights exp(-(g - R)^2 / (2 std^2))
    beta_batch = max(beta (1 + gain (mean over keep of g - R)), min_beta)
    loss      = mean over keep of -log s(beta_batch g_i)

Source: arXiv:2407.08639 and its code (https://github.com/junkangwu/beta-DPO), in which the update of R precedes the loss, the
floor is 1e-3, and the README's command takes gain .6 and drop .2. We depart in the standard deviation: ours starts at 1 and is
the population's; theirs starts at 0, which divides 0 by 0 in a first step whose gaps are all 0, as a new adapter's are.
"""

from __future__ import annotations

import torch
from torch import Tensor

from methods.alignment.dama import (
    DamaOutput,
    DamaState,
    check_pairs,
    check_settings,
    checked_keep,
    dynamic_dpo,
)
from methods.alignment.filtering import Width, draw_keep, filter_width


def beta_dpo_loss(
    policy_chosen: Tensor,
    policy_rejected: Tensor,
    ref_chosen: Tensor,
    ref_rejected: Tensor,
    state: DamaState,
    *,
    gain: float = 0.6,
    beta: float = 0.1,
    drop: float = 0.2,
    gamma: float = 0.9,
    min_beta: float = 1e-3,
    width: Width = "running_std",
    keep: Tensor | None = None,
    generator: torch.Generator | None = None,
    training: bool = True,
) -> DamaOutput:
    """beta-DPO's loss of one batch; arguments, shapes and errors as in `methods.alignment.dama.dama_loss`.

    Args:
        gain: how far beta follows the gap, 1 per nat; 0 with `drop` 0 is plain DPO.
        width: the filter's standard deviation, see `methods.alignment.filtering.filter_width`.
    """
    check_settings(beta, drop, gamma, min_beta)
    pairs = {
        "policy_chosen": policy_chosen,
        "policy_rejected": policy_rejected,
        "ref_chosen": ref_chosen,
        "ref_rejected": ref_rejected,
    }
    check_pairs(pairs)
    gap = (policy_chosen - policy_rejected) - (ref_chosen - ref_rejected)
    detached = gap.detach()
    if training:
        state.update(detached, gamma)
    if keep is not None:
        kept = checked_keep(keep, gap)
    elif training and drop > 0:
        wide = filter_width(width, detached, state.running_std)
        kept = draw_keep(detached, state.running_mean, drop=drop, width=wide, generator=generator)
    else:
        kept = torch.ones_like(gap, dtype=torch.bool)
    model = 1 + gain * (detached[kept].mean() - state.running_mean)
    ones = torch.ones_like(detached)
    betas = (beta * model * ones).clamp(min=min_beta)
    return dynamic_dpo(gap, betas, kept, trained=kept, data=ones, model=model)
