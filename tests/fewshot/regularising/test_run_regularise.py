from __future__ import annotations

import csv
import json

import pytest

from methods.base import MethodError
from methods.fewshot.regularising.run_regularise import run
from methods.local import LocalContext
from tests.fewshot.regularising.pictured import of_pictures


def told(context, level="warning"):
    return [text for kind, text, _ in context.events if kind == level]


def rows_of(context, name):
    with (context.folder / name).open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_run_records_what_pages_show(config, tmp_path):
    context = LocalContext(tmp_path / "out", seed=3)
    result = run(config(), context)
    records = json.loads(json.dumps(context.records))
    kinds = ("verdict", "setup", "arm", "related", "attention", "projection")
    assert records.keys() == {f"afr_{kind}" for kind in kinds}
    arms = [row["arm"] for row in records["afr_arm"]]
    assert arms == ["base", "mixup", "afr", "afr_random", "afr_uniform"]
    assert [row["class"] for row in records["afr_related"]] == [f"novel {n}" for n in range(8)]
    assert result.summary == records["afr_verdict"][0]["text"]
    [setup] = records["afr_setup"]
    wanted = {"source": "features.npz", "semantics": "matrix", "model": None, "template": None}
    assert wanted.items() <= setup.items()
    assert setup["preprocessing"] == "power 0.5, unit length, centred, unit length"
    assert (setup["base_classes"], setup["novel_classes"], setup["seed"]) == (24, 8, 3)


def test_the_table_of_episodes_gives_back_the_metrics(config, tmp_path):
    context = LocalContext(tmp_path / "out", seed=3)
    result = run(config(), context)
    episodes = rows_of(context, "episodes.csv")
    assert len(episodes) == 60
    assert all(len(row["classes"].split("; ")) == 3 for row in episodes)
    for row in rows_of(context, "arms.csv"):
        mean = sum(float(each[row["arm"]]) for each in episodes) / 60
        assert mean == pytest.approx(float(row["accuracy"]))
        assert mean == pytest.approx(result.metrics[f"accuracy_{row['arm']}"])
        assert (row["episodes"], row["shots"], row["classifier"]) == ("60", "1", "centroid")


def test_a_veto_meets_the_same_episodes_and_another_seed_does_not(config, tmp_path):
    def drawn(seed, **values):
        context = LocalContext(tmp_path / f"{seed} {len(values)}", seed=seed)
        run(config(episodes=5, **values), context)
        return context.records["afr_setup"][0]["drawn"]

    assert drawn(3) == drawn(3, vetoes="novel 0: base 0", kappa=0.5)
    assert drawn(3) != drawn(4)


def test_low_similarity_is_warned_of_and_kappa_0_is_proposed(config, write, held, tmp_path):
    made, vectors = config(episodes=5), held["semantics"].copy()
    vectors[24:] = -vectors[:24].mean(0) * [[1, 1, 1, 1, 1, 1]]
    write(semantics=vectors)
    context = LocalContext(tmp_path / "out", seed=3)
    result = run(made, context)
    assert result.metrics["novel_classes_far"] == 8
    assert any("kappa 0" in text and "8 of 8" in text for text in told(context))
    assert all(row["warned"] for row in context.records["afr_related"])


def test_pictures_are_encoded_once(pictures, tmp_path):
    def ran(name):
        context = LocalContext(tmp_path / name, seed=1, shared=tmp_path / "shared")
        return run(of_pictures(pictures), context), context

    first, context = ran("one")
    again, other = ran("two")
    assert (first.metrics["from_cache_share"], again.metrics["from_cache_share"]) == (0, 1)
    setups = [each.records["afr_setup"][0] for each in (context, other)]
    assert setups[0]["drawn"] == setups[1]["drawn"]
    assert setups[0]["template"] == "a photo of a {}."
    assert setups[0]["model"] == "scenes"
    assert any("knows only its own coloured shapes" in text for text in told(context))


def test_a_picture_that_cannot_be_opened_is_named(pictures, tmp_path):
    path = pictures / "novel/red star/1.png"
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(MethodError, match=r"novel/red star/1\.png"):
        run(of_pictures(pictures), LocalContext(tmp_path / "out"))


def test_vetoes_change_what_is_related(config, tmp_path):
    def related(**values):
        context = LocalContext(tmp_path / str(len(values)), seed=3)
        run(config(episodes=4, **values), context)
        [first, *_] = context.records["afr_related"]
        return [each["name"] for each in first["related"] if not each["vetoed"]]

    before = related()
    after = related(vetoes=f"novel 0: {before[0]}")
    assert after[:2] == before[1:]
    assert before[0] not in after


@pytest.mark.gpu
def test_on_cuda_accuracies_are_those_of_the_cpu_but_for_ties(config, tmp_path):
    settings = config(gate=True, classifier="cosine", steps=5)
    ran = [
        run(settings, LocalContext(tmp_path / device, seed=3, device=device)).metrics
        for device in ("cpu", "cuda")
    ]
    for arm in ("base", "mixup", "afr", "afr_random", "afr_uniform"):
        name = f"accuracy_{arm}"
        assert ran[1][name] == pytest.approx(ran[0][name], abs=0.01)
