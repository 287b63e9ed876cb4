"""Gate and cosine classifier of every episode, trained on its support by full-batch Adam; no query is at hand here."""

from __future__ import annotations

import torch
from torch import Tensor

from methods.fewshot.afr.gate import Gate
from methods.fewshot.afr.heads import centroids, cosine_head
from methods.fewshot.afr.losses import cross_entropy, squared_error, supervised_contrast
from methods.fewshot.afr.settings import AFRSettings

FIRST, SECOND, TINY = 0.9, 0.999, 1e-8
"""Adam's beta1, beta2 and epsilon."""


def train(features: Tensor, targets: Tensor, settings: AFRSettings) -> tuple[Gate | None, Tensor]:
    """Minimise cross-entropy + .1 contrast + 1 squared error, each weighted as the settings say.

    Contrast and squared error move nothing but the gate; without one they are not computed. Losses of episodes are summed and
    Adam works by the element, so that no episode depends on its neighbours in the stack.

    Args:
        features: (E, N, D) unit rows.
        targets: (E, N, W), rows that sum to 1.
        settings: weights of the losses, steps, and whether there is a gate.

    Returns:
        the gate, or None where there is to be none, and the cosine classifier's weights (E, W, D), which begin as class means.
        Where cross-entropy is off, they are the means of the gated features.
    """
    gate = None
    if settings.gate:
        gate = Gate.identity(len(features), features, settings.reduction, settings.seed)
    weights = centroids(features, targets)
    if settings.trained:
        with torch.enable_grad():
            _descend(features, targets, weights, gate, settings)
    if settings.cross_entropy == 0 and gate is not None:
        weights = centroids(gate.apply(features), targets)
    return gate, weights


def _descend(
    features: Tensor, targets: Tensor, weights: Tensor, gate: Gate | None, settings: AFRSettings
) -> None:
    labels = targets.argmax(-1)
    goal = features
    if settings.squared_target == "centre":
        goal = centroids(features, targets).take_along_dim(labels[..., None], -2)
    parameters = [weights, *(gate.parameters() if gate else [])]
    adam = Adam(parameters, settings.learning_rate, settings.weight_decay)
    for _ in range(settings.steps):
        seen = gate.apply(features) if gate else features
        loss = features.new_zeros(len(features))
        if settings.cross_entropy:
            logits = cosine_head(weights, settings.scale).scores(seen)
            loss = loss + settings.cross_entropy * cross_entropy(logits, targets)
        if gate and settings.contrastive:
            contrast = supervised_contrast(seen, labels, settings.contrast_temperature)
            loss = loss + settings.contrastive * contrast
        if gate and settings.squared:
            loss = loss + settings.squared * squared_error(seen, goal)
        adam.step(loss.sum())
    for parameter in parameters:
        parameter.requires_grad_(False)


class Adam:
    """Kingma & Ba 2015, algorithm 1, with L2. Written out: PyTorch's own costs 20 s of imports of its compiler on first use."""

    def __init__(self, parameters: list[Tensor], rate: float, weight_decay: float) -> None:
        self._parameters = [each.requires_grad_() for each in parameters]
        self._rate, self._decay, self._steps = rate, weight_decay, 0
        self._means = [torch.zeros_like(each) for each in parameters]
        self._squares = [torch.zeros_like(each) for each in parameters]

    def step(self, loss: Tensor) -> None:
        """Go down a loss; a parameter that it does not depend on only decays."""
        self._steps += 1
        gradients = torch.autograd.grad(loss, self._parameters, materialize_grads=True)
        faded, spread = (1 - beta**self._steps for beta in (FIRST, SECOND))
        with torch.no_grad():
            for each, found, mean, square in zip(
                self._parameters, gradients, self._means, self._squares, strict=True
            ):
                gradient = found.add(each, alpha=self._decay)
                mean.lerp_(gradient, 1 - FIRST)
                square.lerp_(gradient.square(), 1 - SECOND)
                length = (square / spread).sqrt_().add_(TINY)
                each.addcdiv_(mean, length, value=-self._rate / faded)
