"""Sweeps: what is planned, launched, followed, concluded, cancelled and deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from backend import lifecycle
from backend.services import SweepRequest
from backend.settings import settings
from methods import METHODS
from methods.base import Finding, Finished, MethodError
from storage import db
from storage.models import SUCCEEDED, Run
from tests.toys import TOYS

Works = Callable[[], None]
STEPS = {"seconds_per_step": 0.0}


def request(**changes: Any) -> SweepRequest:
    return SweepRequest(
        **{"method": "toy.steps", "config": STEPS, "axes": {"steps": [2, 3]}, "seeds": [0, 1]}
        | changes
    )


def without_checkpoints_of_one_step(values: Mapping[str, Any]) -> dict[str, Any]:
    """As a method says that a setting means nothing beside another."""
    return {k: v for k, v in values.items() if k != "checkpoint_every" or values.get("steps") != 1}


def one_step(config: Any) -> Sequence[Mapping[str, Any]]:
    return [{"steps": 1, "fail_at": -1}]


def count(finished: Sequence[Finished]) -> list[Finding]:
    return [
        Finding(
            "note", f"{len(finished)} runs, sum {sum(run.metrics['sum'] for run in finished):g}"
        )
    ]


@pytest.fixture
def swept(studio: ModuleType, monkeypatch: pytest.MonkeyPatch, woken: list[str]) -> ModuleType:
    """The toy method with all that a sweep may ask of one."""
    method = replace(
        TOYS["toy.steps"],
        simplify=without_checkpoints_of_one_step,
        controls=one_step,
        conclude=count,
    )
    monkeypatch.setitem(METHODS, "toy.steps", method)
    return studio


def test_what_means_the_same_is_one_cell_and_what_is_refused_is_counted(swept: ModuleType) -> None:
    axes = {"steps": [1, 12, 13], "checkpoint_every": [0, 5, -1]}
    plan = swept.plan_sweep(request(axes=axes, controls=False))
    assert plan.combinations == 9
    # One step with any checkpoints is one cell. 13 is refused by the method's check, -1 by its bounds.
    assert [cell.cell for cell in plan.cells] == [
        {"steps": 1},
        {"steps": 12, "checkpoint_every": 0},
        {"steps": 12, "checkpoint_every": 5},
    ]
    assert [cell.title for cell in plan.cells][:2] == ["steps 1", "steps 12 · checkpoint every 0"]
    assert [item.count for item in plan.left_out] == [2, 2]
    assert (
        plan.left_out[0].reason
        == "checkpoint_every: input should be greater than or equal to 0, got -1"
    )
    assert plan.left_out[1].reason == "steps: 13 brings bad luck; any other number is allowed"
    assert (plan.runs, plan.seconds, plan.memory_mb) == (6, 6.0, 10.0)  # a toy says 1 s and 10 MB
    assert plan.title == "steps 1, 12, 13 × checkpoint every 0, 5, -1"


def test_controls_come_once_whatever_they_are_controls_of(swept: ModuleType) -> None:
    plan = swept.plan_sweep(request(config={**STEPS, "fail_at": 1}))
    assert [cell.cell for cell in plan.cells] == [
        {"steps": 2},
        {"steps": 3},
        {"steps": 1, "fail_at": -1},
    ]
    assert len(swept.plan_sweep(request(controls=False)).cells) == 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "toy.none"}, "there is no method 'toy.none'"),
        ({"axes": {}}, "axes: name at least one setting"),
        ({"axes": {"steps": []}}, "steps: name at least one value"),
        ({"axes": {"stairs": [1, 2]}}, "no combination holds: stairs: there is no such setting"),
        ({"seeds": []}, "seeds: name at least one"),
        ({"seeds": [1, 1]}, "seeds: one is named twice"),
        ({"seeds": [-1]}, "seed: a whole number from 0"),
        ({"axes": {"steps": list(range(1, 100))}, "seeds": list(range(6))},
         "98 cells x 6 seeds are 588 runs; up to 500 are allowed"),
        ({"axes": {"steps": list(range(100)), "fail_at": list(range(51))}}, "5,100 combinations are more than 5,000"),
    ],
)  # fmt: skip
def test_what_no_sweep_can_be_is_refused_before_anything_is_written(
    studio: ModuleType, woken: list[str], changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(MethodError, match=message):
        studio.launch_sweep(request(**changes))
    assert studio.list_sweeps() == []
    assert studio.list_runs().total == 0
    assert woken == []


def test_a_sweep_is_ordinary_runs_that_let_others_go_first(
    swept: ModuleType, woken: list[str]
) -> None:
    sweep = swept.launch_sweep(request())
    page = swept.list_runs(sweep=sweep.id, descending=False)
    # Seed by seed; the control of one step at the end of each.
    assert [(run.seed, run.sweep_cell["steps"]) for run in page.runs] == [
        (0, 2), (0, 3), (0, 1), (1, 2), (1, 3), (1, 1),
    ]  # fmt: skip
    assert woken == ["cpu"] * 6
    assert swept.list_runs(sweep="none").total == 0
    single = swept.submit("toy.steps", {**STEPS, "steps": 2})
    assert swept.queue().waiting[0].id == single.id
    # Also after somebody moved a run of the sweep to the front.
    swept.move(page.runs[-1].id, "first")
    later = swept.submit("toy.steps", {**STEPS, "steps": 2})
    assert [run.id for run in swept.queue().waiting[:3]] == [page.runs[-1].id, single.id, later.id]


def test_its_cells_fill_with_means_and_intervals(swept: ModuleType, works: Works) -> None:
    sweep = swept.launch_sweep(request(seeds=[0, 1, 2]))
    assert (sweep.counts, sweep.fraction, sweep.finished) == ({"queued": 9}, 0.0, False)
    assert sweep.findings == []
    works()
    sweep = swept.get_sweep(sweep.id)
    assert (sweep.counts, sweep.fraction, sweep.finished) == ({"succeeded": 9}, 1.0, True)
    assert sweep.seconds_left is None
    by_cell = {cell.cell["steps"]: cell for cell in sweep.cells}
    # The sum of the steps' numbers: 0 + 1 + 2, whatever the seed.
    three = by_cell[3].metrics["sum"]
    assert (three.mean, three.low, three.high, three.n) == (3.0, 3.0, 3.0, 3)
    assert [run.seed for run in by_cell[3].runs] == [0, 1, 2]
    assert [item.text for item in sweep.findings] == ["9 runs, sum 12"]  # 3 (0 + 1 + 3)
    [item] = swept.list_sweeps()
    assert (item.id, item.counts, item.runs, item.finished) == (sweep.id, {"succeeded": 9}, 9, True)


def claim_and_finish(seconds: float, sum_: float) -> None:
    """One run as a worker does it, with a duration of our choice."""
    url = settings().database_url
    with db.writing(url) as session:
        held = lifecycle.claim(session, "w", ["cpu"], 30, {})
        assert held is not None
        lifecycle.finish(session, held, "succeeded", metrics={"sum": sum_})
        session.flush()
        run = session.get_one(Run, held.run_id)
        session.refresh(run)
        run.started_at = (run.finished_at or 0) - seconds


def test_intervals_and_time_left_by_hand(studio: ModuleType, woken: list[str]) -> None:
    sweep = studio.launch_sweep(request(axes={"steps": [2]}, seeds=[0, 1, 2, 3]))
    claim_and_finish(2.0, 4.0)
    [cell] = studio.get_sweep(sweep.id).cells
    assert (cell.metrics["sum"].low, cell.metrics["sum"].n) == (None, 1)
    claim_and_finish(4.0, 6.0)
    seen = studio.get_sweep(sweep.id)
    assert seen.fraction == 0.5
    assert seen.seconds_left == pytest.approx(6.0)  # two more of 3 s
    # s = sqrt(2), n = 2, t(1) = 12.7062: 5 +- 12.7062.
    mean = seen.cells[0].metrics["sum"]
    assert (mean.mean, mean.low, mean.high) == pytest.approx(
        (5.0, 5 - 12.706205, 5 + 12.706205), abs=1e-5
    )


def test_a_run_that_failed_is_run_again_in_its_place(swept: ModuleType, works: Works) -> None:
    config = {**STEPS, "fail_at": 2}
    sweep = swept.launch_sweep(request(config=config, seeds=[0], controls=False))
    works()
    seen = swept.get_sweep(sweep.id)
    assert seen.counts == {"succeeded": 1, "failed": 1}
    assert seen.finished
    failed = next(run for cell in seen.cells for run in cell.runs if run.status == "failed")
    assert failed.error == "the toy was told to fail"
    again = swept.rerun(failed.id)
    assert (again.sweep_id, again.sweep_cell) == (sweep.id, {"steps": 3})
    seen = swept.get_sweep(sweep.id)
    assert (seen.counts, seen.runs) == ({"succeeded": 1, "queued": 1}, 2)
    # The same is said of it in the list, also when what succeeded is run again.
    swept.rerun(next(run.id for cell in seen.cells for run in cell.runs if run.status == SUCCEEDED))
    [item] = swept.list_sweeps()
    assert (item.counts, item.runs) == (seen.counts, 2)
    works()
    [item] = swept.list_sweeps()
    assert item.counts == swept.get_sweep(sweep.id).counts == {"succeeded": 1, "failed": 1}


def test_cancelling_a_sweep_ends_what_has_not_ended(swept: ModuleType, works: Works) -> None:
    other = swept.submit("toy.steps", {**STEPS, "steps": 2})
    sweep = swept.launch_sweep(request())
    with pytest.raises(swept.Conflict, match="6 of its runs have not ended"):
        swept.delete_sweep(sweep.id)
    sweep = swept.cancel_sweep(sweep.id)
    assert (sweep.counts, sweep.finished) == ({"cancelled": 6}, True)
    assert [item.text for item in sweep.findings] == ["0 runs, sum 0"]
    assert swept.get_run(other.id).status == "queued"
    with pytest.raises(swept.Conflict, match="has ended"):
        swept.cancel_sweep(sweep.id)


def test_a_sweep_is_renamed_and_deleted_with_its_runs_but_pinned_ones(
    swept: ModuleType, works: Works
) -> None:
    sweep = swept.launch_sweep(request(seeds=[0]))
    works()
    kept = sweep.cells[0].runs[0].id
    swept.update_run(kept, pinned=True)
    assert swept.rename_sweep(sweep.id, "Mine").title == "Mine"
    swept.delete_sweep(sweep.id)
    assert [run.id for run in swept.list_runs().runs] == [kept]
    assert (swept.get_run(kept).sweep_id, swept.get_run(kept).sweep_cell) == (None, None)
    for ask in (swept.get_sweep, swept.delete_sweep, swept.cancel_sweep):
        with pytest.raises(swept.NotFound, match="there is no sweep"):
            ask(sweep.id)


def test_a_sweep_of_a_method_that_has_gone_is_still_shown(
    swept: ModuleType, works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = swept.launch_sweep(request(seeds=[0]))
    works()
    monkeypatch.delitem(METHODS, "toy.steps")
    assert len(swept.get_sweep(sweep.id).cells) == 3
    assert swept.get_sweep(sweep.id).findings == []


def test_a_setting_that_a_control_leaves_as_it_is_does_not_name_its_cell(
    studio: ModuleType,
) -> None:
    arms = SweepRequest("alignment.train", axes={"objective": ["damo", "dpo"]})
    assert [cell.title for cell in studio.plan_sweep(arms).cells] == [
        "DAMO",
        "DPO",
        "SFT on the chosen answers",
    ]
    losses = SweepRequest(
        "alignment.train",
        config={"objective": "dpo"},
        axes={"losses": [["hinge"], ["sigmoid", "sft"]]},
    )
    assert [cell.title for cell in studio.plan_sweep(losses).cells] == [
        "losses hinge",
        "losses sigmoid + sft",
        "losses sigmoid",
        "SFT on the chosen answers",
    ]


def test_a_sweep_of_the_caching_method_collapses_and_has_its_controls(studio: ModuleType) -> None:
    plan = studio.plan_sweep(
        SweepRequest(
            "caching.sample",
            {"classes": ["0"], "images_per_class": 1},
            {"interval": [2, 4, 20], "correction": ["none", "goc", "eoc"], "weight": [0, 0.3, 0.6]},
        )
    )
    assert [cell.title for cell in plan.cells] == [
        "interval 2 · no correction",
        "interval 2 · goc · correction weight 0.3",
        "interval 2 · goc · correction weight 0.6",
        "interval 4 · no correction",
        "interval 4 · goc · correction weight 0.3",
        "interval 4 · goc · correction weight 0.6",
        "no schedule · steps 10 · steps of the uncached run 20",
        "no schedule · steps 5 · steps of the uncached run 20",
    ]
    reasons = {item.reason.split(":")[0]: item.count for item in plan.left_out}
    assert reasons["EOC needs a prior"] == 4  # two intervals, weights .3 and .6
    assert any("interval 20 leaves only the first" in reason for reason in reasons)
