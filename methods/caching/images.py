"""From tensors in [-1, 1] to pictures: single ones, grids, previews."""

from __future__ import annotations

import torch
from PIL import Image
from torch import Tensor

SMALL = 128
"""Pictures narrower than this are shown enlarged, smoothly, to at least this."""
GRID_IMAGES = 100
PREVIEW_IMAGES = 20
PREVIEW_SIZE = 64


def to_levels(images: Tensor) -> Tensor:
    """Pixels (..., 3, H, W) from 0 to 255, uint8, of images (..., 1 or 3, H, W) in [-1, 1]; a grey one three times."""
    levels = ((images.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return levels.expand(*levels.shape[:-3], 3, *levels.shape[-2:])


def to_picture(image: Tensor, at_least: int = SMALL) -> Image.Image:
    """A picture of one image (1 or 3, H, W) in [-1, 1], enlarged by a whole factor if it is small."""
    picture = Image.fromarray(to_levels(image).permute(1, 2, 0).contiguous().numpy())
    factor = -(-at_least // picture.width)
    if factor <= 1:
        return picture
    size = (picture.width * factor, picture.height * factor)
    return picture.resize(size, Image.Resampling.BICUBIC)


def to_grid(images: Tensor, columns: int, at_least: int = SMALL) -> Image.Image:
    """One picture of images (N, 1 or 3, H, W) in [-1, 1], row by row."""
    pictures = [to_picture(image, at_least) for image in images]
    width, height = pictures[0].size
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    gap = max(2, width // 32)
    step_x, step_y = width + gap, height + gap
    grid = Image.new("RGB", (columns * step_x - gap, rows * step_y - gap), "white")
    for index, picture in enumerate(pictures):
        grid.paste(picture, (index % columns * step_x, index // columns * step_y))
    return grid


def to_preview(images: Tensor) -> Image.Image:
    """A small grid of the first images of a batch, for the live page."""
    return to_grid(images[:PREVIEW_IMAGES], columns=10, at_least=PREVIEW_SIZE)
