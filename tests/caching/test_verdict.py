"""What is said of runs side by side, and the papers' figures beside them."""

from __future__ import annotations

from typing import Any

import pytest

from methods.base import Finished
from methods.caching import SAMPLE, SampleConfig
from methods.caching.presets import SAMPLE_PRESETS
from methods.caching.tradeoff import TRADEOFF, kind
from methods.caching.verdict import remark

NOTHING_PAIRED = "No two of these runs drew the same images from the same noise"


def run(
    title: str,
    l2: float,
    share: float = 0.5,
    seed: int = 3,
    gain: tuple[float, float, float] | None = None,
    **config: Any,
) -> Finished:
    metrics = {"relative_l2": l2, "flop_share": share}
    if gain:
        names = ("correction_gain", "correction_gain_low", "correction_gain_high")
        metrics |= dict(zip(names, gain, strict=True))
    return Finished(title, SampleConfig(**config).model_dump(mode="json"), seed, metrics)


def fewer(l2: float, share: float = 0.5, **more: Any) -> Finished:
    values = {"schedule": "none", "steps": 10, "reference_steps": 20, **more}
    return run("10 steps", l2, share, **values)


FORA, GOC, EOC = (
    run("FORA", 0.20),
    run("GOC", 0.15, correction="goc", weight=1.2, positions="published"),
    run("EOC", 0.25, correction="eoc", prior="a/prior.safetensors"),
)


def test_corrections_are_set_against_plain_reuse_of_the_same_schedule() -> None:
    assert remark([FORA, GOC, EOC]) == (
        "Against plain reuse of the same schedule, closer to the uncached images: GOC by 25.0%; "
        "further from them: EOC by 25.0%."
    )
    assert remark([FORA, EOC]) == (
        "Against plain reuse of the same schedule, further from the uncached images: EOC by 25.0%."
    )
    other_schedule = run("GOC 75 %", 0.4, 0.25, interval=4, correction="goc")
    assert "75" not in remark([FORA, GOC, other_schedule])
    assert "no clear difference: GOC (+0.5%)" in remark([FORA, run("GOC", 0.199, correction="goc")])
    assert "GOC (below 0.1%)" in remark([FORA, run("GOC", 0.200001, correction="goc")])


def test_a_measured_gain_comes_with_its_interval_and_counts_alone() -> None:
    gained = run("GOC", 0.15, correction="goc", gain=(0.12, 0.08, 0.16))
    assert remark([gained]) == (
        "Against plain reuse of the same schedule, closer to the uncached images: "
        "GOC by 12.0% (95 %: +8.0% to +16.0%)."
    )
    unsure = run("GOC", 0.15, correction="goc", gain=(0.12, -0.02, 0.26))
    assert remark([unsure, FORA]) == (
        "Against plain reuse of the same schedule, no clear difference: "
        "GOC (+12.0%) (95 %: -2.0% to +26.0%)."
    )


def test_several_seeds_of_a_correction_are_told_as_their_mean() -> None:
    def pairs(*distances: tuple[float, float]) -> list[Finished]:
        return [
            run(name, l2, seed=seed, correction=correction)
            for seed, (first, second) in enumerate(distances)
            for name, l2, correction in (("FORA", first, "none"), ("GOC", second, "goc"))
        ]

    # Gains .2, .25, .24: mean .23, s .026458, half 4.302653 s / sqrt(3) = .065724.
    sure = pairs((0.10, 0.08), (0.20, 0.15), (0.10, 0.076))
    assert (
        "closer to the uncached images: GOC (3 seeds) by 23.0% (95 %: +16.4% to +29.6%)."
        in remark(sure)
    )
    # Gains .5 and .25: two seeds so far apart tell nothing, half 12.7062 x .176777 / sqrt(2) = 1.588.
    assert "no clear difference: GOC (2 seeds) (+37.5%) (95 %: -121.3% to +196.3%)" in remark(
        pairs((0.2, 0.1), (0.4, 0.3))
    )
    assert remark([*sure, *sure]) == remark(sure)  # a seed that ran twice counts once


def test_what_changes_no_image_does_not_keep_a_correction_from_its_plain_twin() -> None:
    for other in (
        {"control": False},
        {"judge": False},
        {"inception_weights": "w.pth", "reference_stats": "s.npz"},
    ):
        assert "GOC by 25.0%" in remark([FORA, run("GOC", 0.15, correction="goc", **other)])


def test_the_chart_keeps_apart_what_is_of_other_images_and_only_that() -> None:
    def comparable(**config: Any) -> Any:
        return TRADEOFF.comparable(SampleConfig(**config).model_dump(mode="json"))

    assert "control" in TRADEOFF.irrelevant
    assert comparable() == comparable(control=False, schedule="taylorseer", reference_steps=20)
    assert comparable(classes=("1", "2")) != comparable(classes=("2", "1"))  # noise goes by place
    assert comparable() != comparable(vae_tiling=True)


@pytest.mark.parametrize(("l2", "did"), [(0.10, "did better"), (0.18, "did no better")])
def test_fewer_steps_at_the_same_work_are_set_against_the_closest_cached_run(
    l2: float, did: str
) -> None:
    said = remark([FORA, GOC, fewer(l2)])
    assert said.endswith(
        f"At about the same multiply-adds (50% against 50%), 10 uncached steps {did}: relative L2 {l2:.3f} against "
        "0.150 of GOC, the closest cached run."
    )


def test_fewer_steps_at_other_work_or_of_other_images_say_nothing() -> None:
    for alone in (fewer(0.1, 0.44), fewer(0.1, classes=("1",)), fewer(0.1, seed=4)):
        assert "multiply-adds (" not in remark([FORA, GOC, alone])


def test_it_says_plainly_when_nothing_can_be_said() -> None:
    assert remark([FORA]) == "One run alone: nothing to set it against yet."
    assert remark([FORA, run("GOC", 0.1, seed=4, correction="goc")]).startswith(NOTHING_PAIRED)
    assert remark([FORA, run("GOC", 0.1, guidance_scale=9.0, correction="goc")]).startswith(
        NOTHING_PAIRED
    )
    uncached = run("Uncached", 0.0, 1.0, schedule="none")
    assert remark([uncached, FORA]).startswith("No two of these runs tell a correction")


def test_every_row_of_the_papers_is_whole_and_says_where_it_is_from() -> None:
    for table in SAMPLE.reported:
        assert table.setting
        for row in table.rows:
            assert len(row.values) == len(table.columns), row.name
            assert row.source, row.name
            assert set(row.notes) <= set(table.columns), row.name
            assert row.settings.keys() <= SampleConfig.model_fields.keys(), row.name


@pytest.mark.parametrize("key", ["uncached", "fora50", "eoc50", "goc50", "l2c22", "goc25"])
def test_the_runs_of_a_preset_find_their_row(key: str) -> None:
    preset = SAMPLE_PRESETS[key]
    config = {**SampleConfig().model_dump(mode="json"), **preset.values}
    rows = [
        row
        for table in SAMPLE.reported
        for row in table.rows
        if row.settings and all(config.get(name) == value for name, value in row.settings.items())
    ]
    assert rows
    assert {row.name.split(",")[0] for row in rows} == {preset.title}


def test_every_policy_has_a_kind() -> None:
    kinds = {
        key: kind({**SampleConfig().model_dump(mode="json"), **preset.values})
        for key, preset in SAMPLE_PRESETS.items()
    }
    assert kinds["uncached"] == "uncached"
    assert kinds["fewer10"] == "fewer steps"
    assert (kinds["fora50"], kinds["eoc50"], kinds["goc50"]) == ("FORA", "EOC", "GOC")
    assert (kinds["l2c22"], kinds["l2c_goc"]) == ("L2C", "GOC")
