"""A x = b at one point of linearisation, for any damping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from methods.unlearning.influence.curvature.choosing import curvature_products
from methods.unlearning.influence.curvature.lora import LoraGaussNewton
from methods.unlearning.influence.losses import Losses
from methods.unlearning.influence.settings import Settings
from methods.unlearning.influence.solvers.conjugate_gradients import conjugate_gradients
from methods.unlearning.influence.solvers.lissa import POWER_ITERATIONS, lissa
from methods.unlearning.influence.solvers.published import solve_published
from methods.unlearning.influence.solvers.solution import Product, Solution
from methods.unlearning.influence.stepping import drawn
from methods.unlearning.request import Request


class Linearised:
    """The edited data's curvature at `theta`, and solutions with it.

    The curvature is that of the edited data or of a fixed part of it, each part's sample standing for its share; of the original
    data at the first point where the settings say so, and for the published solver, as its authors do.
    """

    def __init__(
        self,
        losses: Losses,
        theta: Tensor,
        data: Sequence[Any],
        request: Request,
        settings: Settings,
        *,
        first: bool,
    ) -> None:
        self._losses, self._theta, self._data = losses, theta, data
        self._settings = settings
        if settings.as_published:
            return
        original = first and settings.curvature_data == "original"
        samples = data if original else request.edited(data)
        positions = drawn(range(len(samples)), settings.curvature_rows, settings.seed)
        self._product = curvature_products(
            settings.curvature,
            losses,
            theta,
            [samples[position] for position in positions],
            len(samples) / len(positions) / len(data),
            settings.keep_linearisation,
            weight_decay=settings.weight_decay,
        )

    @property
    def coupling(self) -> float | None:
        """The largest singular value of the coupling of LoRA's factors before it was cut; None for other curvatures."""
        product = None if self._settings.as_published else self._product
        return product.largest if isinstance(product, LoraGaussNewton) else None

    def solve(self, b: Tensor, damping: float) -> Solution:
        """x of (C + (weight decay + damping) I) x = b; the damping is not used by the published solver."""
        settings = self._settings
        if settings.as_published:
            return self._solve_published(b)
        shift = settings.weight_decay + damping
        solver = conjugate_gradients if settings.solver == "cg" else lissa
        found = solver(
            _shifted(self._product, shift),
            b,
            max_iterations=settings.max_iterations,
            tolerance=settings.tolerance,
        )
        largest = None if found.largest is None else found.largest - shift
        return replace(found, largest=largest)

    def _solve_published(self, b: Tensor) -> Solution:
        settings = self._settings

        def product_of(positions: list[int]) -> Product:
            mean = curvature_products(
                settings.curvature,
                self._losses,
                self._theta,
                [self._data[position] for position in positions],
                1 / len(positions),
                weight_decay=settings.weight_decay,
            )
            return _shifted(mean, settings.weight_decay)

        return solve_published(
            product_of,
            len(self._data),
            b,
            settings.published,
            mended=settings.solver == "published_mended",
            generator=torch.Generator().manual_seed(settings.seed),
        )


def samples_in_a_solve(settings: Settings, edited: int) -> int:
    """How many samples' products a solve takes at most, with `edited` samples in the edited data."""
    if settings.as_published:
        return settings.published.iterations * settings.published.batch
    products = settings.max_iterations + POWER_ITERATIONS * (settings.solver == "lissa")
    return products * (min(settings.curvature_rows, edited) or edited)


def _shifted(product: Product, shift: float) -> Product:
    return lambda vector: product(vector) + shift * vector
