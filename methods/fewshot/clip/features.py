"""Features of pictures, each computed once and kept by what the picture is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

import numpy as np
import torch
from torch import Tensor

from methods.clip_encoder import ClipEncoder
from methods.feature_cache import FeatureCache, Features, Key
from methods.fewshot.clip.images import Picture
from methods.fewshot.vcr.boxes import LAW, Numbers, crop_box, picture_seed
from methods.fewshot.vcr.crops import CUT, crop_form, crops
from methods.fewshot.vcr.encoding import encoded, tower_of

SHARES = (0.5, 1.0)
"""Of the area of a picture, in an augmented view."""
PURPOSE = f"support {SHARES} flip {LAW}"
"""Part of every seed and key: views of another law are other views."""
AUGMENTATIONS = 10


def picture_features(
    encoder: ClipEncoder, pictures: Sequence[Picture], cache: FeatureCache | None = None
) -> Tensor:
    """Features (N, D) of pictures as CLIP sees them, of the length that the tower gives them.

    Args:
        cache: of this encoder; what it holds is not opened, and what it lacks is added.

    Raises:
        ValueError: a picture cannot be opened; names its file.
        MethodError: out of memory; features that are not finite.
    """

    def compute(places: list[int]) -> Features:
        return encoder.image_features([pictures[place].open for place in places], unit=False)

    keys = [b"raw" + bytes.fromhex(picture.sha256) for picture in pictures]
    return _kept(keys, compute, cache)


def support_views(
    encoder: ClipEncoder,
    pictures: Sequence[Picture],
    cache: FeatureCache | None = None,
    *,
    augmentations: int = AUGMENTATIONS,
    seed: int = 0,
) -> Tensor:
    """Features (A, N, D) of random crops of each picture, half of them mirrored, of the length the tower gives them.

    Tip-Adapter's augmentation: shares of 0.5 to 1 of the area, aspect ratios of 3/4 to 4/3. What is drawn depends on
    the picture, the seed and the view only, not on what stands beside it.

    Args:
        augmentations: A, 1 or more.

    Raises:
        ValueError, MethodError: as `picture_features`; augmentations is below 1.
    """
    if augmentations < 1:
        raise ValueError(f"augmentations must be 1 or more, got {augmentations}")
    drawn = [
        (picture, picture_seed(picture.sha256, seed, f"{PURPOSE} {view}"))
        for picture in pictures
        for view in range(augmentations)
    ]
    tower = tower_of(encoder)
    made = f"{PURPOSE} {CUT} {crop_form(tower.device)}"
    keys = [_view_key(f"{made} {picture.sha256} {each}") for picture, each in drawn]

    def compute(places: list[int]) -> Features:
        asked = [drawn[place] for place in places]
        return encoded(_views(asked, tower.side, tower.device), tower)

    features = _kept(keys, compute, cache)
    return features.view(len(pictures), augmentations, -1).transpose(0, 1).contiguous()


def _view_key(text: str) -> Key:
    return b"view" + hashlib.sha256(text.encode()).digest()


def _views(
    asked: Sequence[tuple[Picture, int]], side: int, device: torch.device
) -> Iterator[Tensor]:
    """Views (B, 3, side, side) in 0..1 of one picture after the other, each opened once."""
    for picture, views in groupby(asked, key=lambda each: each[0]):
        pixels = torch.from_numpy(np.array(picture.open())).permute(2, 0, 1).to(device)
        _, height, width = pixels.shape
        boxes, mirrored = [], []
        for _, seed in views:
            numbers = Numbers(seed)
            boxes.append(crop_box(width, height, SHARES, numbers))
            mirrored.append(bool(numbers.integer(2)))
        cut = crops(pixels, boxes, side)
        flip = torch.tensor(mirrored, device=device)[:, None, None, None]
        yield cut.flip(3).where(flip, cut)


def _kept(
    keys: Sequence[Key], compute: Callable[[list[int]], Features], cache: FeatureCache | None
) -> Tensor:
    if cache is None:
        return torch.from_numpy(compute(list(range(len(keys)))))
    found = cache.features(keys, compute)
    return torch.from_numpy(np.stack([found[key] for key in keys]))
