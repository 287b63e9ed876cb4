"""The closing evaluation: what a small-world model says of held-out scenes before and after, and what of it is made up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

from methods.alignment.evidence.pictures import PicturePack
from methods.alignment.hallucination.answer_files import Item
from methods.alignment.hallucination.answering import answer
from methods.alignment.hallucination.rates import Change
from methods.alignment.hallucination.report import Variant, answer_rows, figure_rows
from methods.alignment.hallucination.scenes import score_scenes
from methods.alignment.hallucination.scores import Scores, changes
from methods.alignment.training.models import Loaded
from methods.base import Context

if TYPE_CHECKING:
    from methods.worlds.llava.data import CaptionedScene

RATES = ("chair_i", "chair_s", "recall", "mentions", "background_right")
BATCH = 25
"""Scenes described together."""
MAX_NEW_TOKENS = 64
SEED = 0
"""Of the scenes: every run describes the same ones, so that runs can be compared scene by scene."""


def held_out_scenes(count: int, split: str = "test") -> list[CaptionedScene]:
    """Scenes that no training has seen."""
    from methods.worlds.llava.data import scenes  # noqa: PLC0415  draws pictures

    return scenes(split, count, seed=SEED)


def describe_scenes(
    loaded: Loaded, scenes: Sequence[CaptionedScene], tell: Callable[[int], None]
) -> list[str]:
    """Greedy descriptions, one a scene; `tell` is called after each batch with its size."""
    from methods.worlds.llava.data import QUESTION  # noqa: PLC0415

    loaded.model.eval()
    texts: list[str] = []
    for start in range(0, len(scenes), BATCH):
        some = scenes[start : start + BATCH]
        replies = answer(
            loaded.model,
            loaded.processor,
            [scene.image for scene in some],
            [QUESTION] * len(some),
            max_new_tokens=MAX_NEW_TOKENS,
            batch_size=BATCH,
        )
        texts += [reply.text for reply in replies]
        tell(len(some))
    return texts


def compare(
    before: Sequence[str], after: Sequence[str], scenes: Sequence[CaptionedScene], context: Context
) -> tuple[Scores, Scores, dict[str, Change]]:
    """Score both sets of descriptions; keep them as `answer` records with their pictures, the rates as `figure` records."""
    from methods.worlds.llava.data import QUESTION  # noqa: PLC0415

    texts: dict[Variant, Sequence[str]] = {"before": before, "after": after}
    scores = {name: score_scenes(said, scenes) for name, said in texts.items()}
    pack = PicturePack(context)
    items = []
    places = {}
    for scored, scene in zip(scores["before"].items, scenes, strict=True):
        items.append(Item(scored.item, scored.image, QUESTION))
        places[scored.item] = pack.add(picture_key(scene), scene.image)
    pack.close()
    named = {
        name: {item.id: text for item, text in zip(items, said, strict=True)}
        for name, said in texts.items()
    }
    context.record("answer", answer_rows(items, named, scores, places))
    figures = figure_rows(scores)
    context.save_table("figures.csv", figures, role="figures")
    context.record("figure", figures)
    return scores["before"], scores["after"], changes(scores["before"], scores["after"])[""]


def metrics(before: Scores, after: Scores) -> dict[str, float]:
    """Rates after and, as `<name>_before`, before; those with nothing to divide by are left out."""
    found: dict[str, float] = {}
    for suffix, scores in (("", after), ("_before", before)):
        values = {name: scores[name].value for name in RATES}
        found |= {f"{name}{suffix}": value for name, value in values.items() if value is not None}
    return found


def words(texts: Sequence[str]) -> float:
    """Mean number of words."""
    return sum(len(text.split()) for text in texts) / len(texts)


def picture_key(scene: CaptionedScene) -> str:
    """Hex digest of a scene's pixels."""
    return sha256(scene.image.tobytes()).hexdigest()
