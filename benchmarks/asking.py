"""What the benchmarks of large tables share: a studio in a temporary folder, rows in it, questions put to the services.

CPU time of the process, median of the rounds: it does not depend on what else the machine does. Times by the clock stand
beside it in the results.
"""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from backend import services
from backend.devices import cpu_name
from backend.settings import settings
from storage import db, records, typed
from storage.models import Run

RESULTS = Path(__file__).parent / "results"
Question = Callable[[], Any]


@contextmanager
def studio() -> Iterator[None]:
    """An empty studio on SQLite, for as long as the block lasts."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["VITRINE_DATA_DIR"] = folder
        settings.cache_clear()
        services.open_database()
        yield


def add_run(name: str) -> None:
    """A run that has ended, with that id."""
    values = {"config": {}, "params_hash": "0", "seed": 0, "code_version": "0"}
    run = Run(id=name, method=f"toy.{name}", family="toy", queue="cpu", **values)
    run.status = "succeeded"  # nobody works on it
    with db.writing(settings().database_url) as session:
        session.add(run)


def write(run_id: str, kind: str, blocks: Iterator[list[dict[str, Any]]]) -> float:
    """Record rows of a run, block by block; gives CPU ms a row, making the rows not counted."""
    spent, count = 0.0, 0
    for rows in blocks:
        begun = time.process_time()
        with db.writing(settings().database_url) as session:
            records.write(session, [typed.new_row(run_id, 1, kind, row) for row in rows])
        spent += time.process_time() - begun
        count += len(rows)
    return 1000 * spent / count


def ask(questions: Mapping[str, Question], rounds: int) -> dict[str, dict[str, float]]:
    """How long each answer takes, by what the question is called in the table."""
    return {name: _timed(question, rounds) for name, question in questions.items()}


def delete(*runs: str) -> float:
    """Delete runs with all they recorded; gives CPU ms."""
    begun = time.process_time()
    for run in runs:
        services.delete_run(run)
    return 1000 * (time.process_time() - begun)


def report(name: str, figures: dict[str, Any], what: str, goal: float) -> None:
    """Write results/NAME.json, and print the table.

    Args:
        what: the rows, as in "100,000 pairs".
        goal: CPU ms within which every question should be answered.
    """
    figures = figures | {
        "device": cpu_name(),
        "versions": {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version},
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(figures, indent=1) + "\n")
    lines = [f"| {what} | CPU, ms | by the clock, ms |", "|---|---|---|"]
    for asked, each in figures["asked"].items():
        late = "" if each["cpu_ms"] <= goal else f" (goal {goal:g})"
        lines.append(f"| {asked} | {each['cpu_ms']:.1f}{late} | {each['wall_ms']:.1f} |")
    for key, value in figures.items():
        if key.startswith(("write_", "delete_")):
            lines.append(f"| {key.removesuffix('_ms').replace('_', ' ')} | {value:.3g} | |")
    sys.stdout.write("\n".join(lines) + "\n")


def _timed(question: Question, rounds: int) -> dict[str, float]:
    question()  # the first one compiles the SQL
    cpu, wall = [], []
    for _ in range(rounds):
        begun = time.process_time(), time.perf_counter()
        question()
        cpu.append(1000 * (time.process_time() - begun[0]))
        wall.append(1000 * (time.perf_counter() - begun[1]))
    return {"cpu_ms": statistics.median(cpu), "wall_ms": statistics.median(wall)}
