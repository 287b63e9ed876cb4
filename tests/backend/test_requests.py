"""Requests through the services: who may do what when, what is refused, and two people at once. On both databases."""

from __future__ import annotations

import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from backend import cleaning, lifecycle
from backend.context import RunContext
from backend.services import Change, Conflict, InstructionQuery, Marks, NotFound, ServiceError
from backend.settings import settings
from methods.base import MethodError
from methods.unlearning.rows.opening import town_rows
from storage import db, erasures, records, typed
from storage.models import Run
from tests.toys.erasing import row, row_id

COUNT = 24
Act = Callable[..., Any]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def done(studio: ModuleType, woken: list[str], works: Callable[[], None]) -> Act:
    """Run a toy to its end; gives its id."""

    def done(method: str, **values: Any) -> str:
        run: str = studio.submit(method, values).id
        works()
        return run

    return done


@pytest.fixture
def table(done: Act) -> str:
    return str(done("toy.instructions", rows=COUNT))


@pytest.fixture
def request_id(studio: ModuleType, table: str) -> str:
    """A request to remove row 5 and correct the answer of row 0."""
    marks = Marks([row_id(5)], {}, {row_id(0): row(0)["right"]})
    return str(studio.create_request(table, "Wrong streets", "see the map", marks).id)


def states(studio: ModuleType, request_id: str) -> tuple[str, int]:
    found = studio.get_request(request_id)
    return found.state, len(found.trail)


def test_each_action_is_refused_where_it_makes_no_sense(
    studio: ModuleType, request_id: str, works: Callable[[], None]
) -> None:
    acts: dict[str, Callable[[], Any]] = {
        "mark": lambda: studio.put_mark(request_id, row_id(1), Change(remove=True)),
        "unmark": lambda: studio.remove_mark(request_id, row_id(5)),
        "rename": lambda: studio.update_request(request_id, title="Other"),
        "approve": lambda: studio.approve_request(request_id),
        "reject": lambda: studio.reject_request(request_id),
        "reopen": lambda: studio.reopen_request(request_id),
        "run": lambda: studio.run_request(request_id, [("", {})]),
        "keep": lambda: studio.keep_edit(request_id, run),
        "undo": lambda: studio.undo_keep(request_id),
    }

    def only(state: str, *allowed: str) -> None:
        before = states(studio, request_id)
        assert before[0] == state
        for name in acts.keys() - set(allowed):
            with pytest.raises(Conflict, match=f"request {request_id} is {state}: it can be"):
                acts[name]()
        assert states(studio, request_id) == before  # nothing was changed, nothing written

    run = ""
    only("requested", "mark", "unmark", "rename", "approve", "reject")
    acts["approve"]()
    only("approved", "run", "keep", "reject", "reopen")
    [launched] = acts["run"]()
    run = launched.id
    only("running", "run", "keep")
    with pytest.raises(Conflict, match=f"run {run} is queued: only one that succeeded"):
        acts["keep"]()
    works()
    only("verified", "run", "keep", "reject", "reopen")
    acts["keep"]()
    only("kept", "run", "keep", "undo")
    with pytest.raises(Conflict, match=f"request {request_id} is kept: run {run} is the one"):
        acts["keep"]()
    acts["undo"]()
    acts["reject"]()
    only("rejected", "reopen")
    acts["reopen"]()
    only("requested", "mark", "unmark", "rename", "approve", "reject")


def test_the_approved_request_is_a_file_that_its_runs_read(
    studio: ModuleType, table: str, request_id: str, works: Callable[[], None], done: Act
) -> None:
    approved = studio.approve_request(request_id, "agreed")
    asked = json.loads(studio.blob(approved.file).path.read_text())
    assert asked == {
        "version": 1,
        "id": request_id,
        "title": "Wrong streets",
        "remove": [row_id(5)],
        "prompts": {},
        "answers": {row_id(0): row(0)["right"]},
        "note": "see the map",
    }
    first, second = studio.run_request(
        request_id, [("whole", {"data": ""}), ("half", {"step_length": 0.5})], seed=3
    )
    assert (first.title, second.title, first.seed) == ("whole", "half", 3)
    assert first.config["request"] == approved.file
    assert first.config["adapter"] == f"{table}/adapter.zip"
    assert first.config["data"] == f"{table}/rows.jsonl"
    by_hand = studio.submit("toy.erase", {**first.config, "step_length": 0.25})
    assert [run.id for run in studio.get_request(request_id).runs] == [
        first.id,
        second.id,
        by_hand.id,
    ]
    for _ in range(3):
        works()
    other = done("toy.instructions", rows=1)
    elsewhere = {**first.config, "adapter": f"{other}/adapter.zip"}
    stray = done("toy.erase", **elsewhere)
    with pytest.raises(Conflict, match=f"run {stray} edits adapter '{other}/adapter.zip', the req"):
        studio.keep_edit(request_id, stray)
    studio.delete_run(stray)
    cleaning.collect(older_than_s=-1)
    assert studio.get_run(second.id).metrics == {"step_length": 0.5}
    # Approved again as it was it is the same file, kept once, with the same runs; changed it is another request.
    studio.reopen_request(request_id)
    again = studio.approve_request(request_id)
    assert (again.file, again.state, len(again.runs)) == (approved.file, "verified", 3)
    assert len(studio.datasets("request")) == 1
    studio.reopen_request(request_id)
    studio.remove_mark(request_id, row_id(5))
    changed = studio.approve_request(request_id)
    assert (changed.state, changed.runs) == ("approved", [])
    with pytest.raises(NotFound, match=f"run '{first.id}' is none of request"):
        studio.keep_edit(request_id, first.id)


def test_the_trail_keeps_how_runs_ended_that_are_of_an_earlier_request_or_gone(
    studio: ModuleType, request_id: str, works: Callable[[], None]
) -> None:
    def run(length: float) -> tuple[str, str]:
        [made] = studio.run_request(request_id, [("", {"step_length": length})])
        works()
        return made.id, (
            f"run {made.id} (Wrong streets) succeeded: {studio.get_run(made.id).summary}"
        )

    def trail() -> list[tuple[str, str]]:
        lines = [(line.action, line.text) for line in studio.get_request(request_id).trail]
        return [line for line in lines if line[0] in ("ended", "deleted")]

    studio.approve_request(request_id)
    (first, first_said), (_, second_said) = run(1.0), run(0.5)
    ended = [("ended", first_said), ("ended", second_said)]
    assert trail() == ended
    studio.reopen_request(request_id)
    studio.put_mark(request_id, row_id(1), Change(remove=True))
    assert trail() == ended  # though they are no runs of what is asked now
    assert studio.approve_request(request_id).runs == []
    studio.delete_run(first)
    assert trail() == [("ended", second_said), ("deleted", f"deleted: {first_said}")]
    third, third_said = run(0.25)
    studio.delete_run(third)
    assert trail()[-1] == ("deleted", f"deleted: {third_said}")
    assert studio.get_request(request_id).state == "approved"


def test_undo_returns_to_what_was_kept_before_and_is_still_there(
    studio: ModuleType, request_id: str, works: Callable[[], None]
) -> None:
    studio.approve_request(request_id)
    lengths = (1.0, 0.5, 0.25)
    runs = studio.run_request(request_id, [("", {"step_length": each}) for each in lengths])
    for _ in runs:
        works()
    first, second, third = (run.id for run in runs)
    for run in (first, second, first, third):
        studio.keep_edit(request_id, run)
    with pytest.raises(Conflict, match=f"run {third} is kept by request {request_id}: undo"):
        studio.delete_run(third)
    assert studio.undo_keep(request_id).kept_run == first
    assert studio.undo_keep(request_id).kept_run == second
    assert studio.undo_keep(request_id).kept_run == first
    assert studio.undo_keep(request_id).kept_run is None
    for run in (first, second, third):
        studio.keep_edit(request_id, run)
    studio.delete_run(second)  # it is kept no more
    back = studio.undo_keep(request_id)
    assert (back.kept_run, back.trail[-1].data) == (first, {"run": third, "back": first})


def test_a_draft_can_be_deleted_and_what_was_decided_cannot(
    studio: ModuleType, table: str, request_id: str
) -> None:
    other = studio.create_request(table, "Other", "", Marks([row_id(7)])).id
    studio.put_mark(request_id, row_id(1), Change(remove=True))
    assert studio.get_request(request_id).draft
    studio.delete_request(request_id)
    with pytest.raises(NotFound, match=f"there is no request '{request_id}'"):
        studio.get_request(request_id)
    with db.reading(settings().database_url) as session:
        assert erasures.trail(session, request_id) == []
    with pytest.raises(NotFound, match=f"there is no request '{request_id}'"):
        studio.delete_request(request_id)

    for decide in (studio.approve_request, studio.reject_request):
        decide(other)
        with pytest.raises(Conflict, match=f"request {other} is .*: it can be deleted only while"):
            studio.delete_request(other)
        studio.reopen_request(other)
        with pytest.raises(Conflict, match=f"request {other} was decided about once"):
            studio.delete_request(other)
    assert not studio.get_request(other).draft
    assert states(studio, other) == ("requested", 5)  # its trail, whole


def test_a_draft_that_somebody_else_changes_is_not_deleted(
    studio: ModuleType, request_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = studio.get_request(request_id)

    def discard(session: Any, seen: Any) -> bool:
        seen.revision -= 1  # as whoever looked before the last mark
        with session.no_autoflush:
            return discarded(session, seen)

    discarded = erasures.discard
    monkeypatch.setattr(erasures, "discard", discard)
    with pytest.raises(Conflict, match="was changed by somebody else just now and is requested"):
        studio.delete_request(request_id)
    assert studio.get_request(request_id) == before


def test_a_failed_run_verifies_nothing_and_cannot_be_kept(
    studio: ModuleType, request_id: str, works: Callable[[], None]
) -> None:
    studio.approve_request(request_id)
    [run] = studio.run_request(request_id, [("", {"fails": True})])
    works()
    found = studio.get_request(request_id)
    assert (found.state, found.runs[0].status) == ("approved", "failed")
    assert found.trail[-1].text.endswith("failed: the toy was told to fail")
    with pytest.raises(Conflict, match=f"run {run.id} is failed"):
        studio.keep_edit(request_id, run.id)
    with pytest.raises(Conflict, match="no run of it has succeeded"):
        studio.certificate(request_id)


def test_requests_outlive_the_table_that_they_mark(
    studio: ModuleType, table: str, request_id: str
) -> None:
    studio.delete_run(table)
    found = studio.get_request(request_id)
    assert [(item.task, item.prompt) for item in found.items] == [
        ("answer", row(0)["prompt"]),
        ("remove", row(5)["prompt"]),
    ]
    with pytest.raises(NotFound, match="has no row"):
        studio.put_mark(request_id, row_id(1), Change(remove=True))
    studio.approve_request(request_id)
    with pytest.raises(MethodError, match=f"there is no '{table}/adapter.zip'"):
        studio.run_request(request_id, [("", {})])
    assert states(studio, request_id)[0] == "approved"  # nothing was queued


NAME = rf"row {row_id(3)} \(position 3\): "


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (Change(True, answer="x"), NAME + "it can be removed or edited, not both"),
        (Change(), NAME + "nothing is changed"),
        (Change(answer=row(3)["answer"], prompt=row(3)["prompt"]), NAME + "nothing is changed"),
        (Change(answer=" "), NAME + "the new answer is empty"),
        (Change(answer="half \ud800"), NAME + "the new answer has a NUL character or half of"),
        (Change(prompt="x" * 20_001), NAME + "a new prompt has up to 20,000 characters, got"),
    ],
)
@pytest.mark.parametrize("database", ["sqlite"])
def test_a_mark_that_does_not_hold_is_refused_with_its_row(
    studio: ModuleType, request_id: str, change: Change, words: str
) -> None:
    before = states(studio, request_id)
    with pytest.raises(ServiceError, match=words):
        studio.put_mark(request_id, row_id(3), change)
    assert states(studio, request_id) == before


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_mark_takes_the_place_of_the_one_before(studio: ModuleType, request_id: str) -> None:
    both = Change(prompt="Where?", answer="There.")
    assert studio.put_mark(request_id, row_id(5), both).item.task == "both"
    again = Change(prompt="Where?", answer=row(5)["answer"])
    mark = studio.put_mark(request_id, row_id(5), again)
    assert (mark.item.task, mark.item.new_answer) == ("prompt", None)
    assert mark.counts == {"remove": 0, "prompts": 1, "answers": 1}
    before = states(studio, request_id)
    assert studio.put_mark(request_id, row_id(5), again) == mark
    assert states(studio, request_id) == before  # the same mark again is nothing new
    assert studio.remove_mark(request_id, row_id(5)).item is None
    with pytest.raises(NotFound, match=f"asks nothing of row '{row_id(5)}'"):
        studio.remove_mark(request_id, row_id(5))
    studio.remove_mark(request_id, row_id(0))
    with pytest.raises(ServiceError, match="marks no row: there is nothing to approve"):
        studio.approve_request(request_id)
    with pytest.raises(ServiceError, match="marks no row: there is nothing to estimate"):
        studio.estimate_request(request_id, {})


@pytest.mark.parametrize("database", ["sqlite"])
def test_what_cannot_be_requested_is_refused(
    studio: ModuleType, done: Act, table: str, woken: list[str]
) -> None:
    with pytest.raises(NotFound, match="has no row 'nothing' and 1 more"):
        studio.create_request(table, marks=Marks(["nothing", "none"]))
    with pytest.raises(ServiceError, match="is named twice"):
        studio.create_request(table, marks=Marks([row_id(1), row_id(1)]))
    with pytest.raises(ServiceError, match="up to 5,000 rows may be marked, got 5,001"):
        studio.create_request(table, marks=Marks([str(number) for number in range(5001)]))
    with pytest.raises(ServiceError, match="has recorded no instruction rows"):
        studio.create_request(done("toy.steps", steps=1))
    with db.writing(settings().database_url) as session:
        session.get_one(
            Run, table
        ).status = "failed"  # lifecycle is not asked: only this row counts
    with pytest.raises(Conflict, match="is failed: a request marks rows of one that succeeded"):
        studio.create_request(table)
    assert studio.list_requests() == []


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_launch_cannot_say_what_the_request_says(
    studio: ModuleType, table: str, request_id: str
) -> None:
    needs = studio.estimate_request(request_id, {"adapter": f"{table}/adapter.zip"})
    assert (needs.seconds, needs.advice) == (1.0, [])
    studio.approve_request(request_id)
    for name in ("adapter", "request"):
        with pytest.raises(ServiceError, match=f"{name}: the request says it"):
            studio.run_request(request_id, [("", {name: "other"})])
    values = {"held_out": "mine", "request": "", "data": ""}
    [run] = studio.run_request(request_id, [("", values)])
    assert run.config["held_out"] == "mine"
    shorter = {**run.config, "step_length": 0.5}  # of an earlier run of it, as the slider has it
    assert studio.run_request(request_id, [("", shorter)])[0].config == shorter


@pytest.mark.parametrize("database", ["sqlite"])
def test_the_estimate_of_a_real_edit_knows_its_rows_and_its_request(studio: ModuleType) -> None:
    rows = town_rows("regularised")
    config = {"model": "town", "adapter": "regularised", "data": "town"}
    values: dict[str, Any] = {"config": config, "params_hash": "0", "seed": 0, "code_version": "0"}
    run = Run(id="ranked", method="unlearning.rank", family="unlearning", queue="cpu", **values)
    run.status = "succeeded"  # as if it had been worked on
    recorded = [
        {"position": place, "row_id": each.id, "prompt": each.prompt, "answer": each.answer}
        for place, each in enumerate(rows)
    ]
    with db.writing(settings().database_url) as session:
        session.add(run)
        session.flush()
        new = [typed.new_row("ranked", 1, "instruction", each) for each in recorded]
        records.write(session, new)
    few = studio.create_request("ranked", marks=Marks([rows[0].id], {}, {rows[1].id: "Nowhere."}))
    needs = studio.estimate_request(few.id, {})
    assert needs.detail["share"] == pytest.approx(2 / len(rows))
    assert not any("changes" in said for said in needs.advice)
    some = studio.create_request("ranked", marks=Marks([each.id for each in rows[:20]]))
    advice = studio.estimate_request(some.id, {}).advice
    assert advice[0].startswith(f"The request changes {20 / len(rows):.1%} of the rows")
    half = studio.create_request("ranked", marks=Marks([each.id for each in rows[::2]]))
    with pytest.raises(MethodError, match=f"request: {len(rows[::2])} of {len(rows)} rows"):
        studio.estimate_request(half.id, {})


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_table_of_an_adapter_from_elsewhere_names_that(studio: ModuleType, done: Act) -> None:
    ranked = done("toy.instructions", rows=3, adapter="elsewhere", data="rows", influence=False)
    [found] = studio.instruction_tables()
    assert (found.id, found.adapter, found.data) == (ranked, "elsewhere", "rows")
    assert (found.rows, found.kinds, found.ranked) == (3, {"wrong": 1, "": 2}, False)
    assert studio.create_request(ranked).source == {"adapter": "elsewhere", "data": "rows"}


@pytest.mark.parametrize("database", ["sqlite"])
def test_rows_are_listed_with_what_is_asked_of_them(
    studio: ModuleType, table: str, request_id: str
) -> None:
    def listed(which: str) -> list[tuple[int, Any]]:
        page = studio.list_instructions(InstructionQuery(table, marked=request_id, which=which))
        return [(each["position"], each["mark"] and each["mark"]["task"]) for each in page.rows]

    marks = {0: "answer", 5: "remove"}
    assert listed("") == [(number, marks.get(number)) for number in range(COUNT)]
    assert listed("only") == [(0, "answer"), (5, "remove")]
    assert listed("not") == [(number, None) for number in range(COUNT) if number not in marks]
    plain = studio.list_instructions(InstructionQuery(table), limit=1)
    assert plain.rows == [{**row(0), "mark": None}]


def test_versions_say_what_they_came_from(
    studio: ModuleType, table: str, request_id: str, works: Callable[[], None]
) -> None:
    studio.approve_request(request_id)
    [run] = studio.run_request(request_id, [("", {})])
    works()
    studio.keep_edit(request_id, run.id)
    edited, trained = studio.adapter_versions()
    assert (trained.run, trained.parent, trained.request, trained.kept) == (
        table,
        None,
        None,
        False,
    )
    assert (edited.run, edited.parent) == (run.id, trained.sha256)
    assert (edited.request, edited.kept) == (request_id, True)


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_version_is_told_by_its_file_where_nothing_else_tells(
    studio: ModuleType, woken: list[str]
) -> None:
    def saved(**members: bytes) -> None:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        run = studio.submit("toy.steps", {}).id
        with db.writing(settings().database_url) as session:
            held = lifecycle.claim(session, f"worker of {run}", ["cpu"], 60.0, {})
            assert held is not None
            context = RunContext(held, session.get_one(Run, run), "cpu")
        context.save_file("adapter.zip", buffer.getvalue())

    parent = "1" * 64
    lineage = json.dumps({"version": 1, "parent": parent}).encode()
    saved(**{"adapter_model.safetensors": b"weights", "lineage.json": lineage})
    saved(**{"adapter_model.safetensors": b"from elsewhere"})
    saved(**{"adapter_model.safetensors": b"broken", "lineage.json": b"{"})
    [found] = studio.adapter_versions()
    assert (found.sha256, found.parent) == (hashlib.sha256(b"weights").hexdigest(), parent)


def together(*acts: Callable[[], Any]) -> list[Any]:
    """What each gave, or the error that it raised; all begin at once."""
    barrier, found = threading.Barrier(len(acts)), [None] * len(acts)

    def act(place: int) -> None:
        barrier.wait(30)
        try:
            found[place] = acts[place]()
        except ServiceError as error:
            found[place] = error  # type: ignore[call-overload]

    people = [threading.Thread(target=act, args=(place,)) for place in range(len(acts))]
    for person in people:
        person.start()
    for person in people:
        person.join(60)
    return found


def test_of_two_who_decide_at_once_one_is_told_what_the_other_did(
    studio: ModuleType, request_id: str
) -> None:
    found = together(
        lambda: studio.approve_request(request_id), lambda: studio.reject_request(request_id)
    )
    lost = [each for each in found if isinstance(each, Conflict)]
    state = studio.get_request(request_id).state
    # Rejecting what was just approved is allowed, so that both may have had their say, one after the other.
    if lost:
        assert f"is {state}" in str(lost[0])
    else:
        assert state == "rejected"
    actions = [line.action for line in studio.get_request(request_id).trail]
    assert len(actions) == 1 + len(found) - len(lost)


def test_of_several_who_approve_at_once_one_does(studio: ModuleType, request_id: str) -> None:
    found = together(*[lambda: studio.approve_request(request_id)] * 4)
    lost = [str(each) for each in found if isinstance(each, Conflict)]
    assert len(lost) == 3
    assert all("is approved" in each for each in lost)
    assert [line.action for line in studio.get_request(request_id).trail] == [
        "requested",
        "approved",
    ]


def test_a_run_is_either_kept_or_deleted(
    studio: ModuleType, request_id: str, works: Callable[[], None]
) -> None:
    studio.approve_request(request_id)
    [run] = studio.run_request(request_id, [("", {})])
    works()
    together(lambda: studio.keep_edit(request_id, run.id), lambda: studio.delete_run(run.id))
    found = studio.get_request(request_id)
    assert [each.id for each in found.runs] == ([run.id] if found.kept_run else [])


def test_people_who_mark_at_once_lose_nothing(studio: ModuleType, request_id: str) -> None:
    def mark(number: int) -> Callable[[], Any]:
        return lambda: studio.put_mark(request_id, row_id(number), Change(remove=True))

    found = together(*(mark(number) for number in range(10, 16)))
    assert [each for each in found if isinstance(each, Exception)] == []
    items = studio.get_request(request_id).items
    assert [item.position for item in items] == [0, 5, *range(10, 16)]
