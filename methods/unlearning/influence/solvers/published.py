"""The solver of the paper, in the arithmetic of the code published with it, and with its factor of one half mended.

The paper (arXiv:2412.00383) minimises f(x) = 1/2 x' H x - b' x over mini-batches of the training data. The published code takes
its product H x as a constant, so that the gradient it hands to Adam is 1/2 H x - b: with enough steps it ends at
(H / 2 + adjust I)^-1 b, about twice the solution. With the settings it ships, 20 steps of 1e-5, it ends near init + 20 lr sign(b).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from methods.unlearning.influence.solvers.published_settings import Published
from methods.unlearning.influence.solvers.solution import Product, Solution


def solve_published(
    product_of: Callable[[list[int]], Product],
    count: int,
    b: Tensor,
    settings: Published,
    *,
    mended: bool,
    generator: torch.Generator,
) -> Solution:
    """Adam on x from mini-batches of `count` samples, shuffled anew when they run out; an incomplete last one is dropped.

    Args:
        product_of: from positions of samples to the product with the mean curvature of their losses.
        b: (p,).
        mended: take H x - b for the gradient, instead of the published 1/2 H x - b.
        generator: on the CPU; draws the order of the samples.
    """
    size = min(settings.batch, count)
    factor = 1.0 if mended else 0.5
    x = torch.full_like(b, settings.init).requires_grad_()
    adam = torch.optim.Adam([x], lr=settings.lr, weight_decay=settings.adjust)
    order: list[int] = []
    for _ in range(settings.iterations):
        if len(order) < size:
            order = torch.randperm(count, generator=generator).tolist()
        drawn, order = order[:size], order[size:]
        x.grad = factor * product_of(drawn)(x.detach()) - b
        adam.step()
    return Solution(x.detach(), products=settings.iterations)
