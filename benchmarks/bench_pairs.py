"""How quick 100,000 preference pairs are to page, sort, filter and plot, with a training run and reviews beside them.

    python -m benchmarks.bench_pairs [--pairs 100000] [--rounds 9]

SQLite in a temporary folder, asked through the services; one row of steps a pair, 500 reviews, some 2 kB of text and
pieces a pair. CPU time of the process, median of the rounds: it does not depend on what else the machine does. Times by
the clock stand beside it in the results. Writes results/pairs.json.
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
from collections.abc import Callable
from pathlib import Path
from typing import Any

from backend import services
from backend.devices import cpu_name
from backend.services import PairQuery
from backend.settings import settings
from storage import db, records, typed
from storage.models import Run
from tests.toys.pairs import TrainingConfig, pair, pair_id, pair_steps

RESULTS = Path(__file__).parent / "results" / "pairs.json"
GOAL_MS = 200
REVIEWS = 500
BATCH = 1000
MORE_TEXT = " ".join(["Behind it stands a wall, and nobody knows who built it."] * 6)


def fill(count: int) -> dict[str, float]:
    """A hardness run and a training run of so many pairs; gives CPU ms a row of writing each kind."""
    config = TrainingConfig(pairs=count, batch=min(BATCH, count))

    def pairs(number: int) -> list[dict[str, Any]]:
        found = [pair(each) for each in range(number * BATCH, min((number + 1) * BATCH, count))]
        return [
            row | {"chosen": f"{row['chosen']} {MORE_TEXT}", "spare": MORE_TEXT * 2}
            for row in found
        ]

    def steps(number: int) -> list[dict[str, Any]]:
        return list(pair_steps(config, number))

    with db.writing(settings().database_url) as session:
        for name in ("hardness", "training"):
            values = {"config": {}, "params_hash": "0", "seed": 0, "code_version": "0"}
            run = Run(id=name, method=f"toy.{name}", family="toy", queue="cpu", **values)
            run.status = "succeeded"  # nobody works on it
            session.add(run)
    spent = {}
    for kind, run_id, rows_of in (("pair", "hardness", pairs), ("pair_step", "training", steps)):
        spent[kind] = 0.0
        for number in range(-(-count // BATCH)):
            rows = rows_of(number)
            begun = time.process_time()
            with db.writing(settings().database_url) as session:
                records.write(session, [typed.new_row(run_id, 1, kind, row) for row in rows])
            spent[kind] += time.process_time() - begun
    return {f"write_{kind}_ms": 1000 * seconds / count for kind, seconds in spent.items()}


def questions(count: int) -> dict[str, Callable[[], Any]]:
    """What pages ask, by what it is called in the table."""

    def page(sort: str = "", descending: bool = False, offset: int = 0, **wanted: Any) -> Any:
        query = PairQuery("hardness", **wanted)
        return lambda: services.list_pairs(
            query, sort=sort, descending=descending, offset=offset, limit=50
        )

    trained: dict[str, Any] = {"training": "training"}
    both = PairQuery("hardness", **trained)
    contested = ["delta:lt:0"]
    return {
        "first page": page(),
        "page at 90 %": page(offset=count * 9 // 10),
        "sorted by delta": page("delta"),
        "contested, hardest first": page("delta", filters=contested),
        "one level, sorted by length gap": page("length_gap", filters=["level:eq:hard"]),
        "sorted by gap of the training": page("gap", **trained),
        "contested and gap > 1, by weight": page(
            "weight", True, filters=[*contested, "gap:gt:1"], **trained
        ),
        "sorted by kept share, in the middle": page("kept_share", offset=count // 2, **trained),
        "not reviewed, by delta": page("delta", review="none"),
        "flipped": page(review="flip"),
        "with a tag": page(tag="blurry"),
        "two words in the texts": page(text="purple ring"),
        "a word that is nowhere": page(text="zebra"),
        "5,000 points with gap": lambda: services.pair_points(both, 5000),
        "histogram of delta": lambda: services.pair_histogram(PairQuery("hardness")),
        "histogram of gap": lambda: services.pair_histogram(both, "gap"),
        "steps of a pair": lambda: services.pair_steps("training", pair_id(7)),
        "heaviest pairs of the last 20 steps": lambda: services.heaviest_pairs("training"),
        "trainings of a set": lambda: services.pair_trainings("hardness"),
        "sets": services.pair_sets,
    }


def review(count: int) -> None:
    for number in range(min(REVIEWS, count)):
        tags = ["blurry"] if number % 5 == 0 else []
        verdict = ("keep", "flip", "drop")[number % 3]
        place = number * (count // min(REVIEWS, count))
        services.put_review("pair", pair_id(place), {"verdict": verdict, "tags": tags})


def timed(question: Callable[[], Any], rounds: int) -> dict[str, float]:
    question()  # the first one compiles the SQL
    cpu, wall = [], []
    for _ in range(rounds):
        begun = time.process_time(), time.perf_counter()
        question()
        cpu.append(1000 * (time.process_time() - begun[0]))
        wall.append(1000 * (time.perf_counter() - begun[1]))
    return {"cpu_ms": statistics.median(cpu), "wall_ms": statistics.median(wall)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=9)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["VITRINE_DATA_DIR"] = folder
        settings.cache_clear()
        services.open_database()
        figures: dict[str, Any] = {"pairs": asked.pairs, "rounds": asked.rounds, "goal_ms": GOAL_MS}
        figures |= fill(asked.pairs)
        review(asked.pairs)
        figures["asked"] = {
            name: timed(question, asked.rounds) for name, question in questions(asked.pairs).items()
        }
        begun = time.process_time()
        services.delete_run("training")
        services.delete_run("hardness")
        figures["delete_both_runs_ms"] = 1000 * (time.process_time() - begun)
        figures["device"] = cpu_name()
        versions = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
        figures["versions"] = versions
    RESULTS.write_text(json.dumps(figures, indent=1) + "\n")
    sys.stdout.write(table(figures))


def table(figures: dict[str, Any]) -> str:
    lines = [f"| {figures['pairs']:,} pairs | CPU, ms | by the clock, ms |", "|---|---|---|"]
    for name, each in figures["asked"].items():
        late = "" if each["cpu_ms"] <= GOAL_MS else f" (goal {GOAL_MS})"
        lines.append(f"| {name} | {each['cpu_ms']:.1f}{late} | {each['wall_ms']:.1f} |")
    for name in ("write_pair_ms", "write_pair_step_ms", "delete_both_runs_ms"):
        lines.append(f"| {name.removesuffix('_ms').replace('_', ' ')} | {figures[name]:.3g} | |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
