"""A CLIP for a run, and its features that earlier runs on this machine have kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from methods.base import Context
from methods.clip_encoder import ClipEncoder
from methods.clip_models import load_clip
from methods.feature_cache import FeatureCache
from methods.fewshot.settings import ClipSettings

TEXTS = 16
"""In one forward: batches are filled up, and a second look often asks for a few new names only."""


def load(settings: ClipSettings, context: Context) -> ClipEncoder:
    """The CLIP of a run; what was mended while loading is told there.

    Its batches are filled up, so that a feature is the same to the bit whatever was kept already and what is encoded beside it.

    Raises:
        MethodError: there is no such model, or it does not load.
    """
    encoder = load_clip(
        settings.model,
        settings.pretrained,
        context.device,
        precision=settings.precision,
        batch_size=settings.batch_size,
        fixed_batches=True,
    )
    encoder.text_batch = min(settings.batch_size, TEXTS)
    for note in encoder.notes:
        context.event("warning", note)
    return encoder


@contextmanager
def kept_features(encoder: ClipEncoder, context: Context) -> Iterator[FeatureCache]:
    """What runs on this machine keep of a CLIP; one for each kind of device, whose last bits differ."""
    name = f"{encoder.id}-{encoder.device.type}-{encoder.batch_size}"
    with closing(FeatureCache(context.shared, name)) as cache:
        yield cache
        if cache.damaged:
            context.event(
                "warning",
                f"{cache.damaged} kept features were damaged and have been computed again",
                damaged=cache.damaged,
            )
