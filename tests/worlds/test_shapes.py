"""The shapes world: the exact truth of its pictures, and what its shipped weights do."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import Tensor

from methods.worlds import shapes
from methods.worlds.evaluate import draw
from methods.worlds.judge import FEATURES, Judge
from methods.worlds.sampling import alphas_cumprod, noise_of, sample
from methods.worlds.scenes import (
    COLOURS,
    SHAPES,
)
from methods.worlds.scores import class_accuracy
from methods.worlds.shapes.data import class_scene, make_images
from methods.worlds.shapes.model import WIDTH, build_transformer, embedders
from methods.worlds.shapes.train import RECIPE
from methods.worlds.training import Labelled, Recipe, TransformerTraining


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def judge() -> Judge:
    return shapes.load_judge()


@pytest.fixture(scope="module")
def fresh() -> Labelled:
    """Pictures of a seed that neither the model nor the judge has seen."""
    return make_images(4 * shapes.NUM_CLASSES, seed=12345)


def test_importing_the_package_loads_no_torch() -> None:
    code = "import sys, methods.worlds.shapes as s; s.CLASS_NAMES; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_public_name_loads_and_others_are_refused() -> None:
    lazy = set(shapes.__all__) - {"load_data"}  # which the data's own test calls
    assert all(getattr(shapes, name) is not None for name in lazy)
    with pytest.raises(AttributeError, match="no attribute 'colours'"):
        shapes.colours  # noqa: B018


def test_there_are_48_classes_named_by_colour_and_shape() -> None:
    assert len(set(shapes.CLASS_NAMES)) == shapes.NUM_CLASSES == shapes.NULL_CLASS == 48
    for label, name in enumerate(shapes.CLASS_NAMES):
        (item,) = class_scene(label, np.random.default_rng(label)).objects
        assert name == f"{item.colour} {item.shape}"


def test_images_have_the_promised_shape_type_and_range(fresh: Labelled) -> None:
    assert fresh.images.shape == (192, 3, 24, 24)
    assert fresh.images.dtype == torch.float32
    assert fresh.images.abs().max() <= 1
    assert torch.equal(fresh.labels, torch.arange(192) % 48)
    again = make_images(48, seed=12345)
    assert torch.equal(again.images, fresh.images[:48])


def test_label_rows_of_one_shape_differ_by_their_colours_alone() -> None:
    torch.manual_seed(0)
    table = embedders(build_transformer())[0].class_embedder.embedding_table.weight
    rows = table[: shapes.NUM_CLASSES].reshape(len(SHAPES), len(COLOURS), WIDTH)
    steps = rows[:, 1:] - rows[:, :1]  # from the first colour to each other one
    assert torch.allclose(steps, steps[:1].expand_as(steps), atol=1e-5)


def test_sampler_recovers_the_picture_from_perfect_v_predictions(fresh: Labelled) -> None:
    target = fresh.images[:3]
    alphas = alphas_cumprod().float()

    class Oracle(torch.nn.Module):
        def forward(self, x: Tensor, timestep: Tensor, class_labels: Tensor) -> object:  # noqa: ARG002
            alpha = alphas[timestep].view(-1, 1, 1, 1)
            clean = torch.cat([target, target])
            noise = (x - alpha.sqrt() * clean) / (1 - alpha).sqrt()
            self.sample = alpha.sqrt() * noise - (1 - alpha).sqrt() * clean
            return self

    labels, noise = torch.zeros(3, dtype=torch.int64), torch.randn(3, 3, 24, 24)
    drawn = sample(Oracle(), labels, noise, 20, 2.0, shapes.NULL_CLASS, shapes.PREDICTION)
    assert torch.allclose(drawn, target, atol=1e-4)


def test_noise_of_v_is_the_hand_worked_number() -> None:
    # alpha .64: x = .8 * 2 + .6 * 5 = 4.6 and v = .8 * 5 - .6 * 2 = 2.8 of clean 2 and noise 5
    v, x = torch.tensor(2.8), torch.tensor(4.6)
    assert noise_of(v, x, 0.64, "v_prediction").item() == pytest.approx(5.0)
    assert noise_of(v, x, 0.64, "epsilon") is v


def test_loss_of_an_untrained_model_is_the_mean_square_of_v(fresh: Labelled) -> None:
    recipe = Recipe(steps=4, batch=8, prediction="v_prediction")
    training = TransformerTraining(build_transformer, recipe)
    data = Labelled(fresh.images[:8], fresh.labels[:8])
    # An untrained transformer predicts 0, so that its loss is the mean square of v itself.
    generator = torch.Generator().manual_seed(recipe.seed)
    timesteps = torch.randint(1000, (8,), generator=generator)
    noise = torch.randn(data.images.shape, generator=generator)
    alpha = alphas_cumprod()[timesteps].float().view(-1, 1, 1, 1)
    v = alpha.sqrt() * noise - (1 - alpha).sqrt() * data.images
    assert training.compare(data) == pytest.approx(float(v.square().mean()), rel=1e-6)


def test_judge_reads_fresh_pictures(judge: Judge, fresh: Labelled) -> None:
    assert judge.features(fresh.images).shape == (192, FEATURES)
    assert class_accuracy(judge.logits(fresh.images), fresh.labels) >= 0.97


def test_judge_remembers_the_statistics_of_real_pictures(judge: Judge, fresh: Labelled) -> None:
    card = json.loads((shapes.WEIGHTS / "card.json").read_text())
    assert judge.real_floor() == pytest.approx(card["real_held_out"]["frechet_distance"], abs=1e-3)
    assert judge.distance_to_real(fresh.images) < 5 * judge.real_floor()
    assert judge.distance_to_real(torch.randn(fresh.images.shape)) > 20 * judge.real_floor()


def test_shipped_transformer_draws_shapes_that_the_judge_recognises(judge: Judge) -> None:
    transformer = shapes.load_transformer()
    assert not transformer.training
    assert transformer.dtype == torch.float32
    setting = (48, shapes.NUM_INFERENCE_STEPS, shapes.GUIDANCE_SCALE, 5, shapes.PREDICTION)
    images, labels = draw(transformer, *setting)
    assert images.shape == (48, 3, 24, 24)
    assert class_accuracy(judge.logits(images), labels) >= 0.9


def test_json_card_belongs_to_the_shipped_weights() -> None:
    card = json.loads((shapes.WEIGHTS / "card.json").read_text())
    assert card["setting"]["guidance_scale"] == shapes.GUIDANCE_SCALE
    assert card["training"]["steps"] == RECIPE.steps
    assert card["training"]["prediction"] == shapes.PREDICTION
    assert card["generated_mean"]["class_accuracy"] >= 0.95
    full, half = (card["storage"][name]["frechet_distance"] for name in ("float32", "float16"))
    assert abs(half - full) < 0.05
    last = (shapes.WEIGHTS / "training.log").read_text().splitlines()
    assert any(line.startswith(f"step {RECIPE.steps}:") for line in last)


def test_written_card_states_the_figures_of_the_json_card() -> None:
    card = json.loads((shapes.WEIGHTS / "card.json").read_text())
    text = (shapes.WEIGHTS.parent / "CARD.md").read_text()
    rows = {"held-out pictures": card["real_held_out"]}
    rows |= {f"**{shapes.GUIDANCE_SCALE}**": card["generated_mean"]}
    rows |= card["generated_at_other_guidance_scales"]
    places = {
        "class_accuracy": 3,
        "frechet_distance": 2,
        "inception_score": 1,
        "nearest_train_median": 2,
    }
    for name, figures in rows.items():
        shown = " | ".join(f"{figures[key]:.{digits}f}" for key, digits in places.items())
        assert f"| {name} | {shown} |" in text
