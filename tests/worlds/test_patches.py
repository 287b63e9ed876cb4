"""Labels of patches: by hand, and against the drawn pixels."""

import numpy as np
import pytest
import torch

from methods.worlds.patches import NOTHING, PatchHeads, patch_labels
from methods.worlds.scenes import COLOURS, SHAPES, Scene, SceneObject

TONES = ((240, 240, 240), (60, 60, 60))


def test_a_square_labels_the_patches_that_it_covers() -> None:
    # On a grid of 6, a square of side 1/3 with its corner at (1/6, 1/3) covers 2 x 2 patches.
    square = SceneObject("square", "green", 2 / 6, (2 / 6, 3 / 6))
    labels = patch_labels(Scene((square,), "plain", TONES), 6)
    kind = (SHAPES.index("square"), list(COLOURS).index("green"), 0)
    for row in range(6):
        for column in range(6):
            covered = column in (1, 2) and row in (2, 3)
            assert tuple(labels[:, row, column]) == (kind if covered else NOTHING)


def test_a_patch_belongs_to_whatever_covers_most_of_it() -> None:
    left = SceneObject(
        "square", "red", 0.3, (0.15, 0.5)
    )  # up to .3, so .8 of the patch .2 to .4 is
    right = SceneObject("square", "blue", 0.5, (0.58, 0.5))  # the blue one's, from .33
    labels = patch_labels(Scene((left, right), "plain", TONES), 5)
    reds, blues = (list(COLOURS).index(name) for name in ("red", "blue"))
    assert labels[1, 2].tolist() == [reds, reds, blues, blues, NOTHING[1]]
    assert labels[2, 2].tolist() == [0, 0, 1, 1, NOTHING[2]]


def test_loss_of_untold_heads_is_the_mean_log_of_the_numbers_of_labels() -> None:
    heads = PatchHeads(4)
    for head in heads.heads:
        torch.nn.init.zeros_(head.weight)
        torch.nn.init.zeros_(head.bias)
    labels = torch.from_numpy(np.zeros((2, 3, 3, 3), dtype=np.int64))
    expected = np.log([len(SHAPES) + 1, len(COLOURS) + 1, 3]).mean()
    assert heads.loss(torch.randn(2, 9, 4), labels).item() == pytest.approx(expected, rel=1e-6)
