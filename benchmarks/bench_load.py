"""Whether a studio bears a full house for long: viewers, writers, a burst of submissions, and memory over time.

    python -m benchmarks.bench_load [--seconds 600] [--place sqlite|postgresql]

A real `vitrine up` of its own with four workers, on this machine, 10,000 ended runs with a million points in its database,
fifty people who look at it as its pages do, four workers that each write twenty times a second. "postgresql" has Redis
beside it. First every kind of answer by itself, then beside 20,000 waiting runs; then 200 submissions, ten at a time, while
people look; then the soak. Times are by the clock of whoever asks, in the same process as all who ask. Writes results/load.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import sqlite3
import sys
import time
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from backend.devices import cpu_name
from benchmarks import load_place
from benchmarks.load_place import WORKERS, Samples
from benchmarks.load_viewers import LISTS, Crowd
from benchmarks.place import Place

RESULT = Path(__file__).parent / "results" / "load.json"
RUNS, POINTS, WAITING = 10_000, 1_000_000, 20_000
SUBMISSIONS, AT_ONCE = 200, 10
RATE, WRITER_S = 20.0, 20.0
WATCHERS, LISTERS, OTHERS = 30, 1, 3
ALONE = 30
PARTS = 12
"""Of the soak, in each of which memory is told."""
COMPARED = 4
GOALS = {
    "live": 100,
    "queue counts": 100,
    "submit": 300,
    "a write": 100,
    "a page of Gradio's": 1000,
}
"""Milliseconds that 95 of 100 answers should keep to under load; 300 for the other kinds."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--place", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--points", type=int, default=POINTS)
    options = parser.parse_args()
    before = load_place.load()
    with load_place.studio(options.place) as place:
        load_place.fill(options.runs, options.points)
        found = {"alone_ms": alone(place), "crowded_ms": crowded(place)}
        found |= asyncio.run(busy(place, options.seconds))
    found["load_average"] = {"before": before, "after": load_place.load()}
    found["setting"] = setting(options)
    known = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    RESULT.write_text(json.dumps({**known, options.place: found}, indent=1) + "\n")
    sys.stdout.write("\n".join(table(found)) + "\n")


# -- one after another -----------------------------------------------------------------------------


def alone(place: Place) -> dict[str, dict[str, float]]:
    """Every kind of answer when nobody else asks."""
    newest = place.get("runs", limit=50)
    run_id = newest["runs"][0]["id"]
    kinds: dict[str, tuple[str, dict[str, Any]]] = {
        "live, ended run of 10,000 points": (f"runs/{run_id}/live", {}),
        "comparison": ("compare", {"run": [run["id"] for run in newest["runs"][:COMPARED]]}),
        "comparison: a curve": (f"runs/{run_id}/series", {}),
    }
    return _each(place, kinds | _lists(newest["cursor"]))


def crowded(place: Place) -> dict[str, dict[str, float]]:
    """What depends on the queue, beside a long one."""
    with load_place.waiting(WAITING) as last:
        return _each(place, {"live, last in the queue": (f"runs/{last}/live", {})} | _lists(""))


def _lists(cursor: str) -> dict[str, tuple[str, dict[str, Any]]]:
    lists: dict[str, tuple[str, dict[str, Any]]] = {
        kind: ("runs", {**asked, "cursor": cursor} if "cursor" in asked else asked)
        for kind, asked in LISTS.items()
        if cursor or "cursor" not in asked
    }
    return {"queue counts": ("queue/counts", {}), "system page": ("system", {})} | lists


def _each(
    place: Place, kinds: dict[str, tuple[str, dict[str, Any]]]
) -> dict[str, dict[str, float]]:
    found = {}
    for kind, (path, parameters) in kinds.items():
        place.get(path, **parameters)  # the first one compiles the SQL
        took = []
        for _ in range(ALONE):
            start = time.perf_counter()
            place.get(path, **parameters)
            took.append(time.perf_counter() - start)
        found[kind] = quantiles(took)
    return found


# -- all at once -----------------------------------------------------------------------------------


async def busy(place: Place, seconds: float) -> dict[str, Any]:
    """The burst, then the soak, with people who look all the time."""
    newest = place.get("runs", limit=50)
    compared = [run["id"] for run in newest["runs"][:COMPARED]]
    crowd = Crowd(place.address, compared, newest["cursor"])
    people = [asyncio.create_task(each) for each in everybody(crowd)]
    try:
        found = {"viewers": WATCHERS + LISTERS * len(LISTS) + 4 * OTHERS + 1}
        found["burst"] = await burst(crowd)
        found |= await soak(place, crowd, seconds)
    finally:
        for each in people:
            each.cancel()
        ended = await asyncio.gather(*people, return_exceptions=True)
        await crowd.http.aclose()
    broken = [each for each in ended if not isinstance(each, asyncio.CancelledError)]
    return {**found, "errors": crowd.errors + [repr(each) for each in broken]}


def everybody(crowd: Crowd) -> Iterator[Any]:
    """Fifty people: most look at runs, some at lists, the queue, the home page, comparisons; some open pages."""
    for number in range(WATCHERS):
        yield crowd.watch(number)
    for kind in LISTS:
        for _ in range(LISTERS):
            yield crowd.list_runs(kind)
    for _ in range(OTHERS):
        yield crowd.look_at_system()
        yield crowd.stay_at_home()
        yield crowd.compare()
        yield crowd.open_pages()
    yield crowd.look_at_system()
    for _ in range(WATCHERS + len(LISTS) * LISTERS + 4 * OTHERS + 1):
        yield crowd.header()


async def burst(crowd: Crowd) -> dict[str, Any]:
    """Many submissions by REST, some at a time; how fast they are taken, and how fast they are worked off."""
    begin = time.monotonic()
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with turn:
            run_id = await crowd.submit("load.brief", f"of the burst, {number}")
        if run_id:
            crowd.running.append(run_id)
            await crowd.end_of(run_id, 1.0)
            crowd.running.remove(run_id)

    async def accepted() -> float:
        while len(crowd.took["submit"]) < SUBMISSIONS and not crowd.errors:
            await asyncio.sleep(0.05)
        return time.monotonic() - begin

    submitted = asyncio.create_task(accepted())
    await asyncio.gather(*(one(number) for number in range(SUBMISSIONS)))
    ended = time.monotonic() - begin
    return {
        "submissions": SUBMISSIONS,
        "accepted_per_s": SUBMISSIONS / await submitted,
        "ended_per_s": SUBMISSIONS / ended,
        "submit_ms": quantiles(crowd.took.pop("submit")),
    }


async def soak(place: Place, crowd: Crowd, seconds: float) -> dict[str, Any]:
    """Writers without a pause, one run more than there are workers, so that one always waits."""
    crowd.took.clear()
    lanes = [
        asyncio.create_task(crowd.keep_writing(lane, WRITER_S, RATE)) for lane in range(WORKERS + 1)
    ]
    samples, begin, ended = Samples(place), time.monotonic(), crowd.ended
    while (passed := time.monotonic() - begin) < seconds:
        samples.take()
        await asyncio.sleep(min(2.0, max(0.1, seconds - passed)))
    for each in lanes:
        each.cancel()
    ways = await asyncio.gather(*lanes, return_exceptions=True)
    crowd.errors += [repr(each) for each in ways if not isinstance(each, asyncio.CancelledError)]
    answers = sum(len(each) for each in crowd.took.values())
    return {
        "soak_s": passed,
        "latency_ms": {kind: quantiles(took) for kind, took in sorted(crowd.took.items())},
        "write_ms": quantiles(crowd.written),
        "writes_per_s": len(crowd.written) / passed,
        "answers_per_s": answers / passed,
        "runs_ended": crowd.ended - ended,
        "cores": samples.cores(),
        "memory_mb": {name: _memory(samples.at, values) for name, values in samples.rss.items()},
        "sizes_mb": {
            name: {"begin": values[0], "most": max(values), "end": values[-1]}
            for name, values in samples.sizes.items()
        },
    }


def _memory(at: Sequence[float], values: Sequence[float]) -> dict[str, Any]:
    """MB at the begin, at the end, in between, and the growth an hour."""
    whole = {"begin": values[0], "end": values[-1], "most": max(values)}
    means = [round(float(np.mean(part)), 1) for part in np.array_split(values, PARTS)]
    return {**whole, "means": means, "per_hour": load_place.slope(means, at[-1] / PARTS)}


def quantiles(seconds: Sequence[float]) -> dict[str, float]:
    """Milliseconds that half, 95 and 99 of 100 keep to, and the longest."""
    p50, p95, p99, most = (
        1000 * float(each) for each in np.quantile(seconds, (0.5, 0.95, 0.99, 1))
    )
    return {"n": len(seconds), "p50": p50, "p95": p95, "p99": p99, "most": most}


# -- told ------------------------------------------------------------------------------------------


def setting(options: argparse.Namespace) -> dict[str, Any]:
    names = ("gradio", "fastapi", "uvicorn", "sqlalchemy", "celery", "psycopg", "redis")
    return {
        "runs": options.runs,
        "points": options.points,
        "waiting": WAITING,
        "workers": WORKERS,
        "writes_per_second_each": RATE,
        "writer_s": WRITER_S,
        "device": f"{cpu_name()}, {platform.machine()}",
        "versions": {name: version(name) for name in names}
        | {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version},
    }


def table(found: dict[str, Any]) -> Iterator[str]:
    yield "| answer | n | p50, ms | p95, ms | p99, ms | goal for p95 | met |"
    yield "|---|---|---|---|---|---|---|"
    rows = {"a write": found["write_ms"], "submit (burst)": found["burst"]["submit_ms"]}
    for kind, row in (rows | found["latency_ms"]).items():
        goal = GOALS.get(kind.removesuffix(" (burst)"), 300)
        met = "yes" if row["p95"] <= goal else "no"
        yield f"| {kind} | {row['n']} | {row['p50']:.1f} | {row['p95']:.1f} | {row['p99']:.1f} | {goal} | {met} |"
    yield "\n| alone | p50, ms | p95, ms | beside a long queue, p50 | p95 |\n|---|---|---|---|---|"
    for kind in {**found["alone_ms"], **found["crowded_ms"]}:
        cells = [found[name].get(kind) for name in ("alone_ms", "crowded_ms")]
        shown = [f"{each['p50']:.1f} | {each['p95']:.1f}" if each else " | " for each in cells]
        yield f"| {kind} | {' | '.join(shown)} |"
    yield "\n| memory | begin, MB | end, MB | growth, MB an hour (95 %) |\n|---|---|---|---|"
    for name, row in found["memory_mb"].items():
        steep = row["per_hour"]
        grown = f"{steep['slope']:+.1f} ({steep['low']:+.1f} to {steep['high']:+.1f})"
        yield f"| {name} | {row['begin']:.0f} | {row['end']:.0f} | {grown} |"
    told = {name: found[name] for name in ("soak_s", "writes_per_s", "answers_per_s", "runs_ended")}
    burst_told = {name: found["burst"][name] for name in ("accepted_per_s", "ended_per_s")}
    yield "\n" + json.dumps({**told, **burst_told, "cores": found["cores"]})
    yield json.dumps({"sizes_mb": found["sizes_mb"], "load": found["load_average"]})
    yield f"errors: {len(found['errors'])} {found['errors'][:5]}"


if __name__ == "__main__":
    main()
