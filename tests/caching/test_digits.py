"""Cached sampling in the small world of digits, with its own judge beside it."""

from __future__ import annotations

import pytest

from methods.caching import CalibrateConfig, SampleConfig
from methods.caching.facts import locate, read_facts
from methods.caching.run_calibrate import run as calibrate
from methods.caching.run_sample import run
from methods.local import LocalContext

DIGITS = locate("digits").folder

pytestmark = pytest.mark.skipif(
    not (DIGITS / "config.json").is_file(), reason="the digits world's weights are absent"
)


def sample(folder, seed=0, **settings):
    context = LocalContext(folder, seed=seed)
    return run(SampleConfig(**settings), context), context


def test_the_world_is_known_without_loading_it():
    facts = read_facts(locate("digits"), DIGITS)
    assert (facts.layers, facts.width, facts.tokens, facts.channels, facts.null_class) == (
        8,
        128,
        16,
        1,
        10,
    )
    assert facts.class_ids(("7", "0")) == (7, 0)
    assert facts.pixels


def test_the_judge_stands_beside_both_sides(tmp_path):
    result, context = sample(tmp_path, steps=10, images_per_class=7)
    metrics = result.metrics
    assert metrics["images"] == 70
    assert (metrics["attn_forwards"], metrics["attn_forwards_uncached"]) == (40, 80)
    for ending in ("", "_uncached"):
        low, share, high = (
            metrics[f"judge_class_accuracy{part}{ending}"] for part in ("_low", "", "_high")
        )
        assert 0 < low < share <= high <= 1
        assert 1 <= metrics[f"judge_inception_score{ending}"] <= 10
        assert metrics[f"judge_frechet_distance{ending}"] > 0
    assert metrics["judge_class_accuracy_uncached"] > 0.9
    assert metrics["judge_class_accuracy"] > 0.9
    assert metrics["relative_l2"] < 0.2
    assert "digits judge recognises" in result.summary
    right = sum(row["judged_class"] == row["class_name"] for row in context.records["images"])
    assert right / 70 == metrics["judge_class_accuracy"]


def test_few_images_have_no_frechet_distance_and_say_so(tmp_path):
    result, context = sample(tmp_path, images_per_class=1, steps=4)
    assert not any("frechet" in name for name in result.metrics)
    assert any(
        "no Fréchet distance: 10 images are too few" in text for _, text, _ in context.events
    )


def test_the_judge_can_be_left_out(tmp_path):
    result, _ = sample(tmp_path, images_per_class=1, steps=4, judge=False)
    assert not any("judge" in name for name in result.metrics)


def test_the_error_grows_with_the_interval(tmp_path):
    errors = [
        sample(tmp_path / str(interval), images_per_class=1, interval=interval)[0].metrics[
            "relative_l2"
        ]
        for interval in (2, 4, 7)
    ]
    assert errors == sorted(errors)
    assert errors[-1] > 2 * errors[0]


def test_a_calibrated_prior_serves_eoc_and_automatic_steps(tmp_path):
    calibrate(CalibrateConfig(max_classes=4), LocalContext(tmp_path / "prior"))
    prior = str(tmp_path / "prior" / "prior.safetensors")
    result, _ = sample(tmp_path / "eoc", images_per_class=1, correction="eoc", prior=prior)
    assert 0 < result.metrics["relative_l2"] < 0.2
    auto, _ = sample(
        tmp_path / "goc", images_per_class=1, correction="goc", positions="auto", prior=prior
    )
    assert 0 < auto.metrics["relative_l2"] < 1
