"""Class names, templates and the classifier that CLIP makes of them."""

from __future__ import annotations

import pytest
import torch

from methods.fewshot import text_classifier
from methods.fewshot.clip.names import TEMPLATES, check_classes, check_templates, prompt, readable
from methods.fewshot.clip.text import synonyms

NAMES = ("red circle", "orange_ring", "blue star")


def test_the_classifier_by_hand(encoder):
    templates = ("a photo of {a}.", "There is {a}.")
    found = text_classifier(encoder, NAMES, templates)
    assert found.shape == (128, 3)
    assert torch.allclose(found.norm(dim=0), torch.ones(3))
    texts = ["a photo of an orange ring.", "There is an orange ring."]
    mean = torch.from_numpy(encoder.text_features(texts)).mean(dim=0)
    assert torch.allclose(found[:, 1], mean / mean.norm(), atol=1e-6)


def test_the_small_world_is_named_right_without_a_shot(encoder):
    from methods.fewshot.classifiers.tip import zero_shot_logits
    from methods.worlds.captions import OBJECTS
    from methods.worlds.clip.data import task_images

    pictures, labels = task_images("large", 12, seed=5)
    text = text_classifier(encoder, OBJECTS, TEMPLATES["scenes"])
    features = torch.from_numpy(encoder.image_features(pictures))
    assert zero_shot_logits(features, text).argmax(1).tolist() == labels


def test_prompts_read_as_people_write():
    assert prompt("a photo of {a}.", "orange_ring") == "a photo of an orange ring."
    assert prompt("{} texture.", " banded ") == "banded texture."
    assert readable("  german__shepherd ") == "german shepherd"
    assert len(TEMPLATES["seven"]) == 7
    for templates in TEMPLATES.values():
        check_templates(templates)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["cat"], "two classes or more to tell apart, got 1: cat"),  # V9
        ([], "got 0: none"),
        (["cat", " _ "], "class 2 has no name"),
        (["cat", "x" * 201], "class 2, 'x{40}' …, has 201 characters; up to 200 are allowed"),
        (
            ["polar bear", "cat", "Polar_Bear"],
            "class 3, 'Polar_Bear', is named already, as 'polar bear'",
        ),
    ],
)
def test_classes_that_cannot_be_told_apart_are_named(names, message):
    with pytest.raises(ValueError, match=message):
        check_classes(names)


@pytest.mark.parametrize(
    ("templates", "message"),
    [
        ([], "one template or more"),
        (["a photo"], "must have"),
        (["{} and {}"], "once"),
        (["{name}"], "must have"),
        (["{} {"], "a bracket too many"),
    ],
)
def test_templates_without_a_place_are_named(templates, message):
    with pytest.raises(ValueError, match=message):
        check_templates(templates)


def test_a_class_name_beyond_the_window_is_named(encoder):
    with pytest.raises(
        ValueError, match=r"'a photo of a red red .* is longer than the model reads"
    ):
        text_classifier(encoder, ["cat", "red " * 30])


def test_synonyms_are_told_and_leave_no_margin():
    text = torch.nn.functional.normalize(
        torch.randn(6, 4, generator=torch.Generator().manual_seed(0)), dim=0
    )
    text[:, 2] = text[:, 0]  # V10
    [(one, other, cosine)] = synonyms(text, ["sofa", "cat", "couch", "dog"])
    assert (one, other, cosine) == ("sofa", "couch", pytest.approx(1))
    features = text[:, [0]].T + 0.1 * torch.randn(5, 6, generator=torch.Generator().manual_seed(1))
    first, second = (features @ text).topk(2, dim=1).values.T
    won = (features @ text).argmax(1) % 2 == 0
    assert won.any()
    assert (first - second)[won].abs().max() == 0
