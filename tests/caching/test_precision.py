"""Half precision: what is kept in it and what in float32, and numbers that it cannot hold."""

from __future__ import annotations

import math
import shutil

import pytest
import torch

from methods.base import MethodError
from methods.caching import SampleConfig, StepCacheConfig, apply_step_cache, interval_mask
from methods.caching.config import CalibrateConfig
from methods.caching.ddim import ddim_sample
from methods.caching.models import DTYPES, LoadedModel, load_model
from methods.caching.run_calibrate import run as calibrate
from methods.caching.run_sample import run
from methods.caching.sampling import references
from methods.local import LocalContext
from tests.caching.conftest import build_dit, save_pipeline

CPU = torch.device("cpu")
HALF = ["bfloat16", "float16"]
EPSILON = {"bfloat16": 2**-8, "float16": 2**-11}
"""Largest relative error of rounding a number."""
SAMPLING = {"num_inference_steps": 20, "guidance_scale": 4.0}


@pytest.fixture(autouse=True)
def _nothing_remembered():
    references.clear()


@pytest.mark.parametrize("precision", HALF)
@pytest.mark.parametrize("correction", ["none", "goc", "eoc"])
def test_what_is_kept_has_the_precision_of_the_features(
    labels, noise, prior, correction, precision
):
    """A queue that a float32 prior or weight had widened would be twice as large, and change what later blocks get."""
    model = build_dit().to(DTYPES[precision])
    config = StepCacheConfig(interval_mask(20, 3, 2), correction=correction, prior=prior)
    with apply_step_cache(model, config) as cache:
        latents = ddim_sample(model, labels, noise, **SAMPLING)
        queues = cache._root.state.queues
        assert {value.dtype for queue in queues for value in queue} == {DTYPES[precision]}
        values = 2 if correction == "goc" else 1
        assert (
            cache.memory_bytes == values * 6 * 4 * 4 * 16 * 2
        )  # cells, rows, tokens, width, bytes
    assert latents.dtype == torch.float32


@pytest.mark.parametrize("precision", HALF)
@pytest.mark.parametrize("correction", ["none", "goc", "eoc"])
def test_latents_stay_near_those_of_float32(labels, noise, prior, correction, precision):
    """Latents and guidance are in float32 between forwards, so that rounding does not add up along the steps."""
    config = StepCacheConfig(
        interval_mask(20, 3, 2), correction=correction, weight=0.5, prior=prior
    )
    found = []
    for dtype in (torch.float32, DTYPES[precision]):
        model = build_dit().to(dtype)
        with apply_step_cache(model, config):
            found.append(ddim_sample(model, labels, noise, **SAMPLING))
    distance = (found[1] - found[0]).norm() / found[0].norm()
    assert 0 < distance < 8 * EPSILON[precision]


@pytest.mark.parametrize("precision", HALF)
def test_weight_zero_and_an_empty_mask_are_exact_in_half_precision(labels, noise, prior, precision):
    model = build_dit().to(DTYPES[precision])

    def sample(mask, **settings):
        with apply_step_cache(model, StepCacheConfig(mask, **settings)):
            return ddim_sample(model, labels, noise, **SAMPLING)

    half = interval_mask(20, 3, 2)
    plain = sample(half)
    for correction in ("goc", "eoc"):
        assert torch.equal(sample(half, correction=correction, weight=0.0, prior=prior), plain)
    nothing = sample(torch.zeros_like(half), correction="goc")
    assert torch.equal(nothing, ddim_sample(model, labels, noise, **SAMPLING))


@pytest.mark.parametrize("precision", HALF)
def test_a_prior_is_averaged_and_kept_in_float32(pipeline_folder, tmp_path, precision):
    from methods.caching import load_prior

    priors = {}
    for each in ("float32", precision):
        context = LocalContext(tmp_path / each)
        calibrate(CalibrateConfig(model=str(pipeline_folder), steps=4, precision=each), context)
        priors[each] = load_prior(tmp_path / each / "prior.safetensors")
    exact, rounded = priors["float32"], priors[precision]
    assert rounded.attn.dtype == rounded.ff.dtype == rounded.trend.dtype == torch.float32
    for kind in ("attn", "ff"):
        a, b = getattr(exact, kind), getattr(rounded, kind)
        assert 0 < (a - b).norm() / a.norm() < 8 * EPSILON[precision]


@pytest.mark.parametrize("precision", HALF)
def test_a_run_of_the_small_world_is_near_that_of_float32(tmp_path, precision):
    found = {}
    for each in ("float32", precision):
        config = SampleConfig(precision=each, steps=6, images_per_class=1, correction="goc")
        found[each] = run(config, LocalContext(tmp_path / each)).metrics
        assert all(math.isfinite(value) for value in found[each].values())
    distance = found["float32"]["relative_l2"]
    assert found[precision]["relative_l2"] == pytest.approx(distance, rel=0.1)
    assert found[precision]["cache_memory_mb"] == found["float32"]["cache_memory_mb"] / 2


@pytest.fixture(scope="module")
def too_large(tmp_path_factory):
    """A model whose output float16 cannot hold, and the others can."""
    transformer = build_dit()
    with torch.no_grad():
        transformer.proj_out_2.weight *= 1e6
    return save_pipeline(tmp_path_factory.mktemp("large"), transformer)


def test_latents_that_float16_cannot_hold_end_the_run_in_words(too_large, tmp_path):
    message = (
        r"the latents of .* in float16 are infinite or no numbers after step 1 of 2: "
        r"float16 ends at 65,504: choose bfloat16 or float32"
    )
    settings = {"model": str(too_large), "precision": "float16"}
    context = LocalContext(tmp_path)
    with pytest.raises(
        MethodError, match=message
    ):  # when it is warmed up, before anything is timed
        run(SampleConfig(**settings, steps=4, images_per_class=1), context)
    assert not context.artefacts
    with pytest.raises(MethodError, match="after step 1 of 4: float16 ends at"):
        calibrate(CalibrateConfig(**settings, steps=4), LocalContext(tmp_path / "prior"))


def test_what_only_float16_cannot_hold_runs_in_the_others(too_large, tmp_path):
    for precision in ("float32", "bfloat16"):
        config = SampleConfig(
            model=str(too_large), precision=precision, steps=4, images_per_class=1
        )
        found = run(config, LocalContext(tmp_path / precision)).metrics
        assert all(math.isfinite(value) for value in found.values())


def test_weights_that_are_no_numbers_are_named(pipeline_folder, tmp_path):
    folder = tmp_path / "broken"
    shutil.copytree(pipeline_folder, folder)
    transformer = build_dit()
    with torch.no_grad():
        transformer.proj_out_2.bias[0] = math.nan
    transformer.save_pretrained(folder / "transformer")
    with pytest.raises(
        MethodError, match=r"in float32 are infinite .*: the model's weights are not"
    ):
        run(SampleConfig(model=str(folder), steps=4, images_per_class=1), LocalContext(tmp_path))


def test_latents_too_large_for_the_decoder_are_named(pipeline_folder):
    model = load_model(str(pipeline_folder), CPU, "float32")
    assert isinstance(model, LoadedModel)
    with pytest.raises(MethodError, match=r"the VAE of .* the latents it got reach 3e\+38"):
        model.decode(torch.full((1, 4, 4, 4), 3e38))
