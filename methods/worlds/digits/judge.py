"""The digits judge: a small classifier that says which digit a picture shows and how it looks."""

from pathlib import Path

import torch

from methods.worlds.digits import CHANNELS, IMAGE_SIZE, NUM_CLASSES, WEIGHTS
from methods.worlds.judge import FEATURES, Judge, load_weights

__all__ = ["FEATURES", "JUDGE_FILE", "Judge", "load_judge"]

JUDGE_FILE = WEIGHTS / "judge.safetensors"


def load_judge(device: torch.device | str = "cpu", file: Path = JUDGE_FILE) -> Judge:
    """Return the trained judge in eval mode, float32; it takes images (N, 1, 8, 8) in [-1, 1].

    Raises:
        FileNotFoundError: `file` is missing.
    """
    return load_weights(Judge(CHANNELS, IMAGE_SIZE, NUM_CLASSES), file, device)
