"""The chart of all comparable runs: which runs stand in it, how seeds are put together, which points are best."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import fmean
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from backend import services
from backend.services import NotFound, ServiceError, charting
from backend.services.charting import pareto, spread
from backend.settings import settings
from methods.base import Axis
from methods.caching import SampleConfig
from storage import db
from storage.models import Run

MORE, LESS = Axis("speedup", True), Axis("relative_l2", False)
Add = Callable[..., str]


@pytest.fixture
def add(studio: ModuleType) -> Add:
    """Put a finished sampling among the runs; returns its id."""
    made = 0

    def add(
        seed: int = 0,
        metrics: Mapping[str, float] | None = None,
        status: str = "succeeded",
        archived: bool = False,
        method: str = "caching.sample",
        **config: Any,
    ) -> str:
        nonlocal made
        made += 1
        run = Run(
            method=method,
            family="caching",
            title=f"run {made}",
            config=SampleConfig(**config).model_dump(mode="json"),
            params_hash="",
            seed=seed,
            code_version="1",
            env={"device": "cpu", "device_name": "a CPU"},
            status=status,
            archived=archived,
            queue="cpu",
            created_at=float(made),
            metrics=dict(metrics or {"speedup": 2.0, "relative_l2": 0.1, "flop_share": 0.5}),
        )
        with db.writing(settings().database_url) as session:
            session.add(run)
        return run.id

    return add


def measured(speedup: float, relative_l2: float) -> dict[str, float]:
    return {"speedup": speedup, "relative_l2": relative_l2, "flop_share": 1 / speedup}


def ids(view: services.LandscapeView) -> set[str]:
    return {run.id for point in view.points for run in point.runs}


def test_the_pareto_set_of_five_points_worked_by_hand() -> None:
    points = [(1.0, 0.0), (2.0, 0.2), (2.0, 0.1), (1.5, 0.3), (4.0, 0.5)]
    assert pareto(points, MORE, LESS) == [4, 2, 0]
    assert pareto(points, MORE, Axis("psnr", True)) == [4]
    assert pareto([(1.0, 1.0), (1.0, 1.0), (1.0, 2.0)], MORE, LESS) == [0, 1]
    assert pareto([], MORE, LESS) == []


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=30),
    st.booleans(),
    st.booleans(),
)
def test_the_pareto_set_is_what_comparing_all_pairs_gives(
    points: list[tuple[int, int]], more_x: bool, more_y: bool
) -> None:
    def gain(point: tuple[int, int]) -> tuple[int, int]:
        return point[0] if more_x else -point[0], point[1] if more_y else -point[1]

    def beaten(point: tuple[int, int]) -> bool:
        own = gain(point)
        return any(
            gain(other) != own and all(a >= b for a, b in zip(gain(other), own, strict=True))
            for other in points
        )

    kept = {place for place, point in enumerate(points) if not beaten(point)}
    found = pareto([(float(a), float(b)) for a, b in points], Axis("x", more_x), Axis("y", more_y))
    assert set(found) == kept
    assert len(found) == len(kept)


def test_the_interval_of_three_seeds_worked_by_hand() -> None:
    found = spread([1.0, 2.0, 3.0])  # mean 2, s = 1, t(2) = 4.302653
    assert found.mean == 2.0
    assert found.low == pytest.approx(2 - 4.302653 / 3**0.5)
    assert found.high == pytest.approx(2 + 4.302653 / 3**0.5)
    assert spread([5.0]) == services.Spread(5.0, None, None)


def test_seeds_of_the_same_settings_are_one_point(add: Add) -> None:
    first = add(1, measured(2.0, 0.1))
    second = add(2, measured(3.0, 0.3))
    other = add(1, measured(4.0, 0.5), interval=4)
    view = services.landscape([first])
    assert [point.x.mean for point in view.points] == [2.5, 4.0]
    pair, single = view.points
    assert {run.id for run in pair.runs} == {first, second}
    assert pair.y.mean == pytest.approx(fmean([0.1, 0.3]))
    assert pair.y.low is not None
    assert pair.y.low < 0.1
    assert single.y.low is None
    assert single.runs[0].id == other
    assert (pair.chosen, single.chosen) == (True, False)
    assert (pair.kind, pair.settings) == ("FORA", {"interval": 2})


def test_settings_that_change_no_figure_make_no_other_point(add: Add) -> None:
    first = add(1, judge=True)
    add(2, judge=False)
    [point] = services.landscape([first]).points
    assert len(point.runs) == 2
    assert point.settings == {}


def test_a_seed_that_ran_twice_counts_once_as_chosen_or_newest(add: Add) -> None:
    old = add(1, measured(2.0, 0.1))
    new = add(1, measured(3.0, 0.1))
    other = add(1, measured(1.0, 0.0), schedule="none")
    assert ids(services.landscape([other])) == {new, other}
    assert ids(services.landscape([other, old])) == {old, other}


def test_only_comparable_runs_that_succeeded_stand_in_it(add: Add) -> None:
    chosen = add()
    for different in (
        {"guidance_scale": 7.0},
        {"paper_exact": False},
        {"precision": "bfloat16"},
        {"steps": 30},
        {"classes": ("1",)},
        {"reference_steps": 40},
    ):
        add(**different)
    add(interval=3, status="failed")
    add(interval=3, archived=True)
    fewer = add(schedule="none", steps=10, reference_steps=20)
    uncached = add(schedule="none", reference_steps=20)
    view = services.landscape([chosen])
    assert ids(view) == {chosen, fewer, uncached}
    assert {point.kind for point in view.points} == {"FORA", "fewer steps", "uncached"}
    assert {row.name: row.values for row in view.shared}["reference_steps"] == [20]
    assert view.devices == ["a CPU"]


def test_a_chosen_run_is_shown_though_it_is_archived_and_said_to_be_apart_if_it_is(
    add: Add,
) -> None:
    first = add()
    archived = add(archived=True, interval=5)
    strange = add(guidance_scale=9.0)
    waiting = add(status="queued")
    view = services.landscape([waiting, first, archived, strange])
    assert ids(view) == {first, archived}
    assert view.apart == [strange]
    assert all(point.chosen for point in view.points)


def test_sides_can_be_chosen_and_runs_without_the_metric_are_counted(add: Add) -> None:
    best = add(metrics=measured(2.0, 0.1) | {"psnr": 30.0})
    add(metrics=measured(3.0, 0.2) | {"psnr": 20.0}, interval=3)
    add(metrics=measured(1.0, 0.0), schedule="none")  # identical: its ratio is infinite
    view = services.landscape([best], x="flop_share", y="psnr")
    assert (view.x.higher_is_better, view.y.higher_is_better) == (False, True)
    assert view.without == 1
    assert view.y.choices == ["relative_l2", "psnr"]  # what no run has is not offered
    # From the largest share to the smallest; of the two, neither beats the other.
    assert [(point.x.mean, point.best) for point in view.points] == [(0.5, True), (1 / 3, True)]


def test_what_cannot_be_drawn_is_refused_by_name(add: Add, studio: ModuleType) -> None:
    run, waiting = add(), add(status="queued")
    with pytest.raises(NotFound, match="no run nothing"):
        services.landscape(["nothing"])
    with pytest.raises(ServiceError, match="at least one that has succeeded"):
        services.landscape([waiting])
    with pytest.raises(ServiceError, match="y: relative_l2, psnr, ssim"):
        services.landscape([run], y="beauty")
    with pytest.raises(ServiceError, match=r"caching\.calibrate has no chart"):
        services.landscape([add(method="caching.calibrate")])


def test_only_the_newest_are_looked_at_and_no_more_columns_than_are_drawn(
    add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(charting, "NEWEST", 3)
    runs = [add(seed) for seed in range(5)]
    view = services.landscape([runs[0]])
    assert (view.looked_at, view.limited) == (3, True)
    assert ids(view) == {runs[0], *runs[2:]}
    asked: list[str] = []
    engine = db.engine(settings().database_url)
    event.listen(engine, "before_cursor_execute", lambda *said: asked.append(said[2]))
    services.landscape([runs[0]])
    [query] = [text for text in asked if "LIMIT" in text]
    assert "metrics" in query
    assert "traceback" not in query


def test_a_comparison_says_what_it_shows(add: Add) -> None:
    plain = add(3, measured(2.0, 0.2))
    corrected = add(3, measured(2.0, 0.1), correction="goc")
    said = services.compare([plain, corrected]).remark
    assert said == (
        "Against plain reuse of the same schedule, closer to the uncached images: run 2 by 50.0%."
    )
    assert services.compare([add(status="failed")]).remark == ""
