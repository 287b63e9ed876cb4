"""Everything that arms are made of: features, prototypes of the base classes, semantic vectors, vetoes; on the run's device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from methods.base import Context, MethodError
from methods.clip_encoder import ClipEncoder
from methods.fewshot.clip.features import picture_features
from methods.fewshot.clip.loading import kept_features, load
from methods.fewshot.clip.text import text_classifier
from methods.fewshot.regularising.check import Opened
from methods.fewshot.regularising.classes import Classes
from methods.fewshot.regularising.config import SCENES, RegulariseConfig
from methods.fewshot.regularising.meaning import Vectors, check_vectors
from methods.fewshot.regularising.sources import Source
from methods.fewshot.settings import templates_of

Told = Callable[[float, float, str], None]
FOREIGN = "the small world's CLIP knows only its own coloured shapes: what it sees and reads of other things means little"
PIECE = 256
"""Pictures encoded between two looks at whether the run is to stop; what is kept is kept by the piece."""


@dataclass(frozen=True)
class World:
    """Frozen features and what is known of their classes.

    Attributes:
        features: (N, D) raw.
        prototypes: (B, D), mean raw feature of each base class.
        semantics: (C, S).
        struck: (C, B) bool, vetoes.
        cached: share of the pictures whose features were kept already, 0 to 1; None where features were given.
    """

    classes: Classes
    features: Tensor
    prototypes: Tensor
    semantics: Tensor
    struck: Tensor
    cached: float | None = None

    @property
    def base_semantics(self) -> Tensor:
        """(B, S)."""
        return self.semantics[list(self.classes.base)]


def build_world(config: RegulariseConfig, opened: Opened, context: Context, told: Told) -> World:
    """Encode what is not encoded yet, and put everything on the run's device.

    Raises:
        MethodError: a picture can't be opened, a CLIP doesn't load, or its texts are not as they must be.
    """
    source, classes = opened.source, opened.classes
    features, vectors, cached = source.features, opened.vectors, None
    if features is None or vectors is None:
        told(0, 1, f"loading CLIP {config.model}")
        encoder = load(config, context)
        if source.own and config.model == SCENES:
            context.event("warning", FOREIGN)
        if features is None:
            features, cached = _encoded(source, encoder, context, told)
        if vectors is None:
            vectors = _texts(config, opened, encoder)
    rows = torch.from_numpy(features).to(context.device)
    labels = torch.from_numpy(source.labels).to(context.device)
    told(1, 1, f"{len(rows)} features of {rows.shape[1]} numbers")
    return World(
        classes,
        rows,
        torch.stack([rows[labels == place].mean(0) for place in classes.base]),
        torch.from_numpy(vectors).to(rows),
        torch.from_numpy(opened.struck).to(context.device),
        cached,
    )


def _encoded(
    source: Source, encoder: ClipEncoder, context: Context, told: Told
) -> tuple[NDArray[np.float32], float]:
    """(N, D) features of all pictures, and the share of them that was kept already."""
    pictures, parts = source.pictures(), []
    with kept_features(encoder, context) as cache:
        for begin in range(0, len(pictures), PIECE):
            told(begin, len(pictures), f"{begin} of {len(pictures)} pictures encoded")
            try:
                parts.append(picture_features(encoder, pictures[begin : begin + PIECE], cache))
            except ValueError as error:
                raise MethodError(f"features: {error}") from error
        share = cache.hits / max(1, cache.hits + cache.misses)
    return torch.cat(parts).numpy(), share


def _texts(config: RegulariseConfig, opened: Opened, encoder: ClipEncoder) -> Vectors:
    """(C, S) unit text features of all class names, the mean over templates."""
    source = opened.source
    try:
        found = text_classifier(encoder, source.names, templates_of(config, source.own))
    except ValueError as error:
        raise MethodError(f"semantics: {error}") from error
    vectors = found.T.double().numpy()
    check_vectors(vectors, opened.classes)
    return vectors
