"""The labelled pictures that a classifier learns from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.nn.functional import normalize, one_hot


@dataclass(frozen=True, eq=False)
class Support:
    """Features of the shots: any number a class, none included.

    Attributes:
        views: (A, N, D), features of A augmented views of each of N pictures, of any length; N may be 0.
        labels: (N,), int64 in 0..C - 1.
        classes: C, 2 or more.
        plain: (N, D), the pictures as a picture that is asked about is seen, for leave-one-out; None is the mean of the views.

    Raises:
        ValueError: shapes do not fit, a label is none of the classes, a feature is no number, or there is one class only.
    """

    views: Tensor
    labels: Tensor
    classes: int
    plain: Tensor | None = None

    def __post_init__(self) -> None:
        if self.classes < 2:
            raise ValueError(
                f"classes must be 2 or more, got {self.classes}: there is nothing to tell apart"
            )
        if self.views.ndim != 3 or len(self.views) == 0:
            raise ValueError(f"views must be (A, N, D) with A >= 1, got {tuple(self.views.shape)}")
        _, count, width = self.views.shape
        if self.labels.shape != (count,):
            raise ValueError(
                f"labels must be ({count},), one a picture, got {tuple(self.labels.shape)}"
            )
        if self.plain is not None and self.plain.shape != (count, width):
            raise ValueError(f"plain must be ({count}, {width}), got {tuple(self.plain.shape)}")
        wrong = ((self.labels < 0) | (self.labels >= self.classes)).nonzero().flatten().tolist()
        if wrong:
            raise ValueError(
                f"label {int(self.labels[wrong[0]])} of picture {wrong[0]} is none of 0..{self.classes - 1}"
            )
        broken = (~self.views.isfinite().all(dim=2).all(dim=0)).nonzero().flatten().tolist()
        if broken:
            raise ValueError(f"features of picture {broken[0]} are no finite numbers")

    @cached_property
    def keys(self) -> Tensor:
        """(D, N), unit columns: the mean of a picture's views, as Tip-Adapter has it."""
        return normalize(self.views.mean(dim=0), dim=1).T

    @cached_property
    def asked(self) -> Tensor:
        """(N, D), unit rows: the pictures as if they were asked about."""
        return self.keys.T if self.plain is None else normalize(self.plain, dim=1)

    @cached_property
    def unit_views(self) -> Tensor:
        """(A, N, D), unit rows."""
        return normalize(self.views, dim=2)

    @cached_property
    def counts(self) -> Tensor:
        """(C,), pictures of each class."""
        return torch.bincount(self.labels, minlength=self.classes)

    @property
    def judged(self) -> Tensor:
        """(N,) bool: pictures whose class has another one, so that the support can say something about them without them."""
        return self.counts[self.labels] > 1

    def values(self, balanced: bool = False) -> Tensor:
        """(N, C), one-hot rows: what each key says.

        Args:
            balanced: divide a class's column by its number of pictures over the mean number of the classes that have any, so that a
                class with many shots does not outvote one with few; with equal numbers nothing changes.
        """
        values = one_hot(self.labels, self.classes).to(self.views.dtype)
        if not balanced or len(self.labels) == 0:
            return values
        present = self.counts[self.counts > 0].to(values.dtype)
        return values * (present.mean() / self.counts.clamp(min=1))

    def without(self, out: Tensor) -> Support:
        """The same without the pictures that are True in `out` (N,)."""
        plain = None if self.plain is None else self.plain[~out]
        return Support(self.views[:, ~out], self.labels[~out], self.classes, plain)
