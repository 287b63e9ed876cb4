"""Figures of several runs that described the same scenes."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from methods.base import Config, Context, Estimate, Method, Result


class Described(Config):
    """Items from `first` on; the second object of those below `wrong` is made up."""

    benchmark: str = "scenes"
    wrong: int = 1
    first: int = 0


def run(config: Described, context: Context) -> Result:
    context.record("figure", [{"benchmark": config.benchmark}])
    rows = []
    for item in range(config.first, config.first + 4):
        mentions: list[dict[str, Any]] = [
            {"start": 0, "end": 1, "text": "a", "node": "a", "correct": True},
            {"start": 2, "end": 3, "text": "b", "node": "b", "correct": item >= config.wrong},
        ]
        common = {"item": str(item), "missed": [], "background_right": 1.0}
        rows.append({**common, "variant": "before", "mentions": []})
        rows.append({**common, "variant": "after", "mentions": mentions})
    context.record("answer", rows)
    return Result({}, "done")


@pytest.fixture
def make(studio: ModuleType, works: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    from methods import METHODS

    method = Method(
        "toy.described", "Toy", "toy", Described, run, lambda _: Estimate(1.0, 1.0), "cpu"
    )
    monkeypatch.setitem(METHODS, method.name, method)

    def make(**config: Any) -> str:
        [made] = studio.submit_many([studio.Launch(method.name, config, 0, "")])[1]
        works()
        return str(made.id)

    return make


def test_the_difference_of_two_runs_is_that_of_their_last_answers(
    studio: ModuleType, make: Any
) -> None:
    control, other = make(wrong=4), make(wrong=2)
    chair = studio.compare_figures([control, other])[0]
    assert chair["metric"] == "chair_i"
    assert [value["value"] for value in chair["values"]] == [0.5, 0.25]  # 4 and 2 of 8 mentions
    assert chair["values"][1]["difference"]["value"] == -0.25


def test_other_scenes_or_another_benchmark_give_no_figures(studio: ModuleType, make: Any) -> None:
    control = make()
    assert studio.compare_figures([control, make(first=2)]) == []
    assert studio.compare_figures([control, make(benchmark="pope")]) == []
    with pytest.raises(studio.ServiceError, match="two different runs"):
        studio.compare_figures([control, control])
