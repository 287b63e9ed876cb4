from __future__ import annotations

from methods.base import Finished
from methods.fewshot.regularising.config import RegulariseConfig
from methods.fewshot.regularising.sweep import (
    comparable,
    conclude,
    controls,
    kind,
    remark,
    simplify,
)


def finished(title, gain, low, seed=0, far=0, **config):
    metrics = {"gain": gain, "gain_low": low, "gain_high": 2 * gain - low}
    return Finished(title, config, seed, metrics | {"novel_classes_far": far})


def test_settings_that_nothing_reads_are_left_out():
    plain = simplify({"classifier": "centroid", "gate": False, "steps": 9, "contrastive": 0.3})
    assert plain == {"classifier": "centroid", "gate": False}
    trained = {"classifier": "cosine", "gate": False, "steps": 9}
    assert simplify(trained) == trained
    assert simplify({"features": "a.npz", "kind": "tiny"}) == {"features": "a.npz"}


def test_the_control_is_the_mixing_switched_off():
    assert controls(RegulariseConfig()) == [{"kappa": 0.0, "gate": False}]
    assert controls(RegulariseConfig(kappa=0)) == []


def test_runs_of_other_questions_do_not_compare():
    runs = [finished("a", 0.1, 0.05, shots=1), finished("b", 0.2, 0.1, shots=5)]
    assert comparable({"shots": 1}) != comparable({"shots": 5})
    assert comparable({"kappa": 1.0}) == comparable({"kappa": 2.0})
    assert "different questions" in remark(runs)
    assert "different questions" in conclude(runs)[0].text


def test_what_gains_surely_is_advised_and_what_does_not_is_switched_off():
    good = [finished("k", 0.05, 0.03, seed, related=5) for seed in range(3)]
    poor = [finished("p", 0.01, -0.01, seed) for seed in range(3)]
    advice, note = conclude(good + poor)
    assert advice.kind == "advice"
    assert advice.values == {"related": 5}
    assert "other novel classes" in note.text
    [none] = conclude(poor)
    assert none.values == {"kappa": 0.0, "gate": False}


def test_side_by_side_chance_and_low_similarity_are_told():
    text = remark([finished("a", 0.05, 0.03), finished("b", 0.01, -0.01, far=2)])
    assert "“a” changes its base classifier by +5.0 points; " in text
    assert "+1.0 points, which may be chance" in text
    assert "In “b” some novel classes are far" in text


def test_a_run_is_named_by_what_it_changes():
    assert kind({}) == "defaults"
    assert kind({"related": 5, "vetoes": "a: b"}) == "related 5, with vetoes"
