"""The words follow the figures, and never praise the choice where unchosen crops do as well."""

from __future__ import annotations

import numpy as np
import pytest

from methods.fewshot.evaluating.naming import Named
from methods.fewshot.evaluating.scoring import score
from methods.fewshot.evaluating.verdict import verdicts
from methods.fewshot.settings import REFINEMENTS

PICTURES = 200


def named(classifier="zero_shot", **right):
    """Answers that are right (class 0) for the first so many pictures of each refinement, in percent; "global" where not given."""
    top = np.ones((1, len(REFINEMENTS), PICTURES, 1), np.int64)
    for place, refinement in enumerate(REFINEMENTS):
        top[0, place, : right.get(refinement, right["global"]) * PICTURES // 100] = 0
    return Named(classifier, top, np.ones_like(top, np.float64), ())


def told(*some):
    scored = score(some, np.zeros(PICTURES, np.int64), draws=1, seed=0)
    return verdicts(scored, shots=4, draws=1, pictures=PICTURES)


@pytest.mark.parametrize(
    ("right", "level", "words"),
    [
        ({"global": 50, "vcr": 70}, "good", "helps zero-shot on 200 test pictures, more than"),
        (
            {"global": 50, "vcr": 70, "random": 70},
            "warning",
            "cannot be told from random views",
        ),
        ({"global": 50, "vcr": 70, "mean": 72}, "warning", "the choice among them is not shown to"),
        (
            {"global": 50, "vcr": 70, "entropy": 70},
            "good",
            "the view of lowest entropy does as well",
        ),
        ({"global": 50, "vcr": 30}, "bad", "harms zero-shot on 200 test pictures: leave it off"),
        ({"global": 50, "vcr": 51}, "info", "makes no difference that can be told"),
        ({"global": 100}, "info", "makes no difference"),
    ],
)
def test_the_verdict_is_what_the_figures_say(right, level, words):
    first, own = told(named(**right))
    assert first["level"] == own["level"] == level
    assert words in first["text"]
    assert f"{right['global']:.1f} % on the whole picture" in own["text"]


def test_where_all_is_right_there_is_nothing_to_gain():
    _, own = told(named(**{"global": 100}))
    assert own["text"].endswith("Nothing to gain.")
    _, own = told(named(**{"global": 50}))
    assert own["text"].endswith("No difference that can be told.")


def test_several_classifiers_are_counted():
    first, *each = told(
        named("zero_shot", **{"global": 50, "vcr": 70}),
        named("tip", **{"global": 70, "vcr": 90, "random": 90}),
        named("gda", **{"global": 50, "vcr": 20}),
    )
    assert (
        "helps 2 of 3 classifiers on 200 test pictures, and harms GDA; for Tip-Adapter it cannot be told"
        in first["text"]
    )
    assert [one["level"] for one in each] == ["good", "warning", "bad", "good", "info"]
    assert each[3]["text"].startswith("Tip-Adapter against zero-shot, 4 shots a class")
    assert "+20.0 points" in each[3]["text"]
