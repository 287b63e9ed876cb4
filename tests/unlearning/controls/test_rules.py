"""Each rule of the verdict: when it speaks, when it is silent, and the order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from methods.unlearning.controls import rules
from methods.unlearning.controls.setting import change, listed, nats, percent, reach
from methods.unlearning.controls.verdict import NO_OP, RULES, judge
from tests.unlearning.controls.told import SETTING, area, row, variant, verified

BEFORE, EDIT = variant("before", reached=0.0), variant("edit", forget=1.5, reached=0.6)
RETRAIN = variant("retrain", forget=1.6, reached=1.0)


def said(rule, *variants, setting=SETTING, rows=()):
    verdict = rule(verified(*variants, rows=rows), setting)
    return None if verdict is None else (verdict.level, verdict.text)


def test_a_broken_guard_names_both_losses_and_what_is_allowed():
    assert said(rules.guard_broken, BEFORE, EDIT) is None
    harmful = variant("edit", retain=1.36)
    level, text = said(rules.guard_broken, BEFORE, harmful)
    assert level == "bad"
    assert "from 1 to 1.36 (+36.0 %)" in text
    assert "allows 2 % of it, or 0.02 nats" in text
    assert "not searched for" not in text
    text = said(rules.guard_broken, BEFORE, harmful, setting=replace(SETTING, searched=False))[1]
    assert "The step length was not searched for" in text


@pytest.mark.parametrize(
    ("length", "searched", "level"),
    [
        (1.0, True, None),
        (0.125, True, None),
        (0.0625, True, "warning"),
        (0.0625, False, None),
        (0.0, True, "bad"),
    ],
)
def test_a_step_cut_short(length, searched, level):
    setting = replace(SETTING, step_length=length, searched=searched)
    found = said(rules.step_cut, BEFORE, EDIT, setting=setting)
    assert (found and found[0]) == level
    if level == "warning":
        assert "Only 0.0625 of the step" in found[1]


def test_too_many_rows():
    assert said(rules.too_large, BEFORE, EDIT, setting=replace(SETTING, marked=9)) is None
    large = replace(SETTING, marked=15, removed=10, prompts=0, answers=5)
    level, text = said(rules.too_large, BEFORE, EDIT, setting=large)
    assert level == "warning"
    assert text.startswith("15 of 300 rows are asked for (5.0 %: 10 removed and 5 new answers).")
    assert "training again is the better way" in text


def test_rows_known_by_heart():
    known = variant("before", forget=0.02, extraction=1.0)
    level, text = said(rules.memorised, known, EDIT)
    assert level == "warning"
    assert "(loss 0.02, extraction strength 1.00)" in text
    assert said(rules.memorised, variant("before", forget=0.02, extraction=0.3), EDIT) is None
    assert said(rules.memorised, variant("before", forget=0.2, extraction=1.0), EDIT) is None


def test_an_edit_that_does_nothing():
    before = variant("before", forget=1.0, corrected=2.0)
    assert (
        said(rules.nothing_moved, before, variant("edit", forget=1.005, corrected=1.99))[0]
        == "warning"
    )
    assert said(rules.nothing_moved, before, variant("edit", forget=1.005, corrected=1.9)) is None
    assert said(rules.nothing_moved, before, variant("edit", forget=1.02, corrected=2.0)) is None
    nothing = variant("edit", forget=1.0, corrected=2.0)
    # that no step was allowed says another rule
    assert (
        said(rules.nothing_moved, before, nothing, setting=replace(SETTING, step_length=0)) is None
    )


def test_rows_that_are_still_answered_in_the_old_way():
    rows = [row(0, exact=("before", "edit")), row(1, exact=("before", "edit", "retrain")), row(2)]
    level, text = said(rules.still_answered, BEFORE, EDIT, RETRAIN, rows=rows)
    assert level == "warning"
    assert (
        text
        == "2 of 3 asked rows are still answered word for word in the old way; the retrain so answers 1."
    )
    assert said(rules.still_answered, BEFORE, EDIT, rows=rows)[1].endswith("in the old way.")
    assert (
        said(rules.still_answered, BEFORE, EDIT, RETRAIN, rows=rows[1:]) is None
    )  # as the retrain does
    assert said(rules.still_answered, BEFORE, EDIT, rows=rows[2:]) is None
    prompts = replace(SETTING, answers=0, prompts=3)
    assert said(rules.still_answered, BEFORE, EDIT, rows=rows, setting=prompts) is None


def test_rows_that_are_answered_as_they_should_be():
    rows = [row(0, right=("edit", "retrain")), row(1, right=("finetune", "retrain")), row(2)]
    variants = (BEFORE, EDIT, variant("finetune"), RETRAIN)
    assert said(rules.corrected, *variants, rows=rows) == (
        "info",
        "1 of 2 edited rows are answered just as they should be; the adapter before 0, a 30-step fine-tune 1 and the retrain 2.",
    )
    assert said(rules.corrected, *variants, rows=rows[2:]) is None


def test_forgetting_more_than_a_retrain_does():
    beyond = variant("edit", forget=2.0)
    level, text = said(rules.over_forgotten, BEFORE, beyond, RETRAIN)  # 1.0 more, the retrain 0.6
    assert level == "warning"
    assert "their loss is 2, after training again 1.6" in text
    assert said(rules.over_forgotten, BEFORE, variant("edit", forget=1.85), RETRAIN) is None
    # a retrain that forgets nothing: a tenth of a nat more is not worth a word
    same = variant("retrain", forget=1.0)
    assert said(rules.over_forgotten, BEFORE, variant("edit", forget=1.09), same) is None
    assert said(rules.over_forgotten, BEFORE, variant("edit", forget=1.2), same) is not None


def test_looking_less_trained_on_than_rows_never_seen():
    hidden = variant("edit", mia=area(0.3))
    text = said(rules.over_forgotten, BEFORE, hidden)[1]
    assert "(AUC 0.30, 0.25 to 0.35)" in text
    assert (
        said(rules.over_forgotten, BEFORE, variant("edit", mia=area(0.46))) is None
    )  # may be chance
    # a retrain's rows look so as well: that is the aim
    assert said(rules.over_forgotten, BEFORE, hidden, variant("retrain", mia=area(0.3))) is None
    # above one half nothing is over-forgotten, whatever the retrain says
    assert (
        said(
            rules.over_forgotten,
            BEFORE,
            variant("edit", mia=area(0.6)),
            variant("retrain", mia=area(0.9)),
        )
        is None
    )


def test_the_noise_floor_and_what_may_be_chance():
    second, tune = variant("retrain_2", reached=0.7), variant("finetune", reached=0.4)
    level, text = said(rules.noise_floor, BEFORE, EDIT, tune, RETRAIN, second)
    assert level == "info"
    assert "reaches 70 % of its own change" in text
    assert (
        "Between the edit and a 30-step fine-tune the difference is less than between two retrains"
        in text
    )
    far = variant("ascent", reached=-0.5)
    assert "may be chance" not in said(rules.noise_floor, BEFORE, EDIT, far, RETRAIN, second)[1]
    assert said(rules.noise_floor, BEFORE, EDIT, RETRAIN) is None
    level, text = said(rules.noise_floor, BEFORE, EDIT, RETRAIN, variant("retrain_2", reached=-0.1))
    assert (level, "says nothing" in text) == ("warning", True)


def test_what_is_not_known_without_a_retrain():
    assert "not known" in said(rules.not_known, BEFORE, EDIT)[1]
    assert said(rules.not_known, BEFORE, EDIT, RETRAIN) is None


def test_membership_with_its_aim_and_without():
    before, edit = variant("before", mia=area(0.98)), variant("edit", mia=area(0.72))
    assert said(rules.membership_told, before, edit, variant("retrain", mia=area(0.6))) == (
        "info",
        "Membership inference by the loss: AUC 0.98 before, 0.72 after (0.67 to 0.77); the retrain, which is the aim, 0.60, "
        "PrivLeak +20.0 %.",
    )
    assert said(rules.membership_told, before, edit)[1].endswith(
        "The aim is the AUC of a retrain, not 0.5, and is not known."
    )
    assert "name held-out rows" in said(rules.membership_told, BEFORE, EDIT)[1]
    # nobody can be less recognised than a retrain of AUC 0
    assert (
        "PrivLeak"
        not in said(rules.membership_told, before, edit, variant("retrain", mia=area(0.0)))[1]
    )


def test_controls_that_would_harm():
    harmful = [variant("ascent", retain=10.0), variant("npo", retain=1.5)]
    assert said(rules.harmful_controls, BEFORE, EDIT, variant("finetune"), *harmful) == (
        "info",
        "30 steps of gradient ascent (+900.0 %) and 30 steps of NPO (+50.0 %) would harm the other rows beyond the guard.",
    )
    assert said(rules.harmful_controls, BEFORE, EDIT, variant("finetune")) is None


def test_the_headline_comes_first_then_what_was_found_then_the_limits():
    harmful = replace(EDIT, retain_loss=2.0)
    large = replace(SETTING, marked=30, answers=30, step_length=0.03125)
    found = judge(verified(BEFORE, harmful, RETRAIN, warnings=("few rows",)), large)
    assert [each.level for each in found[:4]] == ["bad", "bad", "warning", "warning"]
    assert found[0].text.startswith("The edit reached 60 %")
    assert found[1].text.startswith("The edit harms")
    assert found[-2].text == "Few rows."
    assert "guarantees nothing" in found[-1].text
    assert "byte for byte" in NO_OP.text
    assert len(set(RULES)) == len(RULES) == 12


def test_there_must_be_an_edit_to_judge():
    with pytest.raises(ValueError, match="among before, retrain"):
        judge(verified(BEFORE, RETRAIN), SETTING)


def test_numbers_in_words():
    assert (percent(0.64), percent(-0.12), percent(0.0512, 1)) == ("64 %", "−12 %", "5.1 %")
    assert (change(0.0041), change(-0.01), change(0.0001), change(-0.0001)) == (
        "+0.4 %",
        "−1.0 %",
        "0.0 %",
        "0.0 %",
    )
    assert (reach(0.64), reach(-0.5), reach(-86.1)) == ("64 %", "−50 %", "far off")
    assert (nats(0.0312), nats(12.345), nats(1234.5)) == ("0.0312", "12.3", "1234")
    assert (listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])) == (
        "a",
        "a and b",
        "a, b and c",
    )
