"""What pages, scripts and the command line may ask of the studio, and how it refuses."""

from __future__ import annotations

import os
import pickle
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from safetensors.numpy import save_file

from backend import lifecycle
from backend.services import launching
from backend.settings import settings
from methods.base import MethodError
from storage import db
from storage.kept import Comparison
from storage.models import Metric, Record, Run, Worker, now
from tests.toys import TOYS

Works = Callable[[], None]
STEPS = {"steps": 3, "seconds_per_step": 0.0}


def writing() -> Any:
    return db.writing(settings().database_url)


def claimed(studio: ModuleType) -> lifecycle.Claim:
    with writing() as session:
        held = lifecycle.claim(session, "w", ["cpu"], 30, {})
    assert held is not None
    return held


def finish(held: lifecycle.Claim, outcome: Any = "succeeded") -> None:
    with writing() as session:
        lifecycle.finish(session, held, outcome, metrics={"fid": 1.0})


def lose(run_id: str) -> None:
    with writing() as session:
        session.get_one(Run, run_id).lease_until = 1.0
    with writing() as session:
        lifecycle.recover_lost(session)


# -- launching -------------------------------------------------------------------------------------


def test_a_run_is_committed_before_a_worker_is_woken(
    studio: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def wake(queue: str) -> None:
        seen.extend(run.status for run in studio.queue().waiting)
        seen.append(queue)

    monkeypatch.setattr(launching, "wake", wake)
    studio.submit("toy.steps", STEPS)
    assert seen == ["queued", "cpu"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"steps": 0}, "steps: input should be greater than or equal to 1, got 0"),
        ({"steps": "many"}, "steps: input should be a valid integer"),
        ({"stepz": 3}, "stepz: there is no such setting; there are steps, seconds_per_step"),
        ({"steps": 13}, "steps: 13 brings bad luck; any other number is allowed"),
    ],
)
def test_settings_that_do_not_hold_are_refused_by_name_and_nothing_is_written(
    studio: ModuleType, woken: list[str], values: dict[str, Any], said: str
) -> None:
    with pytest.raises(MethodError) as caught:
        studio.submit("toy.steps", values)
    assert said in str(caught.value)
    assert studio.list_runs().total == 0
    assert woken == []


def test_a_method_a_seed_or_a_queue_that_cannot_be_is_refused(studio: ModuleType) -> None:
    with pytest.raises(MethodError, match=r"there is no method 'toy\.no'"):
        studio.submit("toy.no", {})
    for seed in (-1, 2**53):
        with pytest.raises(MethodError, match="seed:"):
            studio.submit("toy.steps", STEPS, seed=seed)
    assert studio.submit("toy.steps", STEPS, seed=2**53 - 1).seed == 2**53 - 1
    for queue in ("../../etc", "a b", "GPU", "x" * 33, "gpu0\n"):
        with pytest.raises(MethodError, match="queue:"):
            studio.submit("toy.steps", STEPS, queue=queue)


def test_a_run_goes_to_its_methods_queue_unless_it_is_pinned(studio: ModuleType) -> None:
    assert studio.submit("toy.steps", STEPS).queue == TOYS["toy.steps"].queue
    assert studio.submit("toy.steps", STEPS, queue="gpu1").queue == "gpu1"


def test_several_runs_are_launched_all_or_none(studio: ModuleType, woken: list[str]) -> None:
    launches = [studio.Launch("toy.steps", STEPS, seed, f"seed {seed}") for seed in range(3)]
    with pytest.raises(MethodError, match="bad: steps"):
        studio.submit_many([*launches, studio.Launch("toy.steps", {"steps": 0}, 0, "bad")])
    assert studio.list_runs().total == 0
    assert studio.list_comparisons().items == []
    comparison, made = studio.submit_many(launches, title="seeds")
    assert comparison.run_ids == [run.id for run in made]
    assert [run.seed for run in studio.queue().waiting] == [0, 1, 2]
    assert woken == ["cpu"] * 3
    for count in (0, 65):
        with pytest.raises(MethodError, match="1 to 64"):
            studio.submit_many(launches[:1] * count)


# -- the same run before ---------------------------------------------------------------------------


def test_a_run_that_succeeded_before_is_found_by_what_decides_its_figures(
    studio: ModuleType, woken: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert studio.find_same("toy.steps", STEPS, 0) is None
    first = studio.submit("toy.steps", STEPS)
    assert studio.find_same("toy.steps", STEPS, 0) is None  # it has not succeeded
    finish(claimed(studio))
    found = studio.find_same("toy.steps", {**STEPS, "fail_at": -1}, 0)  # a default said aloud
    assert found is not None
    assert found.id == first.id
    assert studio.find_same("toy.steps", {**STEPS, "steps": 4}, 0) is None
    assert studio.find_same("toy.steps", STEPS, 1) is None
    assert studio.find_same("toy.deaf", {}, 0) is None
    monkeypatch.setattr(launching, "code_version", lambda: "another commit")
    assert studio.find_same("toy.steps", STEPS, 0) is None


def test_the_newest_of_the_same_runs_is_found_and_failed_ones_are_not(
    studio: ModuleType, woken: list[str]
) -> None:
    for outcome in ("succeeded", "succeeded", "failed"):
        last = studio.submit("toy.steps", STEPS)
        finish(claimed(studio), outcome)
        if outcome == "succeeded":
            newest = last
    found = studio.find_same("toy.steps", STEPS, 0)
    assert found is not None
    assert found.id == newest.id


def test_running_again_makes_a_new_run_of_the_same_settings(
    studio: ModuleType, woken: list[str]
) -> None:
    first = studio.submit("toy.steps", STEPS, seed=5, title="mine")
    again = studio.rerun(first.id)
    assert (again.config, again.seed, again.title) == (first.config, 5, "mine")
    assert (again.parent_id, again.status) == (first.id, "queued")
    assert again.id != first.id
    with pytest.raises(studio.NotFound):
        studio.rerun("nobody")


# -- history ---------------------------------------------------------------------------------------


def test_pages_hold_every_run_once_although_new_ones_come(
    studio: ModuleType, woken: list[str]
) -> None:
    made = {studio.submit("toy.steps", STEPS).id for _ in range(5)}
    page = studio.list_runs(limit=2)
    seen = [run.id for run in page.runs]
    assert page.total == 5
    studio.submit("toy.steps", STEPS)
    while page.cursor:
        page = studio.list_runs(limit=2, cursor=page.cursor)
        seen += [run.id for run in page.runs]
    assert len(seen) == 5
    assert set(seen) == made


def test_runs_are_filtered_by_what_they_are(studio: ModuleType, woken: list[str]) -> None:
    one = studio.submit("toy.steps", STEPS, title="first words")
    studio.submit("toy.deaf", {})
    studio.cancel(one.id)
    studio.update_run(one.id, archived=True)
    assert studio.list_runs().total == 1
    assert studio.list_runs(archived=True).total == 1
    assert studio.list_runs(method="toy.deaf").total == 1
    assert studio.list_runs(family="other").total == 0
    assert studio.list_runs(statuses=["cancelled"], archived=True).total == 1
    assert studio.list_runs(statuses=["cancelled"]).total == 0
    assert studio.list_runs(text="words first", archived=True).total == 1


@pytest.mark.parametrize("cursor", ["x", "!!", "MQ==", "bnVsbA==", "WzFd", "e30="])
def test_a_cursor_that_no_page_gave_is_refused(studio: ModuleType, cursor: str) -> None:
    with pytest.raises(studio.ServiceError, match="cursor"):
        studio.list_runs(cursor=cursor)


def test_a_page_out_of_range_or_a_status_that_is_none_is_refused(studio: ModuleType) -> None:
    for limit in (0, 201):
        with pytest.raises(studio.ServiceError, match="limit"):
            studio.list_runs(limit=limit)
    with pytest.raises(studio.ServiceError, match="status"):
        studio.list_runs(statuses=["done"])


def test_only_what_is_given_of_a_run_is_changed(studio: ModuleType, woken: list[str]) -> None:
    run = studio.submit("toy.steps", STEPS, title="old")
    assert studio.update_run(run.id, title="new").title == "new"
    changed = studio.update_run(run.id, pinned=True, priority=3)
    assert (changed.title, changed.pinned, changed.priority, changed.status) == (
        "new",
        True,
        3,
        "queued",
    )
    with pytest.raises(studio.Conflict, match="cancel it before archiving"):
        studio.update_run(run.id, archived=True)


def test_a_run_is_deleted_only_when_it_has_ended_and_nobody_pinned_it(
    studio: ModuleType, woken: list[str]
) -> None:
    run = studio.submit("toy.steps", STEPS)
    with pytest.raises(studio.Conflict, match="cancel it before deleting"):
        studio.delete_run(run.id)
    studio.cancel(run.id)
    studio.update_run(run.id, pinned=True)
    with pytest.raises(studio.Conflict, match="pinned"):
        studio.delete_run(run.id)
    studio.update_run(run.id, pinned=False)
    studio.delete_run(run.id)
    with pytest.raises(studio.NotFound):
        studio.get_run(run.id)
    with pytest.raises(studio.NotFound):
        studio.delete_run(run.id)


def test_deleting_a_run_keeps_a_file_that_another_run_has(studio: ModuleType, works: Works) -> None:
    one, two, three = (studio.submit("toy.steps", {**STEPS, "steps": n}) for n in (3, 3, 4))
    works()
    shared, own = studio.artefacts(one.id)[0].sha256, studio.artefacts(three.id)[0].sha256
    assert studio.artefacts(two.id)[0].sha256 == shared != own
    studio.delete_run(one.id)
    studio.delete_run(three.id)
    assert studio.clean(older_than_s=-1)[0] == 1
    assert studio.blob(shared).path.read_text() == "3.0"
    with pytest.raises(studio.NotFound):
        studio.blob(own)


def test_cancelling_says_when_a_run_has_already_ended(studio: ModuleType, woken: list[str]) -> None:
    run = studio.submit("toy.steps", STEPS)
    assert studio.cancel(run.id).status == "cancelled"
    with pytest.raises(studio.Conflict, match="already cancelled"):
        studio.cancel(run.id)
    with pytest.raises(studio.NotFound):
        studio.cancel("nobody")


def test_all_runs_but_one_are_cancelled_at_a_stroke(studio: ModuleType, woken: list[str]) -> None:
    running, kept, queued = (studio.submit("toy.steps", STEPS) for _ in range(3))
    claimed(studio)
    assert studio.cancel_all(except_run=kept.id) == 2
    assert [studio.get_run(run.id).status for run in (running, kept, queued)] == [
        "cancelling",
        "queued",
        "cancelled",
    ]


# -- results ---------------------------------------------------------------------------------------


def add_points(held: lifecycle.Claim, *steps: int) -> None:
    with writing() as session:
        for step in steps:
            session.add(
                Metric(run_id=held.run_id, attempt=held.attempt, name="loss", step=step, value=step)
            )


def test_a_live_page_gets_each_point_once(studio: ModuleType, woken: list[str]) -> None:
    run = studio.submit("toy.steps", STEPS)
    held = claimed(studio)
    view = studio.live(run.id)
    seen: list[int] = []
    for first in (0, 2, 4):
        add_points(held, first, first + 1)
        view = studio.live(run.id, view.cursor)
        assert not view.restarted
        seen += [step for step, _ in view.series["loss"]]
    assert studio.live(run.id, view.cursor).series == {}
    assert seen == [0, 1, 2, 3, 4, 5]
    assert [step for step, _ in studio.live(run.id).series["loss"]] == seen


def test_a_live_page_is_told_to_start_again_after_a_new_attempt(
    studio: ModuleType, woken: list[str]
) -> None:
    run = studio.submit("toy.steps", STEPS)
    first = claimed(studio)
    add_points(first, 0, 1, 2)
    view = studio.live(run.id)
    lose(run.id)
    waiting = studio.live(run.id, view.cursor)
    assert (waiting.status, waiting.restarted) == ("queued", False)
    assert "follows" in waiting.events[0].message
    second = claimed(studio)
    add_points(second, 0, 1)
    again = studio.live(run.id, waiting.cursor)
    assert again.restarted
    assert again.series == {"loss": [(0, 0.0), (1, 1.0)]}
    assert again.events == []  # events are told once, whatever the attempt
    assert not studio.live(run.id, again.cursor).restarted


def test_a_live_page_says_how_far_how_fast_and_how_long(
    studio: ModuleType, woken: list[str]
) -> None:
    run = studio.submit("toy.steps", STEPS)
    held = claimed(studio)
    with writing() as session:
        lifecycle.hold(session, held, 30, done=5.0, total=20.0, message="step 5")
        session.get_one(Run, run.id).started_at = now() - 10
    view = studio.live(run.id)
    assert (view.fraction, view.message) == (0.25, "step 5")
    assert view.speed == pytest.approx(0.5, rel=0.2)
    assert view.seconds_left == pytest.approx(30, rel=0.2)
    finish(held)
    ended = studio.live(run.id)
    assert (ended.finished, ended.fraction, ended.speed) == (True, 1.0, None)


def test_a_waiting_run_says_its_place_and_why_it_waits(
    studio: ModuleType, woken: list[str]
) -> None:
    first, second = (studio.submit("toy.steps", STEPS) for _ in range(2))
    other = studio.submit("toy.steps", STEPS, queue="gpu")
    assert [studio.live(run.id).queue_position for run in (first, second, other)] == [0, 1, 0]
    assert studio.live(first.id).waiting_for == "no worker serves queue cpu"
    studio.pause("cpu")
    assert studio.live(first.id).waiting_for == "queue cpu is paused"
    studio.resume("cpu")
    assert claimed(studio).run_id == first.id
    assert studio.live(first.id).queue_position is None
    assert studio.live(second.id).queue_position == 0


def test_a_run_that_fits_no_device_says_what_it_needs_and_what_there_is(
    studio: ModuleType, woken: list[str]
) -> None:
    run = studio.submit("toy.steps", STEPS)
    with db.writing(settings().database_url) as session:
        session.get_one(Run, run.id).memory_mb = 9000.0
        facts = {"host": "h", "pid": 1, "queues": ["cpu"]}
        card = {"device": "cuda", "memory_total_mb": 80_000.0, "memory_free_mb": 8000.0}
        machine = {"device": "cpu", "memory_total_mb": 4000.0, "memory_free_mb": 4000.0}
        session.add_all([Worker(id="gpu", **facts, **card), Worker(id="cpu", **facts, **machine)])
    assert studio.live(run.id).waiting_for == (
        "it needs about 9.0 GB of memory and no worker of queue cpu has more than 8.0 GB for it"
    )
    with db.writing(settings().database_url) as session:
        session.get_one(Worker, "gpu").memory_free_mb = 9000.0
    assert studio.live(run.id).waiting_for == ""


def test_a_worker_is_asked_to_leave_and_to_stay(studio: ModuleType, woken: list[str]) -> None:
    run = studio.submit("toy.steps", STEPS)
    with db.writing(settings().database_url) as session:
        session.add(Worker(id="w", host="h", pid=1, device="cpu", queues=["cpu"]))
    assert studio.ask_worker("w", "stop").asked == "stop"
    assert (
        studio.live(run.id).waiting_for
        == "every worker of queue cpu was asked to leave after its run"
    )
    assert studio.ask_worker("w", "restart").asked == "restart"
    assert studio.ask_worker("w", "stay").asked == ""
    assert studio.live(run.id).waiting_for == ""
    with pytest.raises(studio.NotFound, match="there is no worker 'nobody'"):
        studio.ask_worker("nobody", "stop")


def test_a_run_carries_the_memory_that_its_method_estimates(
    studio: ModuleType, woken: list[str]
) -> None:
    run = studio.submit("toy.steps", STEPS)
    with db.reading(settings().database_url) as session:
        row = session.get_one(Run, run.id)
    assert row.memory_mb == studio.estimate("toy.steps", STEPS).memory_mb > 0


@examples(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cursor=st.one_of(st.text(max_size=12), st.from_regex(r"[-0-9]{1,60}")))
def test_any_cursor_is_answered_or_refused(studio: ModuleType, cursor: str) -> None:
    page = studio.list_runs()
    run = page.runs[0] if page.runs else studio.submit("toy.steps", STEPS)
    try:
        view = studio.live(run.id, cursor)
    except studio.ServiceError:
        return
    assert view.id == run.id
    assert not cursor or re.fullmatch(r"\d+-\d+-\d+", cursor, re.ASCII)


def test_records_come_by_pages_and_sorted(studio: ModuleType, woken: list[str]) -> None:
    run = studio.submit("toy.steps", STEPS)
    with writing() as session:
        for number in (3, 1, 2):
            session.add(Record(run_id=run.id, attempt=1, kind="rows", data={"n": number}))
    page = studio.records(run.id, "rows", sort="n", descending=True, limit=2)
    assert page.rows == [{"n": 3}, {"n": 2}]
    assert page.total == 3
    assert studio.records(run.id, "rows", sort="n", offset=2).rows == [{"n": 3}]
    for options in ({"limit": 0}, {"limit": 1001}, {"offset": -1}, {"sort": 'a"'}, {"sort": "\0"}):
        with pytest.raises(studio.ServiceError, match="is allowed, got"):
            studio.records(run.id, "rows", **options)
    with pytest.raises(studio.NotFound):
        studio.records("nobody", "rows")


# -- the queue -------------------------------------------------------------------------------------


def test_waiting_runs_are_moved_among_those_of_their_queue(
    studio: ModuleType, woken: list[str]
) -> None:
    made = {
        title: studio.submit("toy.steps", STEPS, title=title, priority=priority)
        for title, priority in (("a", 0), ("b", 0), ("c", 0), ("d", -5))
    }
    elsewhere = studio.submit("toy.steps", STEPS, queue="gpu", priority=2)

    def order() -> str:
        return "".join(run.title for run in studio.queue().waiting if run.queue == "cpu")

    assert order() == "abcd"
    for title, where, wanted in (
        ("c", "first", "cabd"),
        ("c", "down", "acbd"),
        ("d", "up", "acdb"),
        ("a", "last", "cdba"),
        ("c", "up", "cdba"),
        ("a", "down", "cdba"),
    ):
        studio.move(made[title].id, where)
        assert order() == wanted, (title, where)
    assert "".join(studio.get_run(claimed(studio).run_id).title for _ in "four") == "cdba"
    assert studio.get_run(elsewhere.id).priority == 2


def test_a_long_queue_is_told_in_part_and_counted_whole(
    studio: ModuleType, woken: list[str]
) -> None:
    made = [studio.submit("toy.steps", STEPS, seed=seed) for seed in range(5)]
    studio.submit("toy.steps", STEPS, queue="gpu0", priority=-1)
    view = studio.queue(3)
    assert [run.id for run in view.waiting] == [run.id for run in made[:3]]
    assert view.waiting_in == {"cpu": 5, "gpu0": 1}


def test_moving_a_run_changes_no_more_priorities_than_it_must(
    studio: ModuleType, woken: list[str]
) -> None:
    def priorities() -> dict[str, int]:
        return {run.title: run.priority for run in studio.queue().waiting}

    made = {
        title: studio.submit("toy.steps", STEPS, title=title, priority=priority)
        for title, priority in (("a", 0), ("b", 0), ("c", 0), ("x", -100), ("y", -100))
    }
    studio.move(made["a"].id, "last")  # it sinks below its new neighbour; nobody rises
    assert priorities() == {"b": 0, "c": 0, "x": -100, "y": -100, "a": -101}
    studio.move(made["y"].id, "first")  # it rises above all; nobody else moves
    assert priorities() == {"y": 1, "b": 0, "c": 0, "x": -100, "a": -101}
    studio.move(
        made["c"].id, "up"
    )  # past b, which is older, so by one; y is younger and must stay ahead
    assert priorities() == {"y": 2, "c": 1, "b": 0, "x": -100, "a": -101}


def test_a_run_that_runs_has_no_place_in_the_queue(studio: ModuleType, woken: list[str]) -> None:
    run = studio.submit("toy.steps", STEPS)
    claimed(studio)
    with pytest.raises(studio.Conflict, match="is running"):
        studio.move(run.id, "first")


def test_pausing_a_queue_is_remembered_and_undone(studio: ModuleType) -> None:
    studio.pause("gpu0")
    studio.pause("cpu")
    assert studio.queue().paused == ["cpu", "gpu0"]
    studio.resume("cpu")
    studio.resume("cpu")
    assert studio.queue().paused == ["gpu0"]
    for name in ("", "a/b", "x" * 33):
        with pytest.raises(studio.ServiceError, match="queue"):
            studio.pause(name)


def test_the_disk_says_what_is_free_and_what_is_used(studio: ModuleType, works: Works) -> None:
    studio.submit("toy.fill", {"megabytes": 1})
    works()
    disk = studio.disk()
    assert disk.artefact_bytes == 1_000_000
    assert disk.database_bytes > 0
    assert 0 < disk.free_bytes <= disk.total_bytes


# -- comparisons and links -------------------------------------------------------------------------


def test_a_comparison_puts_differing_settings_first_and_keeps_the_order(
    studio: ModuleType, woken: list[str]
) -> None:
    one = studio.submit("toy.steps", STEPS, seed=1)
    two = studio.submit("toy.steps", {**STEPS, "steps": 5}, seed=1)
    finish(claimed(studio))
    view = studio.compare([two.id, one.id])
    assert [run.id for run in view.runs] == [two.id, one.id]
    assert [(row.name, row.values) for row in view.differing] == [("steps", [5, 3])]
    assert {"seed", "fail_at"} <= {row.name for row in view.common}
    assert [(row.name, row.values) for row in view.metrics] == [("fid", [None, 1.0])]
    for ids in ([], [one.id] * 65):
        with pytest.raises(studio.ServiceError, match="1 to 64"):
            studio.compare(ids)
    with pytest.raises(studio.NotFound, match="nobody"):
        studio.compare([one.id, "nobody"])


def test_a_comparison_outlives_the_runs_that_are_deleted(
    studio: ModuleType, woken: list[str]
) -> None:
    one, two = (studio.submit("toy.steps", STEPS) for _ in range(2))
    made = studio.create_comparison([one.id, two.id], "both")
    studio.cancel(one.id)
    studio.delete_run(one.id)
    assert studio.get_comparison(made.id).run_ids == [two.id]
    with db.reading(settings().database_url) as session:
        assert session.get_one(Comparison, made.id).run_ids == [one.id, two.id]  # only shown less
    assert studio.update_comparison(made.id, "one").title == "one"
    with pytest.raises(studio.NotFound):
        studio.get_comparison("nobody")


# -- uploads ---------------------------------------------------------------------------------------


def a_safetensors(path: Path) -> Path:
    save_file({"mask": np.zeros(2)}, path)
    return path


def test_an_upload_is_kept_under_its_content_and_opened_by_its_id(
    studio: ModuleType, tmp_path: Path
) -> None:
    from backend.references import open_reference, with_names

    file = a_safetensors(tmp_path / "any")
    made = studio.upload("router.safetensors", file, "router")
    assert studio.blob(made.sha256).path.read_bytes() == file.read_bytes()
    assert [each.name for each in studio.datasets("router")] == ["router.safetensors"]
    assert studio.datasets("prior") == []
    assert open_reference(made.id).read_bytes() == file.read_bytes()
    told = with_names(f"a.png in {made.sha256} and {'0' * 64} differ")
    assert told == f"a.png in {made.name} and {'0' * 64} differ"


def pickled(path: Path) -> Path:
    path.write_bytes(pickle.dumps({"a": 1}))
    return path


def test_a_pickle_is_refused_whatever_it_is_called(studio: ModuleType, tmp_path: Path) -> None:
    file = pickled(tmp_path / "any")
    for name in ("a.pkl", "a.pickle", "a.bin", "a.ckpt", "a.npy", "a.joblib", "a", "a.safetensors"):
        with pytest.raises(studio.ServiceError, match="pickles are never read"):
            studio.upload(name, file, "router")
    with pytest.raises(studio.ServiceError, match=r"named \.pt but its content is not"):
        studio.upload("a.pt", file, "router")
    with pytest.raises(studio.ServiceError, match="pickles are never read"):
        studio.upload("a.pt", a_safetensors(tmp_path / "b"), "prior")
    assert studio.datasets() == []
    assert not settings().artefacts_dir.exists()


def test_content_that_is_not_what_its_name_says_is_refused(
    studio: ModuleType, tmp_path: Path
) -> None:
    archive = tmp_path / "archive"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("archive/data.pkl", b"")
    empty = tmp_path / "empty"
    empty.touch()
    for path in (archive, empty):
        with pytest.raises(studio.ServiceError, match="its content is not"):
            studio.upload("a.safetensors", path, "router")
    assert studio.upload("a.pt", archive, "router").kind == "router"


def test_every_setting_that_takes_a_file_may_be_uploaded_and_its_content_is_looked_at(
    studio: ModuleType, tmp_path: Path
) -> None:
    """A network is taken in the layout that torch.save had before 1.6 as well, statistics as numpy saves them."""
    old, archive = tmp_path / "old", tmp_path / "archive.npz"
    old.write_bytes(b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.")
    np.savez(archive, mu=np.zeros(2))
    assert studio.upload("w.pth", old, "inception_weights").kind == "inception_weights"
    assert studio.upload("s.npz", archive, "reference_stats").kind == "reference_stats"
    with pytest.raises(studio.ServiceError, match=r"reference_stats takes \.npz or \.safetensors"):
        studio.upload("w.pth", old, "reference_stats")
    with pytest.raises(studio.ServiceError, match="its content is not"):
        studio.upload("s.npz", old, "reference_stats")
    with pytest.raises(studio.ServiceError, match="its content is not"):
        studio.upload("w.pth", archive, "inception_weights")
    with pytest.raises(studio.ServiceError, match="its content is not"):
        studio.upload("w.pth", pickled(tmp_path / "any"), "inception_weights")


def test_an_upload_over_the_limit_is_refused(
    studio: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITRINE_MAX_UPLOAD_MB", "1")
    settings.cache_clear()
    file = a_safetensors(tmp_path / "any")
    os.truncate(file, 1_000_000)
    assert studio.upload("a.safetensors", file, "router").size == 1_000_000
    os.truncate(file, 1_000_001)
    with pytest.raises(studio.TooLarge, match="up to 1 MB"):
        studio.upload("a.safetensors", file, "router")


def test_a_name_or_kind_that_is_not_allowed_is_refused(studio: ModuleType, tmp_path: Path) -> None:
    file = a_safetensors(tmp_path / "any")
    for name in ("", "../a.safetensors", "/etc/a.safetensors", ".safetensors", "a\n.safetensors"):
        with pytest.raises(studio.ServiceError):
            studio.upload(name, file, "router")
    with pytest.raises(studio.ServiceError, match="kind"):
        studio.upload("a.safetensors", file, "model")


def test_bytes_are_given_only_for_the_name_of_a_file_that_is_there(
    studio: ModuleType, tmp_path: Path
) -> None:
    made = studio.upload("a.safetensors", a_safetensors(tmp_path / "any"), "router")
    assert studio.blob(made.sha256).size == made.size
    for name in ("0" * 64, "../secret", made.sha256.upper(), made.sha256 + "\n"):
        with pytest.raises(studio.NotFound):
            studio.blob(name)
    studio.blob(made.sha256).path.unlink()
    with pytest.raises(studio.NotFound):
        studio.blob(made.sha256)


def test_a_parent_that_is_not_there_is_refused(studio: ModuleType, woken: list[str]) -> None:
    with pytest.raises(MethodError, match="parent: there is no run 'nobody'"):
        studio.submit("toy.steps", STEPS, parent_id="nobody")
    with pytest.raises(MethodError, match="parent: there is no run 'nobody'"):
        studio.submit_many([studio.Launch("toy.steps", STEPS, parent_id="nobody")])
    assert studio.list_runs().total == 0
    first = studio.submit("toy.steps", STEPS)
    _, [second] = studio.submit_many([studio.Launch("toy.steps", STEPS, parent_id=first.id)])
    assert second.parent_id == first.id


def test_a_reference_that_no_file_system_takes_is_no_file(studio: ModuleType) -> None:
    from backend.references import open_reference

    with pytest.raises(MethodError, match="there is no 'xxx"):
        open_reference("x" * 5000)
