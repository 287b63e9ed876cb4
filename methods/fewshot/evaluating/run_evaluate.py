"""The run of `fewshot.evaluate`: draw pictures, look at each once, let every classifier answer, and only then read labels."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from methods.base import Context, MethodError, Open, Result
from methods.fewshot.clip.images import Picture
from methods.fewshot.clip.loading import kept_features, load
from methods.fewshot.clip.text import synonyms, text_classifier
from methods.fewshot.encoding import Encoding
from methods.fewshot.evaluating import report
from methods.fewshot.evaluating.check import check_settings
from methods.fewshot.evaluating.config import SCENES, EvaluateConfig
from methods.fewshot.evaluating.drawing import Drawn, draw
from methods.fewshot.evaluating.estimate import Size, stages_of
from methods.fewshot.evaluating.looking import look
from methods.fewshot.evaluating.naming import Named, Task, name_all
from methods.fewshot.evaluating.opening import open_own, opened
from methods.fewshot.evaluating.report import Setting
from methods.fewshot.evaluating.scoring import score
from methods.fewshot.sets.labelled import Item, LabelledSet
from methods.fewshot.sets.scenes import scenes_set
from methods.fewshot.settings import templates_of
from methods.stages import Stages, Told

MOST_SCENES = 64
"""Generated pictures of a class to draw shots from, unless more shots are asked for."""
SYNONYMS = 5
"""Pairs of classes that are warned of, at most."""
FOREIGN = "The small world's CLIP knows only its own coloured shapes: what it says of other pictures means nothing."
WORLD = "small world CLIP (scenes)"


def run(config: EvaluateConfig, context: Context) -> Result:
    """Evaluate classifiers on a set.

    What was encoded is kept in `context.shared` as the run goes: one that was stopped goes on from there, and a later one with other
    classifiers, shots already seen, margin or merge encodes only what is new.

    Raises:
        MethodError: settings, pictures or a CLIP that are not as they must be.
        Cancelled: the run was asked to stop.
    """
    begun = time.monotonic()
    check_settings(config)
    found = open_set(config, context.open)
    drawn = draw(found, config, context.seed)
    shots = max(len(each) for each in drawn.supports)
    size = Size(len(found.classes), len(drawn.train), shots, len(drawn.val), len(drawn.test))
    stages = Stages(context, stages_of(config, size))
    stages.part("open")(1, 1, f"{len(drawn.items)} pictures of {found.name}")
    pictures, notes = _checked(drawn.items, stages.part("check"))
    encoder = load(config, context)
    stages.part("load")(1, 1, f"{encoder.name} is loaded")
    with kept_features(encoder, context) as cache:
        encoding = Encoding(encoder, cache)
        text, warnings = _text(config, found, encoding)
        task = _encoded(config, context, drawn, pictures, text, encoding, stages)
    for warning in warnings:
        context.event("warning", warning)
    for note in (*found.notes, *drawn.notes, *notes):
        context.event("info", note)
    named = _named(task, config, context.seed, stages.part("fit"))
    labels = np.array([item.label for item in drawn.test], dtype=np.int64)
    scored = score(named, labels, len(drawn.seeds), context.seed)
    setting = Setting(
        config,
        found,
        drawn,
        WORLD if config.model == "scenes" else encoder.name,
        (*warnings, *found.notes, *drawn.notes, *notes),
        encoding.seconds,
        encoding.passes,
        cache.hits,
    )
    tested = pictures[len(drawn.items) - len(drawn.test) :]
    metrics = report.tell(setting, scored, labels, tested, context, stages.part("tell"))
    context.progress(1, 1, "done")
    seconds = {"seconds_encoding": encoding.seconds, "seconds": time.monotonic() - begun}
    return Result(metrics | seconds, report.summary(setting, scored))


def open_set(config: EvaluateConfig, open_file: Open) -> LabelledSet:
    """Generate scenes, or list a folder or zip.

    Raises:
        MethodError: it is not there, or not as it must be; names file or folder.
    """
    if config.pictures != SCENES:
        return open_own(config, open_file)
    return scenes_set(
        config.kinds,
        train=max(config.shots, min(config.shots * config.draws, MOST_SCENES)),
        val=config.val_pictures if config.validation == "val" else 0,
        test=config.test_pictures,
        seed=config.set_seed,
    )


def _checked(items: Sequence[Item], told: Told) -> tuple[list[Picture], list[str]]:
    """Decode every picture before any is encoded: the pictures, and what was done to some to be RGB and upright."""
    pictures, notes = [], []
    for place, item in enumerate(items):
        told(place, len(items), f"{place} of {len(items)} pictures checked")
        picture, said = opened(item)
        pictures.append(picture)
        notes += [f"{item.name}: {each}" for each in said]
    rest = len(notes) - report.MOST_NOTES
    more = [f"and {rest} more such notes on pictures"] if rest > 0 else []
    return pictures, [*notes[: report.MOST_NOTES], *more]


def _text(
    config: EvaluateConfig, found: LabelledSet, encoding: Encoding
) -> tuple[Tensor, list[str]]:
    """Class texts (D, C), and what limits what is said with them."""
    try:
        templates = templates_of(config, own=config.pictures != SCENES)
        text = text_classifier(encoding.encoder, found.classes, templates, encoding.cache)
    except ValueError as error:
        raise MethodError(f"pictures: {found.name}: {error}") from error
    said = [
        f"CLIP hardly tells {one!r} from {other!r} (cosine {cosine:.4f}): where one of them wins, every margin is near 0."
        for one, other, cosine in synonyms(text, found.classes)[:SYNONYMS]
    ]
    if config.model == "scenes" and config.pictures != SCENES:
        said.append(FOREIGN)
    return text, said


def _encoded(
    config: EvaluateConfig,
    context: Context,
    drawn: Drawn,
    pictures: Sequence[Picture],
    text: Tensor,
    encoding: Encoding,
    stages: Stages,
) -> Task:
    """All that classifiers get, on the device of the run."""
    learnt, tuned = len(drawn.train), len(drawn.train) + len(drawn.val)
    train, val, test = pictures[:learnt], pictures[learnt:tuned], pictures[tuned:]
    device = context.device

    def labels(items: Sequence[Item]) -> Tensor:
        return torch.tensor([item.label for item in items], dtype=torch.int64, device=device)

    plain = encoding.whole(train, stages.part("plain")).to(device)
    views = encoding.support(train, config.augmentations, stages.part("support")).to(device)
    seen_val = look(encoding, val, text, config, stages.part("val")).to(device)
    seen_test = look(encoding, test, text, config, stages.part("test")).to(device)
    return Task(
        text.to(device),
        views,
        plain,
        labels(drawn.train),
        drawn.supports,
        (seen_val, labels(drawn.val)) if val else None,
        seen_test,
    )


def _named(task: Task, config: EvaluateConfig, seed: int, told: Told) -> list[Named]:
    """The answers of every classifier, one after the other."""
    done: list[Named] = []

    def alive(share: float, message: str) -> None:
        told(len(done) + share, len(config.classifiers), message)

    for named in name_all(task, config, seed, alive):
        done.append(named)
    return done
