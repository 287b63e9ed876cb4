"""Sentences about scenes, exact in both directions: from a scene to words, and from words to objects.

A caption says one thing a sentence, so that an answer splits into sub-sentences that are each true
or false of the picture: "There is a small red circle. There is a large blue star. The background
is dotted." Objects come in the order of their centres, from left to right.
"""

import re

import numpy as np

from methods.worlds.scenes import BACKGROUNDS, COLOURS, SHAPES, TONES, Scene, SceneObject, place

SIZES = {"small": (0.26, 0.32), "large": (0.38, 0.44)}  # shares of the image's side
LARGE_FROM = 0.35
OBJECTS = tuple(f"{colour} {shape}" for shape in SHAPES for colour in COLOURS)
NUM_OBJECTS = (0.3, 0.4, 0.3)  # how often a scene has one, two or three objects

_MENTION = re.compile(rf"\b({'|'.join(COLOURS)})\s+({'|'.join(SHAPES)})s?\b", re.IGNORECASE)


def draw_scene(generator: np.random.Generator) -> Scene:
    """Draw a scene of one to three different objects, each clearly small or clearly large."""
    count = 1 + int(generator.choice(len(NUM_OBJECTS), p=NUM_OBJECTS))
    background = BACKGROUNDS[generator.integers(len(BACKGROUNDS))]
    first, second = generator.choice(len(TONES), size=2, replace=False)
    while True:
        names = [OBJECTS[k] for k in generator.choice(len(OBJECTS), size=count, replace=False)]
        kinds = tuple((name.split()[1], name.split()[0]) for name in names)
        sizes = tuple(SIZES[word] for word in generator.choice(list(SIZES), size=count))
        try:
            objects = place(generator, kinds, sizes)
        except ValueError:  # three large ones rarely fit: draw others
            continue
        return Scene(objects, background, (TONES[first], TONES[second]))


def size_word(item: SceneObject) -> str:
    """Return "small" or "large"."""
    return "large" if item.size >= LARGE_FROM else "small"


def object_name(item: SceneObject) -> str:
    """Return colour and shape, such as "red circle"."""
    return f"{item.colour} {item.shape}"


def objects_of(scene: Scene) -> tuple[str, ...]:
    """Return the names of a scene's objects, from left to right."""
    return tuple(object_name(item) for item in _left_to_right(scene))


def sentences(scene: Scene) -> list[str]:
    """Return what is true of a scene: a sentence an object, then one on the background."""
    described = [f"{size_word(item)} {object_name(item)}" for item in _left_to_right(scene)]
    return [there_is(phrase) for phrase in described] + [background_sentence(scene.background)]


def caption(scene: Scene) -> str:
    """Return the sentences of a scene as one text."""
    return " ".join(sentences(scene))


def there_is(phrase: str) -> str:
    """Return the sentence that names one object: "small red circle" or "red circle"."""
    return f"There is {with_article(phrase)}."


def background_sentence(background: str) -> str:
    """Return the sentence about a background."""
    return f"The background is {background}."


def with_article(phrase: str) -> str:
    """Return the phrase after "a" or "an"."""
    return f"{'an' if phrase[0] in 'aeiou' else 'a'} {phrase}"


def mentions(text: str) -> list[str]:
    """Return every object that a text names, such as "red circle", in order and with repeats."""
    return [f"{colour} {shape}".lower() for colour, shape in _MENTION.findall(text)]


def _left_to_right(scene: Scene) -> list[SceneObject]:
    return sorted(scene.objects, key=lambda item: item.centre)
