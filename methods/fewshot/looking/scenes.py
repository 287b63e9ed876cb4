"""Generated pictures to look at closely, and to learn from."""

from __future__ import annotations

import random

from methods.fewshot.clip.images import Picture, drawn_picture
from methods.fewshot.looking.config import LookConfig
from methods.fewshot.looking.subject import Subject, named, subject_of
from methods.fewshot.sets.pictures import Asked, PictureSet
from methods.worlds.captions import OBJECTS
from methods.worlds.clip.data import task_images

APART = 1_000_003
"""Between the seeds of what is asked about and of what is learnt from."""


def scenes_subject(config: LookConfig) -> Subject:
    """What a look at generated pictures is about.

    Which pictures are drawn hangs on kind, number and seed, not on the class names, so that a second look under other names is
    at the same pictures.

    Raises:
        MethodError: there are fewer than two classes, or two that read alike.
    """
    seed, kind = config.scene_seed, config.scene_kind
    images, labels = task_images(kind, len(OBJECTS) * -(-config.scene_number // len(OBJECTS)), seed)
    drawn = list(zip(images, labels, strict=True))
    random.Random(seed).shuffle(drawn)
    asked = tuple(
        Asked(drawn_picture(f"{kind} scene {place}.png", image), OBJECTS[label])
        for place, (image, label) in enumerate(drawn[: config.scene_number], 1)
    )
    learnt = task_images(kind, len(OBJECTS) * config.scene_shots, seed + APART)
    support: dict[str, tuple[Picture, ...]] = {}
    for place, (image, label) in enumerate(zip(*learnt, strict=True), 1):
        picture = drawn_picture(f"{kind} shot {place}.png", image)
        support[OBJECTS[label]] = (*support.get(OBJECTS[label], ()), picture)
    names = named(config.classes) or list(OBJECTS)
    return subject_of("scenes", PictureSet(asked, support), names)
