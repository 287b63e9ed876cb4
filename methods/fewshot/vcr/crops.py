"""Cutting crops and bringing them to the model's side, by an antialiased bicubic, one after the other or all at once.

On a CPU a loop over torchvision's resized crop of whole numbers is fastest, and rounds as Pillow does, within 1/255. On a GPU all
crops of a picture are two batched matrix products, equal to torchvision's resized crop of floats within 4e-6.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as transforms

from methods.fewshot.vcr.boxes import Box

CUT = "bicubic v1"
"""Stands in the key of every kept feature: crops that are cut in another way are other crops."""
MARGIN = 8 / 7
"""Shorter side of a picture that is cut ten times, over the model's: 256 over 224, as the published code has it."""
CUBIC = -0.5
"""Keys' a: Pillow's and torch's antialiased bicubic."""


def crop_form(device: torch.device) -> str:
    """Which form `crops` takes on a device: "matrix" or "loop"."""
    return "matrix" if device.type == "cuda" else "loop"


def crops(pixels: Tensor, boxes: Sequence[Box], side: int) -> Tensor:
    """Crops (B, 3, side, side) in 0..1, on the device of the picture, in the form that is fast there.

    Args:
        pixels: (3, H, W), uint8.
        boxes: B of them, 1 or more, inside the picture.
        side: of the model's input in pixels.
    """
    if crop_form(pixels.device) == "matrix":
        return matrix_crops(pixels.float() / 255, boxes, side).clamp(0, 1)
    return torch.stack([resized_crop(pixels, box, side) for box in boxes]).float() / 255


def resized_crop(pixels: Tensor, box: Box, side: int) -> Tensor:
    """One crop (3, side, side) of a picture (3, H, W), by torchvision, in the dtype of the picture."""
    left, top, width, height = box
    cut: Tensor = transforms.resized_crop(
        pixels, top, left, height, width, [side, side], InterpolationMode.BICUBIC, antialias=True
    )
    return cut


def matrix_crops(pixels: Tensor, boxes: Sequence[Box], side: int) -> Tensor:
    """All crops (B, 3, side, side) of a picture (3, H, W) of floats as two matrix products; like any bicubic it may overshoot 0..1."""
    _, height, width = pixels.shape
    left, top, wide, tall = sent(torch.tensor(boxes), pixels.device).unbind(dim=1)
    across = resampling(left, wide, width, side, pixels.dtype)  # (B, side, W)
    down = resampling(top, tall, height, side, pixels.dtype)  # (B, side, H)
    narrow = pixels.reshape(1, 3 * height, width) @ across.mT  # (B, 3 H, side)
    return down[:, None] @ narrow.view(len(boxes), 3, height, side)


def sent(tensor: Tensor, device: torch.device) -> Tensor:
    """The same on a device; a GPU is not waited for, so that what it does meanwhile goes on."""
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor


def resampling(start: Tensor, length: Tensor, extent: int, side: int, dtype: torch.dtype) -> Tensor:
    """Weights that bring pixels [start, start + length) of a line to `side` pixels.

    Row o weighs with Keys' cubic around (o + 1/2) length / side, widened by length / side where that shrinks (which is the
    antialiasing), is 0 outside the crop and adds up to 1. In float32 the places are rounded in torch's own order, because their
    rounding, at 500 pixels, outweighs all other differences from it.

    Args:
        start, length: (B,), whole pixels.
        extent: pixels of the line.

    Returns:
        (B, side, extent).
    """
    whole = length.to(dtype)
    # By a tensor: on a GPU torch divides by a number as it multiplies with the inverse, which rounds otherwise.
    step = (whole / torch.full_like(whole, side))[:, None, None]
    centre = step * (torch.arange(side, device=start.device, dtype=dtype)[None, :, None] + 0.5)
    place = torch.arange(extent, device=start.device)[None, None, :] - start[:, None, None]
    weights = _cubic((place - centre + 0.5) * (1 / step.clamp(min=1)))
    weights = weights.where((place >= 0) & (place < length[:, None, None]), 0)
    return weights / weights.sum(dim=-1, keepdim=True)


def _cubic(distance: Tensor) -> Tensor:
    """Keys' cubic: pieces on [0, 1] and [1, 2], 0 beyond."""
    x = distance.abs()
    near = ((CUBIC + 2) * x - (CUBIC + 3)) * x * x + 1
    far = CUBIC * (((x - 5) * x + 8) * x - 4)
    return torch.where(x <= 1, near, torch.where(x < 2, far, 0))


def ten_crops(pixels: Tensor, side: int) -> Tensor:
    """The whole picture ten times over: its shorter side brought to 8/7 of `side`, then four corners and the middle, and the five mirrored.

    Args:
        pixels: (3, H, W), uint8.

    Returns:
        (10, 3, side, side) in 0..1.
    """
    small = transforms.resize(
        pixels, [round(MARGIN * side)], InterpolationMode.BICUBIC, antialias=True
    )
    return torch.stack(transforms.ten_crop(small, [side, side])).float() / 255
