"""Distances between images, and intervals of shares."""

from __future__ import annotations

import math

import pytest
import torch

from methods.caching.images import to_grid, to_picture
from methods.caching.quality import psnr, relative_l2, squared_error, ssim


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


def test_ssim_of_equal_images_is_one():
    images = torch.rand(3, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
    assert ssim(images, images).tolist() == [1, 1, 1]


def test_ssim_of_constant_images_is_the_luminance_term():
    """No variance: (2 a b + c) / (a^2 + b^2 + c) with c = (.01 x 2)^2."""
    image, twin = torch.full((1, 1, 12, 12), 0.5), torch.full((1, 1, 12, 12), 0.1)
    expected = (2 * 0.5 * 0.1 + 0.0004) / (0.25 + 0.01 + 0.0004)
    assert float(ssim(image, twin)) == pytest.approx(expected, abs=1e-5)
    assert float(ssim(image, -image)) == pytest.approx(-0.4996 / 0.5004, abs=1e-5)


def slow_ssim(image, twin, window, sigma):
    """Equation 13 of Wang et al. at every pixel of every colour, borders mirrored."""
    half = window // 2
    weights = [math.exp(-(offset**2) / (2 * sigma**2)) for offset in range(-half, half + 1)]
    total, (colours, height, width) = sum(weights), image.shape
    c1, c2 = (0.01 * 2) ** 2, (0.03 * 2) ** 2

    def mirrored(place, size):
        place = abs(place)
        return 2 * (size - 1) - place if place >= size else place

    def at(colour, y, x):
        a, b, share = [], [], []
        for j in range(window):
            for i in range(window):
                row, column = mirrored(y + j - half, height), mirrored(x + i - half, width)
                a.append(float(image[colour, row, column]))
                b.append(float(twin[colour, row, column]))
                share.append(weights[j] * weights[i] / total**2)
        mean_a = sum(w * v for w, v in zip(share, a, strict=True))
        mean_b = sum(w * v for w, v in zip(share, b, strict=True))
        var_a = sum(w * (v - mean_a) ** 2 for w, v in zip(share, a, strict=True))
        var_b = sum(w * (v - mean_b) ** 2 for w, v in zip(share, b, strict=True))
        both = sum(w * (v - mean_a) * (u - mean_b) for w, v, u in zip(share, a, b, strict=True))
        return ((2 * mean_a * mean_b + c1) * (2 * both + c2)) / (
            (mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2)
        )

    places = [(c, y, x) for c in range(colours) for y in range(height) for x in range(width)]
    return sum(at(*place) for place in places) / len(places)


@pytest.mark.parametrize(
    ("shape", "window", "sigma"),
    [((3, 12, 14), 11, 1.5), ((1, 8, 8), 7, 1.5 * 7 / 11), ((1, 4, 6), 3, 1.5 * 3 / 11)],
)
def test_ssim_equals_a_slow_loop(shape, window, sigma):
    generator = torch.Generator().manual_seed(1)
    images = torch.rand(2, *shape, generator=generator) * 2 - 1
    twins = (images + 0.3 * torch.randn(2, *shape, generator=generator)).clamp(-1, 1)
    expected = [slow_ssim(a, b, window, sigma) for a, b in zip(images, twins, strict=True)]
    assert ssim(images, twins).tolist() == pytest.approx(expected, abs=1e-5)


def test_ssim_does_not_depend_on_the_other_images():
    generator = torch.Generator().manual_seed(2)
    images, twins = torch.rand(2, 40, 1, 8, 8, generator=generator)
    assert ssim(images, twins)[[0, 39]].tolist() == pytest.approx(
        [float(ssim(images[:1], twins[:1])), float(ssim(images[39:], twins[39:]))], abs=1e-6
    )


def test_ssim_refuses_what_is_no_pair_of_images():
    with pytest.raises(ValueError, match="must have one shape"):
        ssim(torch.zeros(1, 1, 8, 8), torch.zeros(2, 1, 8, 8))
    with pytest.raises(ValueError, match=r"expected images \(N, C, H, W\)"):
        ssim(torch.zeros(8, 8), torch.zeros(8, 8))


def test_pictures_map_the_range_and_enlarge_by_whole_factors():
    picture = to_picture(torch.tensor([-1.0, 1.0, 5.0, 0.0]).reshape(1, 2, 2), at_least=2)
    assert [picture.getpixel((x, y))[0] for y in (0, 1) for x in (0, 1)] == [0, 255, 255, 128]
    assert to_picture(torch.zeros(1, 8, 8)).size == (128, 128)
    assert to_picture(torch.zeros(3, 50, 50)).size == (150, 150)
    assert to_picture(torch.zeros(3, 256, 256)).size == (256, 256)


def test_a_grid_holds_every_image():
    grid = to_grid(torch.ones(5, 1, 8, 8), columns=3, at_least=16)
    assert grid.size == (3 * 16 + 2 * 2, 2 * 16 + 2)
