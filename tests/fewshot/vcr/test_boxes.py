"""The law of the crops is torchvision's, and every picture draws by itself."""

from __future__ import annotations

import pytest
import torch
from torchvision.transforms import RandomResizedCrop

from methods.fewshot.vcr.boxes import RATIOS, Box, Numbers, crop_box, local_scales, view_boxes


@pytest.mark.parametrize("size", [(64, 48), (40, 40), (30, 90), (500, 333), (3, 2)])
@pytest.mark.parametrize("shares", [(0.1, 0.1), (0.9, 0.9), (0.5, 1.0)])
def test_a_crop_is_torchvisions_to_the_pixel(
    size: tuple[int, int], shares: tuple[float, float]
) -> None:
    width, height = size
    seed = 7 + 2**40
    numbers = Numbers(seed)
    ours = [crop_box(width, height, shares, numbers) for _ in range(50)]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        picture = torch.empty(3, height, width)
        theirs = [
            RandomResizedCrop.get_params(picture, list(shares), list(RATIOS)) for _ in range(50)
        ]
    assert ours == [Box(left, top, wide, tall) for top, left, tall, wide in theirs]


def test_boxes_of_a_picture_depend_on_nothing_else() -> None:
    drawn = view_boxes(640, 480, (0.1, 0.5), 8, sha256="ab", seed=3)
    view_boxes(320, 240, (0.5,), 5, sha256="cd", seed=3)
    torch.rand(3)
    assert view_boxes(640, 480, (0.5, 0.1), 8, sha256="ab", seed=3) == drawn
    assert view_boxes(640, 480, (0.5,), 8, sha256="ab", seed=3)[0.5] == drawn[0.5]
    assert view_boxes(640, 480, (0.5,), 20, sha256="ab", seed=3)[0.5][:8] == drawn[0.5]
    assert view_boxes(640, 480, (0.5,), 8, sha256="ab", seed=4)[0.5] != drawn[0.5]
    assert view_boxes(640, 480, (0.5,), 8, sha256="ac", seed=3)[0.5] != drawn[0.5]


def test_boxes_are_distinct_lie_inside_and_have_the_area_asked_for() -> None:
    for scale, boxes in view_boxes(64, 64, (0.1, 0.3, 0.5), 100, sha256="ab").items():
        assert len(set(boxes)) == len(boxes) > 50
        for left, top, width, height in boxes:
            assert left >= 0
            assert top >= 0
            assert left + width <= 64
            assert top + height <= 64
            # Both sides are rounded, each by half a pixel at most.
            assert abs(width * height - scale * 64 * 64) <= (width + height) / 2 + 0.25


def test_a_long_picture_has_its_middle_only() -> None:
    boxes = view_boxes(200, 100, (0.7, 0.9), 16, sha256="ab")
    assert boxes == {0.7: (Box(33, 0, 133, 100),), 0.9: (Box(33, 0, 133, 100),)}
    assert view_boxes(100, 200, (0.9,), 16, sha256="ab") == {0.9: (Box(0, 33, 100, 133),)}


def test_a_scale_of_one_is_no_crop() -> None:
    assert local_scales((1.0, 0.9, 0.1)) == (0.1, 0.9)
    assert view_boxes(64, 64, (1.0,), 4, sha256="ab") == {}


@pytest.mark.parametrize("scales", [(0.0,), (1.1,), (-0.5,), (float("nan"),), (0.5, 0.5)])
def test_scales_that_are_no_shares_are_refused(scales: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="scale"):
        view_boxes(64, 64, scales, 4, sha256="ab")


def test_no_views_are_refused() -> None:
    with pytest.raises(ValueError, match="views must be 1 or more, got 0"):
        view_boxes(64, 64, (0.5,), 0, sha256="ab")
