"""What a run costs the database: statements and milliseconds to submit, claim, keep and finish one, beside many others.

    python -m benchmarks.bench_runs [--rounds 200] [--table 100000]

The services and the life cycle as they are, on SQLite and, where a server can be started, on PostgreSQL; one process, no
broker (waking is left out: `bench_place` has the whole way). Once with an empty table and once with many ended runs in it.
Milliseconds are medians, by the clock and of this process's CPU; a statement is what the driver is asked to execute,
BEGIN and COMMIT left out. The CPU time does not depend on what else the machine does, the clock does; PostgreSQL's own CPU
time is in the clock alone. Writes results/runs.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event, insert, text

from backend import lifecycle, services
from backend.devices import cpu_name
from backend.services import launching
from backend.settings import settings
from storage import db, records, workers
from storage.models import Metric, Run, Worker, new_id, now
from storage.typed import NewRow
from tests import postgresql

RESULT = Path(__file__).parent / "results" / "runs.json"
METHOD, VALUES = "caching.sample", {}
BLOCK = 5000
WAITING = 20_000
POINTS = 4
WORKER = "cpu@bench:1"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--table", type=int, default=100_000)
    options = parser.parse_args()
    launching.publish = lambda _rows: None  # type: ignore[assignment]
    found: dict[str, Any] = {}
    for name, url in _databases():
        with url as address:
            found[name] = _measured(address, options.rounds, options.table)
    figures = {
        "rounds": options.rounds,
        "table": options.table,
        "method": METHOD,
        "databases": found,
        "waiting": WAITING,
        "load": os.getloadavg()[1],
        "device": cpu_name(),
        "versions": {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version},
    }
    RESULT.write_text(json.dumps(figures, indent=1) + "\n")
    sys.stdout.write("\n".join(_table(found)) + "\n")


def _databases() -> Iterator[tuple[str, Any]]:
    yield "SQLite", _sqlite()
    if not postgresql.why_not():
        yield "PostgreSQL", _postgresql()


@contextmanager
def _sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/vitrine.db"
        db.upgrade(url)
        yield url


@contextmanager
def _postgresql() -> Iterator[str]:
    with postgresql.running(durable=True) as server:
        yield server.url(postgresql.STUDIO)


def _measured(url: str, rounds: int, table: int) -> dict[str, Any]:
    os.environ["VITRINE_DB_URL"] = url
    settings.cache_clear()
    with db.writing(url) as session:
        facts: dict[str, Any] = {"host": "bench", "pid": 1, "device": "cpu", "queues": ["cpu"]}
        session.add(Worker(id=WORKER, **facts))
    empty = _steps(url, rounds)
    _fill(url, table)
    full = _steps(url, rounds)
    size = _bytes(url) / (table + 2 * rounds)
    _fill(url, WAITING, "queued")
    crowded = {"claim": _steps(url, rounds)["claim"]}
    return {"empty": empty, "full": full, "crowded": crowded, "bytes_per_run": size}


def _fill(url: str, count: int, status: str = "succeeded") -> None:
    """Runs that ended, as they are after a year, or that wait behind those that are measured."""
    model = launching.new_row(services.Launch(METHOD, VALUES), 0, "cpu").model_dump()
    begun = now()
    for start in range(0, count, BLOCK):
        rows = []
        for number in range(start, min(start + BLOCK, count)):
            at = begun - 10.0 * (count - number)
            state = {"status": status, "created_at": at, "priority": -1}
            rows.append(model | {"id": new_id(), "seed": number} | state)
        with db.writing(url) as session:
            session.execute(insert(Run), rows)
    with db.writing(url) as session:
        session.execute(text("ANALYZE"))


def _steps(url: str, rounds: int) -> dict[str, dict[str, float]]:
    """The life of some runs, step by step; each step is what the studio does, in its own transaction."""
    made = [services.submit(METHOD, VALUES, seed=0, queue="cpu")]
    held: list[lifecycle.Claim] = []

    def submit() -> None:
        made.append(services.submit(METHOD, VALUES, seed=len(made), queue="cpu"))

    def claim() -> None:
        with db.writing(url) as session:
            workers.asked(session, WORKER)
            found = lifecycle.claim(session, WORKER, ["cpu"], 3600.0, {"device": "cpu"}, 1e6)
        assert found is not None
        held.append(found)

    def heartbeat() -> None:
        with db.writing(url) as session:
            lifecycle.hold(session, held[0], 3600.0)

    def report() -> None:
        whose = {"run_id": held[0].run_id, "attempt": held[0].attempt, "at": now()}
        rows = [
            NewRow(Metric, {**whose, "name": f"m{n}", "step": 1, "value": 1.0})
            for n in range(POINTS)
        ]
        with db.writing(url) as session:
            lifecycle.hold(session, held[0], 3600.0, done=1.0, total=2.0, message="half")
            records.write(session, rows)

    def finish() -> None:
        with db.writing(url) as session:
            assert lifecycle.finish(session, held.pop(), "succeeded", metrics={"sum": 1.0})

    def reap() -> None:
        with db.writing(url) as session:
            lifecycle.recover_lost(session)

    def live() -> None:
        services.live(made[-1].id)

    named: list[tuple[str, Callable[[], None]]] = [
        ("submit", submit),
        ("claim", claim),
        ("heartbeat", heartbeat),
        (f"report of {POINTS} points", report),
        ("a viewer's look", live),
        ("look for lost runs", reap),
        ("finish", finish),
    ]
    return {name: _timed(url, step, rounds) for name, step in named}


def _timed(url: str, step: Callable[[], None], rounds: int) -> dict[str, float]:
    statements: list[str] = []
    engine = db.engine(url)

    def seen(*arguments: Any) -> None:
        statements.append(arguments[2])

    wall, cpu = [], []
    event.listen(engine, "before_cursor_execute", seen)
    try:
        for _ in range(rounds):
            begun = time.perf_counter(), time.process_time()
            step()
            wall.append(1000 * (time.perf_counter() - begun[0]))
            cpu.append(1000 * (time.process_time() - begun[1]))
    finally:
        event.remove(engine, "before_cursor_execute", seen)
    asked = [each for each in statements if not each.startswith(("BEGIN", "COMMIT"))]
    return {
        "statements": len(asked) / rounds,
        "wall_ms": statistics.median(wall),
        "p95_ms": sorted(wall)[int(0.95 * rounds)],
        "cpu_ms": statistics.median(cpu),
    }


def _bytes(url: str) -> float:
    query = "SELECT pg_total_relation_size('run')"
    if url.startswith("sqlite"):
        query = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    with db.reading(url) as session:
        return float(session.execute(text(query)).scalar_one())


def _table(found: dict[str, Any]) -> Iterator[str]:
    yield "| database | step | statements | CPU, ms | CPU with many runs, ms | by the clock with many runs, ms (95 %) |"
    yield "|---|---|---|---|---|---|"
    for name, figures in found.items():
        for step, each in figures["empty"].items():
            full = figures["full"][step]
            yield (
                f"| {name} | {step} | {each['statements']:.0f} | {each['cpu_ms']:.2f} | {full['cpu_ms']:.2f} | "
                f"{full['wall_ms']:.1f} ({full['p95_ms']:.1f}) |"
            )
        crowded = figures["crowded"]["claim"]
        yield (
            f"| {name} | claim, {WAITING:,} more waiting | {crowded['statements']:.0f} | | {crowded['cpu_ms']:.2f} | "
            f"{crowded['wall_ms']:.1f} ({crowded['p95_ms']:.1f}) |"
        )
        yield f"| {name} | bytes of a run with its indexes | | | {figures['bytes_per_run']:.0f} | |"


if __name__ == "__main__":
    main()
