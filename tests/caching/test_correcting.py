"""What a correction gains over plain reuse: the number, its interval, and the sentence."""

from __future__ import annotations

import pytest
import torch

from methods.caching.correcting import gain_sentence, overhead, paired_gain


def test_the_gain_of_two_images_by_hand():
    """R = (1 + 3) / (2 + 3) = .8; residuals -.6 and .6; se^2 = .72 / (2 x 1 x 2.5^2); t of one degree 12.7062."""
    found = paired_gain(torch.tensor([1.0, 3.0]), torch.tensor([2.0, 3.0]))
    half = 12.7062 * (0.72 / 12.5) ** 0.5
    assert found == pytest.approx(
        {
            "correction_gain": 0.2,
            "correction_gain_low": 0.2 - half,
            "correction_gain_high": 0.2 + half,
        },
        abs=1e-4,
    )


def test_the_overhead_of_a_correction_by_hand():
    """Corrected steps take 6 s of 10; timed pairs (3, 2) and (3, 3): R = 6/5; plain reuse takes 4 + 6 / 1.2 = 9 s."""
    found = overhead([[3, 2], [3, 3]], corrected_seconds=6, seconds=10)
    half = 12.7062 * (0.72 / 12.5) ** 0.5  # residuals .6 and -.6
    assert found == pytest.approx(
        {
            "seconds_plain": 9,
            "correction_overhead": 10 / 9 - 1,
            "correction_overhead_low": -1,  # R down to nothing: time without end
            "correction_overhead_high": 10 / (4 + 6 / (1.2 + half)) - 1,
        },
        abs=1e-4,
    )


def test_a_correction_that_takes_no_time_has_no_overhead():
    same = overhead([[1, 1], [2, 2]], corrected_seconds=3, seconds=8)
    assert list(same.values()) == pytest.approx([8, 0, 0, 0])
    assert overhead([], corrected_seconds=0, seconds=8) == {
        "seconds_plain": 8,
        "correction_overhead": 0,
    }
    assert overhead([[1.5, 1]], corrected_seconds=3, seconds=8) == pytest.approx(
        {"seconds_plain": 7, "correction_overhead": 1 / 7}
    )


def test_images_that_all_gain_alike_leave_no_doubt():
    plain = torch.tensor([0.1, 0.2, 0.4], dtype=torch.float64)
    assert list(paired_gain(0.5 * plain, plain).values()) == pytest.approx([0.5, 0.5, 0.5])
    assert list(paired_gain(3.0 * plain, plain).values()) == pytest.approx([-2.0, -2.0, -2.0])
    assert list(paired_gain(0 * plain, plain).values()) == [1, 1, 1]
    assert list(paired_gain(plain, plain).values()) == [0, 0, 0]


def test_without_doubt_or_distance_nothing_is_made_up():
    assert paired_gain(torch.tensor([1.0]), torch.tensor([4.0])) == {"correction_gain": 0.75}
    assert paired_gain(torch.zeros(3), torch.zeros(3)) == {}


def test_the_interval_holds_the_true_gain_95_times_of_100():
    """4000 draws of 20 images whose distances are log-normal and correlated, as real ones are; the true R is .7."""
    generator = torch.Generator().manual_seed(0)
    shared, own = torch.randn(2, 4000, 20, generator=generator, dtype=torch.float64)
    plain = (0.3 * shared).exp()
    corrected = 0.7 * (0.3 * shared).exp() * (0.2 * own - 0.02).exp()
    found = [paired_gain(a, b) for a, b in zip(corrected, plain, strict=True)]
    held = [one["correction_gain_low"] <= 0.3 <= one["correction_gain_high"] for one in found]
    assert sum(held) / len(held) == pytest.approx(0.95, abs=0.015)


@pytest.mark.parametrize(
    ("gain", "low", "high", "said"),
    [
        (0.41, 0.38, 0.44, "The correction lowered the distance by 41% (95%: 38% to 44%) against plain reuse (0.025)."),
        (0.021, 0.003, 0.039, "The correction lowered the distance by 2.1% (95%: 0.3% to 3.9%) against plain reuse (0.025)."),
        (-2.1, -2.4, -1.8, "The correction raised the distance by 210% (95%: 180% to 240%) against plain reuse (0.025): it hurts here."),
        (0.02, -0.3, 0.34, "Against plain reuse (0.025) the correction makes no difference that these images can tell (distance -2.0%; 95%: -34% to +30%)."),
        (-0.02, -0.05, 0.01, "Against plain reuse (0.025) the correction makes no difference that these images can tell (distance +2.0%; 95%: -1.0% to +5.0%)."),
    ],
)  # fmt: skip
def test_loss_is_told_as_plainly_as_gain(gain, low, high, said):
    found = {
        "relative_l2_plain": 0.025,
        "correction_gain": gain,
        "correction_gain_low": low,
        "correction_gain_high": high,
    }
    assert gain_sentence(found, same=False).strip() == said


def test_what_cannot_be_told_is_said():
    alone = {"relative_l2_plain": 0.02, "correction_gain": -0.5}
    assert gain_sentence(alone, same=False).strip() == (
        "The correction raised the distance by 50% against plain reuse (0.020); one image says nothing about others."
    )
    assert "bit for bit" in gain_sentence(alone, same=True)
    assert "nothing to correct" in gain_sentence({"relative_l2_plain": 0.0}, same=False)
