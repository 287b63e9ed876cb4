"""Priors: the running mean is the mean, the file says what it fits, and what does not fit is refused."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from methods.base import MethodError
from methods.caching import CalibrateConfig, SampleConfig, ddim_sample, load_prior
from methods.caching.calibration import Recorder
from methods.caching.check import check_sample
from methods.caching.facts import locate, read_facts
from methods.caching.models import load_model
from methods.caching.prior import read_info
from methods.caching.run_calibrate import calibration_batches, run, spread
from methods.local import LocalContext

STEPS = 6


@pytest.fixture(scope="module")
def prior_file(pipeline_folder, tmp_path_factory):
    config = CalibrateConfig(model=str(pipeline_folder), steps=STEPS, batch_size=4)
    context = LocalContext(tmp_path_factory.mktemp("prior"), seed=5)
    run(config, context)
    return context.folder / "prior.safetensors"


def sampling(pipeline_folder, **changes):
    values = {
        "model": str(pipeline_folder),
        "steps": STEPS,
        "correction": "eoc",
        "images_per_class": 1,
    }
    return SampleConfig(**values | changes)


def test_the_prior_is_the_mean_of_the_conditional_rows_over_classes(pipeline_folder, prior_file):
    """Each class by itself, from the same noise, its outputs caught by plain hooks and averaged at the end."""
    model = load_model(str(pipeline_folder), torch.device("cpu"), "float32")
    noise = torch.randn(1, 4, 4, 4, generator=torch.Generator().manual_seed(5))
    outputs = []
    for module in (
        model.transformer.transformer_blocks[1].attn1,
        model.transformer.transformer_blocks[2].ff,
    ):
        caught = []
        handle = module.register_forward_hook(lambda *args, c=caught: c.append(args[2][0]))
        for label in range(10):
            ddim_sample(
                model.transformer,
                torch.tensor([label]),
                noise,
                num_inference_steps=STEPS,
                guidance_scale=4.0,
            )
        handle.remove()
        outputs.append(torch.stack(caught).reshape(10, STEPS, 4, 16).mean(dim=0))
    prior = load_prior(prior_file)
    torch.testing.assert_close(prior.attn[1], outputs[0], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(prior.ff[2], outputs[1], rtol=1e-4, atol=1e-5)


def test_the_prior_does_not_depend_on_the_batch_size(pipeline_folder, prior_file, tmp_path):
    context = LocalContext(tmp_path, seed=5)
    run(CalibrateConfig(model=str(pipeline_folder), steps=STEPS, batch_size=10), context)
    other = load_prior(tmp_path / "prior.safetensors")
    torch.testing.assert_close(other.attn, load_prior(prior_file).attn, rtol=1e-4, atol=1e-5)


def test_a_running_mean_over_batches_is_the_mean():
    recorder = Recorder(layers=1, steps=1, tokens=1, width=1, guided=True)
    for values in ([1.0, 2.0], [6.0]):
        recorder._batch = len(values)
        rows = torch.tensor(values + [100.0] * len(values)).reshape(
            -1, 1, 1
        )  # conditional, then null
        recorder._hook(recorder.attn[0])(None, None, rows)
        recorder._hook(recorder.block[0])(None, None, rows)
        recorder.images += len(values)
    assert float(recorder.attn) == pytest.approx(3.0)
    assert recorder.block.flatten().tolist() == pytest.approx([3.0, 100.0])


def test_the_file_says_what_it_was_made_from(pipeline_folder, prior_file):
    info = read_info(prior_file)
    assert (info.steps, info.resolution, info.layers, info.classes, info.images) == (
        STEPS,
        4,
        3,
        10,
        10,
    )
    assert (info.tokens, info.width) == (4, 16)
    assert (info.guidance_scale, info.paper_exact) == (4.0, True)
    assert info.model_hash == load_model(str(pipeline_folder), torch.device("cpu"), "bfloat16").hash
    prior = load_prior(prior_file)
    assert prior.attn.shape == prior.ff.shape == (3, STEPS, 4, 16)
    assert prior.trend.shape == prior.direction.shape == (STEPS,)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 7}, "steps 7 where this run has 6"),
        ({"layers": 28}, "blocks 28 where this run has 3"),
        ({"tokens": 9}, "tokens 9 where this run has 4"),
        ({"width": 1152}, "width 1152 where this run has 16"),
        ({"resolution": 32}, "resolution 32 where this run has 4"),
        ({"paper_exact": False}, "“as in the papers” False where this run has True"),
        ({"model_hash": "0" * 64}, "model hash 000000000000 where this run has"),
    ],
)
def test_a_prior_that_does_not_fit_is_refused_with_the_reason(
    pipeline_folder, prior_file, change, message
):
    info = read_info(prior_file)
    facts = read_facts(locate(str(pipeline_folder)), pipeline_folder)
    assert info.misfits(facts, STEPS, True, info.model_hash) == []
    changed = dataclasses.replace(info, **change)
    assert message in "; ".join(changed.misfits(facts, STEPS, True, info.model_hash))


def test_check_refuses_what_the_header_shows(pipeline_folder, prior_file):
    check_sample(sampling(pipeline_folder, prior=str(prior_file)), Path)
    with pytest.raises(
        MethodError, match="prior does not fit: it was made with steps 6 where this run has 8"
    ):
        check_sample(sampling(pipeline_folder, prior=str(prior_file), steps=8), Path)


def test_the_prior_of_another_model_is_refused_when_the_run_starts(
    pipeline_folder, prior_file, tmp_path
):
    from methods.caching.run_sample import run as sample
    from tests.caching.conftest import build_dit, save_pipeline

    other = save_pipeline(tmp_path / "other", build_dit(seed=1))
    context = LocalContext(tmp_path / "out")
    with pytest.raises(MethodError, match="prior does not fit: it was made with model hash"):
        sample(sampling(other, prior=str(prior_file)), context)
    assert not context.artefacts


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 8}, "steps 6 where this run has 8"),
        ({"paper_exact": False}, "“as in the papers” True where this run has False"),
        ({"model": "digits"}, "blocks 3 where this run has 8"),
        ({"model": "owner/name", "steps": 8}, "steps 6 where this run has 8"),
    ],
)
def test_a_stored_prior_that_does_not_fit_is_refused_before_launch(
    pipeline_folder, prior_file, tmp_path, change, message
):
    def opened(reference):
        assert reference == "run1/prior.safetensors"
        return tmp_path / "ab12"

    shutil.copy(prior_file, tmp_path / "ab12")
    settings = {"prior": "run1/prior.safetensors"}
    check_sample(sampling(pipeline_folder, **settings), opened)
    with pytest.raises(MethodError, match=message):
        check_sample(sampling(pipeline_folder, **settings | change), opened)


def test_a_prior_of_other_weights_is_refused_before_launch(pipeline_folder, prior_file, tmp_path):
    from tests.caching.conftest import build_dit, save_pipeline

    other = save_pipeline(tmp_path / "other", build_dit(seed=1))
    with pytest.raises(MethodError, match="made with model hash"):
        check_sample(sampling(other, prior=str(prior_file)), Path)


def test_nothing_is_saved_where_decoding_runs_out_of_memory(pipeline_folder, tmp_path, monkeypatch):
    def fail(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr("methods.caching.models.LoadedModel.decode", fail)
    context = LocalContext(tmp_path)
    with pytest.raises(MethodError, match="out of memory"):
        run(CalibrateConfig(model=str(pipeline_folder), steps=STEPS), context)
    assert not context.artefacts


def test_other_files_are_no_prior(tmp_path):
    save_file({"attn": torch.zeros(1)}, tmp_path / "x.safetensors")
    (tmp_path / "y.safetensors").write_bytes(b"123")
    with pytest.raises(
        ValueError, match=r"x\.safetensors is no prior: make one with caching\.calibrate"
    ):
        load_prior(tmp_path / "x.safetensors")
    with pytest.raises(ValueError, match=r"y\.safetensors is no safetensors file"):
        load_prior(tmp_path / "y.safetensors")


def test_classes_are_spread_evenly():
    assert spread(10, 64) == tuple(range(10))
    assert spread(1000, 4) == (0, 250, 500, 750)


def test_every_class_starts_from_the_same_noise(pipeline_folder):
    model = load_model(str(pipeline_folder), torch.device("cpu"), "float32")
    config = CalibrateConfig(images_per_class=2, batch_size=3)
    batches = calibration_batches(model, (0, 4, 5, 9), config, seed=1)
    assert [batch.labels.tolist() for batch in batches] == [[0, 4, 5], [9]] * 2
    assert [batch.start for batch in batches] == [0, 3, 4, 7]
    assert torch.equal(batches[0].noise[0], batches[1].noise[0])
    assert torch.equal(batches[0].noise[0], batches[0].noise[2])
    assert not torch.equal(batches[0].noise[0], batches[2].noise[0])


def test_a_calibration_that_was_lost_goes_on_to_the_same_prior(
    pipeline_folder, prior_file, tmp_path, monkeypatch
):
    monkeypatch.setattr("methods.caching.run_calibrate.CHECKPOINT_SECONDS", 0.0)
    config = CalibrateConfig(model=str(pipeline_folder), steps=STEPS, batch_size=4)

    def stop(done, total, _message):
        if done > 8:
            raise KeyboardInterrupt

    lost = LocalContext(tmp_path / "lost", seed=5, on_progress=stop)
    with pytest.raises(KeyboardInterrupt):
        run(config, lost)
    assert not lost.artefacts
    resumed = LocalContext(tmp_path / "resumed", seed=5, resume_state=lost.state)
    run(config, resumed)
    assert resumed.steps[0][0] == STEPS
    again, before = load_prior(tmp_path / "resumed" / "prior.safetensors"), load_prior(prior_file)
    assert torch.equal(again.attn, before.attn)
    assert torch.equal(again.direction, before.direction)


def test_a_calibration_shows_both_statistics_as_curves(pipeline_folder, tmp_path):
    context = LocalContext(tmp_path)
    result = run(
        CalibrateConfig(model=str(pipeline_folder), steps=STEPS, guidance_scale=1.0), context
    )
    assert [step for step, _ in context.curves["trend"]] == list(range(STEPS))
    assert [step for step, _ in context.curves["direction"]] == list(range(STEPS))
    assert result.metrics["images"] == result.metrics["classes"] == 10
    assert "Averaged 10 uncached images of 10 classes over 6 steps" in result.summary
