"""All that a run has a CLIP encode: kept on disk as it goes, counted and timed, and stopped between two batches."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property

import torch
from torch import Tensor

from methods.base import MethodError
from methods.clip_encoder import ClipEncoder
from methods.feature_cache import FeatureCache
from methods.fewshot.clip.features import picture_features, support_views
from methods.fewshot.clip.images import Picture
from methods.fewshot.clip.text import text_classifier
from methods.fewshot.vcr.encoding import tower_of
from methods.fewshot.vcr.features import ViewFeatures, view_features
from methods.fewshot.vcr.presets import ViewSettings
from methods.stages import Told

TOGETHER = 64
"""Pictures whose features are kept at once: what a run that is stopped loses of them."""


class Encoding:
    """An encoder with what is kept of it.

    Attributes:
        passes: pictures and crops that were encoded, and not found among what was kept.
        seconds: that reading, cutting and encoding took.
    """

    def __init__(self, encoder: ClipEncoder, cache: FeatureCache) -> None:
        self.encoder, self.cache = encoder, cache
        self.passes, self.seconds = 0, 0.0

    @cached_property
    def width(self) -> int:
        """D, numbers in a feature."""
        return len(self.text(["one", "other"], ["{}"]))

    def text(self, names: Sequence[str], templates: Sequence[str]) -> Tensor:
        """W (D, C), unit columns, of class names.

        Raises:
            MethodError: names or templates are not as they must be, or a text does not fit into the model's window.
        """
        try:
            return text_classifier(self.encoder, names, templates, self.cache)
        except ValueError as error:
            raise MethodError(f"classes: {error}") from error

    def whole(self, pictures: Sequence[Picture], told: Told) -> Tensor:
        """Features (N, D) of pictures as CLIP sees them, of the length the tower gives them.

        Raises:
            MethodError: a picture cannot be opened; names its file.
        """

        def compute(some: Sequence[Picture]) -> Tensor:
            return picture_features(self.encoder, some, self.cache)

        parts = list(self._kept(pictures, compute, told, "whole pictures"))
        return torch.cat(parts) if parts else torch.empty(0, self.width)

    def support(self, pictures: Sequence[Picture], augmentations: int, told: Told) -> Tensor:
        """Features (A, N, D) of `augmentations` random crops of each picture.

        Raises:
            MethodError: as `whole`.
        """

        def compute(some: Sequence[Picture]) -> Tensor:
            return support_views(self.encoder, some, self.cache, augmentations=augmentations)

        parts = list(self._kept(pictures, compute, told, "pictures to learn from"))
        return torch.cat(parts, dim=1) if parts else torch.empty(augmentations, 0, self.width)

    def views(
        self, pictures: Sequence[Picture], settings: ViewSettings, told: Told
    ) -> Iterator[ViewFeatures]:
        """Views of every picture, in order.

        Raises:
            MethodError: as `whole`.
        """
        coming = view_features(pictures, settings, tower_of(self.encoder), self.cache)
        for place in range(len(pictures)):
            with self._watched(told, place, len(pictures), "pictures looked at closely"):
                seen = next(coming)
            self.passes += seen.encoded
            yield seen

    def _kept(
        self,
        pictures: Sequence[Picture],
        compute: Callable[[Sequence[Picture]], Tensor],
        told: Told,
        what: str,
    ) -> Iterator[Tensor]:
        for start in range(0, len(pictures), TOGETHER):
            before = self.cache.misses
            with self._watched(told, start, len(pictures), what):
                part = compute(pictures[start : start + TOGETHER])
            self.passes += self.cache.misses - before
            yield part

    @contextmanager
    def _watched(self, told: Told, done: int, total: int, what: str) -> Iterator[None]:
        """Say after every batch that the run is alive, which is also where it is stopped."""
        begun = time.perf_counter()

        def alive() -> None:
            told(done, total, f"{done} of {total} {what}")

        alive()
        self.encoder.after_batch = alive
        try:
            yield
        except ValueError as error:
            raise MethodError(f"pictures: {error}") from error
        finally:
            self.encoder.after_batch = lambda: None
            self.seconds += time.perf_counter() - begun
