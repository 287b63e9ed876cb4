"""The transformer of the digits world: its configuration and its loader."""

from pathlib import Path

import torch
from diffusers.models.transformers.dit_transformer_2d import DiTTransformer2DModel

from methods.worlds.digits import CHANNELS, IMAGE_SIZE, NUM_CLASSES, WEIGHTS
from methods.worlds.dit import (
    build_dit,
    embedders,
    load_dit,
    use_official_time_embedding,
)

__all__ = [
    "TRANSFORMER_FOLDER",
    "build_transformer",
    "embedders",
    "load_transformer",
    "use_official_time_embedding",
]

TRANSFORMER_FOLDER = WEIGHTS / "dit"


def build_transformer(dropout: float = 0.0) -> DiTTransformer2DModel:
    """Return the untrained transformer: 8 blocks of width 128, 4 heads, 16 tokens, noise prediction.

    Args:
        dropout: probability inside the blocks while training; it holds no weights.
    """
    return build_dit(
        channels=CHANNELS,
        image_size=IMAGE_SIZE,
        patch_size=2,
        num_classes=NUM_CLASSES,
        width=128,
        num_layers=8,
        dropout=dropout,
    )


def load_transformer(
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
    folder: Path = TRANSFORMER_FOLDER,
) -> DiTTransformer2DModel:
    """Return the trained transformer in eval mode.

    It takes noisy images (B, 1, 8, 8), timesteps (B,) in 0..999 and class labels (B,) int64 in
    0..10, where 10 is the null class, and returns the predicted noise (B, 1, 8, 8).

    Raises:
        OSError: `folder` holds no diffusers model.
    """
    return load_dit(folder, device, dtype)
