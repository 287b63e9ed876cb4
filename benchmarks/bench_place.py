"""How quick the place itself is: from submit to running, from a point to the browser, many viewers, many runs, many writes.

    python -m benchmarks.bench_place [--rounds 3]

A studio of its own with one worker and toy runs, SQLite, the embedded broker, 10,000 runs in its table, everything on this
machine. Times are pooled over the rounds; the cores are the web process's own CPU time, the median of the rounds. Needs a Chromium.
Writes results/place.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import sync_playwright

from backend.devices import cpu_name
from benchmarks import place as measures
from benchmarks.place import Place
from tests.browser.install import FLAGS, find

HERE = Path(__file__).parent
RUNS = 10_000
SUBMITS = 30
POINTS, POINT_S = 150, 0.1
WRITERS, RATE, WRITE_S = 4, 20.0, 12.0
VIEWERS = 50
WARM_S = 4.0
ASKED = 30
OPENED = 4
GOALS = {
    "submit_to_running_ms": 150,
    "point_to_browser_ms": 1000,
    "viewers_cores": 0.3,
    "runs_rest_ms": 300,
    "runs_search_ms": 300,
    "runs_page_ms": 2000,
    "first_page_ms": 2000,
    "write_ms": 100,
}
TOLD = {
    "submit_to_running_ms": "submit to running, ms",
    "point_to_browser_ms": "point reported to drawn in the browser, ms",
    "viewers_cores": f"CPU of the web process to serve {VIEWERS} viewers, cores",
    "viewers_cpu_ms": "  CPU time of an answer, ms",
    "viewers_answers_per_s": "  answers a second it got to give",
    "runs_rest_ms": f"first 50 of {RUNS:,} runs by REST, ms",
    "runs_search_ms": f"search in {RUNS:,} runs by REST, ms",
    "runs_page_ms": f"runs page with {RUNS:,} runs, empty cache, ms",
    "first_page_ms": "caching page to its Launch button, empty cache, ms",
    "write_ms": f"a write, {WRITERS} workers at {RATE:g} a second each, ms",
    "write_watched_ms": f"  the same with {VIEWERS} viewers, ms",
}


def main() -> None:
    parser = argparse.ArgumentParser(description="How quick the place itself is.")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    before = os.getloadavg()
    rounds = []
    with measures.studio() as place, sync_playwright() as playwright:
        measures.fill(RUNS)
        browser = playwright.chromium.launch(executable_path=find(), args=FLAGS)
        for number in range(options.rounds):
            rounds.append(measure(place, browser))
            sys.stderr.write(f"round {number + 1} of {options.rounds} done\n")
        browser.close()
    report = {
        "setting": setting(options.rounds),
        "load_average": {"before": before, "after": os.getloadavg()},
        "goals": GOALS,
        "measured": {name: summarise([each[name] for each in rounds]) for name in rounds[0]},
    }
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results" / "place.json").write_text(json.dumps(report, indent=1) + "\n")
    sys.stdout.write(table(report))


def measure(place: Place, browser: Any) -> dict[str, list[float]]:
    """One round: every measure in the order of the table, in milliseconds unless its name says otherwise."""
    found: dict[str, list[float]] = {}
    found["submit_to_running_ms"] = [_submit(place) for _ in range(SUBMITS)]
    found["point_to_browser_ms"] = _ms(measures.seen_after(browser, place, POINTS, POINT_S))
    with measures.writing(place, WRITERS, WRITE_S, RATE):
        time.sleep(WRITE_S)
    found["write_ms"] = _ms(measures.latencies)
    measures.watched(place, [place.submit(1, 0.0)], VIEWERS, WARM_S)
    with measures.writing(place, WRITERS, WRITE_S, RATE) as ids:
        cost = measures.watched(place, ids, VIEWERS, WRITE_S)
    found["write_watched_ms"] = _ms(measures.latencies)
    found |= {f"viewers_{name}": [value] for name, value in cost.items()}
    found["runs_rest_ms"] = [_asked(place, limit=50) for _ in range(ASKED)]
    found["runs_search_ms"] = [_asked(place, limit=50, q="run 17") for _ in range(ASKED)]
    pages = {
        "runs_page_ms": ("/runs", "v-runs tbody tr:nth-child(50)"),
        "first_page_ms": ("/caching", "#caching-sample-launch"),
    }
    for name, (path, selector) in pages.items():
        found[name] = _ms(measures.opened(browser, place, path, selector) for _ in range(OPENED))
    return found


def _submit(place: Place) -> float:
    """From the request to the worker's claim; both clocks are this machine's."""
    start = time.time()
    run = place.ended(place.submit(1, 0.0))
    return float(1000 * (run["started_at"] - start))


def _asked(place: Place, **parameters: Any) -> float:
    start = time.perf_counter()
    place.get("runs", **parameters)
    return 1000 * (time.perf_counter() - start)


def _ms(seconds: Any) -> list[float]:
    return [1000 * value for value in seconds]


def summarise(rounds: Sequence[Sequence[float]]) -> dict[str, float]:
    """Quantiles of the values of all rounds together, and the median of each round."""
    pooled = [value for each in rounds for value in each]
    quantiles = np.quantile(pooled, (0.5, 0.95, 0.99))
    p50, p95, p99 = (float(value) for value in quantiles)
    medians = [statistics.median(each) for each in rounds]
    return {"n": len(pooled), "p50": p50, "p95": p95, "p99": p99, "medians": medians}


def setting(rounds: int) -> dict[str, Any]:
    return {
        "rounds": rounds,
        "runs": RUNS,
        "viewers": VIEWERS,
        "writers": WRITERS,
        "writes_per_second_each": RATE,
        "device": f"{cpu_name()}, {platform.machine()}",
        "database": "SQLite, WAL",
        "broker": "filesystem",
        "versions": {name: version(name) for name in ("gradio", "fastapi", "sqlalchemy", "celery")},
        "python": platform.python_version(),
    }


def table(report: dict[str, Any]) -> str:
    lines = ["| measure | p50 | p95 | p99 | goal | met |", "|---|---|---|---|---|---|"]
    for name, told in TOLD.items():
        row, goal = report["measured"][name], report["goals"].get(name)
        single = row["n"] == report["setting"]["rounds"]
        shown = [f"{row['p50']:.3g}"] + [
            "" if single else f"{row[each]:.3g}" for each in ("p95", "p99")
        ]
        lines.append(f"| {told} | {' | '.join(shown)} | {goal or ''} | {_met(name, row, goal)} |")
    load = report["load_average"]
    said = ", ".join(f"{load[when][0]:.1f} {when}" for when in ("before", "after"))
    return "\n".join(lines) + f"\n\nLoad average over a minute: {said}.\n"


def _met(name: str, row: dict[str, float], goal: float | None) -> str:
    if goal is None:
        return ""
    strict = "p99" if name == "write_ms" else "p95"
    if row[strict] <= goal:
        return "yes"
    return f"at p50, not at {strict}" if row["p50"] <= goal else "no"


if __name__ == "__main__":
    main()
