"""Captions: from scenes to words and back, hand-written and over many scenes."""

import numpy as np
import pytest

from methods.worlds import captions
from methods.worlds.captions import OBJECTS, SIZES, draw_scene, mentions, size_word, with_article
from methods.worlds.scenes import Scene, SceneObject

TONES = ((240, 240, 240), (60, 60, 60))
STAR = SceneObject("star", "blue", 0.42, (0.7, 0.3))
CIRCLE = SceneObject("circle", "orange", 0.28, (0.2, 0.6))


@pytest.fixture(scope="module")
def drawn() -> list[Scene]:
    generator = np.random.default_rng(4)
    return [draw_scene(generator) for _ in range(300)]


def test_a_caption_names_the_objects_from_left_to_right_then_the_background() -> None:
    scene = Scene((STAR, CIRCLE), "dotted", TONES)
    assert captions.caption(scene) == (
        "There is a small orange circle. There is a large blue star. The background is dotted."
    )
    assert captions.objects_of(scene) == ("orange circle", "blue star")


def test_what_a_caption_mentions_is_what_the_scene_holds(drawn: list[Scene]) -> None:
    for scene in drawn:
        text = captions.caption(scene)
        assert tuple(mentions(text)) == captions.objects_of(scene)
        assert text.split(". ")[-1] == f"The background is {scene.background}."
        words = [sentence.split()[3] for sentence in captions.sentences(scene)[:-1]]
        ordered = sorted(scene.objects, key=lambda item: item.centre[0])
        assert words == ["large" if item.size > 0.35 else "small" for item in ordered]


def test_mentions_come_in_order_with_repeats_and_in_whatever_case() -> None:
    text = "A Red circle, two blue stars and a red  circle; no greenish ring, no red, no heart."
    assert mentions(text) == ["red circle", "blue star", "red circle"]
    assert mentions("Nothing.") == []


def test_articles_fit_their_words() -> None:
    assert with_article("orange circle") == "an orange circle"
    assert with_article("small orange circle") == "a small orange circle"
    assert captions.there_is("orange ring") == "There is an orange ring."


def test_scenes_hold_one_to_three_different_objects_that_are_clearly_small_or_large(
    drawn: list[Scene],
) -> None:
    shares = np.bincount([len(scene.objects) for scene in drawn], minlength=4) / len(drawn)
    assert np.abs(shares - [0, *captions.NUM_OBJECTS]).max() < 0.1
    for scene in drawn:
        names = captions.objects_of(scene)
        assert len(set(names)) == len(names)
        assert set(names) <= set(OBJECTS)
        for item in scene.objects:
            low, high = SIZES[size_word(item)]
            assert low <= item.size <= high
