"""The first sentence: what was reached, and that no control is kept quiet that did better."""

from __future__ import annotations

from dataclasses import replace

import pytest

from methods.unlearning.controls.headline import headline
from tests.unlearning.controls.told import SETTING, variant, verified


def said(*variants, setting=SETTING):
    verdict = headline(verified(*variants), setting)
    return verdict.level, verdict.text


BEFORE = variant("before", reached=0.0)
RETRAIN = variant("retrain", reached=1.0)


def test_against_a_retrain_beside_the_controls():
    level, text = said(
        BEFORE,
        variant("edit", reached=0.64, retain=1.004),
        variant("finetune", reached=0.45),
        variant("npo", reached=-0.2),
        RETRAIN,
    )
    assert text == (
        "The edit reached 64 % of the retrain's change, a 30-step fine-tune 45 % and 30 steps of NPO −20 %; retain loss +0.4 %."
    )
    assert level == "warning"


def test_what_leads_far_away_is_not_counted_to_the_percent():
    off = variant("ascent", reached=-176.85)
    text = said(BEFORE, variant("edit", reached=0.64), off, RETRAIN)[1]
    assert text.startswith(
        "The edit reached 64 % of the retrain's change, 30 steps of gradient ascent far off; "
    )
    level, text = said(BEFORE, variant("edit", reached=-1.5), off, RETRAIN)
    assert text.startswith(
        "The edit is no nearer to the retrain than the adapter before: it is far off, more than twice as far as before, "
        "30 steps of gradient ascent far off; "
    )
    assert level == "bad"


@pytest.mark.parametrize(
    ("reached", "floor", "level"),
    [
        (0.8, None, "good"),
        (0.79, None, "warning"),
        (0.79, 0.75, "good"),
        (0.7, 0.75, "warning"),
        (0.1, -0.5, "warning"),
    ],
)
def test_good_is_most_of_the_way_or_as_far_as_a_second_retrain(reached, floor, level):
    second = [] if floor is None else [variant("retrain_2", reached=floor)]
    assert said(BEFORE, variant("edit", reached=reached), RETRAIN, *second)[0] == level


def test_a_control_that_did_better_comes_first():
    level, text = said(
        BEFORE,
        variant("edit", reached=0.9, retain=1.01),
        variant("finetune", reached=0.97),
        variant("ascent", reached=0.1),
        RETRAIN,
    )
    assert text == (
        "A 30-step fine-tune did better than the edit: it reached 97 % of the retrain's change, the edit 90 % and 30 steps of gradient ascent "
        "10 %; retain loss +1.0 %."
    )
    assert level == "warning"


def test_a_hundredth_more_is_no_difference():
    text = said(BEFORE, variant("edit", reached=0.9), variant("finetune", reached=0.905), RETRAIN)[
        1
    ]
    assert text.startswith("The edit reached 90 %")


def test_a_control_that_harms_the_other_rows_is_not_called_better():
    harmful = variant("finetune", reached=0.97, retain=1.2)
    assert said(BEFORE, variant("edit", reached=0.6), harmful, RETRAIN)[1].startswith(
        "The edit reached 60 %"
    )
    # unless the edit harms them more
    worse = variant("edit", reached=0.6, retain=1.3)
    level, text = said(BEFORE, worse, harmful, RETRAIN)
    assert text.startswith("A 30-step fine-tune did better")
    assert level == "bad"


def test_an_edit_that_leads_away_is_bad():
    level, text = said(
        BEFORE, variant("edit", reached=-0.12), variant("ascent", reached=-0.5), RETRAIN
    )
    assert level == "bad"
    assert text == (
        "The edit is no nearer to the retrain than the adapter before: it reached −12 % of the retrain's change, 30 steps of gradient ascent "
        "−50 %; retain loss 0.0 %."
    )
    level, text = said(
        BEFORE, variant("edit", reached=-0.12), variant("finetune", reached=0.3), RETRAIN
    )
    assert level == "bad"
    assert text.startswith("A 30-step fine-tune did better than the edit: it reached 30 %")
    assert said(BEFORE, variant("edit", reached=0.0), RETRAIN)[1].endswith(
        "it reached 0 % of the retrain's change; retain loss 0.0 %."
    )


def test_a_broken_guard_makes_the_best_edit_bad():
    level, text = said(BEFORE, variant("edit", reached=0.99, retain=1.021), RETRAIN)
    assert level == "bad"
    assert text.endswith("retain loss +2.1 %.")
    assert said(BEFORE, variant("edit", reached=0.99, retain=1.019), RETRAIN)[0] == "good"
    # below a nat the guard is one of 0.02 nats, however large a share that is
    low = variant("before", reached=0.0, retain=0.02)
    assert said(low, variant("edit", reached=0.99, retain=0.039), RETRAIN)[0] == "good"
    assert said(low, variant("edit", reached=0.99, retain=0.041), RETRAIN)[0] == "bad"


def test_a_retrain_that_changes_nothing_leaves_nothing_to_reach():
    still = replace(RETRAIN, distances=replace(RETRAIN.distances, reached=None))
    edit = replace(variant("edit"), distances=still.distances)
    assert said(variant("before"), edit, still) == (
        "info",
        "The retrain says just what the adapter before says: there is no way to go; retain loss 0.0 %.",
    )


def test_corrections_without_a_retrain():
    before = variant("before", forget=0.03, corrected=0.97)
    edit = variant("edit", forget=0.29, corrected=0.29, retain=0.99)
    told = "the old content of the asked rows went from a loss of 0.03 to 0.29, their corrected content from 0.97 to 0.29"
    assert said(before, edit) == ("info", f"T{told[1:]}; retain loss −1.0 %.")
    assert (
        said(before, edit, variant("finetune", corrected=0.288))[0] == "info"
    )  # too close to call
    level, text = said(
        before, edit, variant("finetune", corrected=0.16), variant("npo", corrected=0.2)
    )
    assert level == "warning"
    assert text == (
        "A 30-step fine-tune did better than the edit by the loss of the corrected content: 0.16 against 0.29. "
        f"With the edit {told}; retain loss −1.0 %."
    )
    harmful = variant("finetune", corrected=0.01, retain=2.0)
    assert said(before, edit, harmful)[0] == "info"


def test_removals_without_a_retrain_are_measured_by_rows_never_trained_on():
    before, edit = (
        variant("before", forget=0.03, matched=0.9),
        variant("edit", forget=0.5, matched=0.9),
    )
    assert (
        said(before, edit)[1]
        == "The old content of the asked rows went from a loss of 0.03 to 0.5; retain loss 0.0 %."
    )
    too_far, nearer = (
        variant("ascent", forget=3.0, matched=0.9),
        variant("npo", forget=1.0, matched=0.95),
    )
    assert said(before, edit, too_far)[0] == "info"
    level, text = said(before, edit, too_far, nearer)
    assert level == "warning"
    assert text.startswith(
        "30 steps of NPO did better than the edit by how near the asked rows are to rows never trained on (difference of losses): "
        "0.05 against 0.4. With the edit the old"
    )


def test_removals_without_anything_to_measure_by_say_what_moved():
    found = said(
        variant("before", forget=0.03), variant("edit", forget=0.5), variant("ascent", forget=9.0)
    )
    assert found == (
        "info",
        "The old content of the asked rows went from a loss of 0.03 to 0.5; retain loss 0.0 %.",
    )
