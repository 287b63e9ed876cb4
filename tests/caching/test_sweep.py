"""What a sweep knows of policies, and what it concludes from made-up runs whose numbers are worked by hand."""

from __future__ import annotations

import pytest

from methods.base import Finished
from methods.caching.conclude import conclude
from methods.caching.config import SampleConfig
from methods.caching.sweep import controls, simplify

GOC = {"correction": "goc", "interval": 4}


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ({"correction": "none", "weight": 0.3, "prior": "x"}, {"correction": "none"}),
        ({**GOC, "weight": 0, "positions": "3"}, {"interval": 4, "correction": "none"}),
        ({**GOC, "weight": 0.3}, {**GOC, "weight": 0.3}),
        ({"correction": "none", "control": False}, {"correction": "none"}),
        ({**GOC, "control": False}, {**GOC, "control": False}),
        ({**GOC, "positions": "auto", "prior": "x", "trend_threshold": 0.2},
         {**GOC, "positions": "auto", "prior": "x"}),
        ({"correction": "eoc", "prior": "x", "trend_threshold": 0.2},
         {"correction": "eoc", "prior": "x"}),
        ({"correction": "eoc", "prior": "x", "positions": "auto", "trend_threshold": 0.2},
         {"correction": "eoc", "prior": "x", "positions": "auto", "trend_threshold": 0.2}),
        ({**GOC, "weight": None}, {**GOC, "weight": None}),  # the paper's, which is not none
        ({**GOC, "prior": "x", "trend_threshold": 1}, GOC),  # GOC needs no prior, unless it chooses the steps
        ({**GOC, "prior": "x", "positions": "auto"}, {**GOC, "prior": "x", "positions": "auto"}),
        ({**GOC, "correction": "eoc", "prior": "x"}, {**GOC, "correction": "eoc", "prior": "x"}),
        ({"schedule": "none", "interval": 4, "correction": "goc", "steps": 5},
         {"schedule": "none", "steps": 5}),
        ({"schedule": "odd_first_half", "interval": 4, "phase": "fora", "correction": "goc"},
         {"schedule": "odd_first_half", "correction": "goc"}),
        ({"schedule": "interval", "router_threshold": 0.2, "correction": "goc"},
         {"schedule": "interval", "correction": "goc"}),
        ({"schedule": ["no", "schedule"], "correction": "goc"}, {"schedule": ["no", "schedule"], "correction": "goc"}),
    ],
)  # fmt: skip
def test_settings_that_a_policy_does_not_use_are_left_out(values, kept):
    assert simplify(values) == kept


def test_controls_are_plain_reuse_and_fewer_steps_of_the_same_work():
    assert controls(SampleConfig(**GOC)) == [
        {"correction": "none"},
        {"schedule": "none", "steps": 5, "reference_steps": 20},
    ]
    # 15 of 20 steps are computed; five odd steps below 10 are not.
    assert controls(SampleConfig(schedule="odd_first_half")) == [
        {"schedule": "none", "steps": 15, "reference_steps": 20}
    ]
    assert controls(SampleConfig(schedule="none")) == []
    assert controls(SampleConfig(steps=2, interval=1)) == []


def runs(distances, images=20, forwards=80.0, **settings):
    """One finished run for each seed, from relative L2 in the order of the seeds."""
    config = SampleConfig(**settings)
    metrics = {"attn_forwards": forwards / 2, "ff_forwards": forwards / 2, "images": float(images)}
    return [
        Finished("", config.model_dump(mode="json"), seed, {**metrics, "relative_l2": distance})
        for seed, distance in enumerate(distances)
    ]


PLAIN = runs([0.10, 0.20, 0.10], interval=4)


def test_a_strength_is_advised_where_the_paired_interval_excludes_no_gain():
    # Gains .20, .25, .24: mean .23, s .026458, half 4.302653 s / sqrt(3) = .065724.
    good = runs([0.08, 0.15, 0.076], weight=0.6, **GOC)
    # Gains .5, .5, -.2: better on average (.267), but by chance as far as three seeds can tell.
    lucky = runs([0.05, 0.10, 0.12], weight=1.2, **GOC)
    first, *rest = conclude([*PLAIN, *good, *lucky])
    assert first.kind == "advice"
    config = SampleConfig(weight=0.6, **GOC).model_dump(mode="json")
    assert first.values == {name: config[name] for name in first.values}
    assert {"schedule", "interval", "correction", "weight", "positions"} <= first.values.keys()
    assert first.text == (
        "GOC on FORA with interval 4, 20 steps: take strength 0.6. It is 23.0% nearer to the uncached images than plain "
        "reuse (relative L2 0.102 against 0.133; 95 % interval of the gain +16.4% to +29.6%, paired over 3 seeds; 2 tried)."
    )
    assert "the model 'digits', 3 seeds of 20 images" in rest[0].text
    assert "optimistic" in rest[1].text


def test_a_gain_that_may_be_chance_is_no_advice():
    # Gains .20, .25, .10: mean .1833, half .1897, so the interval begins at -.0064.
    [found, *_] = conclude([*PLAIN, *runs([0.08, 0.15, 0.09], weight=0.6, **GOC)])
    assert found.kind == "none"
    assert (
        "no strength is shown to help. Of 1 tried, strength 0.6 was best: 18.3% nearer"
        in found.text
    )
    assert "-0.6% to +37.3%" in found.text


def test_a_loss_is_told_as_plainly():
    worse = [
        runs([0.15, 0.31, 0.16], weight=0.3, **GOC),
        runs([0.25, 0.5, 0.26], weight=1.2, **GOC),
    ]
    headline = conclude([*PLAIN, *worse[0], *worse[1]])[0]
    assert headline.kind == "none"
    assert (
        "no strength helped. Of 2 tried, strength 0.3 was best: 55.0% farther from" in headline.text
    )
    both = conclude(
        [*PLAIN, *worse[0], *runs([0.15, 0.31, 0.16], weight=0.3, correction="eoc", interval=4)]
    )
    assert both[0].text == "No strength tried is shown to help on 'digits'."
    assert [finding.kind for finding in both[:3]] == ["none"] * 3


def test_a_strength_that_harms_is_named_beside_the_one_that_helps():
    good = runs([0.08, 0.15, 0.076], weight=0.6, **GOC)
    # Gains -4, -4.2, -3.8: mean -4, s .2, half 4.302653 x .2 / sqrt(3) = .496828.
    bad = runs([0.5, 1.04, 0.48], weight=1.2, **GOC)
    papers = runs([0.2, 0.4, 0.2], **GOC)
    # Gains .5, .5, -.2 exclude nothing, so nothing is said of them.
    unsure = runs([0.05, 0.10, 0.12], weight=0.9, **GOC)
    first = conclude([*PLAIN, *good, *bad, *papers, *unsure])[0]
    assert first.kind == "advice"
    assert first.text.endswith(
        "4 tried). Strength 1.2 harms: 400.0% farther from them than plain reuse (95 % interval of the gain -449.7% to "
        "-350.3%, paired over 3 seeds). The paper's strength harms: 100.0% farther from them than plain reuse (95 % "
        "interval of the gain -100.0% to -100.0%, paired over 3 seeds)."
    )
    assert "0.9" not in first.text
    alone = conclude([*PLAIN, *bad])[0]
    assert alone.kind == "none"
    assert "strength 1.2 harms. It is 400.0% farther" in alone.text


def test_what_hardly_differs_is_not_told_as_nothing():
    same = runs([0.100003, 0.200006, 0.100003], weight=0.01, **GOC)
    found = conclude([*PLAIN, *same])[0]
    assert "0.003% farther from" in found.text
    assert "-0.003% to -0.003%" in found.text


def test_with_eight_seeds_half_choose_and_the_others_report():
    plain = runs([0.1] * 8, interval=4)
    # The first four seeds prefer 1.2; on the others, which report, it gains .10 and .12.
    chosen = runs([0.05] * 4 + [0.09, 0.088] * 2, weight=1.2, **GOC)
    other = runs([0.07] * 4 + [0.02] * 4, weight=0.6, **GOC)
    first, *rest = conclude([*plain, *chosen, *other])
    # Mean .11, s .0115470, half 3.182446 s / sqrt(4) = .018374.
    assert first.kind == "advice"
    assert first.values["weight"] == 1.2
    assert "11.0% nearer" in first.text
    assert "+9.2% to +12.8%, paired over 4 seeds" in first.text
    assert rest[1].text == (
        "Strengths were chosen on seeds 0, 1, 2, 3; the gains are of seeds 4, 5, 6, 7, which had no part in the choice."
    )
    assert not any("optimistic" in each.text for each in rest)


def test_fewer_seeds_choose_and_report_and_that_is_said():
    plain = runs([0.1] * 4, interval=4)
    chosen = runs([0.05, 0.05, 0.09, 0.088], weight=1.2, **GOC)
    other = runs([0.07, 0.07, 0.02, 0.02], weight=0.6, **GOC)
    first, *rest = conclude([*plain, *chosen, *other])
    # Of .6: gains .3, .3, .8, .8: mean .55, s .288675, half 3.182446 s / 2 = .459347.
    assert first.values["weight"] == 0.6
    assert "+9.1% to +100.9%, paired over 4 seeds" in first.text
    assert rest[-1].text.startswith("The best of several strengths is chosen on the same seeds")
    assert rest[-1].text.endswith("from 8 seeds on, half of them choose.")


def test_one_seed_gives_no_interval_and_no_advice():
    [found, *_] = conclude([*runs([0.1], interval=4), *runs([0.05], weight=0.6, **GOC)])
    assert found.kind == "none"
    assert "one seed gives no interval" in found.text
    assert "50.0% nearer" in found.text


def test_only_seeds_that_have_everything_count():
    good = runs([0.08, 0.15, 0.076], weight=0.6, **GOC)
    failed_once = runs([0.09, 0.19], weight=0.3, **GOC)
    [found, *_] = conclude([*PLAIN, *good, *failed_once])
    assert "paired over 2 seeds" in found.text
    [found, *_] = conclude(good)
    assert found.text.startswith("GOC on FORA with interval 4, 20 steps: no seed has both")


def test_a_corrected_run_brings_its_plain_twin_where_the_sweep_has_none():
    good = runs([0.08, 0.15, 0.076], weight=0.6, **GOC)
    twins = [
        Finished("", run.config, run.seed, {**run.metrics, "relative_l2_plain": plain})
        for run, plain in zip(good, (0.10, 0.20, 0.10), strict=True)
    ]
    assert conclude(twins)[0] == conclude([*PLAIN, *good])[0]


def test_runs_without_plain_reuse_beside_them_find_the_plain_runs():
    good = runs([0.08, 0.15, 0.076], weight=0.6, control=False, **GOC)
    first, *_ = conclude([*PLAIN, *good])
    assert first.kind == "advice"
    assert first.text == conclude([*PLAIN, *runs([0.08, 0.15, 0.076], weight=0.6, **GOC)])[0].text
    assert "control" not in first.values


def test_peers_are_told_apart_by_their_settings():
    taylor = {"schedule": "taylorseer", "interval": 4}
    fewer = runs([0.16, 0.3, 0.152], schedule="none", steps=5, reference_steps=20)
    orders = [runs([0.08, 0.15, 0.076], order=order, **taylor) for order in (1, 2)]
    said = [item.text for item in conclude([*fewer, *orders[0], *orders[1]])]
    for order in (1, 2):
        assert any(f"TaylorSeer with interval 4, order {order}, 20 steps" in text for text in said)


def test_fewer_steps_of_the_same_forwards_stand_beside_the_best():
    good = runs([0.08, 0.15, 0.076], weight=0.6, **GOC)
    fewer = runs([0.16, 0.3, 0.152], schedule="none", steps=5, reference_steps=20)
    other_work = runs(
        [0.01, 0.01, 0.01], forwards=90.0, schedule="none", steps=6, reference_steps=20
    )
    notes = [
        item.text for item in conclude([*PLAIN, *good, *fewer, *other_work]) if item.kind == "note"
    ]
    assert notes[0] == (
        "For the same module forwards, 5 uncached steps: GOC at strength 0.6 on FORA with interval 4, 20 steps is 50.0% "
        "nearer to the full sampling than they are (95 %: +50.0% to +50.0%)."
    )
    plain_only = [
        item.text
        for item in conclude(
            [*PLAIN, *runs([0.05, 0.1, 0.05], schedule="none", steps=5, reference_steps=20)]
        )
    ]
    assert plain_only[0].startswith(
        "For the same module forwards, 5 uncached steps: FORA with interval 4, 20 steps is 100.0% farther"
    )


def test_two_ways_of_reusing_are_judged_apart_and_the_better_comes_first():
    seven = {"correction": "goc", "interval": 7}
    found = conclude(
        [
            *PLAIN,
            *runs([0.08, 0.15, 0.076], weight=0.6, **GOC),
            *runs([0.2, 0.4, 0.2], interval=7),
            *runs([0.1, 0.21, 0.102], weight=0.6, **seven),
        ]
    )
    assert [item.values.get("interval") for item in found[:2]] == [7, 4]


def test_nothing_finished_says_nothing():
    assert conclude([]) == []
