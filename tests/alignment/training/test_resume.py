"""Trainings that are killed, handed back, stopped or fail: what is left, and how they go on."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from methods.alignment import TRAIN, TrainConfig
from methods.base import Cancelled, MethodError
from methods.local import LocalContext
from tests.alignment.training.runs import SMALL, text_pairs, train, without_clock


class Killed(Exception):
    """The worker is gone."""


def test_a_killed_training_goes_on_and_ends_as_if_nothing_had_been(
    text_folder, tmp_path, monkeypatch
):
    from methods.alignment.training import bridge

    monkeypatch.setattr(bridge, "CHECKPOINT_S", 0.0)
    settings = {
        "model": text_folder,
        "pairs": text_pairs(tmp_path, 14),
        "eval_pairs": 2,
        "max_steps": 4,
        "learning_rate": 0.05,
    }
    whole, first = train(tmp_path / "whole", **settings)

    def kill(done, total, message):
        if "step 3 of 4," in message:
            raise Killed

    context = LocalContext(tmp_path / "killed", seed=3, on_progress=kill)
    config = TrainConfig(**{**SMALL, **settings})
    with pytest.raises(Killed):
        TRAIN.run(config, context)
    with zipfile.ZipFile(context.folder / "adapter.zip") as archive:  # of the last checkpoint
        assert "adapter_model.safetensors" in archive.namelist()
    resumed, second = train(tmp_path / "resumed", context.state, **settings)
    assert without_clock(resumed.metrics) == without_clock(whole.metrics)
    assert second.curves["loss"] == first.curves["loss"][2:]
    for name in ("adapter_model.safetensors", "dama_state.json"):
        parts = [
            zipfile.ZipFile(each.folder / "adapter.zip").read(name) for each in (first, second)
        ]
        assert parts[0] == parts[1], name
    rows = first.records["pair_step"]
    assert second.records["pair_step"] == [row for row in rows if row["step"] > 2]


def test_it_stops_when_asked_to(text_folder, tmp_path):
    def stop(done, total, message):
        if "step 2 of" in message:
            raise Cancelled

    context = LocalContext(tmp_path, seed=3, on_progress=stop)
    settings = {"model": text_folder, "pairs": text_pairs(tmp_path), "objective": "dpo"}
    with pytest.raises(Cancelled):
        TRAIN.run(TrainConfig(**{**SMALL, **settings}), context)
    assert max(row["step"] for row in context.records["pair_step"]) == 2


def test_a_log_probability_that_is_no_number_ends_it_with_the_pairs_name(
    text_folder, tmp_path, monkeypatch
):
    from methods.alignment.training import bridge, logged

    monkeypatch.setattr(bridge, "CHECKPOINT_S", 0.0)
    scores = logged.LoggedDPOTrainer._scores

    def spoilt(self, outputs, batch, carried):
        if self.state.global_step == 1:
            outputs = [outputs[0], outputs[1].clone()]
            outputs[1][1] = float("nan")
        return scores(self, outputs, batch, carried)

    monkeypatch.setattr(logged.LoggedDPOTrainer, "_scores", spoilt)
    context = LocalContext(tmp_path / "out", seed=3)
    config = TrainConfig(
        **{**SMALL, "model": text_folder, "pairs": text_pairs(tmp_path), "objective": "dpo"}
    )
    with pytest.raises(MethodError, match=r"row \d+ \(pair [0-9a-f]{16}\)"):
        TRAIN.run(config, context)
    [said] = [row for row in context.records["diagnosis"] if row["rule"] == "not_finite"]
    assert len(said["pairs"]) == 1
    assert (context.folder / "adapter.zip").is_file()
    assert {row["step"] for row in context.records["pair_step"]} == {1}


@pytest.fixture
def stopped(studio, woken, works, text_folder, tmp_path, monkeypatch):
    """A training of plain DPO, four steps, that its worker handed back after two; and the file of its pairs."""
    from backend import worker
    from methods.alignment.training import bridge

    monkeypatch.setattr(bridge, "CHECKPOINT_S", 0.0)
    tell = bridge.Progress.tell

    def stop(self, message, more=0):
        if "step 3 of 4," in message:
            worker.this_worker().interrupt()
        tell(self, message, more)

    monkeypatch.setattr(bridge.Progress, "tell", stop)
    pairs = text_pairs(tmp_path)
    settings = {"model": text_folder, "pairs": pairs, "objective": "dpo", "max_length": 16}
    run = studio.submit("alignment.train", {**SMALL, **settings, "max_steps": 4})
    works()
    assert studio.get_run(run.id).status == "queued"
    monkeypatch.setattr(bridge.Progress, "tell", tell)
    monkeypatch.setattr(worker, "_this", None)
    worker.become("cpu", ["cpu", "gpu"])
    return run.id, Path(pairs)


def test_in_the_studio_a_stopped_training_goes_on_and_says_everything_once(studio, works, stopped):
    run, _ = stopped
    works()
    done = studio.get_run(run)
    assert (done.status, done.attempt, done.error) == ("succeeded", 2, "")
    assert [step for step, _ in studio.series(run)["loss"]] == [1, 2, 3, 4]
    steps = [row["step"] for row in studio.records(run, "pair_step", limit=100).rows]
    assert sorted(steps) == sorted([1, 2, 3, 4] * 6)  # of six pairs each
    said = [row["rule"] for row in studio.records(run, "diagnosis").rows]
    assert said.count("answer_cut") == 1


def test_in_the_studio_a_training_whose_pairs_have_changed_does_not_go_on(studio, works, stopped):
    run, pairs = stopped
    pairs.write_text(pairs.read_text().replace("small red", "large red"))
    works()
    failed = studio.get_run(run)
    assert (failed.status, failed.error_type) == ("failed", "MethodError")
    assert "not those that this training began with" in failed.error
