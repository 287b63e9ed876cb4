"""A run in a worker: what it reports is kept, and every way it can end is written down."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image
from plotly.utils import PlotlyJSONEncoder
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from backend import context as context_module
from backend import lifecycle, tasks, worker
from backend.context import Interrupted, LostRun, RunContext, _plain
from backend.settings import settings
from methods import METHODS
from methods.base import Cancelled, Context, Method, MethodError, Result
from storage import db
from storage.artefacts import ArtefactStore, StorageError, StoreAway
from storage.models import Run, Worker
from tests.disks import files, small_disk
from tests.toys import TOYS, StepsConfig

Works = Callable[[], None]
STEPS = {"steps": 5, "seconds_per_step": 0.0}


def install(monkeypatch: pytest.MonkeyPatch, run: Callable[[Any, Context], Result]) -> None:
    """Have "toy.here" do `run`."""
    quick = TOYS["toy.steps"]
    method = Method("toy.here", "Here", "toy", StepsConfig, run, quick.estimate, "cpu")
    monkeypatch.setitem(METHODS, "toy.here", method)


def started(studio: ModuleType, method: str = "toy.steps", **values: Any) -> RunContext:
    """The context of a run that was just claimed by this process."""
    studio.submit(method, values)
    me = worker.this_worker()
    with db.writing(settings().database_url) as session:
        held = lifecycle.claim(session, me.id, me.queues, settings().lease_s, {})
    assert held is not None
    with db.reading(settings().database_url) as session:
        return RunContext(held, session.get_one(Run, held.run_id), "cpu")


def test_a_run_that_succeeds_keeps_all_it_reported_once(studio: ModuleType, works: Works) -> None:
    run = studio.submit("toy.steps", STEPS, seed=3, title="five")
    works()
    done = studio.get_run(run.id)
    assert (done.status, done.metrics, done.summary) == (
        "succeeded",
        {"sum": 10.0},
        "the sum is 10",
    )
    assert (done.fraction, done.message, done.error) == (1.0, "", "")
    assert (done.env["device"], done.attempt) == ("cpu", 1)
    assert {"python", "torch", "vitrine"} <= set(done.env)
    assert studio.series(run.id) == {"value": [(step, float(step)) for step in range(5)]}
    assert [row["square"] for row in studio.records(run.id, "steps").rows] == [0, 1, 4, 9, 16]
    [artefact] = studio.artefacts(run.id)
    assert studio.blob(artefact.sha256).path.read_text() == "10.0"
    assert not list((settings().root / "work").iterdir())


def test_a_woken_worker_goes_on_until_no_run_waits(studio: ModuleType, works: Works) -> None:
    made = [studio.submit("toy.steps", STEPS, seed=seed) for seed in range(3)]
    works()
    assert {studio.get_run(run.id).status for run in made} == {"succeeded"}
    works()  # a message too many finds nothing
    assert {studio.get_run(run.id).attempt for run in made} == {1}


def test_a_bug_is_kept_with_its_traceback_and_the_worker_lives_on(
    studio: ModuleType, works: Works
) -> None:
    run = studio.submit("toy.steps", {**STEPS, "fail_at": 2})
    after = studio.submit("toy.steps", STEPS)
    works()
    failed = studio.get_run(run.id)
    assert (failed.status, failed.error_type) == ("failed", "ZeroDivisionError")
    assert failed.error == "the toy was told to fail"
    assert "in take_steps" in failed.traceback
    assert studio.series(run.id) == {"value": [(0, 0.0), (1, 1.0)]}  # what came before is kept
    assert studio.get_run(after.id).status == "succeeded"


def test_what_a_person_can_mend_is_told_word_for_word_without_a_traceback(
    studio: ModuleType, works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_config: Any, _context: Context) -> Result:
        raise MethodError("the folder holds no model; give one with model_index.json")

    install(monkeypatch, refuse)
    run = studio.submit("toy.here", {})
    works()
    failed = studio.get_run(run.id)
    assert (failed.status, failed.error_type, failed.traceback) == ("failed", "MethodError", "")
    assert failed.error == "the folder holds no model; give one with model_index.json"


def test_a_method_that_is_not_there_any_more_fails_its_run_alone(
    studio: ModuleType, works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = studio.submit("toy.steps", STEPS)
    monkeypatch.delitem(METHODS, "toy.steps")
    works()
    assert studio.get_run(run.id).error_type == "KeyError"


def test_numbers_of_arrays_and_numbers_that_are_none_are_reported_as_json_has_them(
    studio: ModuleType, works: Works
) -> None:
    run = studio.submit("toy.odd", {})
    works()
    done = studio.get_run(run.id)
    assert (done.status, done.metrics) == ("succeeded", {"fine": 2.0})
    assert studio.series(run.id) == {"loss": [(3, 0.5)]}
    assert studio.records(run.id, "rows").rows == [{"score": 0.25, "margin": None, "at": [0, 1]}]
    said = [event.message for event in studio.events(run.id)]
    assert said == ["gone is nan at step 3", "odd", "loss is inf at the end"]
    json.dumps(done.metrics, allow_nan=False)


def test_a_report_that_no_file_can_hold_fails_the_run_that_made_it(
    studio: ModuleType, works: Works
) -> None:
    run = studio.submit("toy.odd", {"unwritable": True})
    after = studio.submit("toy.steps", STEPS)
    works()
    failed = studio.get_run(run.id)
    assert (failed.status, failed.error_type) == ("failed", "TypeError")
    assert (
        "report_oddly" in failed.traceback
    )  # said where it was made, not where it would be written
    assert studio.get_run(after.id).status == "succeeded"


def test_many_reports_make_few_transactions(studio: ModuleType, works: Works) -> None:
    context = started(studio)
    commits: list[object] = []
    event.listen(db.engine(settings().database_url), "commit", commits.append)
    for step in range(500):
        context.progress(step, 500)
        context.log(step, loss=1.0)
        context.record("rows", [{"step": step}])
    assert commits == []
    context.tick()
    assert len(commits) == 1
    assert len(studio.series(context.run.id)["loss"]) == 500
    assert studio.get_run(context.run.id).done == 499
    context.tick()
    assert len(commits) == 1  # nothing new, and the lease is young


def test_rows_never_wait_by_the_million(
    studio: ModuleType, works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.context.MOST_WAITING", 100)
    context = started(studio)
    commits: list[object] = []
    event.listen(db.engine(settings().database_url), "commit", commits.append)
    context.record("rows", ({"step": step} for step in range(250)))
    assert len(commits) == 2
    assert studio.records(context.run.id, "rows").total == 200
    context.tick()
    page = studio.records(context.run.id, "rows", limit=1000)
    assert [row["step"] for row in page.rows] == list(range(250))


def test_a_worker_that_lost_its_run_records_no_more_rows(
    studio: ModuleType, works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.context.MOST_WAITING", 100)
    context = started(studio)
    with db.writing(settings().database_url) as session:
        session.get_one(Run, context.run.id).attempt += 1
    with pytest.raises(LostRun):
        context.record("rows", ({"step": step} for step in range(250)))
    assert studio.records(context.run.id, "rows").total == 0


@pytest.mark.parametrize(
    ("row", "kept"),
    [
        ({"a": 1, "b": 0.1, "c": "é\ud83d", "d": None, "e": True}, None),
        ({"a": float("nan"), "b": 2.5}, {"a": None, "b": 2.5}),
        ({"a": float("inf"), "b": float("-inf")}, {"a": None, "b": None}),
        ({"a": 1e308, "b": 1e308}, None),  # their sum is no number, they are
        ({"a": np.float32(0.5), "b": np.arange(2)}, {"a": 0.5, "b": [0, 1]}),
        ({"a": [1, float("nan")], "b": {"c": (1, 2)}}, {"a": [1, None], "b": {"c": [1, 2]}}),
        ({1: "a"}, {"1": "a"}),
    ],
)
def test_the_short_way_to_json_leads_where_the_long_one_does(
    row: dict[Any, Any], kept: dict[str, Any] | None
) -> None:
    wanted = row if kept is None else kept
    assert _plain(row) == wanted == json.loads(json.dumps(row, cls=PlotlyJSONEncoder))
    assert _plain(row) is not row


def test_the_lease_is_extended_although_the_method_reports_nothing(
    studio: ModuleType, works: Works
) -> None:
    context = started(studio)
    context._held_at -= settings().heartbeat_s
    with db.writing(settings().database_url) as session:
        session.get_one(Run, context.run.id).lease_until = 1.0
    context.tick()
    with db.reading(settings().database_url) as session:
        assert (session.get_one(Run, context.run.id).lease_until or 0) > 1.0


def test_reports_that_could_not_be_written_are_written_later_and_once(
    studio: ModuleType, works: Works
) -> None:
    context, other = started(studio), started(studio)
    engine = db.engine(settings().database_url)

    def refuse(_connection: Any) -> None:
        raise OperationalError("COMMIT", {}, Exception("disk full"))

    context.log(0, loss=1.0)
    context.event("info", "first")
    event.listen(engine, "commit", refuse)
    with pytest.raises(StorageError, match="the database cannot be written: disk full"):
        context.flush()
    event.remove(engine, "commit", refuse)
    # Another run takes the numbers that the rows had for a moment.
    other.log(7, loss=7.0)
    other.event("info", "other")
    other.flush()
    context.log(1, loss=2.0)
    context.flush()
    assert studio.series(context.run.id) == {"loss": [(0, 1.0), (1, 2.0)]}
    assert studio.series(other.run.id) == {"loss": [(7, 7.0)]}
    assert [each.message for each in studio.events(context.run.id)] == ["first"]


def test_a_cancel_reaches_the_method_at_its_next_progress(
    studio: ModuleType, works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def work(_config: Any, context: Context) -> Result:
        context.progress(0, 2)
        studio.cancel(context.run.id)  # type: ignore[attr-defined]
        context.tick()  # type: ignore[attr-defined]
        seen.append("heard nothing yet")
        context.progress(1, 2)
        raise AssertionError("it should have stopped")

    install(monkeypatch, work)
    run = studio.submit("toy.here", {})
    works()
    assert seen == ["heard nothing yet"]
    assert studio.get_run(run.id).status == "cancelled"


def test_a_worker_that_lost_its_run_stops_and_discards(studio: ModuleType, works: Works) -> None:
    context = started(studio)
    with db.writing(settings().database_url) as session:
        session.get_one(Run, context.run.id).lease_until = 1.0
    with db.writing(settings().database_url) as session:
        assert lifecycle.recover_lost(session) == [context.run.id]
    context.log(0, loss=1.0)
    for write in (
        context.flush,
        lambda: context.save_file("late.txt", b"late"),
        lambda: context.checkpoint({"step": 1}),
        lambda: context.progress(1, 2),
    ):
        with pytest.raises(LostRun):
            write()
    assert studio.series(context.run.id) == {}
    assert studio.artefacts(context.run.id) == []


def test_no_method_swallows_that_its_run_is_lost_or_its_worker_stopped() -> None:
    assert not issubclass(LostRun, Exception)
    assert not issubclass(Interrupted, Exception)
    assert issubclass(Cancelled, Exception)


def test_a_worker_that_is_stopped_hands_its_run_back_at_the_next_progress(
    studio: ModuleType, works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(_config: Any, context: Context) -> Result:
        worker.this_worker().interrupt()
        context.progress(0, 1)
        raise AssertionError("it should have stopped")

    install(monkeypatch, work)
    run = studio.submit("toy.here", {})
    waiting = studio.submit("toy.steps", STEPS)
    works()
    back = studio.get_run(run.id)
    assert (back.status, back.attempt, back.max_attempts) == ("queued", 1, 4)
    assert studio.get_run(waiting.id).status == "queued"  # a worker that stops takes nothing new


def test_a_worker_stopped_between_claim_and_start_hands_back_as_well(
    studio: ModuleType, works: Works
) -> None:
    run = studio.submit("toy.steps", STEPS)
    held = tasks._claim()
    assert held is not None
    worker.this_worker().interrupt()
    tasks.execute(held)
    assert studio.get_run(run.id).status == "queued"


def test_the_next_attempt_goes_on_from_the_checkpoint(
    studio: ModuleType, works: Works, tmp_path: Path
) -> None:
    context = started(studio, steps=6, seconds_per_step=0.0, log_file=str(tmp_path / "log"))
    for step in range(4):
        context.log(step, value=float(step))
        context.record("steps", [{"step": step, "square": step * step}])
        if step == 2:
            context.checkpoint({"step": 3, "sum": 3.0})
    context.flush()
    with db.writing(settings().database_url) as session:
        session.get_one(Run, context.run.id).lease_until = 1.0
    with db.writing(settings().database_url) as session:
        lifecycle.recover_lost(session)
    works()
    done = studio.get_run(context.run.id)
    assert (done.status, done.attempt, done.metrics) == ("succeeded", 2, {"sum": 15.0})
    assert studio.series(done.id) == {"value": [(step, float(step)) for step in range(6)]}
    assert [row["step"] for row in studio.records(done.id, "steps").rows] == [*range(6)]


def test_a_checkpoint_keeps_tensors_and_values(studio: ModuleType, works: Works) -> None:
    import torch

    context = started(studio)
    assert context.resume() is None
    context.checkpoint({"step": 3, "weights": torch.arange(3.0), "names": ["a"]})
    state = context.resume()
    assert state is not None
    assert (state["step"], state["names"]) == (3, ["a"])
    assert state["weights"].tolist() == [0.0, 1.0, 2.0]


def test_the_speed_of_a_later_attempt_leaves_out_what_an_earlier_one_did(
    studio: ModuleType, works: Works
) -> None:
    context = started(studio)
    context.progress(900, 1000)
    context.flush()
    assert studio.live(context.run.id).speed is None
    context.progress(910, 1000)
    context.flush()
    live = studio.live(context.run.id)
    assert live.speed == pytest.approx(10 / live.elapsed, rel=0.2)
    assert live.seconds_left == pytest.approx(90 / live.speed)


def test_only_the_newest_preview_is_kept_and_not_every_one(
    studio: ModuleType, works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context_module, "PREVIEW_EVERY_S", 3600.0)
    context = started(studio)
    for step in range(5):
        context.progress(step, 5, preview=Image.new("RGB", (4, 4), (step, 0, 0)))
    context.flush()
    [first] = studio.artefacts(context.run.id, role="preview")
    content = studio.blob(first.sha256).path.read_bytes()
    assert Image.open(io.BytesIO(content)).convert("RGB").getpixel((0, 0)) == (0, 0, 0)
    context.progress(5, 5, preview=Image.new("RGB", (4, 4), (255, 255, 255)))
    assert studio.artefacts(context.run.id) == []  # a preview is no result
    [preview] = studio.artefacts(context.run.id, role="preview")
    content = studio.blob(preview.sha256).path.read_bytes()
    assert Image.open(io.BytesIO(content)).convert("RGB").getpixel((0, 0)) == (255, 255, 255)
    assert studio.live(context.run.id).preview_url == f"/a/{preview.sha256}"
    assert len(files(settings().artefacts_dir)) == 2


def test_each_kind_of_artefact_has_its_role_and_says_where_it_comes_from(
    studio: ModuleType, works: Works
) -> None:
    context = started(studio)
    context.save_image("a.png", Image.new("RGB", (2, 3)), caption="a")
    context.save_figure("b.json", {"data": []})
    context.save_table("c.csv", [{"x": 1}])
    context.save_file("d.bin", b"x", bins=4)
    found = {item.name: item for item in studio.artefacts(context.run.id)}
    assert {name: item.role for name, item in found.items()} == {
        "a.png": "image",
        "b.json": "figure",
        "c.csv": "table",
        "d.bin": "file",
    }
    assert found["a.png"].meta == {"width": 2, "height": 3, "caption": "a"}
    assert (found["a.png"].mime, found["d.bin"].meta) == ("image/png", {"bins": 4})
    image = Image.open(studio.blob(found["a.png"].sha256).path)
    assert json.loads(image.info["vitrine"])["run"] == context.run.id


def test_a_method_opens_uploads_files_of_other_runs_and_paths(
    studio: ModuleType, works: Works, tmp_path: Path
) -> None:
    context = started(studio)
    saved = context.save_file("sum.txt", b"10")
    assert context.open(f"{context.run.id}/sum.txt").read_bytes() == b"10"
    assert context.open(saved.sha256).read_bytes() == b"10"
    assert context.open(str(tmp_path)) == tmp_path
    for ref in ("0" * 64, "nobody/sum.txt", f"{context.run.id}/other.txt", ""):
        if ref:
            with pytest.raises(MethodError, match="there is no"):
                context.open(ref)
    ArtefactStore(settings().artefacts_dir).delete(saved.sha256)
    with pytest.raises(MethodError, match="gone from the artefact store"):
        context.open(saved.sha256)


def test_a_work_folder_that_cannot_be_made_fails_the_run_and_says_why(
    studio: ModuleType, works: Works
) -> None:
    (settings().root / "work").write_text("a file where the folder should be")
    run = studio.submit("toy.steps", STEPS)
    works()
    failed = studio.get_run(run.id)
    assert (failed.status, failed.error_type) == ("failed", "StorageError")
    assert "set VITRINE_DATA_DIR" in failed.error


def test_a_store_that_cannot_be_written_fails_the_run_and_says_why(
    studio: ModuleType, works: Works
) -> None:
    settings().artefacts_dir.write_text("a file where the folder should be")
    run = studio.submit("toy.steps", STEPS)
    works()
    failed = studio.get_run(run.id)
    assert (failed.status, failed.error_type, failed.traceback) == ("failed", "StorageError", "")
    assert f"{settings().artefacts_dir} cannot be written" in failed.error


def test_a_disk_that_fills_up_fails_the_run_clearly_and_leaves_no_half_artefact(
    studio: ModuleType, works: Works
) -> None:
    with small_disk(settings().artefacts_dir, megabytes=2) as disk:
        run = studio.submit("toy.fill", {"megabytes": 6})
        works()
        failed = studio.get_run(run.id)
        assert (failed.status, failed.error_type) == ("failed", "StorageError")
        assert failed.error.startswith("the disk is full")
        assert files(disk) == []
        assert studio.artefacts(run.id) == []
        smaller = studio.submit("toy.fill", {"megabytes": 1})
        works()
        assert studio.get_run(smaller.id).status == "succeeded"


def test_a_pulse_survives_a_database_that_is_away(
    studio: ModuleType,
    works: Works,
    monkeypatch: pytest.MonkeyPatch,
    eventually: Callable[..., Any],
) -> None:
    monkeypatch.setenv("VITRINE_REPORT_S", "0.01")
    settings.cache_clear()
    away = threading.Event()
    asked = threading.Event()

    def refuse(*_: Any) -> None:
        if away.is_set():
            asked.set()
            raise OperationalError("SELECT", {}, Exception("server closed the connection"))

    me = worker.this_worker()
    me.start()
    event.listen(db.engine(settings().database_url), "begin", refuse, insert=True)
    context = started(studio)
    me.context = context
    away.set()
    assert asked.wait(30)
    away.clear()
    context.progress(1, 2)  # a moment's outage is no reason to fail
    context.log(0, loss=1.0)
    eventually(lambda: studio.series(context.run.id), timeout=30)
    me.context = None
    me.stop()
    assert studio.workers() == []
    with db.reading(settings().database_url) as session:
        session.execute(text("SELECT 1"))


def test_a_worker_that_was_asked_to_leave_takes_nothing_more(
    studio: ModuleType, works: Works
) -> None:
    me = worker.this_worker()
    assert me._beat() is False
    studio.ask_worker(me.id, "stop")
    run = studio.submit("toy.steps", STEPS)
    works()
    assert studio.get_run(run.id).status == "queued"
    me.context = started(studio)  # of a claim that came before
    assert me._beat() is False, "it leaves when its run has ended"
    me.context = None
    with db.writing(settings().database_url) as session:
        session.get_one(Worker, me.id).current_run = None
    assert me._beat() is True
    studio.ask_worker(me.id, "stay")
    works()
    assert studio.list_runs(statuses=["succeeded"]).total == 1


def test_a_worker_takes_what_fits_its_device(
    studio: ModuleType, works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = studio.submit("toy.steps", STEPS)
    need = studio.estimate("toy.steps", STEPS).memory_mb
    memory = {"mb": (need / 2, need / 2)}
    monkeypatch.setattr("backend.devices.memory_mb", lambda _device: memory["mb"])
    works()
    assert studio.get_run(run.id).status == "queued"
    memory["mb"] = (need, 0.0)  # of a machine's memory all counts, not what is free now
    works()
    assert studio.get_run(run.id).status == "succeeded"


def test_a_worker_serves_its_kind_its_device_its_host_and_what_the_settings_name(
    studio: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "Node_7.rack-2.example")
    monkeypatch.setenv("VITRINE_QUEUES", "a100,large")
    settings.cache_clear()
    assert worker.queues_of("gpu0") == ["gpu", "gpu0", "gpu0-node-7", "a100", "large"]
    assert worker.queues_of("cpu", also_gpu_queue=True) == [
        "cpu",
        "gpu",
        "cpu-node-7",
        "a100",
        "large",
    ]
    assert studio.submit("toy.steps", STEPS, queue="gpu0-node-7").queue == "gpu0-node-7"


def test_a_file_saved_while_the_database_is_away_is_saved_when_it_is_back(
    studio: ModuleType, works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.context.RETRY_S", 0.01)
    context = started(studio)
    refusals = iter(range(3))

    def refuse(*_: Any) -> None:
        if next(refusals, None) is not None:
            raise OperationalError("BEGIN", {}, Exception("server closed the connection"))

    event.listen(db.engine(settings().database_url), "begin", refuse, insert=True)
    context.save_file("kept.txt", b"kept")
    [kept] = studio.artefacts(context.run.id)
    assert studio.blob(kept.sha256).path.read_bytes() == b"kept"


# -- a bucket that is away -------------------------------------------------------------------------


def saves(monkeypatch: pytest.MonkeyPatch, away: int) -> list[str]:
    """Have "toy.here" save a file in a store whose bucket does not answer the first times; what it was asked for."""
    asked: list[str] = []
    put = ArtefactStore.put

    def reluctant(store: ArtefactStore, value: bytes | Path) -> tuple[str, int]:
        asked.append("put")
        if len(asked) <= away:
            raise StoreAway("s3://studio cannot be used: connection refused")
        return put(store, value)

    def save(_config: Any, context: Context) -> Result:
        context.save_file("found.txt", b"something")
        return Result({}, "saved")

    monkeypatch.setattr(ArtefactStore, "put", reluctant)
    monkeypatch.setattr(context_module, "RETRY_S", 0.0)
    install(monkeypatch, save)
    return asked


def test_a_run_waits_for_a_bucket_that_is_away_and_says_so_once(
    studio: ModuleType, works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = saves(monkeypatch, away=3)
    run = studio.submit("toy.here", {})
    works()
    assert studio.get_run(run.id).status == "succeeded"
    assert len(asked) == 4
    assert [each.name for each in studio.artefacts(run.id)] == ["found.txt"]
    [said] = studio.events(run.id)
    assert said.message.startswith("waiting for the bucket: s3://studio cannot be used")


def test_a_run_waits_for_a_bucket_no_longer_than_it_was_told(
    studio: ModuleType, works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    saves(monkeypatch, away=10_000)
    monkeypatch.setenv("VITRINE_BUCKET_WAIT_S", "0.05")
    settings.cache_clear()
    run = studio.submit("toy.here", {})
    works()
    failed = studio.get_run(run.id)
    assert (failed.status, failed.error_type) == ("failed", "StorageError")
    assert failed.error == ("s3://studio cannot be used: connection refused (waited 0.05 s for it)")


def test_a_run_that_waits_for_its_bucket_can_be_cancelled(
    studio: ModuleType, works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = saves(monkeypatch, away=10_000)
    run = studio.submit("toy.here", {})
    reluctant = ArtefactStore.put

    def cancelled_meanwhile(store: ArtefactStore, value: bytes | Path) -> tuple[str, int]:
        if len(asked) == 2:
            studio.cancel(run.id)
            me = worker.this_worker().context
            assert me is not None
            me.tick()
        return reluctant(store, value)

    monkeypatch.setattr(ArtefactStore, "put", cancelled_meanwhile)
    works()
    assert studio.get_run(run.id).status == "cancelled"
