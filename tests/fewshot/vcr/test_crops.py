"""Both forms of a crop against torchvision and Pillow."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torchvision.transforms import functional as pillow
from torchvision.transforms.v2.functional import pil_to_tensor, to_pil_image

from methods.fewshot.vcr.boxes import Box
from methods.fewshot.vcr.crops import crops, matrix_crops, resampling, resized_crop, ten_crops

BOXES = [
    Box(0, 0, 90, 70),  # the whole
    Box(10, 5, 61, 47),  # smaller than it is
    Box(85, 66, 5, 4),  # larger than it is, in the corner
    Box(3, 60, 80, 1),  # one line
    Box(40, 30, 24, 24),  # as large as the side
]
BICUBIC = pillow.InterpolationMode.BICUBIC


@pytest.fixture(scope="module")
def pixels() -> Tensor:
    return torch.randint(
        0, 256, (3, 70, 90), generator=torch.Generator().manual_seed(0), dtype=torch.uint8
    )


@pytest.mark.parametrize(("dtype", "gap"), [(torch.float32, 4e-6), (torch.float64, 1e-13)])
@pytest.mark.parametrize("side", [24, 32])
def test_the_matrix_form_is_torchvisions(
    pixels: Tensor, side: int, dtype: torch.dtype, gap: float
) -> None:
    picture = pixels.to(dtype) / 255
    looped = torch.stack([resized_crop(picture, box, side) for box in BOXES])
    assert (matrix_crops(picture, BOXES, side) - looped).abs().max() < gap


def test_a_crop_of_a_large_picture_is_as_exact() -> None:
    picture = torch.rand(3, 600, 800, generator=torch.Generator().manual_seed(1))
    box = Box(101, 33, 690, 555)
    gap = matrix_crops(picture, [box], 224)[0] - resized_crop(picture, box, 224)
    assert gap.abs().max() < 4e-6


def test_a_crop_sees_nothing_outside_its_box(pixels: Tensor) -> None:
    left, top, width, height = box = Box(20, 10, 30, 40)
    blind = torch.full_like(pixels, 255)
    blind[:, top : top + height, left : left + width] = pixels[
        :, top : top + height, left : left + width
    ]
    assert torch.equal(
        matrix_crops(blind.double(), [box], 16), matrix_crops(pixels.double(), [box], 16)
    )


def test_a_crop_of_the_sides_own_size_is_copied(pixels: Tensor) -> None:
    copied = matrix_crops(pixels.double(), [Box(40, 30, 24, 24)], 24)[0]
    assert torch.equal(copied, pixels[:, 30:54, 40:64].double())


def test_weights_add_up_to_one() -> None:
    weights = resampling(torch.tensor([2, 0]), torch.tensor([11, 3]), 20, 8, torch.float64)
    assert weights.shape == (2, 8, 20)
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(2, 8, dtype=torch.float64))
    assert weights[0, :, :2].abs().max() == weights[0, :, 13:].abs().max() == 0


def test_the_loop_is_pillows_but_for_rounding(pixels: Tensor) -> None:
    image = to_pil_image(pixels)
    for box, crop in zip(BOXES, crops(pixels, BOXES, 24), strict=True):
        left, top, width, height = box
        theirs = pillow.resized_crop(image, top, left, height, width, [24, 24], BICUBIC)
        assert (crop - pil_to_tensor(theirs) / 255).abs().max() < 1.5 / 255


def test_ten_crops_are_pillows_but_for_rounding(pixels: Tensor) -> None:
    """At the sizes of the published code: shorter side 256, crops of 224; here 32 and 28."""
    small = pillow.resize(to_pil_image(pixels), [32], BICUBIC)
    theirs = torch.stack([pil_to_tensor(crop) for crop in pillow.ten_crop(small, [28, 28])]).float()
    ours = ten_crops(pixels, 28)
    assert ours.shape == (10, 3, 28, 28)
    assert (ours - theirs / 255).abs().max() < 1.5 / 255
    assert torch.equal(ours[5:9], ours[[1, 0, 3, 2]].flip(3))


@pytest.mark.gpu
def test_cuda_cuts_as_torchvision_does(pixels: Tensor) -> None:
    large = torch.randint(
        0, 256, (3, 480, 640), generator=torch.Generator().manual_seed(2), dtype=torch.uint8
    )
    for picture, boxes, side in (
        (pixels, BOXES, 24),
        (large, [Box(101, 33, 490, 355), Box(0, 0, 640, 480)], 224),
    ):
        looped = [resized_crop(picture.float() / 255, box, side).clamp(0, 1) for box in boxes]
        found = crops(picture.cuda(), boxes, side)
        assert found.is_cuda
        assert (found.cpu() - torch.stack(looped)).abs().max() < 4e-6
