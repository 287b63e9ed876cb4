from __future__ import annotations

import numpy as np
import pytest

from methods.fewshot.regularising.figures import arm_rows, figures_of, verdicts
from methods.fewshot.regularising.relating import Related

NEAR = Related([{}] * 4, 0.3, [])


def measured(**gains):
    """200 episodes whose base accuracy is about .5; gains are points on top of it, 0 where not given."""
    draw = np.random.default_rng(0)
    base = draw.uniform(0.4, 0.6, 200)
    arms = ("mixup", "afr", "afr_random", "afr_uniform")
    noise = {arm: draw.normal(0, 0.02, 200) for arm in arms}
    return {"base": base} | {arm: base + gains.get(arm, 0) / 100 + noise[arm] for arm in arms}


def said(found, related=NEAR, kappa=1.5, gate=False):
    return verdicts(figures_of(found), related, kappa, gate)


def test_differences_are_paired_by_hand():
    found = {name: np.array([0.5, 0.7, 0.6]) for name in ("mixup", "afr_random", "afr_uniform")}
    found = {"base": np.array([0.4, 0.8, 0.6])} | found | {"afr": np.array([0.5, 0.7, 0.9])}
    rows = {row["arm"]: row for row in arm_rows(figures_of(found))}
    gains = [0.1, -0.1, 0.3]
    half = 1.959964 * np.std(gains, ddof=1) / np.sqrt(3)
    assert rows["afr"]["difference"] == pytest.approx(0.1)
    assert rows["afr"]["difference_low"] == pytest.approx(0.1 - half)
    assert rows["afr"]["difference_high"] == pytest.approx(0.1 + half)
    assert [rows["afr"][name] for name in ("wins", "losses", "ties")] == [2, 1, 0]
    assert rows["base"]["accuracy"] == pytest.approx(0.6)
    assert rows["base"]["difference"] is None


def test_a_gain_is_told_with_its_interval_and_the_control():
    headline, random, uniform, mixup = said(measured(afr=5, afr_random=-3, mixup=1, afr_uniform=5))
    assert headline["level"] == "good"
    assert "AFR helps here" in headline["text"]
    assert "+5.0 points (95 %: +4." in headline["text"]
    assert "it matters which ones" in random["text"]
    assert "do not differ" in uniform["text"]
    assert "ahead of manifold mixup" in mixup["text"]


def test_a_loss_has_a_true_minus_and_one_class_is_one():
    headline, low, *_ = said(measured(afr=-4), Related([{}] * 4, 0.3, ["ox"]))
    assert "\N{MINUS SIGN}4.0 points" in headline["text"]
    assert "1 of 4 novel classes is far" in low["text"]


def test_random_classes_that_do_as_well_are_told():
    _, random, *_ = said(measured(afr=5, afr_random=5))
    assert random["level"] == "warning"
    assert "Random base classes do as well" in random["text"]


def test_random_classes_that_do_better_are_told():
    _, random, *_ = said(measured(afr=2, afr_random=5))
    assert "Random base classes do better than the related ones (+4.9 points" in random["text"]


def test_without_mixing_nothing_is_said_of_what_is_mixed_in():
    found = measured(afr=-4)
    found["afr_random"] = found["afr_uniform"] = found["afr"]
    headline, gate, mixup = said(found, Related([{}] * 4, 0.3, ["ox"]), kappa=0, gate=True)
    assert headline["text"].endswith("Leave the gate off.")
    assert "the gate alone" in gate["text"]
    assert "mixup" in mixup["text"]


def test_no_gain_and_harm_are_told():
    assert "does not help" in said(measured())[0]["text"]
    headline, *_ = said(measured(afr=-4))
    assert headline["level"] == "bad"
    assert "Kappa 0 switches the mixing off" in headline["text"]


def test_where_attention_or_mixing_loses_it_is_told():
    _, _, uniform, mixup = said(measured(afr=2, afr_uniform=6, mixup=7))
    assert "Equal weights do better" in uniform["text"]
    assert "Manifold mixup, which needs no base classes, does better" in mixup["text"]


def test_low_similarity_proposes_to_switch_the_mixing_off():
    far = Related([{}] * 4, 0.3, ["ox", "yak"])
    texts = [each["text"] for each in said(measured(afr=5), far)]
    assert any("2 of 4 novel classes are far" in text and "kappa 0" in text for text in texts)
    one = Related([{}] * 4, 0.3, ["ox"])
    [told] = [each for each in said(measured(afr=5), one) if "1 of 4" in each["text"]]
    assert told["level"] == "info"


def test_without_mixing_and_gate_nothing_is_compared():
    [only] = said(measured(), kappa=0)
    assert "AFR is its base classifier" in only["text"]
