"""Greedy answers of a batch, without a cache: right padding, so that the padding of one row changes no other."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import torch
from torch import Tensor


@torch.no_grad()
def greedy(
    model: Any,
    prompts: Sequence[Tensor],
    limits: Sequence[int],
    ends: Collection[int],
    batch_size: int = 16,
) -> list[list[int]]:
    """The likeliest next token, again and again, for each prompt.

    Args:
        model: a causal language model, in eval mode.
        prompts: each (P,) int64, P >= 1.
        limits: the most new tokens of each, 0 or more.
        ends: token ids that end an answer.
        batch_size: prompts at a time.

    Returns:
        the new tokens of each prompt; the last is an end token unless the limit came first.
    """
    found: list[list[int]] = [[] for _ in prompts]
    # Long ones together: a batch takes as many steps as its longest answer.
    order = sorted(range(len(prompts)), key=lambda place: (limits[place], len(prompts[place])))
    for start in range(0, len(order), batch_size):
        going = [place for place in order[start : start + batch_size] if limits[place]]
        while going:
            rows = [
                torch.cat([prompts[place], torch.tensor(found[place], dtype=torch.int64)])
                for place in going
            ]
            for place, token in zip(going, next_tokens(model, rows), strict=True):
                found[place].append(token)
            going = [
                place
                for place in going
                if found[place][-1] not in ends and len(found[place]) < limits[place]
            ]
    return found


def next_tokens(model: Any, rows: Sequence[Tensor]) -> list[int]:
    """The likeliest token after each row (T,)."""
    lengths = torch.tensor([len(row) for row in rows])
    ids = torch.nn.utils.rnn.pad_sequence(list(rows), batch_first=True)
    mask = (torch.arange(ids.shape[1]) < lengths[:, None]).long()
    device = next(model.parameters()).device
    output = model(input_ids=ids.to(device), attention_mask=mask.to(device), use_cache=False)
    places = torch.arange(len(rows), device=device), (lengths - 1).to(device)
    return [int(token) for token in output.logits[places].argmax(-1)]
