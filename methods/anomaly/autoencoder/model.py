"""The graph autoencoder of DOMINANT (Ding et al., SDM 2019), which DiffGAD keeps.

    encoder      Z = P relu_drop(P X W1) W2              attributes   Xh = P relu_drop(P Z W3) W4
    structure    H = P Z W5, Sh = H H^T                  (each with its bias; P of `sparse.propagation`)

A graph convolution is a product with P and a linear map, in either order. P X never changes and P Z serves two layers, so
three products with P are left of five; the layers themselves are linear maps.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from methods.anomaly.autoencoder.sparse import SparseMatrix

Drop = Callable[[Tensor], Tensor]


class GraphAutoencoderModel(nn.Module):
    """The five layers.

    Args:
        features: d, width of the input.
        hidden: h, width of the latents.
        generator: of the initial weights: Glorot's uniform ones, biases 0.
    """

    def __init__(self, features: int, hidden: int, generator: torch.Generator) -> None:
        super().__init__()
        self.encode_first = _layer(features, hidden, generator)
        self.encode_last = _layer(hidden, hidden, generator)
        self.attributes_first = _layer(hidden, hidden, generator)
        self.attributes_last = _layer(hidden, features, generator)
        self.structure = _layer(hidden, hidden, generator)

    def encode(self, spread: Tensor, propagate: SparseMatrix, drop: Drop = torch.relu) -> Tensor:
        """Latents Z (n, h).

        Args:
            spread: P X, (n, d).
            propagate: P.
            drop: activation and dropout of the hidden layer; `torch.relu` drops nothing.
        """
        hidden: Tensor = self.encode_last(propagate @ drop(self.encode_first(spread)))
        return hidden

    def decode(
        self, latents: Tensor, propagate: SparseMatrix, drop: Drop = torch.relu
    ) -> tuple[Tensor, Tensor]:
        """From latents Z to what the last layer of the attributes reads and the factors H, both (n, h).

        `reconstruct` makes Xh of the first, for any rows: (n, d) need not be held at once.
        """
        spread = propagate @ latents
        return propagate @ drop(self.attributes_first(spread)), self.structure(spread)

    def reconstruct(self, last: Tensor) -> Tensor:
        """Xh (rows, d) of rows of what `decode` gave first."""
        features: Tensor = self.attributes_last(last)
        return features


def dropping(share: float, generator: torch.Generator) -> Drop:
    """relu, then dropout with its own chance."""
    if share == 0:
        return torch.relu

    def drop(hidden: Tensor) -> Tensor:
        kept = torch.empty_like(hidden).bernoulli_(1 - share, generator=generator)
        return torch.relu(hidden) * kept.div_(1 - share)

    return drop


def _layer(inputs: int, outputs: int, generator: torch.Generator) -> nn.Linear:
    layer: nn.Linear = nn.utils.skip_init(nn.Linear, inputs, outputs, device=generator.device)
    bound = (6 / (inputs + outputs)) ** 0.5
    with torch.no_grad():
        layer.weight.uniform_(-bound, bound, generator=generator)
        layer.bias.zero_()
    return layer
