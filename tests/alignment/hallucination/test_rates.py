"""Ratios with their intervals, against a slow loop and closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from methods.alignment.hallucination.rates import TAIL, Column, Rate, rates, resample
from methods.alignment.hallucination.scores import Scored, changes, make_scores

IMAGES = ["a", "a", "b", "c", "c", "c"]
COLUMN = Column([1, 0, 2, 0, 1, 1], [2, 1, 2, 0, 3, 1])


def scores(numerators, denominators=None, types=None, images=None, **options):
    count = len(numerators)
    images = images or [f"image {i}" for i in range(count)]
    types = types or [""] * count
    items = [Scored(str(i), images[i], type=types[i]) for i in range(count)]
    column = Column(numerators, denominators or [1.0] * count)
    return make_scores("toy", items, {"wrong": column}, **options)


def test_a_rate_is_the_ratio_of_the_sums_not_the_mean_of_ratios():
    found = rates(IMAGES, {"x": COLUMN})["x"]
    assert (found.numerator, found.denominator, found.value) == (5, 9, 5 / 9)


def test_resampling_draws_whole_images():
    drawn = resample(IMAGES, {"x": COLUMN}, seed=3, draws=300)["x"]
    sums = {"a": (1, 3), "b": (2, 2), "c": (2, 4)}
    possible = set()
    for first in sums.values():
        for second in sums.values():
            for third in sums.values():
                above, below = np.sum([first, second, third], axis=0)
                possible.add(round(above / below, 9))
    seen = {round(float(value), 9) for value in drawn}
    assert seen <= possible
    assert len(seen) == len(possible)


def test_the_interval_is_that_of_a_slow_bootstrap():
    generator = np.random.default_rng(0)
    above = generator.integers(0, 2, 60).astype(float)
    images = [str(i) for i in range(60)]
    found = rates(images, {"x": Column(above, np.ones(60))}, seed=1, draws=4000)["x"]
    slow = [float(generator.choice(above, 60).mean()) for _ in range(4000)]
    low, high = np.quantile(slow, [0.025, 0.975])
    assert found.low == pytest.approx(low, abs=0.02)
    assert found.high == pytest.approx(high, abs=0.02)


def test_the_same_seed_gives_the_same_interval_and_chunks_do_not_matter(monkeypatch):
    first = rates(IMAGES, {"x": COLUMN}, seed=5)
    assert rates(IMAGES, {"x": COLUMN}, seed=5) == first
    monkeypatch.setattr("methods.alignment.hallucination.rates._CHUNK", 30)
    again = rates(IMAGES, {"x": COLUMN, "y": COLUMN}, seed=5)
    assert again["x"] == again["y"]
    assert again["x"].low == pytest.approx(first["x"].low, abs=0.05)


def test_nothing_to_divide_by_and_one_image_have_no_interval():
    assert rates(["a", "b"], {"x": Column([0, 0], [0, 0])})["x"] == Rate(0, 0, None, None, None)
    assert rates(["a", "a"], {"x": Column([1, 0], [1, 1])})["x"] == Rate(1, 2, 0.5, None, None)


def test_none_of_n_is_not_certain_to_be_none():
    images = [str(i) for i in range(20)]
    none = rates(images, {"x": Column([0] * 20, [1] * 20)})["x"]
    assert (none.low, none.high) == (
        0,
        pytest.approx(1 - TAIL ** (1 / 20)),
    )  # Clopper-Pearson: .168
    every = rates(images, {"x": Column([1] * 20, [1] * 20)})["x"]
    assert (every.low, every.high) == (pytest.approx(TAIL ** (1 / 20)), 1)
    mean = rates(images, {"x": Column([1] * 20, [1] * 20, share=False)})["x"]
    assert (mean.low, mean.high) == (1, 1)


def test_a_column_of_another_length_is_refused():
    with pytest.raises(ValueError, match="x: 1 numerators and 2 denominators for 2 answers"):
        rates(["a", "b"], {"x": Column([1], [1, 1])})


def test_a_paired_difference_knows_that_the_items_are_the_same():
    generator = np.random.default_rng(4)
    before = generator.integers(0, 2, 80).astype(float)
    after = before.copy()
    after[np.flatnonzero(before)[:5]] = 0
    old, new = scores(before.tolist()), scores(after.tolist())
    found = changes(old, new)[""]["wrong"]
    assert found.value == pytest.approx(-5 / 80)
    assert found.high is not None
    assert found.high < 0  # every resample has none or fewer
    assert found.certain
    assert found.high - found.low < old["wrong"].high - old["wrong"].low


@pytest.mark.parametrize(("before", "after"), [(0, 0), (1, 1), (1, 0), (0, 1)])
def test_all_images_that_changed_alike_leave_room_for_others(before, after):
    found = changes(scores([before] * 20), scores([after] * 20))[""]["wrong"]
    others = 1 - TAIL ** (1 / 20)
    value = after - before
    assert found.value == value
    assert found.low == pytest.approx(value - others * (1 + value))  # others fall by 1 at most
    assert found.high == pytest.approx(value + others * (1 - value))
    assert found.certain == (before != after)


def test_a_difference_of_other_items_is_refused():
    with pytest.raises(ValueError, match="same items"):
        changes(scores([1, 0]), scores([1, 0, 1]))


def test_types_have_their_own_rates_and_may_be_averaged():
    numerators, types = [1, 0, 1, 1, 1], ["x", "x", "y", "y", "y"]
    pooled = scores(numerators, types=types)
    assert pooled["wrong"].value == 4 / 5
    assert {key: part["wrong"].value for key, part in pooled.by_type.items()} == {"x": 0.5, "y": 1}
    averaged = scores(numerators, types=types, averaged=True)
    assert averaged["wrong"].value == 0.75
    assert (averaged["wrong"].numerator, averaged["wrong"].denominator) == (1.5, 2)
    assert changes(averaged, averaged)[""]["wrong"].value == 0


def test_an_item_answered_twice_is_refused():
    items = [Scored("1", "a"), Scored("1", "b")]
    with pytest.raises(ValueError, match="answered twice"):
        make_scores("toy", items, {"x": Column([1, 1], [1, 1])})
