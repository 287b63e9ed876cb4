"""What a run leaves behind: rows, small pictures, a table, metrics and a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from methods.base import Context
from methods.fewshot.clip.images import Picture
from methods.fewshot.clip.names import prompt
from methods.fewshot.evaluating import records, telling
from methods.fewshot.evaluating.config import SCENES, EvaluateConfig
from methods.fewshot.evaluating.drawing import Drawn
from methods.fewshot.evaluating.naming import Integers
from methods.fewshot.evaluating.records import PictureRow, Setup
from methods.fewshot.evaluating.scoring import GLOBAL, VCR, Scored
from methods.fewshot.evaluating.verdict import overall, shots_each, verdicts
from methods.fewshot.sets.labelled import LabelledSet
from methods.fewshot.settings import REFINEMENTS, templates_of
from methods.stages import Told

SIDE = 256
"""Pixels of the longer side of a picture that is kept, at most."""
MOST_NOTES = 20
TABLE = "results.csv"


@dataclass(frozen=True, eq=False)
class Setting:
    """What every figure of the run is of."""

    config: EvaluateConfig
    found: LabelledSet
    drawn: Drawn
    model: str
    notes: tuple[str, ...]
    seconds_encoding: float
    encoded: int
    cached: int

    @property
    def templates(self) -> tuple[str, ...]:
        return templates_of(self.config, own=self.config.pictures != SCENES)

    @property
    def shots(self) -> list[int]:
        """Of each class, in each draw."""
        train, [first, *_] = self.drawn.train, self.drawn.supports
        counts = Counter(train[place].label for place in first)
        return [counts[label] for label in range(len(self.found.classes))]


def tell(
    setting: Setting,
    scored: Sequence[Scored],
    labels: Integers,
    tested: Sequence[Picture],
    context: Context,
    told: Told,
) -> dict[str, float]:
    """Record and save everything; returns the metrics."""
    classes, config = setting.found.classes, setting.config
    context.record(records.SETUP, [setup_row(setting)])
    context.record(
        records.VERDICT,
        verdicts(scored, config.shots, len(setting.drawn.seeds), len(tested)),
    )
    for each in scored:
        context.record(records.SCORE, telling.score_rows(each))
        context.record(records.CLASS, telling.class_rows(each, labels, classes, setting.shots))
        context.record(records.CONFUSION, telling.confusion_rows(each.named, labels, classes))
        choices = each.named.choices
        context.record(records.MAP, telling.map_rows(choices, each.classifier, setting.drawn.seeds))
    saved: dict[int, str] = {}
    for done, each in enumerate(scored):
        rows = list(_picture_rows(setting, each, labels, tested, saved, context))
        context.record(records.PICTURE, rows)
        told(done + 1, len(scored), f"pictures of {done + 1} of {len(scored)} classifiers kept")
    context.save_table(TABLE, table_rows(setting, scored), role="scores")
    return metrics_of(setting, scored)


def setup_row(setting: Setting) -> Setup:
    config, classes = setting.config, setting.found.classes
    return {
        "template": list(setting.templates),
        "prompts": [prompt(setting.templates[0], name) for name in classes],
        "model": setting.model,
        "set": setting.found.name,
        "classes": list(classes),
        "shots": config.shots,
        "shots_of": dict(zip(classes, setting.shots, strict=True)),
        "test_pictures": len(setting.drawn.test),
        "val_pictures": len(setting.drawn.val),
        "seeds": list(setting.drawn.seeds),
        "kinds": list(config.kinds) if config.pictures == SCENES else [],
        "tuned_on": config.validation,
        "scales": list(config.scales),
        "views": config.views,
        "margin": config.margin,
        "merge_norm": config.merge_norm,
        "whole": config.whole,
        "augmentations": config.augmentations,
        "notes": list(setting.notes),
        "seconds_encoding": setting.seconds_encoding,
        "encoded": setting.encoded,
        "cached": setting.cached,
    }


def _picture_rows(
    setting: Setting,
    scored: Scored,
    labels: Integers,
    tested: Sequence[Picture],
    saved: dict[int, str],
    context: Context,
) -> Iterator[PictureRow]:
    """Rows of one classifier; a picture that an earlier one has kept is in `saved`."""
    classes = setting.found.classes
    for place, outcome, draw in telling.pictures_shown(scored, labels):
        if place not in saved:
            saved[place] = _save(place, tested[place], context)
        yield {
            "picture": saved[place],
            "name": tested[place].name,
            "label": classes[int(labels[place])],
            "classifier": scored.classifier,
            "outcome": outcome,
            "draw": setting.drawn.seeds[draw],
            "before": telling.answers_of(scored.named, draw, GLOBAL, place, classes),
            "after": telling.answers_of(scored.named, draw, VCR, place, classes),
        }


def _save(place: int, picture: Picture, context: Context) -> str:
    image = picture.open().copy()
    image.thumbnail((SIDE, SIDE))
    name = f"picture-{place:05d}.png"
    context.save_image(name, image, role="picture", picture=picture.name)
    return name


def table_rows(setting: Setting, scored: Sequence[Scored]) -> Iterator[dict[str, Any]]:
    """A row for each classifier, refinement and draw, with the whole setting: a figure never stands without it."""
    config, drawn = setting.config, setting.drawn
    about = {
        "set": setting.found.name,
        "kinds": " ".join(config.kinds) if config.pictures == SCENES else "",
        "classes": len(setting.found.classes),
        "shots": config.shots,
        "test_pictures": len(drawn.test),
        "model": setting.model,
        "template": " | ".join(setting.templates),
        "tuned_on": config.validation,
        "scales": " ".join(f"{scale:g}" for scale in config.scales),
        "views": config.views,
        "crop_seed": config.crop_seed,
        "margin": config.margin,
        "merge_norm": config.merge_norm,
        "whole": config.whole,
        "augmentations": config.augmentations,
    }
    for each in scored:
        chosen = {(choice.draw, choice.refinement): choice.chosen for choice in each.named.choices}
        for place, refinement in enumerate(REFINEMENTS):
            for draw, right in enumerate(each.right[:, place]):
                taken = chosen.get((draw, ""), chosen.get((draw, refinement)))
                yield {
                    "classifier": each.classifier,
                    "refinement": refinement,
                    "seed": drawn.seeds[draw] if len(each.right) == len(drawn.seeds) else "",
                    "accuracy": float(right.mean()),
                    "alpha": taken.alpha if taken else "",
                    "beta": taken.beta if taken and taken.beta is not None else "",
                    **about,
                }


def metrics_of(setting: Setting, scored: Sequence[Scored]) -> dict[str, float]:
    """Accuracies before and after, and what VCR and its simplest control gain; shares, 0 to 1."""
    found = {
        "classes": float(len(setting.found.classes)),
        "test_pictures": float(len(setting.drawn.test)),
        "support_draws": float(len(setting.drawn.seeds)),
    }
    for each in scored:
        name = each.classifier
        found |= {
            f"{name}_accuracy": each.accuracy["global"].mean,
            f"{name}_accuracy_vcr": each.accuracy["vcr"].mean,
            f"{name}_gain_vcr": each.change["vcr"].difference.mean,
            f"{name}_gain_random": each.change["random"].difference.mean,
        }
    return found


def summary(setting: Setting, scored: Sequence[Scored]) -> str:
    """The verdict, with the setting beside it."""
    drawn, config = setting.drawn, setting.config
    said = overall(scored, len(drawn.seeds), len(drawn.test))["text"]
    return (
        f"{said} {setting.found.name}, {len(setting.found.classes)} classes, {shots_each(config.shots)}, {setting.model}, "
        f"“{' | '.join(setting.templates)}”."
    )
