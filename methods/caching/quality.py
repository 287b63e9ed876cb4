"""How far images are from their uncached twins, and how sure a share is."""

from __future__ import annotations

import math

from torch import Tensor

Z95 = 1.959964
PIXEL_RANGE = 2.0
"""Images lie in [-1, 1]."""


def squared_error(images: Tensor, reference: Tensor) -> Tensor:
    """Mean squared error of each image, (N,) float64, of two sets (N, ...)."""
    if images.shape != reference.shape:
        raise ValueError(
            f"images and reference must have one shape; got {tuple(images.shape)} and {tuple(reference.shape)}"
        )
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


def wilson_interval(successes: int, total: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927), which stays inside 0..1 and does not collapse at the ends."""
    if not 0 <= successes <= total or total == 0:
        raise ValueError(f"need 0 <= successes <= total and a total; got {successes} of {total}")
    share = successes / total
    spread = 1 + Z95**2 / total
    centre = (share + Z95**2 / (2 * total)) / spread
    half = Z95 * math.sqrt(share * (1 - share) / total + Z95**2 / (4 * total**2)) / spread
    # Rounding must not push an end past the share itself, which it touches at 0 and 1.
    return min(share, max(0.0, centre - half)), max(share, min(1.0, centre + half))
