"""Which base classes a novel class is related to, and when none is."""

from __future__ import annotations

import torch
from torch import Tensor

from methods.fewshot.afr.preprocessing import unit

LOW = 0.1
"""Share of base classes whose own nearest neighbour is further away than what counts as low."""


def cosines(novel: Tensor, base: Tensor) -> Tensor:
    """Cosines of semantic vectors: novel (..., W, S) and base (B, S) give (..., W, B), within -1 to 1."""
    return (unit(novel) @ unit(base).T).clamp(-1, 1)


def related_classes(similarity: Tensor, count: int, veto: Tensor | None = None) -> Tensor:
    """The most similar base classes of each class, most similar first; ties go to the lower index.

    Args:
        similarity: (..., W, B).
        count: how many, 1 to B.
        veto: bool, shape of `similarity`: True strikes a base class out, and the next in line takes its place.

    Returns:
        (..., W, count) indices of base classes.

    Raises:
        ValueError: a class has fewer than `count` base classes left, or shapes differ.
    """
    available = similarity.shape[-1]
    if count > available:
        raise ValueError(f"related is {count}, but there are only {available} base classes")
    if veto is None:
        return similarity.sort(dim=-1, descending=True, stable=True).indices[..., :count]
    if veto.shape != similarity.shape:
        raise ValueError(f"veto must be {tuple(similarity.shape)}, got {tuple(veto.shape)}")
    left = (~veto).sum(-1)
    if bool((left < count).any()):
        at = (left < count).nonzero()[0].tolist()
        raise ValueError(
            f"class {at[-1]} has {int(left[tuple(at)])} base classes left after the vetoes, and related is {count}"
        )
    kept = similarity.masked_fill(veto, -torch.inf)
    return kept.sort(dim=-1, descending=True, stable=True).indices[..., :count]


def random_classes(similarity: Tensor, count: int, seed: int) -> Tensor:
    """The control: base classes drawn without replacement for each class. Arguments and shape as `related_classes`."""
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.rand(similarity.shape, generator=generator).to(similarity.device)
    return related_classes(drawn, count)


def low_similarity(base: Tensor) -> float:
    """The cosine below which a class's best base class counts as far.

    It is the 10th percentile of what base classes find among each other, since absolute cosines differ from source to source
    (WordNet .07 to .4, word2vec .2 to .55).

    Args:
        base: (B, S) semantic vectors of the base classes.

    Returns:
        a cosine; -inf for a single base class, which has nothing to compare with.
    """
    if len(base) < 2:
        return -torch.inf
    among = cosines(base, base).fill_diagonal_(-torch.inf)
    return float(among.max(-1).values.quantile(LOW))


def refuse_leak(similarity: Tensor, limit: float) -> None:
    """Refuse a novel class that is a base class.

    Raises:
        ValueError: a cosine of `similarity` (..., W, B) is above `limit`.
    """
    if bool((similarity > limit).any()):
        *_, novel, base = (similarity > limit).nonzero()[0].tolist()
        raise ValueError(
            f"novel class {novel} and base class {base} have a semantic cosine above {limit:g}: they are the same class, and what is known of the base class would give the answer away"
        )
