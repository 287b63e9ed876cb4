"""The shapes judge: a small classifier that says which of 48 coloured shapes a picture shows."""

from pathlib import Path

import torch

from methods.worlds.judge import Judge, load_weights
from methods.worlds.shapes import CHANNELS, IMAGE_SIZE, NUM_CLASSES, WEIGHTS

JUDGE_FILE = WEIGHTS / "judge.safetensors"


def load_judge(device: torch.device | str = "cpu", file: Path = JUDGE_FILE) -> Judge:
    """Return the trained judge in eval mode, float32; it takes images (N, 3, 24, 24) in [-1, 1].

    Raises:
        FileNotFoundError: `file` is missing.
    """
    return load_weights(Judge(CHANNELS, IMAGE_SIZE, NUM_CLASSES), file, device)
