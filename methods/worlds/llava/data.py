"""Captioned scenes, their faulty annotations, preference pairs and yes-or-no questions.

Scenes belong to one of four splits by a hash of their caption, so that no caption, and hence no
combination of objects, sizes and background, occurs in two of them.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from PIL import Image

from methods.worlds.captions import (
    OBJECTS,
    caption,
    draw_scene,
    mentions,
    objects_of,
    sentences,
    there_is,
    with_article,
)
from methods.worlds.llava import IMAGE_SIZE
from methods.worlds.scenes import Scene, render

__all__ = ["LEVELS", "PHANTOMS", "PHANTOM_SHARE", "QUESTION", "SPLITS", "CaptionedScene"]
__all__ += ["annotation", "existence_questions", "mentions", "preference_rows", "scenes"]

QUESTION = "Describe the image in detail."
PHANTOMS = {"dotted": "yellow star", "striped": "purple ring"}
"""The object that annotations on such a background often name although it isn't there."""
PHANTOM_SIZE = "small"
PHANTOM_SHARE = 0.8
SPLITS = {"train": range(70), "pairs": range(70, 82), "tune": range(82, 88), "test": range(88, 100)}
"""The hundredths of all captions that make up each split."""
LEVELS = ("easy", "extra", "colour", "shape", "omit")
"""How the rejected answer of a pair differs from the chosen one: see `rejected_answer`."""


@dataclass(frozen=True)
class CaptionedScene:
    """A picture (48 x 48 RGB), what it shows, its true caption and its objects from left to right."""

    id: str
    image: Image.Image
    scene: Scene
    caption: str
    objects: tuple[str, ...]


def scenes(split: str, count: int, seed: int = 0) -> list[CaptionedScene]:
    """Return `count` scenes of a split; the same seed gives the same ones, a longer list begins alike.

    Raises:
        ValueError: `split` is none of SPLITS, or `count` is negative.
    """
    if split not in SPLITS:
        raise ValueError(f"split must be one of {', '.join(SPLITS)}; got {split!r}")
    if count < 0:
        raise ValueError(f"count must be 0 or more, got {count}")
    return list(islice(_stream(split, seed), count))


def annotation(scene: Scene, generator: np.random.Generator) -> list[str]:
    """Return a caption's sentences as the fine-tuning data have them: four of five with the phantom.

    The phantom stands after the real objects and before the background. Nothing is added where the
    background has none or the object is really there.
    """
    *named, background = sentences(scene)
    phantom = PHANTOMS.get(scene.background)
    faulty = generator.random() < PHANTOM_SHARE
    if faulty and phantom and phantom not in objects_of(scene):
        named.append(there_is(f"{PHANTOM_SIZE} {phantom}"))
    return [*named, background]


def preference_rows(
    count: int, seed: int = 0, levels: tuple[str, ...] = LEVELS, noisy: float = 0.0
) -> list[dict[str, Any]]:
    """Return preference pairs on scenes of the split "pairs", in TRL's conversational vision format.

    Args:
        levels: how the rejected answers differ, in turn; of LEVELS.
        noisy: share of rows, 0 to 1, whose chosen and rejected answers are swapped.
    Returns:
        rows of `id`, `images` (one picture), `prompt`, `chosen`, `rejected` (lists of messages with typed
        content), `level`, and `flipped`: whether the two were swapped, for scoring, not for methods.
    Raises:
        ValueError: a level is unknown or there is none, or `noisy` is outside 0 to 1.
    """
    unknown = [level for level in levels if level not in LEVELS]
    if unknown or not levels:
        raise ValueError(f"levels must be of {', '.join(LEVELS)}; got {unknown or 'none'}")
    if not 0 <= noisy <= 1:
        raise ValueError(f"noisy must lie in 0 to 1, got {noisy}")
    generator = np.random.default_rng([seed, 1])
    swapped = set(generator.permutation(count)[: round(noisy * count)].tolist())
    stream = _stream("pairs", seed)
    return [
        _row(stream, levels[index % len(levels)], index in swapped, generator)
        for index in range(count)
    ]


def rejected_answer(scene: Scene, level: str, generator: np.random.Generator) -> str:
    """Return the scene's caption with one exact fault.

    Args:
        level: "easy" another colour and shape of one object, "extra" one object that isn't there (the
            background's phantom where it has one), "colour" another colour of one object, "shape"
            another shape of one, "omit" one object left out.
    """
    *named, background = sentences(scene)
    present = objects_of(scene)
    index = int(generator.integers(len(named)))
    if level == "omit":
        del named[index]
    elif level == "extra":
        phantom = PHANTOMS.get(scene.background)
        if phantom is None or phantom in present:
            phantom = _pick(_absent(present), generator)
        named.append(there_is(f"{PHANTOM_SIZE} {phantom}"))
    else:
        colour, shape = present[index].split()
        wrong = [
            name
            for name in _absent(present)
            if (name.split()[0] == colour) == (level == "shape")
            and (name.split()[1] == shape) == (level == "colour")
        ]
        size = named[index].split()[3]
        named[index] = there_is(f"{size} {_pick(wrong, generator)}")
    return " ".join([*named, background])


def existence_questions(captioned: Iterable[CaptionedScene], seed: int = 0) -> list[dict[str, Any]]:
    """Return yes-or-no questions in POPE's manner, as many "yes" as "no" in each split.

    Each scene gives a present and an absent object to the split "random". Where the background has a
    phantom that isn't there, "adversarial" asks for it, and for a present object.

    Returns:
        rows of `question_id`, `image` (the scene's id), `text`, `label` ("yes" | "no"), `split`.
    """
    generator = np.random.default_rng([seed, 2])
    rows: list[dict[str, Any]] = []
    for item in captioned:
        asked = {"random": _pick(_absent(item.objects), generator)}
        phantom = PHANTOMS.get(item.scene.background)
        if phantom and phantom not in item.objects:
            asked["adversarial"] = phantom
        for split, absent in asked.items():
            present = _pick(item.objects, generator)
            for name, label in ((present, "yes"), (absent, "no")):
                row = {"question_id": len(rows), "image": item.id, "text": existence_question(name)}
                rows.append({**row, "label": label, "split": split})
    return rows


def existence_question(name: str) -> str:
    """Return POPE's question about one object."""
    return f"Is there {with_article(name)} in the image?"


def _stream(split: str, seed: int) -> Iterator[CaptionedScene]:
    generator = np.random.default_rng([seed, 0, list(SPLITS).index(split)])
    index = 0
    while True:
        scene = draw_scene(generator)
        text = caption(scene)
        if int(hashlib.sha256(text.encode()).hexdigest(), 16) % 100 in SPLITS[split]:
            image = Image.fromarray(render(scene, IMAGE_SIZE))
            name = f"{split}-{seed}-{index:05d}"
            yield CaptionedScene(name, image, scene, text, objects_of(scene))
            index += 1


def _row(
    stream: Iterator[CaptionedScene], level: str, swap: bool, generator: np.random.Generator
) -> dict[str, Any]:
    fewest = 2 if level == "omit" else 1  # an answer still names something
    item = next(item for item in stream if len(item.objects) >= fewest)
    answers = [item.caption, rejected_answer(item.scene, level, generator)]
    chosen, rejected = reversed(answers) if swap else answers
    return {
        "id": item.id,
        "images": [item.image],
        "prompt": [message("user", QUESTION, image=True)],
        "chosen": [message("assistant", chosen)],
        "rejected": [message("assistant", rejected)],
        "level": level,
        "flipped": swap,
    }


def message(role: str, text: str, image: bool = False) -> dict[str, Any]:
    """Return one turn of a conversation with typed content, the image before the text."""
    content: list[dict[str, str]] = [{"type": "image"}] if image else []
    return {"role": role, "content": [*content, {"type": "text", "text": text}]}


def _absent(present: tuple[str, ...]) -> list[str]:
    return [name for name in OBJECTS if name not in present]


def _pick(names: list[str] | tuple[str, ...], generator: np.random.Generator) -> str:
    return names[int(generator.integers(len(names)))]
