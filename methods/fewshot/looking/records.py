"""The rows that a look records, as pages read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from methods.clip_encoder import ClipEncoder
from methods.fewshot.classifiers.fitting import Fitted
from methods.fewshot.clip.names import prompt
from methods.fewshot.looking.config import LookConfig
from methods.fewshot.looking.seeing import Eyes, Looked, best
from methods.fewshot.looking.subject import Question, Subject, is_scenes
from methods.fewshot.settings import templates_of, view_settings
from methods.fewshot.vcr.features import ViewFeatures

KIND, SETUP = "look", "look_setup"


def look_row(
    question: Question,
    seen: ViewFeatures,
    looked: Looked,
    eyes: Eyes,
    picture: str,
    notes: tuple[str, ...],
) -> dict[str, Any]:
    """A row of `look`, one a picture.

    picture (name of the saved file), name, sha256 (of the content: the same picture in two looks has the same), width, height
    (pixels, in which boxes are), label (class or null), notes, answers
    {classifier: {refinement: [[class, probability], up to 5]}}, scales [{scale, drawn, distinct, views [{box [x, y, w, h], margin,
    top, probability}; the chosen one first, then by margin; 24 and the last], votes {class: views}}], shares [{scale or "global",
    share, top}], top (of zero-shot after the closer look), disagreeing (scales whose chosen view names another class), encoded (crops
    that were encoded now; the others were kept).
    """
    return {
        "picture": picture,
        "name": question.picture.name,
        "sha256": question.picture.sha256,
        "width": seen.width,
        "height": seen.height,
        "label": None if question.label is None else eyes.classes[question.label],
        "notes": list(notes),
        "answers": {
            classifier: {name: best(chances, eyes.classes) for name, chances in answers.items()}
            for classifier, answers in looked.answers.items()
        },
        "scales": looked.scales,
        "shares": looked.shares,
        "top": eyes.classes[looked.top("zero_shot", "vcr")],
        "disagreeing": looked.disagreeing,
        "encoded": seen.encoded,
    }


def setup_row(
    config: LookConfig,
    subject: Subject,
    encoder: ClipEncoder,
    fitted: Mapping[str, Fitted],
    warnings: list[str],
) -> dict[str, Any]:
    """The one row of `look_setup`: what all pictures were asked, by whom, and what the classifiers had to learn from.

    prompts {class: [text a template]}, shots {class: pictures}, classifiers {name: {alpha, beta, tuned_on, accuracy, ties, at_the_end}},
    alpha and beta null where there is none.
    """
    templates = templates_of(config, not is_scenes(config))
    views = view_settings(config)
    return {
        "source": subject.name,
        "classes": list(subject.classes),
        "templates": list(templates),
        "prompts": {
            name: [prompt(template, name) for template in templates] for name in subject.classes
        },
        "model": encoder.name,
        "shots": dict(zip(subject.classes, subject.counts, strict=True)),
        "support_pictures": len(subject.shots),
        "scales": list(views.scales),
        "views": views.views,
        "crop_seed": views.seed,
        "whole": views.whole,
        "views_a_picture": views.encoded,
        "margin": config.margin,
        "merge_norm": config.merge_norm,
        "classifiers": {name: _tuned(each) for name, each in fitted.items()},
        "notes": [*subject.notes, *warnings],
    }


def _tuned(fitted: Fitted) -> dict[str, Any]:
    chosen = fitted.chosen
    if chosen is None:
        return {"alpha": None, "beta": None, "tuned_on": "", "accuracy": None}
    return {
        "alpha": chosen.alpha,
        "beta": chosen.beta,
        "tuned_on": chosen.tuned_on,
        "accuracy": chosen.accuracy,
        "ties": chosen.ties,
        "at_the_end": list(chosen.at_the_end),
    }
