"""An image encoder as view refinement needs it: crops in, features out, in full batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor

from methods.clip_encoder import ClipEncoder
from methods.feature_cache import Features
from methods.fewshot.vcr.crops import sent


@dataclass(frozen=True)
class Tower:
    """An image encoder, of CLIP or not, and what it wants to see.

    Attributes:
        encode: from pictures (B, 3, side, side), less `mean` and divided by `std`, to features (B, D), not normalised.
        side: height and width of its input in pixels.
        mean, std: of each channel, on 0..1.
        batch_size: pictures in one call, at most.
        device: where crops are made for it; on "cuda" by the matrix form.
        checked: brings all features to the CPU and refuses what are none; a GPU is waited for only here.
    """

    encode: Callable[[Tensor], Tensor]
    side: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    batch_size: int = 64
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    checked: Callable[[Tensor], Tensor] = torch.Tensor.cpu


def tower_of(encoder: ClipEncoder) -> Tower:
    """The image side of a CLIP."""

    return Tower(
        encoder.pixel_batch,
        encoder.side,
        encoder.mean,
        encoder.std,
        encoder.batch_size,
        encoder.device,
        encoder.checked,
    )


@torch.inference_mode()
def encoded(pieces: Iterable[Tensor], tower: Tower) -> Features:
    """Features (N, D) of crops, in full batches whatever the pieces that they come in.

    Args:
        pieces: each (b, 3, side, side) in 0..1, N crops together, at least 1.
    """
    mean, std = (
        sent(torch.tensor(values), tower.device)[:, None, None]
        for values in (tower.mean, tower.std)
    )
    batches = _batches(pieces, tower.batch_size)
    parts = [tower.encode((batch - mean) / std).float() for batch in batches]
    features: Features = tower.checked(torch.cat(parts)).numpy()
    return features


def _batches(pieces: Iterable[Tensor], size: int) -> Iterator[Tensor]:
    waiting = torch.empty(0)
    for piece in pieces:
        waiting = torch.cat([waiting, piece]) if len(waiting) else piece
        *full, waiting = waiting.split(size)
        yield from full
    if len(waiting):
        yield waiting
