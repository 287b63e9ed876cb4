"""Views are encoded once, in full batches, whatever else is looked at; a slow loop says what must come out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import normalize

from methods.feature_cache import FeatureCache
from methods.fewshot import refine_views
from methods.fewshot.clip.images import Picture, drawn_picture
from methods.fewshot.vcr.crops import resized_crop, ten_crops
from methods.fewshot.vcr.encoding import Tower
from methods.fewshot.vcr.features import ViewFeatures, view_features
from methods.fewshot.vcr.presets import PRESETS, ViewSettings

SIDE, WIDTH = 8, 6
MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.25, 0.3)
SETTINGS = ViewSettings(scales=(0.2, 0.8, 1.0), views=5, whole="ten_crop")
WEIGHTS = torch.randn(3 * SIDE * SIDE, WIDTH, generator=torch.Generator().manual_seed(0))


class Eye:
    """A linear encoder that counts what it was shown."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def __call__(self, batch: Tensor) -> Tensor:
        assert batch.shape[1:] == (3, SIDE, SIDE)
        self.batches.append(len(batch))
        return batch.flatten(1) @ WEIGHTS


@pytest.fixture
def eye() -> Eye:
    return Eye()


@pytest.fixture
def tower(eye: Eye) -> Tower:
    return Tower(eye, SIDE, MEAN, STD, batch_size=16)


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[FeatureCache]:
    cache = FeatureCache(tmp_path, "eye")
    yield cache
    cache.close()


def image(place: int, size: tuple[int, int]) -> Image.Image:
    width, height = size
    noise = np.random.default_rng(place).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(noise)


PICTURES = [
    drawn_picture(str(place), image(place, size))
    for place, size in enumerate([(40, 30), (60, 20), (25, 25)])
]


def assert_alike(ours: ViewFeatures, theirs: ViewFeatures) -> None:
    assert (ours.width, ours.height, ours.boxes) == (theirs.width, theirs.height, theirs.boxes)
    for scale, features in theirs.features.items():
        torch.testing.assert_close(ours.features[scale], features, rtol=1e-5, atol=1e-5)


def test_features_are_those_of_a_slow_loop(tower: Tower) -> None:
    mean, std = (torch.tensor(values)[:, None, None] for values in (MEAN, STD))

    def slowly(pixels: Tensor) -> Tensor:
        return ((pixels - mean) / std).flatten() @ WEIGHTS

    seen = list(view_features(PICTURES, SETTINGS, tower))
    for picture, each in zip(PICTURES, seen, strict=True):
        pixels = torch.from_numpy(np.array(picture.open())).permute(2, 0, 1)
        assert (each.width, each.height) == (pixels.shape[2], pixels.shape[1])
        assert list(each.boxes) == list(each.features) == [0.2, 0.8]
        for scale, boxes in each.boxes.items():
            expected = [slowly(resized_crop(pixels, box, SIDE).float() / 255) for box in boxes]
            torch.testing.assert_close(
                each.features[scale], torch.stack(expected), rtol=1e-5, atol=1e-4
            )
        tens = [normalize(slowly(crop), dim=0) for crop in ten_crops(pixels, SIDE)]
        whole = normalize(torch.stack(tens).mean(dim=0), dim=0)
        torch.testing.assert_close(each.whole(torch.zeros(WIDTH)), whole)


def test_batches_are_full_across_pictures_and_equal_boxes_are_encoded_once(
    eye: Eye, tower: Tower
) -> None:
    long = drawn_picture("long", image(9, (60, 20)))
    settings = ViewSettings(scales=(0.7, 0.8, 0.9), views=5)
    (seen,) = view_features([long], settings, tower)
    assert {len(boxes) for boxes in seen.boxes.values()} == {1}
    assert eye.batches == [1]
    eye.batches.clear()
    many = list(view_features(PICTURES, replace(SETTINGS, whole="centre"), tower))
    distinct = [len({box for some in each.boxes.values() for box in some}) for each in many]
    assert eye.batches == [16, sum(distinct) - 16]
    plain = torch.ones(WIDTH)
    assert many[0].whole(plain) is plain


def test_what_stands_beside_a_picture_does_not_matter(tower: Tower) -> None:
    forth = list(view_features(PICTURES, SETTINGS, tower))
    back = list(view_features(PICTURES[::-1], SETTINGS, replace(tower, batch_size=7)))
    for ours, theirs in zip(back[::-1], forth, strict=True):
        assert_alike(ours, theirs)
        assert ours.seed == theirs.seed
    assert len({each.seed for each in forth}) == 3


def test_a_second_look_opens_and_encodes_nothing(
    eye: Eye, tower: Tower, cache: FeatureCache
) -> None:
    first = list(view_features(PICTURES, SETTINGS, tower, cache))
    eye.batches.clear()

    def closed() -> Image.Image:
        raise AssertionError("opened")

    known = [Picture(picture.name, picture.sha256, closed) for picture in PICTURES]
    second = list(view_features(known, SETTINGS, tower, cache))
    assert eye.batches == []
    for ours, theirs in zip(second, first, strict=True):
        assert_alike(ours, theirs)
        for classes in (2, 5):  # other class names need no picture
            texts = normalize(torch.randn(WIDTH, classes), dim=0)
            refined = refine_views(ours.features, ours.whole(torch.ones(WIDTH)), texts, "prob")
            assert torch.equal(
                refined.feature,
                refine_views(
                    theirs.features, theirs.whole(torch.ones(WIDTH)), texts, "prob"
                ).feature,
            )


def test_more_views_encode_only_what_is_new(eye: Eye, tower: Tower, cache: FeatureCache) -> None:
    few = ViewSettings(scales=(0.2,), views=5)
    (first,) = view_features(PICTURES[:1], few, tower, cache)
    eye.batches.clear()
    (more,) = view_features(PICTURES[:1], replace(few, scales=(0.2, 0.5), views=7), tower, cache)
    assert torch.equal(more.features[0.2][: len(first.boxes[0.2])], first.features[0.2])
    distinct = len({box for some in more.boxes.values() for box in some})
    assert sum(eye.batches) == distinct - len(first.boxes[0.2]) > 0
    (other,) = view_features(PICTURES[:1], replace(few, seed=1), tower, cache)
    assert other.boxes != first.boxes


def test_scales_of_the_whole_picture_only_are_no_views(eye: Eye, tower: Tower) -> None:
    (seen,) = view_features(PICTURES[:1], ViewSettings(scales=(1.0,)), tower)
    assert seen.boxes == seen.features == {}
    assert eye.batches == []


def test_presets_say_how_many_crops_they_encode() -> None:
    assert {name: preset.encoded for name, preset in PRESETS.items()} == {
        "fast": 41,
        "normal": 145,
        "official": 910,
    }


@pytest.mark.gpu
@pytest.mark.parametrize("whole", ["centre", "ten_crop"])
def test_cuda_sees_and_chooses_what_the_processor_does(eye: Eye, tower: Tower, whole: str) -> None:
    """Whole pixels are rounded on the processor only, by half of 1/255 at most."""
    settings = replace(SETTINGS, whole=whole)
    weights = WEIGHTS.cuda()
    there = replace(
        tower, encode=lambda batch: batch.flatten(1) @ weights, device=torch.device("cuda")
    )
    texts = normalize(torch.randn(WIDTH, 4, generator=torch.Generator().manual_seed(1)), dim=0)
    for ours, theirs in zip(
        view_features(PICTURES, settings, there),
        view_features(PICTURES, settings, tower),
        strict=True,
    ):
        assert ours.boxes == theirs.boxes
        for scale, features in theirs.features.items():
            torch.testing.assert_close(ours.features[scale], features, rtol=0.02, atol=0.5)
        plain = torch.ones(WIDTH)
        mine, right = (
            refine_views(each.features, each.whole(plain), texts) for each in (ours, theirs)
        )
        for scale, view in mine.chosen.items():
            margin = right.margins[scale]
            assert margin[view] > margin.max() - 0.05
        assert mine.feature @ right.feature > 0.98
