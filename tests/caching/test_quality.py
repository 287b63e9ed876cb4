"""Distances between images, and intervals of shares."""

from __future__ import annotations

import pytest
import torch

from methods.caching.images import to_grid, to_picture
from methods.caching.quality import psnr, relative_l2, squared_error, wilson_interval


def test_psnr_of_a_known_error():
    """Every pixel off by .2 of a range of 2: 20 log10(2 / .2) = 20 dB."""
    images = torch.full((1, 1, 2, 2), 0.2)
    assert psnr(float(squared_error(images, torch.zeros_like(images)))) == pytest.approx(20.0)


def test_identical_images_have_no_psnr():
    assert psnr(0.0) is None


def test_relative_l2_of_a_known_error():
    reference = torch.tensor([[3.0, 4.0], [0.0, 5.0]])
    images = torch.tensor([[3.0, 4.5], [0.0, 5.0]])
    assert relative_l2(images, reference).tolist() == pytest.approx([0.1, 0.0])
    with pytest.raises(ValueError, match="must have one shape"):
        relative_l2(images, reference[:1])


@pytest.mark.parametrize(
    ("successes", "total", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (5, 10, 0.2366, 0.7634),
        (10, 10, 0.7225, 1.0),
        (99, 100, 0.9455, 0.9982),
    ],
)
def test_wilson_interval_of_known_shares(successes, total, low, high):
    assert wilson_interval(successes, total) == pytest.approx((low, high), abs=1e-4)


def test_wilson_interval_refuses_nonsense():
    with pytest.raises(ValueError, match="got 3 of 2"):
        wilson_interval(3, 2)


def test_pictures_map_the_range_and_enlarge_by_whole_factors():
    picture = to_picture(torch.tensor([-1.0, 1.0, 5.0, 0.0]).reshape(1, 2, 2), at_least=2)
    assert [picture.getpixel((x, y))[0] for y in (0, 1) for x in (0, 1)] == [0, 255, 255, 128]
    assert to_picture(torch.zeros(1, 8, 8)).size == (128, 128)
    assert to_picture(torch.zeros(3, 50, 50)).size == (150, 150)
    assert to_picture(torch.zeros(3, 256, 256)).size == (256, 256)


def test_a_grid_holds_every_image():
    grid = to_grid(torch.ones(5, 1, 8, 8), columns=3, at_least=16)
    assert grid.size == (3 * 16 + 2 * 2, 2 * 16 + 2)
