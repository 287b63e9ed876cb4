"""What sweeps know of objectives, and what they conclude from made-up runs whose numbers are worked by hand."""

from __future__ import annotations

import pytest

from methods.alignment import TRAIN, TrainConfig
from methods.alignment.training.conclude import conclude, remark
from methods.alignment.training.objectives import DEFAULT_LOSSES
from methods.alignment.training.sweep import controls, simplify, twin
from methods.base import Finished


def runs(objective, chair, recall=None, mentions=None, **settings):
    """One finished run a seed."""
    config = TrainConfig(objective=objective, **settings).model_dump(mode="json")
    recall = recall or [0.9] * len(chair)
    mentions = mentions or [2.0] * len(chair)
    values = zip(chair, recall, mentions, strict=True)
    return [
        Finished(objective, config, seed, {"chair_i": c, "recall": r, "mentions": m})
        for seed, (c, r, m) in enumerate(values)
    ]


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ({"objective": "dpo", "drop": 0.3, "gain": 1, "hardness": "x"}, {"objective": "dpo"}),
        ({"objective": "sft", "beta": 0.3, "sft_weight": 1}, {"objective": "sft"}),
        ({"objective": "data_aware", "drop": 0.3, "beta": 0.3, "hardness": "x"},
         {"objective": "data_aware", "beta": 0.3, "hardness": "x"}),
        ({"objective": "model_aware", "hardness": "x", "drop": 0.3}, {"objective": "model_aware", "drop": 0.3}),
        ({"drop": 0.3, "losses": ["ipo"]}, {"drop": 0.3}),
        ({"objective": "beta_dpo", "gain": 1, "reading": "paper"}, {"objective": "beta_dpo", "gain": 1}),
        ({"model": "a/b", "evaluate_scenes": 9}, {"model": "a/b"}),
        ({"max_steps": 5, "epochs": 3}, {"max_steps": 5}),
        ({"objective": ["no"], "drop": 0.3}, {"objective": ["no"], "drop": 0.3}),
    ],
)  # fmt: skip
def test_settings_that_an_objective_does_not_use_are_left_out(values, kept):
    assert simplify(values) == kept


@pytest.mark.parametrize(
    "objective", ["dpo", "data_aware", "model_aware", "damo", "beta_dpo", "sft"]
)
def test_the_controls_are_plain_dpo_and_sft_and_hold(objective):
    config = TrainConfig(objective=objective)
    found = [config.model_copy(update=dict(change)) for change in controls(config)]
    assert {each.objective for each in found} == {"dpo", "sft"} - {objective}
    for change in controls(config):
        TrainConfig.model_validate({**config.model_dump(), **change})


def test_another_loss_is_compared_with_plain_dpo():
    config = TrainConfig(objective="dpo", losses=("ipo",), sft_weight=0.5)
    plain, sft = (
        TrainConfig.model_validate({**config.model_dump(), **change}) for change in controls(config)
    )
    assert (plain.losses, plain.sft_weight) == (DEFAULT_LOSSES, 0.5)
    assert sft.all_losses() == (["sft"], [1.0])


def test_a_twin_differs_in_the_objective_alone():
    damo = TrainConfig(objective="damo", drop=0.3, beta=0.2).model_dump(mode="json")
    plain = TrainConfig(objective="dpo", beta=0.2).model_dump(mode="json")
    other = TrainConfig(objective="dpo", beta=0.1).model_dump(mode="json")
    assert twin(damo) == twin(plain)
    assert twin(damo) != twin(other)


DPO = runs("dpo", [0.20, 0.22, 0.18])
SFT = runs("sft", [0.20, 0.22, 0.18])


def test_an_objective_is_advised_where_it_certainly_makes_up_less_and_finds_as_much():
    # Differences -.05, -.06, -.04: mean -.05, s .01, half 4.302653 * .01 / sqrt(3) = .0248.
    good = runs("damo", [0.15, 0.16, 0.14])
    first, *rest = conclude([*DPO, *good, *SFT])
    assert first.kind == "advice"
    assert first.values == {"objective": "damo"}
    assert "-5.0 points (95 %: -7.5 to -2.5)" in first.text
    assert "recall +0.0 points" in first.text
    assert first.text.endswith("over 3 seeds.")
    assert any("3 seeds; five or more" in finding.text for finding in rest)


def test_only_the_best_of_several_is_to_be_taken():
    good, fair = runs("damo", [0.15, 0.16, 0.14]), runs("beta_dpo", [0.16, 0.18, 0.14])
    first, second, *_ = conclude([*DPO, *fair, *good, *SFT])
    assert first.text.startswith("Take DAMO")
    assert second.text.startswith("beta-DPO does better than plain DPO too: made-up objects -4.0")


def test_the_untrained_model_stands_beside_them():
    before = [
        Finished(
            run.title,
            run.config,
            run.seed,
            {**run.metrics, "chair_i_before": 0.1, "recall_before": 0.8},
        )
        for run in [*DPO, *runs("damo", [0.15, 0.16, 0.14]), *SFT]
    ]
    [note] = [each.text for each in conclude(before) if "before training" in each.text]
    # DPO: +.10, +.12, +.08: mean .10, s .02, half 4.302653 * .02 / sqrt(3) = .0497.
    assert "DPO +10.0 points (95 %: +5.0 to +15.0), recall +10.0 points" in note
    assert "; DAMO +5.0 points" in note


def test_saying_less_is_no_gain():
    quiet = runs("damo", [0.15, 0.16, 0.14], recall=[0.70, 0.71, 0.69], mentions=[1.2] * 3)
    findings = conclude([*DPO, *quiet, *SFT])
    assert not any(finding.kind == "advice" for finding in findings)
    [finding] = [each for each in findings if "but finds less too" in each.text]
    assert "mentions -0.80 (95 %: -0.80 to -0.80)" in finding.text


def test_chance_and_harm_are_told_apart():
    lucky = runs("damo", [0.10, 0.30, 0.16])
    worse = runs("model_aware", [0.30, 0.33, 0.27])
    texts = [finding.text for finding in conclude([*DPO, *lucky, *worse, *SFT])]
    assert texts[0] == "None of these objectives is shown to do better than plain DPO."
    assert any("DAMO is not shown to differ" in text for text in texts)
    assert any("model-aware beta makes up more" in text for text in texts)


def test_what_is_missing_is_said():
    texts = [finding.text for finding in conclude([*DPO, *runs("damo", [0.1, 0.2, 0.3])])]
    assert any("no SFT on the chosen answers" in text for text in texts)
    [alone] = conclude(runs("damo", [0.1, 0.2]))
    assert "No plain DPO" in alone.text
    assert conclude([]) == []


def test_one_seed_gives_no_interval():
    texts = [finding.text for finding in conclude([*DPO[:1], *runs("damo", [0.1]), *SFT[:1]])]
    assert any("one seed, so no interval" in text for text in texts)


def test_a_remark_compares_with_dpo_of_the_same_seed():
    text = remark([DPO[0], *runs("damo", [0.15])])
    assert text.startswith("Against plain DPO on the same pairs: DAMO made-up objects -5.0 points")
    assert "One seed cannot tell" in text
    assert remark(DPO[:1]) == ""
    assert "nothing can be paired" in remark([DPO[0], runs("damo", [0.1, 0.2])[1]])


def test_the_tradeoff_names_metrics_of_the_run_and_keeps_unlike_runs_apart():
    assert TRAIN.tradeoff.kind(TrainConfig(objective="damo").model_dump()) == "DAMO"
    assert TRAIN.tradeoff.kind(TrainConfig(objective="dpo", losses=("ipo",)).model_dump()) == (
        "other losses of TRL"
    )
    one, other = (TrainConfig(max_pairs=count).model_dump() for count in (100, 200))
    assert TRAIN.tradeoff.comparable(one) != TRAIN.tradeoff.comparable(other)
