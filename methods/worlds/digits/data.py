"""The digits themselves: scikit-learn's copy of the UCI handwritten digits, split once and for all."""

from typing import NamedTuple

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor

from methods.worlds.training import Labelled

HELD_OUT = 360
SPLIT_SEED = 0
LARGEST_PIXEL = 16.0  # each pixel of the source counts the inked dots of a 4 x 4 block


class Digits(NamedTuple):
    """Images (N, 1, 8, 8) float32 in [-1, 1], -1 being paper and 1 ink; labels (N,) int64, 0..9."""

    train_images: Tensor
    train_labels: Tensor
    held_out_images: Tensor
    held_out_labels: Tensor

    @property
    def train(self) -> Labelled:
        return Labelled(self.train_images, self.train_labels)

    @property
    def held_out(self) -> Labelled:
        return Labelled(self.held_out_images, self.held_out_labels)


def load_data() -> Digits:
    """Return the 1,437 training and 360 held-out digits; the same split at every call.

    The split is stratified by class. Writers are not named in the source, so that one person's
    hand may be on both sides.
    """
    source = load_digits()
    images = torch.from_numpy(source.images).float().unsqueeze(1)  # (1797, 1, 8, 8)
    images = images / (LARGEST_PIXEL / 2) - 1
    labels = torch.from_numpy(source.target).long()
    train, held_out = train_test_split(
        torch.arange(len(labels)).numpy(),
        test_size=HELD_OUT,
        random_state=SPLIT_SEED,
        stratify=source.target,
    )
    return Digits(images[train], labels[train], images[held_out], labels[held_out])
