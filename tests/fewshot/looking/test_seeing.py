"""What is recorded of a picture, against a loop over its views."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn.functional import normalize

from methods.fewshot import fit_classifier, refine_views, zero_shot_logits
from methods.fewshot.classifiers.support import Support
from methods.fewshot.looking.seeing import MOST_VIEWS, Eyes, Looked, best, look
from methods.fewshot.settings import REFINEMENTS
from methods.fewshot.vcr.boxes import Box
from methods.fewshot.vcr.controls import control_features
from methods.fewshot.vcr.features import ViewFeatures

CLASSES = ("a", "b", "c", "d", "e", "f")
WIDTH, VIEWS = 8, 30


def drawn(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


TEXT = normalize(drawn(WIDTH, len(CLASSES), seed=0), dim=0)
PLAIN = drawn(WIDTH, seed=1)
SEEN = ViewFeatures(
    100,
    80,
    {
        scale: tuple(Box(place, 0, 10, 10) for place in range(count))
        for scale, count in ((0.2, VIEWS), (0.9, 3))
    },
    {0.2: 3 * drawn(VIEWS, WIDTH, seed=2), 0.9: 5 * drawn(3, WIDTH, seed=3)},
    None,
    seed=4,
)


def eyes(classifiers: tuple[Any, ...] = ("zero_shot", "tip")) -> Eyes:
    support = Support(drawn(2, 9, WIDTH, seed=5), torch.arange(9) % 6, 6)
    fitted = {name: fit_classifier(name, support, TEXT) for name in classifiers}
    return Eyes(CLASSES, TEXT, fitted, "cosine", "unit")


@pytest.fixture(scope="module")
def looked() -> Looked:
    return look(SEEN, PLAIN, 40, eyes())


def test_every_classifier_answers_under_every_refinement(looked: Looked) -> None:
    features = control_features(SEEN.features, PLAIN, TEXT, seed=4)
    features["vcr"] = refine_views(SEEN.features, PLAIN, TEXT).feature
    for name, fitted in eyes().fitted.items():
        assert tuple(looked.answers[name]) == REFINEMENTS
        for refinement, chances in looked.answers[name].items():
            expected = fitted.logits(features[refinement][None]).softmax(dim=1)[0]
            torch.testing.assert_close(chances, expected)
    plain = zero_shot_logits(normalize(PLAIN, dim=0)[None], TEXT).softmax(dim=1)[0]
    torch.testing.assert_close(looked.answers["zero_shot"]["global"], plain)


def test_views_stand_by_margin_with_the_chosen_one_first(looked: Looked) -> None:
    for scale, boxes in SEEN.boxes.items():
        [row] = [each for each in looked.scales if each["scale"] == scale]
        told = []
        for box, feature in zip(boxes, SEEN.features[scale], strict=True):
            cosines = [float(normalize(feature, dim=0) @ TEXT[:, index]) for index in range(6)]
            first, second, *_ = sorted(cosines, reverse=True)
            chances = (100 * torch.tensor(cosines)).softmax(dim=0)
            top = cosines.index(first)
            told.append((first - second, list(box), CLASSES[top], float(chances[top])))
        told.sort(reverse=True)
        kept = [*told[:MOST_VIEWS], told[-1]] if len(told) > MOST_VIEWS + 1 else told
        assert len(row["views"]) == len(kept)
        for view, (margin, box, top, probability) in zip(row["views"], kept, strict=True):
            assert (view["box"], view["top"]) == (box, top)
            assert view["margin"] == pytest.approx(margin, abs=1e-5)
            assert view["probability"] == pytest.approx(probability, abs=1e-4)
        assert (row["drawn"], row["distinct"]) == (40, len(boxes))
        assert row["votes"] == {
            name: count for name in CLASSES if (count := sum(each[2] == name for each in told))
        }


def test_shares_and_what_the_chosen_views_name(looked: Looked) -> None:
    assert [each["scale"] for each in looked.shares] == [0.2, 0.9, "global"]
    # unit vectors: by weight alone
    assert [each["share"] for each in looked.shares] == pytest.approx(
        [0.2 / 2.1, 0.9 / 2.1, 1 / 2.1]
    )
    tops = [row["views"][0]["top"] for row in looked.scales]
    assert [each["top"] for each in looked.shares[:2]] == tops
    top = CLASSES[looked.top("zero_shot", "vcr")]
    assert looked.disagreeing == sum(each != top for each in tops)


def test_without_crops_a_closer_look_is_the_whole_picture_to_the_bit() -> None:
    bare = ViewFeatures(100, 80, {}, {}, None, seed=4)
    looked = look(bare, PLAIN, 40, eyes())
    for answers in looked.answers.values():
        assert torch.equal(answers["vcr"], answers["global"])
    assert (looked.disagreeing, looked.scales) == (0, [])
    assert [each["share"] for each in looked.shares] == [1.0]


def test_the_likeliest_classes_come_first() -> None:
    chances = torch.tensor([0.05, 0.4, 0.2, 0.15, 0.1, 0.1])
    answer = best(chances, CLASSES)
    assert [name for name, _ in answer] == ["b", "c", "d", "e", "f"]
    assert [value for _, value in answer] == pytest.approx([0.4, 0.2, 0.15, 0.1, 0.1])
    assert len(best(torch.tensor([0.4, 0.6]), ("a", "b"))) == 2
