"""Small problems whose optimum is known in closed form, or is found to the last digits."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

DECAY = 0.1


class Linear(nn.Module):
    """x (B, d) -> w'x (B,), or (B, classes) where the weights are a matrix."""

    def __init__(self, weights: Tensor) -> None:
        super().__init__()
        self.weights = nn.Parameter(weights.clone())

    def forward(self, inputs: Tensor) -> Tensor:
        return inputs @ self.weights


def squared(model, batch):
    """Half the squared error of each sample."""
    return 0.5 * (model(batch[0]) - batch[1]) ** 2


def logistic(model, batch):
    return nn.functional.binary_cross_entropy_with_logits(
        model(batch[0]), batch[1], reduction="none"
    )


def cross_entropy(model, batch):
    return nn.functional.cross_entropy(model(batch[0]), batch[1], reduction="none")


@dataclass
class Ridge:
    """60 samples of five numbers; the optimum is a linear system."""

    inputs: Tensor
    targets: Tensor

    def optimum(self, keep: list[int] | None = None) -> Tensor:
        """Weights at the minimum of the mean over the ORIGINAL number of samples, with weight decay."""
        rows = list(range(len(self.inputs))) if keep is None else keep
        x, y, n = self.inputs[rows], self.targets[rows], len(self.inputs)
        return torch.linalg.solve(
            x.T @ x / n + DECAY * torch.eye(x.shape[1], dtype=x.dtype), x.T @ y / n
        )

    def data(self) -> list[tuple[Tensor, Tensor]]:
        return list(zip(self.inputs, self.targets, strict=True))

    def model(self) -> Linear:
        return Linear(self.optimum())

    def changed(self, inputs=None, targets=None) -> Ridge:
        """The same with the rows in {position: value} exchanged."""
        found = Ridge(self.inputs.clone(), self.targets.clone())
        for position, value in (inputs or {}).items():
            found.inputs[position] = value
        for position, value in (targets or {}).items():
            found.targets[position] = value
        return found


def ridge() -> Ridge:
    generator = torch.Generator().manual_seed(3)
    inputs = torch.randn(60, 5, generator=generator, dtype=torch.float64)
    noise = torch.randn(60, generator=generator, dtype=torch.float64)
    return Ridge(inputs, inputs @ torch.arange(1.0, 6.0, dtype=torch.float64) + 0.5 * noise)


def logistic_data(count: int = 300) -> list[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(5)
    inputs = torch.randn(count, 4, generator=generator, dtype=torch.float64)
    chance = torch.sigmoid(inputs @ torch.tensor([1.0, -2.0, 0.5, 0.0], dtype=torch.float64))
    drawn = torch.rand(count, generator=generator, dtype=torch.float64) < chance
    return list(zip(inputs, drawn.double(), strict=True))


def fit_logistic(data, count: int, decay: float = 0.01) -> Tensor:
    """Newton's method to the last digits; divides by `count`."""
    inputs, targets = (torch.stack(each) for each in zip(*data, strict=True))
    weights = torch.zeros(inputs.shape[1], dtype=torch.float64)
    for _ in range(30):
        chance = torch.sigmoid(inputs @ weights)
        slope = inputs.T @ (chance - targets) / count + decay * weights
        bend = (inputs.T * (chance * (1 - chance))) @ inputs / count
        weights = weights - torch.linalg.solve(
            bend + decay * torch.eye(len(weights)).double(), slope
        )
    assert slope.norm() < 1e-14
    return weights


class Twice(nn.Module):
    """Two layers with a bend between, in float64: a model whose output isn't linear in its 26 parameters."""

    def __init__(self, classes: int = 3) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(7)

        def drawn(*shape: int) -> nn.Parameter:
            return nn.Parameter(0.7 * torch.randn(*shape, generator=generator, dtype=torch.float64))

        self.down, self.up, self.bias = drawn(4, 3), drawn(3, classes), drawn(classes)
        self.frozen = nn.Parameter(torch.ones(4, dtype=torch.float64), requires_grad=False)
        self.drop = nn.Dropout(0.5)

    def forward(self, inputs: Tensor) -> Tensor:
        return torch.tanh(self.drop(inputs * self.frozen) @ self.down) @ self.up + self.bias


def class_data(count: int = 10, classes: int = 3) -> list[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(11)
    inputs = torch.randn(count, 4, generator=generator, dtype=torch.float64)
    return list(zip(inputs, torch.randint(classes, (count,), generator=generator), strict=True))
