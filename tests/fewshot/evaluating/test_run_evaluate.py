"""The run: no label of the test is read before the figures, rows agree with each other, and what is known is not encoded again."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from methods.base import Cancelled, MethodError
from methods.fewshot.evaluating import run_evaluate
from methods.fewshot.settings import REFINEMENTS
from methods.local import LocalContext
from tests.fewshot.evaluating.conftest import EVALUATE, NAMES, TINY


@pytest.fixture
def spied(monkeypatch):
    """What was handed to the scoring: (answers by classifier, labels) of each run."""
    calls = []
    score = run_evaluate.score

    def spy(named, labels, draws, seed):
        calls.append(({each.classifier: each for each in named}, labels))
        return score(named, labels, draws, seed)

    monkeypatch.setattr(run_evaluate, "score", spy)
    return calls


def rows_of(context, kind, **wanted):
    return [
        row
        for row in context.records[kind]
        if all(row[key] == value for key, value in wanted.items())
    ]


@pytest.mark.parametrize("validation", ["loo", "val"])
def test_shuffled_labels_of_the_test_change_no_answer(evaluate, spied, copy_of_toys, validation):
    evaluate(anew=True, validation=validation)
    folders = [copy_of_toys / "test" / name.replace(" ", "_") for name in NAMES]
    moved = [sorted(folder.iterdir()) for folder in folders]
    for place, files in enumerate(moved):  # two of each class to the next one
        for file in files[:2]:
            file.rename(folders[(place + 1) % len(folders)] / file.name)
    _, context = evaluate(copy_of_toys, validation=validation)
    (first, labels), (second, others) = spied
    assert (labels != others).any()
    for name, named in first.items():
        assert np.array_equal(named.top, second[name].top)
        assert np.array_equal(named.chances, second[name].chances)
    _, before = evaluate(validation=validation)
    assert context.records["fewshot_map"] == before.records["fewshot_map"]
    assert context.records["fewshot_score"] != before.records["fewshot_score"]


def test_rows_agree_with_each_other(evaluate):
    result, context = evaluate()
    json.dumps(context.records, allow_nan=False)
    [setup] = context.records["fewshot_setup"]
    assert setup["prompts"] == [f"a photo of a {name}." for name in sorted(NAMES)]
    assert setup["seeds"] == [3, 4]
    assert setup["test_pictures"] == 18
    assert set(setup["shots_of"].values()) == {2}
    for classifier in TINY["classifiers"]:
        scores = rows_of(context, "fewshot_score", classifier=classifier)
        assert [row["refinement"] for row in scores] == list(REFINEMENTS)
        by_name = {row["refinement"]: row for row in scores}
        before, after = by_name["global"], by_name["vcr"]
        assert len(before["seeds"]) == (1 if classifier == "zero_shot" else 2)
        assert before["difference"] is None
        assert before["p"] is None
        for row in scores:
            assert row["accuracy"] == pytest.approx(np.mean(row["seeds"]))
            assert row["low"] <= row["accuracy"] <= row["high"]
            if row is not before:
                gain = row["accuracy"] - before["accuracy"]
                assert row["difference"] == pytest.approx(gain)
                assert row["difference_low"] <= gain + 1e-9
                assert gain - 1e-9 <= row["difference_high"]
        classes = rows_of(context, "fewshot_class", classifier=classifier)
        assert sum(row["n"] for row in classes) == 18
        for key, row in (("before", before), ("after", after)):
            mean = sum(each["n"] * each[key] for each in classes) / 18
            assert mean == pytest.approx(row["accuracy"])
            [told] = rows_of(
                context, "fewshot_confusion", classifier=classifier, refinement=row["refinement"]
            )
            counts = np.array(told["counts"])
            assert told["classes"] == sorted(NAMES)
            assert counts.sum() == 18 * len(row["seeds"])
            assert counts.trace() / counts.sum() == pytest.approx(row["accuracy"])
            assert sum(pair["n"] for pair in told["pairs"]) == counts.sum() - counts.trace()
        pictures = rows_of(context, "fewshot_picture", classifier=classifier)
        outcomes = Counter(row["outcome"] for row in pictures)
        assert outcomes["fixed"] == after["fixed"]
        assert outcomes["broken"] == after["broken"]
        for row in pictures:
            was, now = row["before"][0][0] == row["label"], row["after"][0][0] == row["label"]
            assert (was, now) == {
                "fixed": (False, True),
                "broken": (True, False),
                "both_wrong": (False, False),
                "both_right": (True, True),
            }[row["outcome"]]
            assert [chance for _, chance in row["after"]] == sorted(
                (chance for _, chance in row["after"]), reverse=True
            )
            assert context.metadata[row["picture"]]["role"] == "picture"
            assert row["name"].startswith(f"test/{row['label'].replace(' ', '_')}/")
        assert result.metrics[f"{classifier}_accuracy_vcr"] == after["accuracy"]
        assert result.metrics[f"{classifier}_gain_vcr"] == after["difference"]


def test_the_maps_say_what_was_tried_where(evaluate):
    _, context = evaluate()
    maps = rows_of(context, "fewshot_map", classifier="tip")
    assert [row["seed"] for row in maps] == [3, 4]
    for row in maps:
        grid, (i, j) = np.array(row["accuracy"]), row["chosen"]
        assert grid.shape == (len(row["betas"]), len(row["alphas"]))
        assert grid[i, j] == grid.max() == row["best"]
        assert (row["betas"][i], row["alphas"][j]) == (row["beta"], row["alpha"])
        assert row["tuned_on"] == "the support, leave-one-out (8 of 8 pictures)"
    gda = rows_of(context, "fewshot_map", classifier="gda")
    assert [row["betas"] for row in gda] == [[], []]
    _, context = evaluate(validation="val")
    maps = rows_of(context, "fewshot_map", classifier="tip")
    assert {row["refinement"] for row in maps} == {"vcr"}
    assert {row["tuned_on"] for row in maps} == {"the validation set (8 pictures)"}


def test_the_table_never_shows_a_figure_without_its_setting(evaluate):
    _, context = evaluate()
    text = (context.folder / "results.csv").read_text()
    table = list(csv.DictReader(io.StringIO(text)))
    assert len(table) == len(REFINEMENTS) * (1 + 2 + 2)
    for row in table:
        assert row["template"] == "a photo of {a}."
        assert row["set"] == "toys"
        assert (row["alpha"] == "") == (row["classifier"] == "zero_shot")
        scores = rows_of(
            context, "fewshot_score", classifier=row["classifier"], refinement=row["refinement"]
        )
        assert float(row["accuracy"]) in scores[0]["seeds"]
    assert {row["seed"] for row in table} == {"", "3", "4"}


def test_what_was_encoded_is_not_encoded_again(evaluate):
    evaluate()
    _, context = evaluate(anew=True, margin="prob", classifiers=("zero_shot",))
    [setup] = context.records["fewshot_setup"]
    assert setup["encoded"] == 0
    assert setup["cached"] > 18 * 6
    assert len(context.records["verdict"]) == 2


def test_zero_shots_make_every_classifier_zero_shot(evaluate):
    _, context = evaluate(shots=0, draws=5)
    scores = {row["classifier"]: row for row in rows_of(context, "fewshot_score", refinement="vcr")}
    assert len({(row["accuracy"], row["fixed"]) for row in scores.values()}) == 1
    assert context.records["fewshot_map"] == []


def test_a_cancelled_run_stops_and_the_next_one_goes_on(evaluate):
    def stop(done, total, message):
        if "looked at closely" in message and not message.startswith("0 of"):
            raise Cancelled

    with pytest.raises(Cancelled):
        evaluate(batch_size=4, on_progress=stop)
    _, context = evaluate(batch_size=4)
    [setup] = context.records["fewshot_setup"]
    assert 0 < setup["encoded"] < 18 * 6


def test_a_damaged_picture_is_named_before_clip_is_loaded(evaluate, copy_of_toys, monkeypatch):
    monkeypatch.setattr(run_evaluate, "load", lambda *_: pytest.fail("loaded"))
    file = next((copy_of_toys / "test" / "blue_star").iterdir())
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(
        MethodError, match=f"pictures: test/blue_star/{file.name}: it is no picture"
    ):
        evaluate(copy_of_toys, test_pictures=20)


def test_what_was_done_to_pictures_is_told(evaluate, copy_of_toys):
    file = next((copy_of_toys / "test" / "blue_star").iterdir())
    Image.open(file).convert("L").save(file)
    _, context = evaluate(copy_of_toys, test_pictures=20)
    [setup] = context.records["fewshot_setup"]
    [note] = [note for note in setup["notes"] if file.name in note]
    assert "it is grey" in note
    assert any("knows only its own coloured shapes" in note for note in setup["notes"])


@pytest.mark.gpu
def test_a_gpu_comes_to_the_same_figures(evaluate, toys, tmp_path):
    everything = {**TINY, "classifiers": ("zero_shot", "tip", "tip_f", "gda", "linear")}
    for validation in ("loo", "val"):
        config = EVALUATE.config(pictures=str(toys), validation=validation, **everything)
        found = EVALUATE.run(config, LocalContext(tmp_path / validation, 3, device="cuda"))
        wanted, _ = evaluate(validation=validation, classifiers=everything["classifiers"])
        for name, value in wanted.metrics.items():
            if "seconds" not in name:
                assert found.metrics[name] == pytest.approx(value, abs=2 / 18), name
