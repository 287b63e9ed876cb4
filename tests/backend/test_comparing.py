"""Runs side by side: settings across methods; comparisons that people keep; what a run may be compared with."""

from __future__ import annotations

from types import ModuleType

import pytest

from backend.services.acting import Person, as_person
from backend.settings import settings
from storage import db
from storage.models import Metric, Run
from storage.typed import InstructionRow
from tests.backend.test_differences import Add, add

__all__ = ["add"]


def test_settings_of_two_methods_say_which_lacks_which(studio: ModuleType, add: Add) -> None:
    sampled = add({}, interval=3)
    graph = add({}, method="anomaly.detect", config={"detector": "degree", "graph": "payments"})
    differing = {row.name: row for row in studio.compare([sampled, graph]).differing}
    assert differing["method"].values == ["caching.sample", "anomaly.detect"]
    assert (differing["interval"].values, differing["interval"].states) == (
        [3, None],
        ["chosen", "absent"],
    )
    assert differing["steps"].states == ["default", "absent"]
    assert differing["prior"].states[0] in ("default", "unused")
    assert differing["graph"].states == ["absent", "default"]
    assert differing["detector"].states == ["absent", "chosen"]


def test_a_setting_that_others_make_meaningless_is_unused(studio: ModuleType, add: Add) -> None:
    view = studio.compare([add({}, schedule="none"), add({}, schedule="interval", interval=3)])
    [interval] = [row for row in view.differing if row.name == "interval"]
    assert (interval.values, interval.states) == ([None, 3], ["unused", "chosen"])


def test_what_is_kept_of_a_comparison_is_changed_copied_and_deleted(
    studio: ModuleType, add: Add
) -> None:
    one, two, three = (add({}) for _ in range(3))
    made = studio.create_comparison([one, two], "t", notes="first\nsecond", baseline=two)
    assert made.owner
    changed = studio.update_comparison(made.id, run_ids=[three, one])
    assert (changed.run_ids, changed.baseline, changed.notes) == ([three, one], "", "first\nsecond")
    assert changed.updated_at > changed.created_at
    assert changed.statuses == {"succeeded": 2}
    copied = studio.duplicate_comparison(made.id)
    assert (copied.title, copied.run_ids, copied.notes) == (
        "t (copy)",
        [three, one],
        "first\nsecond",
    )
    with as_person(Person("somebody else", "editor")):
        with pytest.raises(studio.Forbidden, match="only an admin"):
            studio.delete_comparison(made.id)
        theirs = studio.create_comparison([one])
    assert theirs.owner == "somebody else"
    studio.delete_comparison(theirs.id)  # an admin may
    studio.delete_comparison(made.id)
    assert [item.id for item in studio.list_comparisons().items] == [copied.id]
    for wrong, said in (
        ({"baseline": two}, "baseline: one of its runs"),
        ({"run_ids": [one, one]}, "each run once"),
        ({"notes": "x" * 4001}, "4000 characters"),
        ({"run_ids": []}, "1 to 64"),
    ):
        with pytest.raises(studio.ServiceError, match=said):
            studio.update_comparison(copied.id, **wrong)
    assert studio.get_comparison(copied.id).run_ids == [three, one]
    studio.delete_run(three)
    left = studio.get_comparison(copied.id)
    assert (left.run_ids, left.statuses) == ([one], {"deleted": 1, "succeeded": 1})


def test_comparisons_are_paged_searched_and_pinned_first(studio: ModuleType, add: Add) -> None:
    run = add({})
    made = [studio.create_comparison([run], f"number {at}").id for at in range(5)]
    studio.update_comparison(made[1], pinned=True)
    studio.update_comparison(made[3], notes="Speed of GOC")
    order = [made[at] for at in (1, 4, 3, 2, 0)]
    page = studio.list_comparisons(limit=2)
    studio.create_comparison([run], "a newer one")  # must move nothing that is still to come
    seen = [item.id for item in page.items]
    while page.cursor:
        page = studio.list_comparisons(cursor=page.cursor, limit=2)
        seen += [item.id for item in page.items]
    assert seen == order
    assert [item.id for item in studio.list_comparisons("goc speed").items] == [made[3]]
    for cursor in ("x", "W10=", "eyJhIjogMX0="):
        with pytest.raises(studio.ServiceError, match="cursor"):
            studio.list_comparisons(cursor=cursor)


def test_what_a_run_may_be_compared_with(studio: ModuleType, add: Add) -> None:
    other = add({}, classes=("1",))
    same = add({}, interval=4)
    before = add({}, interval=3)
    run = add({}, interval=5)
    seed = add({}, interval=5, seed=1)
    made = add({}, method="caching.calibrate", config={})
    found = [(each.reason, each.run.id) for each in studio.companions(run)]
    assert found == [
        ("the run before it", before),
        ("the same settings, another seed", seed),
        ("measured on the same, the same seed", same),
        ("another method", made),
        ("measured on something else", other),
    ]
    with pytest.raises(studio.NotFound):
        studio.companions("nobody")


def test_rows_that_several_runs_have_are_laid_side_by_side(studio: ModuleType, add: Add) -> None:
    """Ranks 1 2 3 against 1 3 2: Spearman 0.5. The second row moves most: from 0.5 to 0.1."""
    losses = {"a": (0.9, 0.8), "b": (0.5, 0.1), "c": (0.3, 0.35), "only": (0.7, None)}
    ids = [add({"loss": 0.5}, method="unlearning.train", config={}) for _ in range(2)]
    with db.writing(settings().database_url) as session:
        for at, run_id in enumerate(ids):
            for place, (key, values) in enumerate(losses.items()):
                if values[at] is not None:
                    session.add(instruction(run_id, place, key, values[at]))
    [found] = studio.rows_beside(ids)
    assert (found.noun, found.value, found.shared) == ("rows", "Loss, nats per token", 3)
    assert found.agreement == [pytest.approx(1.0), pytest.approx(0.5)]
    assert not found.by_rank
    assert [(row.shown[1], row.values, row.ranks) for row in found.rows] == [
        ("b", [0.5, 0.1], [2, 3]),
        ("a", [0.9, 0.8], [1, 1]),
        ("c", [0.3, 0.35], [3, 2]),
    ]
    assert len(studio.rows_beside(ids, limit=1)[0].rows) == 1
    sampled = [add({}), add({})]
    assert studio.rows_beside([*sampled, ids[0]]) == []  # one run has nothing beside it


def instruction(run_id: str, place: int, answer: str, loss: float) -> InstructionRow:
    return InstructionRow(
        run_id=run_id,
        attempt=1,
        position=place,
        row_id=f"row {place}",
        kind=None,
        tokens=1,
        loss=loss,
        self_influence=None,
        gradient_norm=None,
        prompt="p",
        answer=answer,
        data={},
    )


def test_the_clock_of_a_run_counts_from_its_start(studio: ModuleType, add: Add) -> None:
    run = add({})
    with db.writing(settings().database_url) as session:
        session.get_one(Run, run).started_at = 100.0
        session.add_all(
            Metric(run_id=run, attempt=1, name="loss", step=step, value=1.0, at=100.0 + 2 * step)
            for step in (2, 1)
        )
    assert studio.clock(run) == {"loss": [(1, 2.0), (2, 4.0)]}
    assert studio.clock(add({})) == {}
