"""The digits world: its split, its scores against closed forms, and what its shipped weights do."""

import json
import math
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from torch import Tensor

from methods.worlds import digits
from methods.worlds.digits.data import Digits
from methods.worlds.digits.evaluate import draw
from methods.worlds.digits.judge import FEATURES, Judge
from methods.worlds.digits.model import build_transformer, embedders
from methods.worlds.digits.sampling import alphas_cumprod, sample_digits
from methods.worlds.digits.train import DROPOUT, RECIPE
from methods.worlds.scores import (
    class_accuracy,
    distance_to_gaussian,
    fit_gaussian,
    frechet_distance,
    gaussian_distance,
    inception_score,
)
from methods.worlds.training import Recipe, TransformerTraining


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def data() -> Digits:
    return digits.load_data()


@pytest.fixture(scope="module")
def judge() -> Judge:
    return digits.load_judge()


def scaled_corners(scales: list[float], centre: list[float]) -> Tensor:
    """Points centre +- scale along each axis: mean and diagonal covariance known exactly."""
    corners = torch.cartesian_prod(*[torch.tensor([-s, s], dtype=torch.float64) for s in scales])
    return corners + torch.tensor(centre, dtype=torch.float64)


def test_importing_the_package_loads_no_torch() -> None:
    code = "import sys, methods.worlds.digits as d; d.CLASS_NAMES; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_public_name_loads_and_others_are_refused() -> None:
    assert all(getattr(digits, name) is not None for name in digits.__all__)
    with pytest.raises(AttributeError, match="no attribute 'letters'"):
        digits.letters  # noqa: B018


def test_images_have_the_promised_shape_type_and_range(data: Digits) -> None:
    assert data.train_images.shape == (1437, 1, 8, 8)
    assert data.held_out_images.shape == (360, 1, 8, 8)
    for images in (data.train_images, data.held_out_images):
        assert images.dtype == torch.float32
        assert (float(images.min()), float(images.max())) == (-1.0, 1.0)
    assert data.train_labels.dtype == data.held_out_labels.dtype == torch.int64


def test_split_is_disjoint_stratified_and_always_the_same(data: Digits) -> None:
    def rows(images: Tensor) -> set[tuple[float, ...]]:
        return {tuple(image) for image in images.flatten(1).tolist()}

    train, held_out = rows(data.train_images), rows(data.held_out_images)
    assert len(train | held_out) == 1797  # no digit of the source occurs twice
    assert not train & held_out
    share = data.held_out_labels.bincount() / (
        data.train_labels.bincount() + data.held_out_labels.bincount()
    )
    assert share.sub(0.2).abs().max() < 0.01
    assert all(torch.equal(a, b) for a, b in zip(data, digits.load_data(), strict=True))


def test_frechet_distance_of_diagonal_gaussians_is_the_closed_form() -> None:
    a = scaled_corners([1.0, 2.0, 0.5], [0.0, 0.0, 0.0])
    b = scaled_corners([3.0, 1.0, 0.5], [1.0, -2.0, 0.0])
    # Eight corners have the unbiased variance 8/7 scale^2; the distance is
    # |m_a - m_b|^2 + sum (s_a - s_b)^2 = 5 + 8/7 (4 + 1 + 0).
    assert frechet_distance(a, b) == pytest.approx(5 + 8 / 7 * 5, rel=1e-12)


def test_frechet_distance_is_symmetric_and_zero_for_itself(data: Digits, judge: Judge) -> None:
    a, b = judge.features(data.train_images), judge.features(data.held_out_images)
    assert frechet_distance(a, a) < 1e-9
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), rel=1e-9)


def test_frechet_distance_survives_a_rotation_and_a_singular_covariance() -> None:
    generator = torch.Generator().manual_seed(0)
    a = torch.randn(6, 9, generator=generator, dtype=torch.float64)  # rank 5 in 9 dimensions
    b = torch.randn(50, 9, generator=generator, dtype=torch.float64) @ torch.randn(
        9, 9, generator=generator, dtype=torch.float64
    )
    rotation = torch.linalg.qr(torch.randn(9, 9, generator=generator, dtype=torch.float64)).Q
    expected = frechet_distance(a, b)
    assert frechet_distance(a @ rotation, b @ rotation) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("number", [2, 5, 8, 40])
def test_the_distance_of_few_features_to_a_gaussian_needs_no_large_roots(number: int) -> None:
    """Fewer rows than features, or more: the same closed form."""
    generator = torch.Generator().manual_seed(number)
    features = torch.randn(number, 8, generator=generator)
    reference = fit_gaussian(torch.randn(50, 8, generator=generator).double() * 2 + 1)
    expected = gaussian_distance(fit_gaussian(features), reference)
    assert distance_to_gaussian(features, reference) == pytest.approx(expected, rel=1e-6)
    with pytest.raises(ValueError, match="N >= 2"):
        distance_to_gaussian(features[:1], reference)
    with pytest.raises(ValueError, match="feature sizes differ: 7 and 8"):
        distance_to_gaussian(features[:, :7][:2], reference)


def test_frechet_distance_refuses_single_rows_and_different_sizes() -> None:
    with pytest.raises(ValueError, match="N >= 2"):
        frechet_distance(torch.zeros(1, 3), torch.zeros(5, 3))
    with pytest.raises(ValueError, match="feature sizes differ: 3 and 4"):
        frechet_distance(torch.zeros(5, 3), torch.zeros(5, 4))


@pytest.mark.parametrize(
    ("probabilities", "expected"),
    [
        (torch.eye(7), 7.0),
        (torch.full((5, 4), 0.25), 1.0),
        (torch.tensor([[1.0, 0.0]] * 3), 1.0),
        # Marginal (3/4, 1/4): entropy log 4 - 3/4 log 3; the rows' mean entropy is 1/2 log 2.
        (torch.tensor([[1.0, 0.0], [0.5, 0.5]]), 4 / 3**0.75 / 2**0.5),
    ],
)
def test_inception_score_is_the_hand_worked_number(probabilities: Tensor, expected: float) -> None:
    assert inception_score(probabilities) == pytest.approx(expected, rel=1e-12)


def test_class_accuracy_counts_the_largest_logit() -> None:
    logits = torch.tensor([[2.0, 1.0], [0.0, 3.0], [5.0, 4.0], [0.0, 1.0]])
    assert class_accuracy(logits, torch.tensor([0, 1, 1, 1])) == 0.75
    with pytest.raises(ValueError, match=r"got \(4, 2\) and \(3,\)"):
        class_accuracy(logits, torch.tensor([0, 1, 1]))


def test_judge_reads_held_out_digits(data: Digits, judge: Judge) -> None:
    logits = judge.logits(data.held_out_images)
    assert logits.shape == (360, 10)
    assert class_accuracy(logits, data.held_out_labels) >= 0.97


def test_judge_remembers_the_statistics_of_real_digits(data: Digits, judge: Judge) -> None:
    assert judge.features(data.train_images).shape == (1437, FEATURES)
    assert judge.distance_to_real(data.train_images) < 1e-4
    floor = judge.distance_to_real(data.held_out_images)
    assert judge.real_floor() == pytest.approx(floor, rel=1e-3)


def test_judge_refuses_other_shapes(judge: Judge) -> None:
    with pytest.raises(ValueError, match=r"got \(2, 3, 8, 8\)"):
        judge.features(torch.zeros(2, 3, 8, 8))


def test_untrained_transformer_predicts_no_noise_and_has_the_official_embedding() -> None:
    transformer = build_transformer().eval()
    output = transformer(
        torch.randn(2, 1, 8, 8), timestep=torch.tensor([0, 999]), class_labels=torch.tensor([3, 10])
    ).sample
    assert torch.equal(output, torch.zeros(2, 1, 8, 8))
    frequencies = torch.exp(-math.log(10_000) * torch.arange(128) / 128)
    projected = embedders(transformer)[0].time_proj(torch.tensor([7]))[0]
    assert torch.allclose(projected[:128], torch.cos(7 * frequencies), atol=1e-5)


def test_sampler_recovers_the_image_from_perfect_noise_predictions() -> None:
    target = torch.rand(3, 1, 8, 8) * 2 - 1
    alphas = alphas_cumprod().float()

    class Oracle(torch.nn.Module):
        def forward(self, x: Tensor, timestep: Tensor, class_labels: Tensor) -> object:  # noqa: ARG002
            alpha = alphas[timestep].view(-1, 1, 1, 1)
            self.sample = (x - alpha.sqrt() * torch.cat([target, target])) / (1 - alpha).sqrt()
            return self

    labels, noise = torch.zeros(3, dtype=torch.int64), torch.randn(3, 1, 8, 8)
    drawn = sample_digits(Oracle(), labels, noise, 20, 2.0)
    assert torch.allclose(drawn, target, atol=1e-4)


def test_resumed_training_equals_uninterrupted_training(data: Digits, tmp_path: Path) -> None:
    def start() -> TransformerTraining:
        return TransformerTraining(lambda: build_transformer(DROPOUT), Recipe(steps=4, batch=8))

    straight, first, second = start(), start(), start()
    losses = [straight.advance(straight.loss_on(data.train)) for _ in range(3)]
    first.advance(first.loss_on(data.train))
    first.save(tmp_path / "checkpoint.pt")
    second.resume(tmp_path / "checkpoint.pt")
    assert [second.advance(second.loss_on(data.train)) for _ in range(2)] == losses[1:]


def test_shipped_transformer_draws_digits_that_the_judge_recognises(judge: Judge) -> None:
    transformer = digits.load_transformer()
    assert not transformer.training
    assert transformer.dtype == torch.float32
    images, labels = draw(transformer, num_images=40, num_inference_steps=10)
    assert images.shape == (40, 1, 8, 8)
    assert class_accuracy(judge.logits(images), labels) >= 0.9


def test_loading_takes_well_under_a_second() -> None:
    digits.load_transformer()  # the first call also pays for imports
    start = time.process_time()
    digits.load_transformer()
    digits.load_judge()
    digits.load_data()
    assert time.process_time() - start < 0.8


def test_json_card_belongs_to_the_shipped_weights(judge: Judge) -> None:
    card = json.loads((digits.WEIGHTS / "card.json").read_text())
    assert card["setting"]["guidance_scale"] == digits.GUIDANCE_SCALE
    assert card["training"]["steps"] == RECIPE.steps
    floor = card["real_held_out"]["frechet_distance"]
    assert judge.real_floor() == pytest.approx(floor, abs=1e-3)
    assert card["generated_mean"]["class_accuracy"] >= 0.99
    assert card["generated_mean"]["frechet_distance"] < 1.5 * floor
    full, half = (card["storage"][name]["frechet_distance"] for name in ("float32", "float16"))
    assert abs(half - full) < 0.01


def test_written_card_states_the_figures_of_the_json_card() -> None:
    card = json.loads((digits.WEIGHTS / "card.json").read_text())
    text = (digits.WEIGHTS.parent / "CARD.md").read_text()
    rows = {"held-out digits": card["real_held_out"], "**1.5**": card["generated_mean"]}
    rows |= card["generated_at_other_guidance_scales"]
    for name, figures in rows.items():
        shown = " | ".join(
            f"{figures[key]:.{places}f}"
            for key, places in {
                "class_accuracy": 3,
                "frechet_distance": 2,
                "frechet_distance_of_360": 2,
                "inception_score": 2,
                "nearest_train_median": 2,
            }.items()
        )
        assert f"| {name} | {shown} |" in text
