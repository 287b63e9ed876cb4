"""The run of `fewshot.look`: encode what is new, fit the classifiers, look at every picture and tell what was seen."""

from __future__ import annotations

import time
from collections.abc import Sequence

import torch
from torch import Tensor

from methods.base import Context, Result
from methods.fewshot.classifiers.fitting import Fitted, Name, fit_classifier, options_of
from methods.fewshot.classifiers.support import Support
from methods.fewshot.clip.loading import kept_features, load
from methods.fewshot.clip.text import synonyms
from methods.fewshot.encoding import Encoding
from methods.fewshot.looking.check import check_picture, check_settings
from methods.fewshot.looking.config import LookConfig
from methods.fewshot.looking.estimate import Size, stages_of
from methods.fewshot.looking.figures import Figures
from methods.fewshot.looking.records import KIND, SETUP, look_row, setup_row
from methods.fewshot.looking.saving import save_picture
from methods.fewshot.looking.scenes import scenes_subject
from methods.fewshot.looking.seeing import Eyes, look
from methods.fewshot.looking.subject import Subject, is_scenes, own_subject
from methods.fewshot.settings import CLASSIFIER_TITLES, templates_of, view_settings
from methods.stages import Stages, Told

SYNONYMS = 5
"""Pairs of classes that are warned of, at most."""


def run(config: LookConfig, context: Context) -> Result:
    """Look at pictures as a whole and closely.

    What was encoded is kept in `context.shared` as the run goes, so that one that was stopped goes on from there, and a later one with
    other class names, margin or merge encodes nothing.

    Raises:
        MethodError: settings, pictures or a CLIP that are not as they must be.
        Cancelled: the run was asked to stop.
    """
    check_settings(config)
    subject = scenes_subject(config) if is_scenes(config) else own_subject(config, context.open)
    size = Size(len(subject.questions), len(subject.shots))
    stages = Stages(context, stages_of(config, size))
    notes = _checked(subject, stages.part("check"))
    encoder = load(config, context)
    stages.part("load")(1, 1, f"{encoder.name} is loaded")
    with kept_features(encoder, context) as cache:
        return _Look(config, context, subject, stages, Encoding(encoder, cache)).told(notes)


class _Look:
    """A look on its way."""

    def __init__(
        self,
        config: LookConfig,
        context: Context,
        subject: Subject,
        stages: Stages,
        encoding: Encoding,
    ) -> None:
        self.config, self.context, self.subject = config, context, subject
        self.stages, self.encoding = stages, encoding
        self.begun = time.monotonic()

    def told(self, notes: Sequence[tuple[str, ...]]) -> Result:
        """Do all of it.

        Args:
            notes: of each picture that is asked about.
        """
        eyes, warnings = self._eyes()
        for text in self.subject.notes:
            self.context.event("info", text)
        for text in warnings:
            self.context.event("warning", text)
        row = setup_row(self.config, self.subject, self.encoding.encoder, eyes.fitted, warnings)
        self.context.record(SETUP, [row])
        figures = self._look(eyes, notes)
        passes, known = self.encoding.passes, figures.from_cache
        self.context.event(
            "info",
            f"{passes:,} pictures and crops were encoded; all views of {known} of {figures.pictures} pictures were kept already",
            encoded=passes,
            pictures_from_cache=known,
        )
        self.context.progress(1, 1, "done")
        metrics = figures.metrics | {
            "classes": float(len(self.subject.classes)),
            "shots": float(len(self.subject.shots)),
            "encoded": float(passes),
            "seconds_encoding": self.encoding.seconds,
            "seconds": time.monotonic() - self.begun,
        }
        return Result(metrics, figures.summary(list(eyes.fitted)))

    def _eyes(self) -> tuple[Eyes, list[str]]:
        """What looks, and what limits it."""
        config, classes = self.config, self.subject.classes
        text = self.encoding.text(classes, templates_of(config, not is_scenes(config)))
        fitted = self._fitted(text)
        return Eyes(classes, text, fitted, config.margin, config.merge_norm), self._warnings(text)

    def _fitted(self, text: Tensor) -> dict[str, Fitted]:
        """Zero-shot, and the classifiers that were asked for where there is something to learn from."""
        support, options = self._support(), options_of(self.config, self.context.seed)
        others = [name for name in self.config.classifiers if name != "zero_shot"]
        names: list[Name] = ["zero_shot", *(others if self.subject.shots else [])]
        told, fitted = self.stages.part("fit"), {}
        for place, name in enumerate(names):

            def alive(done: int, total: int, place: int = place, name: str = name) -> None:
                told(place + done / total, len(names), f"fitting {CLASSIFIER_TITLES[name]}")

            alive(0, 1)
            fitted[str(name)] = fit_classifier(name, support, text, options, progress=alive)
        return fitted

    def _support(self) -> Support:
        pictures = [shot.picture for shot in self.subject.shots]
        labels = torch.tensor([shot.label for shot in self.subject.shots], dtype=torch.int64)
        plain = self.encoding.whole(pictures, self.stages.part("plain"))
        count = self.config.augmentations
        views = self.encoding.support(pictures, count, self.stages.part("support"))
        return Support(views, labels, len(self.subject.classes), plain)

    def _warnings(self, text: Tensor) -> list[str]:
        said = [
            f"CLIP hardly tells {one!r} from {other!r} (cosine {cosine:.4f}): where one of them wins, every margin is near 0."
            for one, other, cosine in synonyms(text, self.subject.classes)[:SYNONYMS]
        ]
        if self.config.model == "scenes" and not is_scenes(self.config):
            said.append(
                "The small world's CLIP knows only its own coloured shapes: what it says of other pictures means nothing."
            )
        if not self.subject.shots and set(self.config.classifiers) != {"zero_shot"}:
            said.append("There is no picture to learn from: only zero-shot answers.")
        return said

    def _look(self, eyes: Eyes, notes: Sequence[tuple[str, ...]]) -> Figures:
        questions, figures = self.subject.questions, Figures()
        pictures = [each.picture for each in questions]
        plain = self.encoding.whole(pictures, self.stages.part("whole"))
        views, told = view_settings(self.config), self.stages.part("look")
        seen_views = self.encoding.views(pictures, views, told)
        for place, (question, seen) in enumerate(zip(questions, seen_views, strict=True)):
            looked = look(seen, plain[place], views.views, eyes)
            figures.add(question, looked, seen.encoded)
            name = save_picture(self.context, place, question.picture)
            row = look_row(question, seen, looked, eyes, name, notes[place])
            self.context.record(KIND, [row])
        return figures


def _checked(subject: Subject, told: Told) -> list[tuple[str, ...]]:
    """Decode every picture before any is encoded.

    Returns:
        what was done to each that is asked about, in sentences.
    """
    asked = [each.picture for each in subject.questions]
    pictures, notes = [*asked, *(each.picture for each in subject.shots)], []
    for place, picture in enumerate(pictures):
        told(place, len(pictures), f"{place} of {len(pictures)} pictures checked")
        notes.append(check_picture(picture))
    return notes[: len(asked)]
