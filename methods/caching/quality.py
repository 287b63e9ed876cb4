"""How far images are from their uncached twins."""

from __future__ import annotations

import math

import torch
from torch import Tensor

PIXEL_RANGE = 2.0
"""Images lie in [-1, 1]."""
SSIM_WINDOW = 11
SSIM_SIGMA = 1.5
"""Gaussian window of Wang et al. 2004, in pixels."""
SSIM_BATCH = 16
"""Images at a time: fifteen copies of each are held."""


def squared_error(images: Tensor, reference: Tensor) -> Tensor:
    """Mean squared error of each image, (N,) float64, of two sets (N, ...)."""
    _check_twins(images, reference)
    return (images.double() - reference.double()).square().flatten(1).mean(dim=1)


def psnr(mean_squared_error: float) -> float | None:
    """Peak signal-to-noise ratio in dB for pixels in [-1, 1]; None for identical images, where it is infinite."""
    if mean_squared_error == 0:
        return None
    return 10 * math.log10(PIXEL_RANGE**2 / mean_squared_error)


def relative_l2(images: Tensor, reference: Tensor) -> Tensor:
    """|image - reference| / |reference| of each image, (N,) float64; 0 where both are zero."""
    distance = squared_error(images, reference).sqrt()
    size = reference.double().square().flatten(1).mean(dim=1).sqrt()
    return distance / size.clamp(min=1e-12)


def ssim(images: Tensor, reference: Tensor) -> Tensor:
    """Structural similarity of each image to its twin, (N,) float32: 1 where they are equal, at least -1.

    Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment: from error visibility to structural similarity", IEEE
    TIP 2004, equation 13: Gaussian window of 11 pixels with sigma 1.5, K = (.01, .03), a data range of 2; the mean
    over pixels (borders are mirrored) and colours, as torchmetrics has it. For images smaller than the window it is
    the largest odd one that fits, with sigma in proportion: 7 pixels and .95 for 8 x 8. Values of different windows do
    not compare.

    Args:
        images: (N, C, H, W) in [-1, 1].
        reference: as `images`.

    Raises:
        ValueError: the two differ in shape, or are no images.
    """
    # Takes seconds to import, which listing and checking need not pay.
    from torchmetrics.functional.image import (  # noqa: PLC0415
        structural_similarity_index_measure,
    )

    _check_twins(images, reference)
    if images.ndim != 4:
        raise ValueError(f"expected images (N, C, H, W); got {tuple(images.shape)}")
    fitting = min(SSIM_WINDOW, *images.shape[-2:])
    window = fitting - 1 + fitting % 2
    parts = [
        structural_similarity_index_measure(
            part.float(),
            twin.float(),
            sigma=SSIM_SIGMA * window / SSIM_WINDOW,  # torchmetrics takes the window from it
            reduction="none",
            data_range=PIXEL_RANGE,
        )
        for part, twin in zip(
            torch.split(images, SSIM_BATCH), torch.split(reference, SSIM_BATCH), strict=True
        )
    ]
    return torch.cat([torch.as_tensor(part).reshape(-1) for part in parts])


def _check_twins(images: Tensor, reference: Tensor) -> None:
    if images.shape != reference.shape:
        raise ValueError(
            f"images and reference must have one shape; got {tuple(images.shape)} and {tuple(reference.shape)}"
        )
