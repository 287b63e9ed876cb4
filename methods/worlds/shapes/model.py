"""The transformer of the shapes world: its configuration, its label table, its loader."""

from pathlib import Path

import torch
from diffusers.models.transformers.dit_transformer_2d import DiTTransformer2DModel

from methods.worlds.dit import build_dit, embedders, load_dit
from methods.worlds.scenes import COLOURS, SHAPES
from methods.worlds.shapes import CHANNELS, IMAGE_SIZE, NUM_CLASSES, WEIGHTS

TRANSFORMER_FOLDER = WEIGHTS / "dit"
WIDTH = 128


def build_transformer() -> DiTTransformer2DModel:
    """Return the untrained transformer: 8 blocks of width 128, 4 heads, 36 tokens, v-prediction.

    Each row of its label tables starts as a row of its shape plus one of its colour, so that what
    is learned of a red star is at once known of a blue one.
    """
    transformer = build_dit(
        channels=CHANNELS,
        image_size=IMAGE_SIZE,
        patch_size=4,
        num_classes=NUM_CLASSES,
        width=WIDTH,
        num_layers=8,
    )
    for embedder in embedders(transformer):
        table = embedder.class_embedder.embedding_table.weight  # (classes + 1, width)
        rows = torch.randn(len(SHAPES), 1, WIDTH) + torch.randn(1, len(COLOURS), WIDTH)
        with torch.no_grad():
            table[:NUM_CLASSES] = rows.reshape(NUM_CLASSES, WIDTH) / 2**0.5
    return transformer


def load_transformer(
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
    folder: Path = TRANSFORMER_FOLDER,
) -> DiTTransformer2DModel:
    """Return the trained transformer in eval mode.

    It takes noisy images (B, 3, 24, 24), timesteps (B,) in 0..999 and class labels (B,) int64 in
    0..48, where 48 is the null class, and returns the predicted v (B, 3, 24, 24).

    Raises:
        OSError: `folder` holds no diffusers model.
    """
    return load_dit(folder, device, dtype)
