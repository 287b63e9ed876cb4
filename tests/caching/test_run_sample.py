"""The run from end to end on a tiny pipeline in the real layout: what it keeps, compares, saves and refuses."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from methods import METHODS
from methods.base import Cancelled, MethodError
from methods.caching import SampleConfig, ddim_sample
from methods.caching.config import CalibrateConfig
from methods.caching.estimate import estimate_sample
from methods.caching.models import forget_models, load_model
from methods.caching.run_calibrate import run as calibrate
from methods.caching.run_sample import run
from methods.caching.sampling import make_batches, references
from methods.local import LocalContext

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _nothing_remembered():
    references.clear()


@pytest.fixture
def settings(pipeline_folder):
    return {
        "model": str(pipeline_folder),
        "steps": 6,
        "images_per_class": 1,
        "batch_size": 4,
        "guidance_scale": 2.0,
    }


def sample(settings, folder, seed=3, **changes):
    context = LocalContext(folder, seed=seed)
    return run(SampleConfig(**settings | changes), context), context


def same_measures(a, b):
    """Everything but times and memory."""
    drop = ("seconds", "speedup", "memory", "timed", "overhead")
    return all(a[name] == b[name] for name in a if not any(word in name for word in drop))


def pictures(context, prefix):
    found = {}
    for name in sorted(context.artefacts):
        if name.startswith(prefix):
            with Image.open(context.folder / name) as image:
                found[name] = image.tobytes()
    return found


def test_a_run_saves_every_image_with_its_origin(settings, tmp_path):
    _, context = sample(settings, tmp_path, classes=("goldfish", "9"), images_per_class=2)
    rows = context.records["images"]
    assert [row["class_name"] for row in rows] == ["goldfish", "9", "goldfish", "9"]
    for row in rows:
        with Image.open(tmp_path / row["name"]) as image:
            origin = json.loads(image.text["vitrine"])
            assert image.width >= 128  # eight pixels, enlarged
        assert origin["seed"] == 3
        assert origin["artefact"]["class_id"] == row["class_id"]
        assert (origin["artefact"]["role"], origin["artefact"]["index"]) == ("sample", row["index"])
        assert context.artefacts[row["name"]].sha256 == row["sha256"]
        assert context.metadata[row["uncached_name"]]["role"] == "reference"
        assert row["psnr"] > 0
        assert row["relative_l2"] > 0
        assert -1 <= row["ssim"] < 1
    assert {"samples.png", "uncached.png", "cells.json", "steps.csv"} <= context.artefacts.keys()


def test_metrics_count_what_was_executed(settings, tmp_path):
    result, context = sample(settings, tmp_path, interval=3)
    metrics = result.metrics
    assert (metrics["attn_forwards"], metrics["ff_forwards"]) == (6, 6)  # steps 0 and 3 of 3 blocks
    assert (metrics["attn_forwards_uncached"], metrics["ff_forwards_uncached"]) == (18, 18)
    assert metrics["reused_share"] == pytest.approx(2 / 3)
    assert 1 / 3 < metrics["flop_share"] < 1  # what no cache saves weighs much in a tiny model
    assert metrics["images"] == 10
    assert metrics["speedup"] == pytest.approx(metrics["seconds_uncached"] / metrics["seconds"])
    assert metrics["trajectory_error"] == context.curves["trajectory_error"][-1][1]
    assert all(math.isfinite(value) for value in metrics.values())
    assert "FORA with interval 3; 6 steps: " in result.summary


def test_every_curve_has_one_point_a_step(settings, tmp_path):
    _, context = sample(settings, tmp_path, correction="goc")
    assert {
        "first_batch_distance",
        "trajectory_error",
        "step_seconds",
        "step_seconds_uncached",
    } <= context.curves.keys()
    for points in context.curves.values():
        assert [step for step, _ in points] == list(range(6))
    assert context.curves["trajectory_error"][0][1] == 0  # the first step is always computed
    assert context.curves["trajectory_error"][-1][1] > 0


def test_the_trajectory_error_is_the_relative_distance_over_all_images(settings, tmp_path):
    """Against both trajectories sampled here in one batch."""
    from methods.caching import StepCacheConfig, apply_step_cache, interval_mask

    _, context = sample(settings, tmp_path)
    model = load_model(settings["model"], CPU, "float32")
    (batch,) = make_batches(model, tuple(range(10)), 1, 64, seed=3)
    paths = []
    for mask in (torch.zeros(6, 3, 2, dtype=torch.bool), interval_mask(6, 3, 2)):
        path = []
        with apply_step_cache(model.transformer, StepCacheConfig(mask)):
            ddim_sample(
                model.transformer, batch.labels, batch.noise, num_inference_steps=6, guidance_scale=2.0,
                on_step=lambda _, x, p=path: p.append(x),
            )  # fmt: skip
        paths.append(torch.stack(path))
    expected = (paths[1] - paths[0]).flatten(1).norm(dim=1) / paths[0].flatten(1).norm(dim=1)
    measured = [value for _, value in context.curves["trajectory_error"]]
    assert measured == pytest.approx(expected.tolist(), rel=1e-3, abs=1e-7)


def test_the_uncached_run_is_its_own_reference(settings, tmp_path):
    result, context = sample(settings, tmp_path, schedule="none")
    metrics = result.metrics
    assert metrics["identical"] == metrics["speedup"] == metrics["flop_share"] == 1
    assert metrics["relative_l2"] == metrics["trajectory_error"] == 0
    assert "psnr" not in metrics
    assert not pictures(context, "uncached")
    assert result.summary.startswith("The uncached sampling itself, 6 steps")


def test_interval_one_gives_the_uncached_images(settings, tmp_path):
    one, context = sample(settings, tmp_path / "a", interval=1)
    _, plain = sample(settings, tmp_path / "b", schedule="none")
    assert one.metrics["identical"] == 1
    assert pictures(context, "sample") == pictures(plain, "sample")


def test_fewer_steps_compare_final_images_only(settings, tmp_path):
    result, context = sample(settings, tmp_path, schedule="none", steps=3, reference_steps=6)
    metrics = result.metrics
    assert "trajectory_error" not in metrics
    assert "trajectory_error" not in context.curves
    assert metrics["relative_l2"] > 0
    assert (metrics["attn_forwards"], metrics["attn_forwards_uncached"]) == (9, 18)
    assert metrics["flop_share"] == pytest.approx(0.5)
    _, plain = sample(settings, tmp_path / "plain", schedule="none", steps=3)
    assert pictures(context, "sample") == pictures(plain, "sample")


@pytest.mark.parametrize(
    "changes", [{}, {"correction": "goc"}, {"interval": 3}, {"batch_size": 3}, {"batch_size": 10}]
)
def test_the_same_seed_starts_from_the_same_noise(settings, tmp_path, changes):
    """Whatever the policy and the batch size, the uncached images beside it are the same."""
    sample(settings, tmp_path / "plain", schedule="none", batch_size=1)
    references.clear()
    _, context = sample(settings, tmp_path / "policy", **changes)
    names = [row["uncached_name"] for row in context.records["images"]]
    for name in names:
        with (
            Image.open(tmp_path / "policy" / name) as a,
            Image.open(tmp_path / "plain" / name.replace("uncached", "sample")) as b,
        ):
            difference = torch.tensor(list(a.tobytes()), dtype=torch.int) - torch.tensor(
                list(b.tobytes()), dtype=torch.int
            )
        assert difference.abs().max() <= 1


def test_noise_belongs_to_an_image_and_a_seed(pipeline_folder):
    model = load_model(str(pipeline_folder), CPU, "float32")
    few = make_batches(model, (1, 2), 2, 3, seed=0)
    more = make_batches(model, (1, 2), 4, 8, seed=0)
    assert torch.equal(torch.cat([batch.noise for batch in few]), more[0].noise[:4])
    assert not torch.equal(make_batches(model, (1, 2), 2, 8, seed=1)[0].noise, more[0].noise[:4])


def test_the_same_seed_gives_the_same_measures(settings, tmp_path):
    first, a = sample(settings, tmp_path / "a", correction="goc")
    second, b = sample(settings, tmp_path / "b", correction="goc")
    assert same_measures(first.metrics, second.metrics)
    assert pictures(a, "sample") == pictures(b, "sample")
    other, _ = sample(settings, tmp_path / "c", seed=4, correction="goc")
    assert not same_measures(first.metrics, other.metrics)


def test_uncached_images_are_remembered_and_said_to_be(settings, tmp_path):
    first, before = sample(settings, tmp_path / "a")
    second, after = sample(settings, tmp_path / "b")
    assert not before.events
    assert [event[1] for event in after.events] == [
        f"uncached images from {start} on are of an earlier run of this process; their time is measured anew on 3 steps"
        for start in (0, 4, 8)
    ]
    assert second.metrics["seconds_uncached"] > 0
    assert first.metrics["seconds_uncached"] != second.metrics["seconds_uncached"]
    assert same_measures(first.metrics, second.metrics)
    assert sample(settings, tmp_path / "c", guidance_scale=3.0)[1].events == []


def test_the_same_weights_that_predict_something_else_are_another_uncached_batch(
    settings, tmp_path
):
    sample(settings, tmp_path / "a")
    folder = tmp_path / "copy"
    shutil.copytree(settings["model"], folder)
    file = folder / "scheduler" / "scheduler_config.json"
    said = json.loads(file.read_text())
    file.write_text(json.dumps({**said, "prediction_type": "v_prediction"}))
    result, context = sample(settings | {"model": str(folder)}, tmp_path / "b")
    assert result.metrics["uncached_timed_steps"] == 18
    assert not context.events


def test_a_lost_run_goes_on_to_the_same_result(settings, tmp_path):
    whole, context = sample(settings, tmp_path / "whole", correction="goc")
    references.clear()

    def lose(done, _total, _message):
        if done > 24:  # in the second of three batches
            raise KeyboardInterrupt

    lost = LocalContext(tmp_path / "lost", seed=3, on_progress=lose)
    config = SampleConfig(**settings, correction="goc")
    with pytest.raises(KeyboardInterrupt):
        run(config, lost)
    assert not lost.artefacts
    assert not lost.records
    references.clear()
    resumed = LocalContext(tmp_path / "resumed", seed=3, resume_state=lost.state)
    result = run(config, resumed)
    assert resumed.steps[0][0] == 18  # uncached, plain reuse, corrected
    assert same_measures(whole.metrics, result.metrics)
    assert result.metrics["uncached_timed_steps"] == 18
    assert pictures(context, "sample") == pictures(resumed, "sample")
    for name in ("trajectory_error", "trajectory_error_plain"):
        assert resumed.curves[name] == context.curves[name]
    assert resumed.records == context.records
    assert cells_of(resumed) == cells_of(context)


def mean(rows, name):
    return sum(row[name] for row in rows) / len(rows)


def test_a_correction_is_measured_against_plain_reuse(settings, tmp_path):
    """What the control says is what a run without the correction finds."""
    plain, before = sample(settings, tmp_path / "plain")
    references.clear()
    result, context = sample(settings, tmp_path / "goc", correction="goc", weight=0.5)
    metrics, rows = result.metrics, context.records["images"]
    for name in ("relative_l2", "psnr", "trajectory_error"):
        assert metrics[f"{name}_plain"] == plain.metrics[name]
    assert context.curves["trajectory_error_plain"] == before.curves["trajectory_error"]
    alone = [row["relative_l2"] for row in before.records["images"]]
    assert [row["relative_l2_plain"] for row in rows] == alone
    assert metrics["correction_gain"] == pytest.approx(
        1 - mean(rows, "relative_l2") / mean(rows, "relative_l2_plain")
    )
    low, high = metrics["correction_gain_low"], metrics["correction_gain_high"]
    assert low < metrics["correction_gain"] < high
    assert metrics["correction_overhead"] == pytest.approx(
        metrics["seconds"] / metrics["seconds_plain"] - 1
    )
    assert "against plain reuse" in result.summary.lower()
    assert sum("plain reuse: step" in text for _, _, text in context.steps) == 18
    assert context.steps[-1][0] == context.steps[-1][1] == 3 * (6 + 6 + 6 + 1)


def test_a_correction_of_weight_zero_changes_nothing(settings, tmp_path):
    result, context = sample(settings, tmp_path, correction="goc", weight=0)
    metrics = result.metrics
    assert metrics["correction_gain"] == 0
    assert metrics["correction_gain_low"] == metrics["correction_gain_high"] == 0
    assert metrics["relative_l2"] == metrics["relative_l2_plain"]
    assert context.curves["trajectory_error"] == context.curves["trajectory_error_plain"]
    assert "The correction changes nothing" in result.summary


def test_plain_reuse_is_remembered_and_then_timed_at_a_few_steps(settings, tmp_path):
    goc = {"correction": "goc"}
    first, _ = sample(settings, tmp_path / "a", **goc, weight=0.5)
    second, context = sample(settings, tmp_path / "b", **goc, weight=1.0)
    assert second.metrics["relative_l2_plain"] == first.metrics["relative_l2_plain"]
    assert first.metrics.keys() == second.metrics.keys()
    assert second.metrics["seconds_plain"] > 0
    assert not any("plain reuse: step" in text for _, _, text in context.steps)
    assert context.steps[-1][0] == context.steps[-1][1]
    other, context = sample(settings, tmp_path / "c", **goc, interval=3)
    assert sum("plain reuse: step" in text for _, _, text in context.steps) == 18
    assert other.metrics["relative_l2_plain"] != first.metrics["relative_l2_plain"]
    sampled = sample(settings, tmp_path / "d", **goc, guidance_scale=3.0)[1].steps
    assert sum("plain reuse: step" in text for _, _, text in sampled) == 18


def test_plain_reuse_can_be_left_out(settings, tmp_path):
    result, context = sample(settings, tmp_path, correction="goc", control=False)
    assert not any(name.endswith("_plain") or "correction" in name for name in result.metrics)
    assert "trajectory_error_plain" not in context.curves
    assert "relative_l2_plain" not in context.records["images"][0]
    assert "plain reuse" not in result.summary.lower()
    assert context.steps[-1][1] == 3 * (6 + 6 + 1)


def test_a_correction_beside_more_uncached_steps_has_no_trajectory(settings, tmp_path):
    result, context = sample(settings, tmp_path, correction="goc", reference_steps=8)
    assert "relative_l2_plain" in result.metrics
    assert not any("trajectory" in name for name in {*context.curves, *result.metrics})


def test_a_correction_doubles_the_cached_part_of_the_estimate():
    estimate = METHODS["caching.sample"].estimate
    corrected = SampleConfig(correction="goc")
    alone = estimate(SampleConfig()).seconds
    assert estimate(corrected).seconds > alone
    assert estimate(corrected.model_copy(update={"control": False})).seconds == alone


def test_metrics_come_in_the_order_in_which_they_are_shown(settings, tmp_path):
    result, _ = sample(settings, tmp_path, correction="goc")
    assert list(result.metrics)[:8] == [
        "speedup", "flop_share", "relative_l2", "correction_gain", "correction_gain_low", "correction_gain_high",
        "relative_l2_plain", "psnr",
    ]  # fmt: skip
    assert list(result.metrics)[8] == "ssim"


def test_cancelling_stops_it_and_frees_the_model(settings, tmp_path):
    def cancel(done, _total, _message):
        if done >= 9:  # while the cache is applied
            raise Cancelled

    context = LocalContext(tmp_path, seed=3, on_progress=cancel)
    with pytest.raises(Cancelled):
        run(SampleConfig(**settings), context)
    assert not context.artefacts
    sample(settings, tmp_path / "after")  # a cache left behind would be refused


def test_progress_rises_to_its_end_and_shows_the_images(settings, tmp_path):
    _, context = sample(settings, tmp_path)
    done, total, message = context.steps[-1]
    assert done == total
    assert message == "done"
    assert context.preview.width > context.preview.height
    names = sorted(name for name in context.artefacts if name.startswith("sample_"))
    made = [Image.open(context.folder / name) for name in names]
    side = context.preview.height
    both = [made[0], context.preview.crop((0, 0, side, side))]
    tile, shown = (image.convert("L").resize((8, 8)).tobytes() for image in both)
    assert all(
        abs(a - b) <= 4 for a, b in zip(tile, shown, strict=True)
    )  # the images, not the last noise
    assert sum("uncached: step" in text for _, _, text in context.steps) == 18
    assert sum("FORA with interval 2: step" in text for _, _, text in context.steps) == 18


def test_eoc_runs_with_a_calibrated_prior(settings, tmp_path):
    prior = LocalContext(tmp_path / "prior")
    calibrate(CalibrateConfig(model=settings["model"], steps=6), prior)
    path = str(tmp_path / "prior" / "prior.safetensors")
    plain, _ = sample(settings, tmp_path / "plain")
    result, context = sample(settings, tmp_path / "eoc", correction="eoc", weight=0.3, prior=path)
    assert result.metrics["relative_l2"] != plain.metrics["relative_l2"]
    assert "EOC 0.3 at every reused step" in result.summary
    assert any("made with guidance 4, this run has 2" in text for _, text, _ in context.events)
    auto, context = sample(
        settings, tmp_path / "auto", correction="goc", positions="auto", prior=path
    )
    assert any("our reading, not the published code" in text for _, text, _ in context.events)
    assert math.isfinite(auto.metrics["relative_l2"])


def test_a_remembered_uncached_time_is_said_to_be_taken_from_a_few_steps(settings, tmp_path):
    first, before = sample(settings, tmp_path / "a")
    second, after = sample(settings, tmp_path / "b")
    assert first.metrics["uncached_timed_steps"] == 18
    assert second.metrics["uncached_timed_steps"] == 9  # three batches, three steps of each
    assert "about" not in first.summary
    seconds = second.metrics["seconds_uncached"]
    assert f"against about {seconds:.2f} s, from 9 steps timed now, for" in second.summary
    assert "step_seconds_uncached" in before.curves
    assert "step_seconds_uncached" not in after.curves
    assert "step_seconds_uncached" not in (after.folder / "steps.csv").read_text()


def test_few_uncached_steps_are_sampled_anew_not_extrapolated(settings, tmp_path):
    sample(settings, tmp_path / "a", steps=3)
    result, context = sample(settings, tmp_path / "b", steps=3)
    assert result.metrics["uncached_timed_steps"] == 9
    assert not context.events
    assert "about" not in result.summary


def test_the_uncached_memory_is_what_this_run_measured(settings, tmp_path):
    sample(settings, tmp_path / "a")
    for key, known in list(references._items.items()):
        references.put(key, replace(known, peak_mb=1e9))
    result, _ = sample(settings, tmp_path / "b")
    assert 0 < result.metrics["peak_memory_mb_uncached"] < 1e9


def test_each_batch_shape_is_warmed_before_anything_is_timed(settings, tmp_path):
    forget_models()
    sample(settings, tmp_path)
    model = load_model(settings["model"], CPU, "float32")
    assert {shape[0] for shape in model.warmed} == {4, 2}


def test_a_schedule_that_reuses_nothing_is_said_to(settings, tmp_path):
    from safetensors.torch import save_file

    warning = "FORA with interval 1 reuses nothing here: every step is computed"
    _, context = sample(settings, tmp_path / "a", interval=1)
    assert ("warning", warning, {}) in context.events
    save_file({"logits": torch.full((6, 6), 9.0)}, tmp_path / "router.safetensors")
    router = {"schedule": "router", "router": str(tmp_path / "router.safetensors")}
    with pytest.raises(MethodError, match="L2C router reuses nothing here"):
        sample(settings, tmp_path / "b", **router, correction="goc")


def test_positions_without_reuse_are_said_to_do_nothing(settings, tmp_path):
    _, context = sample(settings, tmp_path, correction="goc", positions="2,3")
    assert (
        "warning",
        "steps [2] reuse nothing: there is nothing to correct there",
        {},
    ) in context.events


def test_a_router_run_uses_its_own_weight_and_refuses_another_depth(settings, tmp_path):
    from safetensors.torch import save_file

    logits = torch.randn(6, 6, generator=torch.Generator().manual_seed(0)) * 4
    save_file({f"{i}.prob": row for i, row in enumerate(logits)}, tmp_path / "router.safetensors")
    router = {
        "schedule": "router",
        "router": str(tmp_path / "router.safetensors"),
        "correction": "goc",
    }
    result, _ = sample(settings, tmp_path / "out", **router, require_both=True)
    assert "L2C router, GOC 0.8" in result.summary
    reused = (logits.flip(0)[1::2].sigmoid() <= 0.1).sum()
    assert result.metrics["attn_forwards"] + result.metrics["ff_forwards"] == 36 - reused
    with pytest.raises(MethodError, match="the router is for 6 steps; this run has 8"):
        sample(settings, tmp_path / "no", **router, steps=8)


def test_half_precision_runs(settings, tmp_path):
    result, _ = sample(
        settings, tmp_path, precision="bfloat16", paper_exact=False, correction="goc"
    )
    assert math.isfinite(result.metrics["relative_l2"])


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"
        ),
        MemoryError(),
    ],
    ids=["gpu", "cpu", "python"],
)
def test_out_of_memory_says_what_would_fit(settings, tmp_path, monkeypatch, error):
    def fail(*_args, **_settings):
        raise error

    monkeypatch.setattr("methods.caching.sampling.ddim_sample", fail)
    context = LocalContext(tmp_path)
    expected = r"out of memory on cpu: a batch of 4 images of .* in float32 needs about .* MB and .* MB are free; a batch of [12] should fit"
    forget_models()
    with pytest.raises(MethodError, match=expected):
        run(SampleConfig(**settings), context)
    assert not context.artefacts


def test_other_errors_are_not_dressed_up(settings, tmp_path, monkeypatch):
    def fail(*_args, **_settings):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr("methods.caching.sampling.ddim_sample", fail)
    forget_models()
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        run(SampleConfig(**settings), LocalContext(tmp_path))


def cells_of(context):
    return json.loads((context.folder / "cells.json").read_text())


def test_the_cells_file_says_what_each_cell_did(settings, tmp_path):
    _, context = sample(settings, tmp_path, correction="goc", positions="1,3")
    assert context.metadata["cells.json"]["role"] == "cells"
    found = cells_of(context)
    assert found == {
        "cells": [[[state] * 2] * 3 for state in (0, 1, 0, 2, 0, 1)],  # no GOC before two values are known
        "states": ["computed", "reused", "corrected"],
        "kinds": ["attention", "feed-forward"],
        "timesteps": [999, 799, 599, 400, 200, 0],
        "trend": None,
        "direction": None,
        "positions": [3],
    }  # fmt: skip


@pytest.mark.parametrize(("order", "word"), [(0, "reused"), (1, "forecast")])
def test_a_taylor_series_forecasts_where_others_reuse(settings, tmp_path, order, word):
    _, context = sample(settings, tmp_path, schedule="taylorseer", interval=2, order=order)
    assert cells_of(context)["states"] == ["computed", word, "corrected"]
    assert cells_of(context)["cells"] == [[[step % 2] * 2] * 3 for step in range(6)]


@pytest.mark.parametrize(
    "changes", [{"schedule": "none"}, {"schedule": "none", "steps": 4, "reference_steps": 6}]
)
def test_without_a_cache_every_cell_is_computed(settings, tmp_path, changes):
    result, context = sample(settings, tmp_path, **changes)
    found = cells_of(context)
    assert found["cells"] == [[[0, 0]] * 3] * len(found["timesteps"])
    assert len(found["timesteps"]) == changes.get("steps", 6)
    assert result.metrics["reused_share"] == 0


def test_the_cells_file_tells_the_statistics_of_the_prior(settings, tmp_path):
    prior = LocalContext(tmp_path / "prior")
    calibrate(CalibrateConfig(model=settings["model"], steps=6), prior)
    path = str(tmp_path / "prior" / "prior.safetensors")
    _, context = sample(settings, tmp_path / "eoc", correction="eoc", prior=path)
    found = cells_of(context)
    curves = {name: [value for _, value in points] for name, points in prior.curves.items()}
    assert found["trend"] == [None, *curves["trend"][1:]]
    assert found["direction"] == [None, None, *curves["direction"][2:]]
    assert found["positions"] == [1, 3, 5]


def test_the_steps_table_has_a_row_a_step(settings, tmp_path):
    _, context = sample(settings, tmp_path)
    lines = (context.folder / "steps.csv").read_text().splitlines()
    assert (
        lines[0] == "step,timestep,step_seconds,reused_cells,trajectory_error,step_seconds_uncached"
    )
    assert [line.split(",")[1] for line in lines[1:]] == ["999", "799", "599", "400", "200", "0"]


def test_batches_of_the_same_classes_are_told_apart(settings, tmp_path):
    _, context = sample(settings, tmp_path, classes=("1", "2"), images_per_class=2, batch_size=2)
    assert not context.events
    first, second = (pictures(context, f"uncached_{index:04d}") for index in (0, 2))
    assert list(first.values()) != list(second.values())


@pytest.mark.parametrize(
    ("steps", "corrected"), [(20, "3, 5, 7, 9, 11, 13, 15, 19"), (8, "3, 5, 7")]
)
def test_published_positions_are_the_list_of_20_steps_and_every_step_from_3_on_elsewhere(
    tmp_path: Path, steps: int, corrected: str
) -> None:
    sample = METHODS["caching.sample"]
    values = {**sample.presets["goc50"].values, "steps": steps}
    context = LocalContext(tmp_path)
    result = sample.run(sample.config(**values, classes=("3",), images_per_class=1), context)
    assert f"GOC 1.2 at steps {corrected};" in result.summary
    said = [message for _, message, _ in context.events if "publishes no list" in message]
    assert len(said) == (steps != 20)


def test_the_summary_counts_images_and_steps_in_good_english(settings, tmp_path):
    one = {"classes": ("1",), "correction": "goc"}
    result, _ = sample(settings, tmp_path / "a", **one, positions="3")
    assert "FORA with interval 2, GOC 1.2 at step 3; 6 steps: " in result.summary
    assert "for 1 image)" in result.summary
    result, _ = sample(settings, tmp_path / "b", classes=("1",), schedule="none")
    assert "6 steps: 1 image in " in result.summary
    result, _ = sample(settings, tmp_path / "c", interval=3, phase="fora")
    assert "FORA with interval 3, its own phase; 6 steps: " in result.summary


@pytest.mark.parametrize(
    "changes",
    [
        {"schedule": "none"},
        {"schedule": "none", "steps": 3, "reference_steps": 6},
        {"interval": 2},
        {"interval": 2, "correction": "goc"},
    ],
)
def test_what_was_estimated_of_cache_and_work_is_what_is_measured(settings, tmp_path, changes):
    estimate = estimate_sample(SampleConfig(**settings | changes))
    metrics = sample(settings, tmp_path, **changes)[0].metrics
    assert estimate.detail["flop_share"] == pytest.approx(metrics["flop_share"])
    assert estimate.detail["cache_memory_mb"] == pytest.approx(metrics["cache_memory_mb"])
