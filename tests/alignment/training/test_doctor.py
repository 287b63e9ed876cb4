"""The doctor on hand-made curves: each rule fires on its own picture and stays quiet on a healthy one."""

from __future__ import annotations

import pytest

from methods.alignment.training.doctor import History, examine
from methods.alignment.training.doctor.answers import follows_length, length_drift
from methods.alignment.training.doctor.betas import (
    beta_at_its_floor,
    far_from_the_mean,
    hardness_is_flat,
    keeps_all,
    never_kept,
)
from methods.alignment.training.doctor.rewards import learnt_at_once, nothing_moves, saturated
from methods.alignment.training.pair_step import PairStep

STEPS = 40


def steps(gap, count=20, size=4, **columns):
    """Recent steps in which pair i (row i) has gap[i]; other columns as given, else those of plain DPO."""
    values = {
        "hardness": [0.0] * size,
        "factor": [1.0] * size,
        "kept": [True] * size,
        "beta": [0.1] * size,
        "loss": [0.5] * size,
        "weight": [0.01] * size,
        "chosen": [0.0] * size,
    }
    return [
        PairStep(step=index + 1, position=list(range(size)), gap=list(gap), **{**values, **columns})
        for index in range(count)
    ]


def line(start, end, count=STEPS):
    return [start + (end - start) * index / (count - 1) for index in range(count)]


def healthy(**changes):
    """Margins that grow because the rejected answers fall; a filter that works."""
    curves = {
        "loss": line(0.69, 0.4),
        "rewards/chosen": line(0.0, 0.3),
        "rewards/rejected": line(0.0, -0.5),
        "rewards/accuracies": line(0.5, 0.9),
        "dama/running_mean": line(0.0, 3.0),
    }
    curves |= changes.pop("curves", {})
    values = {
        "recent": steps(
            [3.0, 2.0, 4.0, 1.0], kept=[True, True, True, False], hardness=[0.1, 0.2, 0.0, -0.3]
        ),
        "ids": {row: f"pair{row}" for row in range(4)},
        "filters": True,
        "min_beta": 1e-3,
        "uses_hardness": True,
        "length_gaps": {0: 1, 1: 0, 2: -1, 3: 0},
        **changes,
    }
    return History(curves=curves, **values)


def said(history):
    return [(each.rule, each.severity) for each in examine(history, set())]


def test_a_healthy_training_is_left_alone():
    assert said(healthy()) == []


def test_falling_rewards_are_harmless_while_the_rejected_answers_fall():
    curves = {"rewards/chosen": line(0.0, -0.3), "rewards/rejected": line(0.0, -2.0)}
    [found] = examine(healthy(curves=curves), set())
    assert (found.rule, found.severity) == ("both_fall", "info")
    assert "2.7 nats" in found.text  # the last ten of 40 steps average -.265 in reward, at beta .1


def test_falling_rewards_are_harmful_when_the_chosen_answers_go_too():
    curves = {"rewards/chosen": line(0.0, -2.0), "rewards/rejected": line(0.0, -2.5)}
    recent = steps(
        [3.0, 2.0, 4.0, 1.0], chosen=[-1.0, -30.0, -2.0, -3.0], kept=[True, True, True, False]
    )
    [found] = examine(healthy(curves=curves, recent=recent, uses_hardness=False), set())
    assert (found.rule, found.severity) == ("both_fall", "warning")
    assert found.pairs[0] == "pair1"


def test_short_answers_that_lose_much_of_their_probability_are_harm_too():
    curves = {"rewards/chosen": line(0.0, -0.5), "rewards/rejected": line(0.0, -2.5)}
    long, short = ([start] * STEPS for start in (-200.0, -1.3))
    for start, severity in ((long, "info"), (short, "warning")):
        [found] = examine(healthy(curves=curves | {"logps/chosen": start}), set())
        assert (found.rule, found.severity) == ("both_fall", severity)


def test_it_speaks_again_when_harmless_becomes_harmful():
    spoken = set()
    mild = {"rewards/chosen": line(0.0, -0.3), "rewards/rejected": line(0.0, -2.0)}
    bad = {"rewards/chosen": line(0.0, -2.0), "rewards/rejected": line(0.0, -2.5)}
    assert [each.severity for each in examine(healthy(curves=mild), spoken)] == ["info"]
    assert examine(healthy(curves=mild), spoken) == []
    assert [each.severity for each in examine(healthy(curves=bad), spoken)] == ["warning"]


def test_a_loss_of_zero_names_the_pairs_with_the_largest_gaps():
    recent = steps(
        [90.0, 3.0, 70.0, 2.0], loss=[1e-4, 0.5, 9e-4, 0.6], kept=[True, True, False, True]
    )
    found = saturated(healthy(recent=recent))
    assert "50% of the pairs" in found.title
    assert found.pairs[:2] == ("pair0", "pair2")
    assert saturated(healthy()) is None


def test_perfect_accuracy_within_twenty_steps():
    curves = {"rewards/accuracies": [0.5, 0.8, *[1.0] * 38]}
    found = learnt_at_once(healthy(curves=curves))
    assert "after 7 steps" in found.title
    late = {"rewards/accuracies": [0.5] * 25 + [1.0] * 15}
    assert learnt_at_once(healthy(curves=late)) is None


def test_gaps_next_to_zero_after_thirty_steps():
    assert nothing_moves(healthy(recent=steps([0.01, 0.0, -0.02, 0.03]))) is not None
    assert nothing_moves(healthy(recent=steps([0.01, 0.0, -0.02, 0.3]))) is None


def test_beta_at_its_floor():
    low = steps([1.0] * 4, beta=[1e-3, 1e-3, 1e-3, 0.1])
    assert "75%" in beta_at_its_floor(healthy(recent=low)).title
    assert beta_at_its_floor(healthy(recent=low, min_beta=0.0)) is None


def test_gaps_far_from_the_running_mean():
    curves = {"dama/running_mean": [1.0] * STEPS}
    far = steps([12.0, 14.0, 1.0, 9.0], kept=[True, True, True, False])
    found = far_from_the_mean(healthy(curves=curves, recent=far))
    assert "75% of the gaps" in found.text
    assert found.pairs[0] == "pair1"
    assert far_from_the_mean(healthy(curves=curves, recent=far, width=None)) is None
    assert far_from_the_mean(healthy(curves=curves, recent=far, width=10.0)) is None


def test_pairs_that_are_never_kept_and_a_filter_that_keeps_all():
    assert never_kept(healthy(never_kept=[3])).pairs == ("pair3",)
    assert never_kept(healthy()) is None
    assert keeps_all(healthy(recent=steps([1.0] * 4))) is not None
    assert keeps_all(healthy()) is None
    assert keeps_all(healthy(recent=steps([1.0] * 4), filters=False)) is None


def test_hardness_that_is_the_same_everywhere():
    flat = steps([3.0, 2.0, 4.0, 1.0], kept=[True, True, True, False])
    assert hardness_is_flat(healthy(recent=flat)) is not None
    assert hardness_is_flat(healthy(recent=flat, uses_hardness=False)) is None


@pytest.mark.parametrize(("sign", "way"), [(1, "longer"), (-1, "shorter")])
def test_gaps_that_follow_length(sign, way):
    lengths = {0: 5 * sign, 1: 0, 2: -5 * sign, 3: 2 * sign}
    recent = steps(
        [5.0, 1.0, -5.0, 2.0], kept=[True, True, True, False], hardness=[0.1, 0.2, 0.0, 0.3]
    )
    found = follows_length(healthy(recent=recent, length_gaps=lengths))
    assert way in found.title
    assert set(found.pairs[:2]) == {"pair0", "pair2"}


def test_answers_that_become_shorter():
    assert "shorter" in length_drift(20.0, 15.0).title
    assert "longer" in length_drift(20.0, 26.0).title
    assert length_drift(20.0, 18.0) is None


def test_short_histories_are_no_reason_to_speak():
    empty = History(curves={"loss": [0.69]}, recent=steps([0.0] * 4, count=1), ids={}, filters=True)
    assert said(empty) == []
    assert said(History(curves={}, recent=[], ids={}, filters=True, uses_hardness=True)) == []
