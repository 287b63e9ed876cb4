"""Dense supervision of an image tower: what each patch of a scene's picture shows.

From pictures and sentences by themselves a small tower learns colours and stays at chance on shapes;
the generator knows what every patch shows, so the training tells it. The heads aren't shipped.
"""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from methods.worlds.captions import LARGE_FROM
from methods.worlds.scenes import COLOURS, SHAPES, Scene, coverage

PATCH_SHARE = 0.2  # an object is a patch's label from this share of the patch on
NOTHING = (len(SHAPES), len(COLOURS), 2)


def patch_labels(scene: Scene, grid: int) -> npt.NDArray[np.int64]:
    """Return shape, colour and size of the object that covers most of each patch, (3, grid, grid) int64.

    Shape and colour are indices in SHAPES and COLOURS, size is 0 (small) or 1 (large); patches of no
    object have NOTHING.
    """
    kinds = [
        (SHAPES.index(item.shape), list(COLOURS).index(item.colour), int(item.size >= LARGE_FROM))
        for item in scene.objects
    ]
    covered = np.stack([coverage(item, grid) for item in scene.objects])  # (K, grid, grid)
    owner = np.where(covered.max(axis=0) >= PATCH_SHARE, covered.argmax(axis=0), len(kinds))
    table = np.array([*kinds, NOTHING], dtype=np.int64)
    return table[owner].transpose(2, 0, 1)


class PatchHeads(nn.Module):
    """Three linear heads that name shape, colour and size of what a patch shows."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = nn.ModuleList(nn.Linear(width, count + 1) for count in NOTHING)

    def loss(self, tokens: Tensor, labels: Tensor) -> Tensor:
        """Return the heads' mean cross-entropy.

        Args:
            tokens: (B, P, width), the patches row by row.
            labels: (B, 3, grid, grid) int64, as `patch_labels` makes them.
        """
        losses = [
            functional.cross_entropy(head(tokens).flatten(0, 1), labels[:, index].flatten())
            for index, head in enumerate(self.heads)
        ]
        return torch.stack(losses).mean()
