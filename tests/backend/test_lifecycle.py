"""The life of a run, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from backend import lifecycle
from backend.lifecycle import Claim
from backend.settings import settings as place
from storage import db, records, runs
from storage.models import TERMINAL, Checkpoint, Run, new_id, now

LEASE_S = 30.0


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def writing() -> Any:
    return db.writing(place().database_url)


def add(**values: Any) -> str:
    """A queued run; returns its id."""
    run = Run(
        **{
            "id": new_id(),
            "method": "toy.steps",
            "family": "toy",
            "config": {},
            "params_hash": "0",
            "seed": 0,
            "code_version": "0",
            "queue": "cpu",
            **values,
        }
    )
    with writing() as session:
        session.add(run)
    return run.id


def claim(worker: str = "w1", *queues: str) -> Claim | None:
    with writing() as session:
        return lifecycle.claim(session, worker, queues or ("cpu",), LEASE_S, {"device": "cpu"})


def claimed(worker: str = "w1") -> Claim:
    held = claim(worker)
    assert held is not None
    return held


def get(run_id: str) -> Run:
    with db.reading(place().database_url) as session:
        return session.get_one(Run, run_id)


def outcomes(run_id: str) -> list[tuple[int, str]]:
    with db.reading(place().database_url) as session:
        return [(each.n, each.outcome) for each in runs.attempts(session, run_id)]


def finish(held: Claim, outcome: Any = "succeeded", **values: Any) -> bool:
    with writing() as session:
        return lifecycle.finish(session, held, outcome, **values)


def hold(held: Claim, **progress: Any) -> float | None:
    with writing() as session:
        return lifecycle.hold(session, held, LEASE_S, **progress)


def cancel(run_id: str, grace_s: float = 20.0) -> bool:
    with writing() as session:
        return lifecycle.request_cancel(session, run_id, grace_s)


def hand_back(held: Claim) -> None:
    with writing() as session:
        lifecycle.hand_back(session, held)


def expire(run_id: str) -> None:
    """Let the lease of a run that is held end."""
    with writing() as session:
        run = session.get_one(Run, run_id)
        if run.lease_until is not None:
            run.lease_until = now() - 1


def recover() -> list[str]:
    with writing() as session:
        return lifecycle.recover_lost(session)


def test_the_best_run_is_claimed_first_by_priority_then_by_age(studio: ModuleType) -> None:
    late = add(created_at=3.0)
    early = add(created_at=1.0)
    urgent = add(created_at=4.0, priority=5)
    patient = add(created_at=0.0, priority=-1)
    assert [claimed().run_id for _ in range(4)] == [urgent, early, late, patient]
    assert claim() is None


def test_a_worker_claims_from_its_queues_only(studio: ModuleType) -> None:
    pinned = add(queue="gpu0", priority=9)
    common = add(queue="gpu")
    assert claim("w1", "cpu") is None
    assert claim("w1", "cpu", "gpu").run_id == common  # type: ignore[union-attr]
    assert claim("w1", "gpu", "gpu0").run_id == pinned  # type: ignore[union-attr]


def test_a_device_leaves_runs_that_do_not_fit_to_others(studio: ModuleType) -> None:
    large = add(memory_mb=24_000.0, priority=9)
    exact = add(memory_mb=8000.0)
    add(memory_mb=8000.1)
    with writing() as session:
        held = lifecycle.claim(session, "small", ["cpu"], LEASE_S, {}, room_mb=8000.0)
    assert held is not None
    assert held.run_id == exact
    with writing() as session:
        assert lifecycle.claim(session, "small", ["cpu"], LEASE_S, {}, room_mb=8000.0) is None
    assert claimed("large").run_id == large


def test_a_paused_queue_starts_no_run_until_it_is_resumed(studio: ModuleType) -> None:
    run_id = add()
    other = add(queue="gpu")
    studio.pause("cpu")
    studio.pause("cpu")  # saying it twice is no error
    assert claim("w1", "cpu", "gpu").run_id == other  # type: ignore[union-attr]
    assert claim() is None
    studio.resume("cpu")
    assert claimed().run_id == run_id


def test_a_claim_says_who_runs_what_where_and_until_when(studio: ModuleType) -> None:
    run_id = add(done=3.0, total=9.0)
    before = now()
    held = claimed("w7")
    run = get(run_id)
    assert held == Claim(run_id, "w7", 1)
    assert (run.status, run.worker_id, run.attempt, run.env) == (
        "running",
        "w7",
        1,
        {"device": "cpu"},
    )
    assert run.lease_until is not None
    assert before + LEASE_S <= run.lease_until <= now() + LEASE_S
    assert (run.done, run.total) == (0.0, 0.0)
    assert outcomes(run_id) == [(1, "")]


def test_workers_that_claim_at_once_never_get_the_same_run(studio: ModuleType) -> None:
    wanted = {add() for _ in range(20)}
    got: list[Claim] = []

    def take_all(worker: str) -> None:
        while (held := claim(worker)) is not None:
            got.append(held)

    takers = [threading.Thread(target=take_all, args=(f"w{n}",)) for n in range(4)]
    for taker in takers:
        taker.start()
    for taker in takers:
        taker.join(60)
    assert len(got) == 20
    assert {held.run_id for held in got} == wanted


def test_a_sign_of_life_extends_the_lease_and_carries_progress(studio: ModuleType) -> None:
    run_id = add()
    held = claimed()
    expire(run_id)
    assert hold(held, done=2.0, total=8.0, message="step 2") == 0.0
    run = get(run_id)
    assert run.lease_until is not None
    assert run.lease_until > now() + LEASE_S - 5
    assert (run.done, run.total, run.message) == (2.0, 8.0, "step 2")
    assert recover() == []


def test_success_ends_the_run_with_its_figures_and_all_the_work_done(studio: ModuleType) -> None:
    run_id = add()
    held = claimed()
    hold(held, done=2.0, total=8.0, message="step 2")
    with writing() as session:
        from storage import records

        records.put_checkpoint(session, run_id, 1, "c" * 64, 1)
    assert finish(held, metrics={"fid": 2.5}, summary="well")
    run = get(run_id)
    assert (run.status, run.metrics, run.summary, run.lease_until) == (
        "succeeded",
        {"fid": 2.5},
        "well",
        None,
    )
    assert (run.done, run.message) == (8.0, "")
    assert outcomes(run_id) == [(1, "succeeded")]
    with db.reading(place().database_url) as session:
        assert session.get(Checkpoint, run_id) is None  # nobody resumes what has ended


def test_a_worker_that_lost_its_run_writes_nothing_more(studio: ModuleType) -> None:
    run_id = add()
    first = claimed("w1")
    expire(run_id)
    assert recover() == [run_id]
    second = claimed("w2")
    assert second == Claim(run_id, "w2", 2)
    before = get(run_id).model_dump()
    assert hold(first, done=1.0) is None
    assert not finish(first, "failed", error="too late")
    hand_back(first)
    with writing() as session:
        assert not lifecycle.abandon(session, first, "too late")
    assert get(run_id).model_dump() == before
    with db.reading(place().database_url) as session:
        from storage import records

        assert "too late" not in [each.message for each in records.events_after(session, run_id)]
    assert finish(second)
    assert outcomes(run_id) == [(1, "lost"), (2, "succeeded")]


def test_a_lost_run_is_queued_again_and_says_so(studio: ModuleType) -> None:
    run_id = add()
    claimed("w1")
    assert recover() == []  # its lease holds
    expire(run_id)
    assert recover() == [run_id]
    assert recover() == []  # once
    run = get(run_id)
    assert (run.status, run.worker_id, run.lease_until) == ("queued", None, None)
    [event] = studio.events(run_id)
    assert event.level == "warning"
    assert "attempt 2 of 3 follows" in event.message


def test_a_run_whose_workers_are_lost_each_time_fails_after_its_attempts(
    studio: ModuleType,
) -> None:
    run_id = add(max_attempts=2)
    for _ in range(2):
        claimed()
        expire(run_id)
        recover()
    assert claim() is None
    run = get(run_id)
    assert (run.status, run.error_type, run.attempt) == ("failed", "WorkerLost", 2)
    assert "lost 2 times" in run.error
    assert outcomes(run_id) == [(1, "lost"), (2, "lost")]


def test_handing_a_run_back_costs_it_no_attempt(studio: ModuleType) -> None:
    run_id = add(max_attempts=1)
    for _ in range(3):
        hand_back(claimed())
        assert get(run_id).status == "queued"
    assert finish(claimed())
    assert outcomes(run_id) == [
        (1, "handed back"),
        (2, "handed back"),
        (3, "handed back"),
        (4, "succeeded"),
    ]


def test_a_queued_run_is_cancelled_at_once(studio: ModuleType) -> None:
    run_id = add()
    assert cancel(run_id)
    run = get(run_id)
    assert (run.status, run.attempt) == ("cancelled", 0)
    assert run.finished_at is not None
    assert claim() is None


def test_all_that_wait_are_cancelled_in_one_go_but_for_one(studio: ModuleType) -> None:
    spared, lost, plain = add(created_at=1.0), add(created_at=0.0), add()
    held = claimed()
    assert held.run_id == lost
    with writing() as session:
        records.put_checkpoint(session, lost, 1, "0" * 64, 1)
    hand_back(held)
    claimed_one = claimed()
    assert claimed_one.run_id == lost
    hand_back(claimed_one)
    with writing() as session:
        assert sorted(lifecycle.cancel_waiting(session, spared)) == sorted([lost, plain])
    assert [get(each).status for each in (spared, lost, plain)] == [
        "queued",
        "cancelled",
        "cancelled",
    ]
    assert get(lost).finished_at is not None
    with db.reading(place().database_url) as session:
        assert session.get(Checkpoint, lost) is None


def test_a_running_run_is_asked_to_stop_and_can_only_be_asked_to_hurry(studio: ModuleType) -> None:
    run_id = add()
    held = claimed()
    assert cancel(run_id, grace_s=20)
    first = hold(held)
    assert first is not None
    assert now() + 15 < first <= now() + 20
    assert cancel(run_id, grace_s=60)
    assert hold(held) == first
    assert cancel(run_id, grace_s=0)
    hurried = hold(held)
    assert hurried is not None
    assert 0 < hurried <= now()
    assert get(run_id).status == "cancelling"
    assert finish(held, "cancelled")
    assert get(run_id).status == "cancelled"


def test_a_run_that_ended_cannot_be_cancelled(studio: ModuleType) -> None:
    run_id = add()
    finish(claimed())
    assert not cancel(run_id)
    assert get(run_id).status == "succeeded"


def test_a_run_that_was_done_before_it_heard_of_the_cancel_keeps_its_result(
    studio: ModuleType,
) -> None:
    run_id = add()
    held = claimed()
    cancel(run_id)
    assert finish(held, metrics={"fid": 1.0})
    assert get(run_id).status == "succeeded"


def test_a_run_lost_while_it_was_being_cancelled_is_cancelled(studio: ModuleType) -> None:
    run_id = add()
    claimed()
    cancel(run_id)
    expire(run_id)
    assert recover() == []
    assert get(run_id).status == "cancelled"
    assert outcomes(run_id) == [(1, "lost")]


def test_a_run_that_is_being_cancelled_is_not_handed_back(studio: ModuleType) -> None:
    run_id = add()
    held = claimed()
    cancel(run_id)
    hand_back(held)
    assert get(run_id).status == "cancelling"


def test_abandoning_a_deaf_method_cancels_its_run_and_says_why(studio: ModuleType) -> None:
    run_id = add()
    held = claimed()
    cancel(run_id)
    with writing() as session:
        assert lifecycle.abandon(session, held, "it did not stop")
    assert get(run_id).status == "cancelled"
    assert [event.message for event in studio.events(run_id)] == ["it did not stop"]


ALLOWED = {
    "queued": {"running", "cancelled"},
    "running": {"succeeded", "failed", "cancelled", "cancelling", "queued"},
    "cancelling": {"succeeded", "failed", "cancelled"},
    "succeeded": set(),
    "failed": set(),
    "cancelled": set(),
}
"""Where each status may lead."""

CALLS = ("claim", "hold", "succeed", "fail", "confirm", "cancel", "expire", "recover", "hand_back")
"""Everything that happens to runs. `confirm` is a method that stopped because it was asked to."""


def call(session: Session, name: str, run_id: str, held: Claim | None) -> Claim | None:
    if name == "claim":
        return lifecycle.claim(session, f"w-{new_id()}", [f"only-{run_id}"], LEASE_S, {})
    if name == "cancel":
        lifecycle.request_cancel(session, run_id, 1.0)
    elif name == "recover":
        lifecycle.recover_lost(session)
    elif name == "expire":
        run = session.get_one(Run, run_id)
        run.lease_until = None if run.lease_until is None else now() - 1
    elif held is not None and name == "hold":
        lifecycle.hold(session, held, LEASE_S, done=1.0)
    elif held is not None and name == "hand_back":
        lifecycle.hand_back(session, held)
    elif held is not None:
        ends = {"succeed": "succeeded", "fail": "failed", "confirm": "cancelled"}
        lifecycle.finish(session, held, ends[name])  # type: ignore[arg-type]
    return None


# Each example has a run and a queue of its own, so the database may be shared by them.
@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    steps=st.lists(st.tuples(st.sampled_from(CALLS), st.integers(0, 2)), min_size=3, max_size=25)
)
def test_a_status_never_goes_backwards_whatever_happens_in_which_order(
    studio: ModuleType, steps: list[tuple[str, int]]
) -> None:
    run_id = new_id()
    add(id=run_id, queue=f"only-{run_id}", max_attempts=3)
    claims: list[Claim] = []
    before = get(run_id)
    for name, back in steps:
        # Late calls of workers that lost the run are made as often as those of the one that has it.
        held = claims[-1 - back % len(claims)] if claims else None
        with writing() as session:
            got = call(session, name, run_id, held)
        claims += [got] if got else []
        after = get(run_id)
        if after.status != before.status:
            assert after.status in ALLOWED[before.status], (name, before.status, after.status)
        assert after.attempt - before.attempt == (1 if got else 0)
        assert (after.finished_at is not None) == (after.status in TERMINAL)
        assert (after.lease_until is not None) == (after.status in ("running", "cancelling"))
        if name in ("hold", "succeed", "fail", "confirm", "hand_back") and held is not None:
            current = (before.worker_id, before.attempt) == (held.worker_id, held.attempt)
            if not current:
                assert after.model_dump() == before.model_dump(), f"{name} of a lost worker"
        before = after
    with db.reading(place().database_url) as session:
        attempts = runs.attempts(session, run_id)
    assert [each.n for each in attempts] == list(range(1, before.attempt + 1))
    open_attempts = [each.n for each in attempts if not each.outcome]
    assert open_attempts == ([before.attempt] if before.status in ("running", "cancelling") else [])
