"""What `bench_place.py` measures with: a studio of its own, writers, viewers, and a browser."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import httpx
import psutil
from playwright.sync_api import Browser, Page
from sqlmodel import col, select

from backend import lifecycle
from backend.context import RunContext
from backend.settings import settings
from storage import db
from storage.models import Metric, Run, now

HOUSE = Path(__file__).parents[1]
START_S = 180.0
QUEUE = "bench"
"""No worker of the studio serves it: its runs are the writers'."""
LIVE_S, HEADER_S = 0.7, 4.0
"""How often `static/live.js` and `static/header.js` ask."""


class Place:
    """A running studio."""

    def __init__(self, address: str, supervisor: int) -> None:
        self.address = address
        self.rest = httpx.Client(base_url=f"{address}/api/v1/", timeout=60)
        children = psutil.Process(supervisor).children()
        self.web = next(each for each in children if each.cmdline()[-1] == "web")
        self.workers = [each for each in children if "worker" in each.cmdline()]

    def get(self, path: str, **parameters: Any) -> Any:
        return self.rest.get(path, params=parameters).raise_for_status().json()

    def submit(self, steps: int, seconds_per_step: float, queue: str = "") -> str:
        config = {"steps": steps, "seconds_per_step": seconds_per_step}
        body = {"method": "toy.steps", "config": config, "queue": queue}
        return str(self.rest.post("runs", json=body).raise_for_status().json()["id"])

    def ended(self, run_id: str) -> dict[str, Any]:
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            run: dict[str, Any] = self.get(f"runs/{run_id}")
            if run["finished"]:
                return run
            time.sleep(0.05)
        raise TimeoutError(f"run {run_id} has not ended")


@contextmanager
def studio(program: str = "tests.toys", **variables: object) -> Iterator[Place]:
    """`vitrine up` in a temporary folder, which this process's settings name as well.

    Args:
        program: the module that is the command line with more methods.
        variables: settings in capitals.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        for name in [name for name in os.environ if name.startswith("VITRINE_")]:
            del os.environ[name]
        os.environ |= {
            "VITRINE_DATA_DIR": f"{folder}/data",
            "VITRINE_PORT": str(port),
            "VITRINE_OFFLINE": "1",
            "VITRINE_DEMO": "0",
            "VITRINE_LOG_LEVEL": "WARNING",
        } | {f"VITRINE_{name}": str(value) for name, value in variables.items()}
        settings.cache_clear()
        command = [sys.executable, "-m", program, "up"]
        with subprocess.Popen(command, cwd=HOUSE) as process:
            try:
                _wait_ready(f"http://127.0.0.1:{port}", process)
                yield Place(f"http://127.0.0.1:{port}", process.pid)
            finally:
                process.terminate()
                process.wait(60)
                db.engine(settings().database_url).dispose()


def _wait_ready(address: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(f"{address}/healthz", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.5)
    raise TimeoutError("the studio did not start")


def fill(count: int) -> None:
    """Write rows of runs that have ended, as a place in use for months has them."""
    draw = random.Random(0)
    outcomes = {"succeeded": 0.9, "failed": 0.05, "cancelled": 0.05}
    at = now() - 90 * 86400
    rows = []
    for number in range(count):
        at += draw.expovariate(count / (90 * 86400))
        [outcome] = draw.choices(list(outcomes), list(outcomes.values()))
        steps = draw.randrange(5, 51)
        rows.append(
            Run(
                method="toy.steps",
                family="toy",
                title=f"run {number} of {steps} steps",
                config={"steps": steps, "seconds_per_step": 0.0},
                params_hash=f"{number:064x}",
                seed=number,
                code_version="bench",
                queue="cpu",
                created_at=at,
                started_at=at + 1,
                finished_at=at + 1 + steps,
                metrics={f"metric_{place}": draw.random() for place in range(20)},
                summary=f"It took {steps} steps and found nothing that others had not.",
                **{"status": outcome},
            )
        )
    with db.writing(settings().database_url) as session:
        session.add_all(rows)


def written_at(run_id: str) -> dict[int, float]:
    """When the method reported each point, by its step."""
    with db.reading(settings().database_url) as session:
        query = select(Metric.step, Metric.at).where(col(Metric.run_id) == run_id)
        return dict(session.exec(query).all())


# -- writers ---------------------------------------------------------------------------------------


def _write(barrier: Barrier, seconds: float, rate: float, said: Any) -> None:
    """Be a worker whose method reports `rate` times a second, each report a transaction of its own; say how long each took."""
    with db.writing(settings().database_url) as session:
        held = lifecycle.claim(session, f"writer-{os.getpid()}", [QUEUE], 60, {})
        assert held is not None
        run = session.get_one(Run, held.run_id)
        session.expunge(run)
    context = RunContext(held, run, "cpu")
    barrier.wait(START_S)
    took: list[float] = []
    steps = int(seconds * rate)
    begin = time.monotonic()
    for step in range(steps):
        time.sleep(max(0.0, begin + step / rate - time.monotonic()))
        context.progress(step, steps, f"step {step}")
        context.log(step, value=float(step), error=1 / (step + 1))
        start = time.perf_counter()
        context.flush()
        took.append(time.perf_counter() - start)
    with db.writing(settings().database_url) as session:
        lifecycle.finish(session, held, "succeeded")
    said.put(took)


@contextmanager
def writing(place: Place, writers: int, seconds: float, rate: float) -> Iterator[list[str]]:
    """Writers at work while the block lasts; gives the ids of their runs. `took` of the block is in `latencies`."""
    ids = [place.submit(1, 0.0, QUEUE) for _ in range(writers)]
    spawn = multiprocessing.get_context("spawn")
    barrier, said = spawn.Barrier(writers + 1), spawn.SimpleQueue()
    processes = [
        spawn.Process(target=_write, args=(barrier, seconds, rate, said)) for _ in range(writers)
    ]
    for process in processes:
        process.start()
    barrier.wait(START_S)
    yield ids
    latencies.clear()
    for _ in processes:
        latencies.extend(said.get())
    for process in processes:
        process.join(60)


latencies: list[float] = []
"""Seconds of each write of the last `writing` block."""


# -- viewers ---------------------------------------------------------------------------------------


async def _view(client: httpx.AsyncClient, run_id: str, until: float) -> int:
    """One person's window on a run: what is new, every so often, and the queue in the header. How many answers came."""
    await asyncio.sleep(random.random() * LIVE_S)
    cursor, answers, header = "", 0, 0.0
    while time.monotonic() < until:
        if time.monotonic() >= header:
            header = time.monotonic() + HEADER_S
            (await client.get("queue")).raise_for_status()
            answers += 1
        answer = await client.get(f"runs/{run_id}/live", params={"after": cursor})
        cursor = answer.raise_for_status().json()["cursor"]
        answers += 1
        await asyncio.sleep(LIVE_S)
    return answers


async def _watch(address: str, run_ids: list[str], viewers: int, seconds: float) -> int:
    until = time.monotonic() + seconds
    limits = httpx.Limits(max_connections=viewers, max_keepalive_connections=viewers)
    base = f"{address}/api/v1/"
    async with httpx.AsyncClient(base_url=base, timeout=60, limits=limits) as client:
        views = [_view(client, run_ids[n % len(run_ids)], until) for n in range(viewers)]
        return sum(await asyncio.gather(*views))


def watched(place: Place, run_ids: list[str], viewers: int, seconds: float) -> dict[str, float]:
    """Let `viewers` people watch runs, and say what that costs the web process.

    Returns:
        its CPU time an answer, and from that the cores it takes to answer all viewers as often as they ask; on a machine
        that others keep busy they get fewer answers, which are counted as well.
    """
    before, start = place.web.cpu_times(), time.monotonic()
    with ThreadPoolExecutor(1) as apart:  # Playwright's own loop has this thread
        watching = _watch(place.address, run_ids, viewers, seconds)
        answers = apart.submit(asyncio.run, watching).result()
    after, wall = place.web.cpu_times(), time.monotonic() - start
    spent = after.user + after.system - before.user - before.system
    asked_per_s = viewers * (1 / LIVE_S + 1 / HEADER_S)
    return {
        "cpu_ms": 1000 * spent / answers,
        "cores": asked_per_s * spent / answers,
        "answers_per_s": answers / wall,
    }


# -- browser ---------------------------------------------------------------------------------------

LISTEN = """
window.seen = [];
document.addEventListener("progress", (event) => {
  const points = event.detail.series.value ?? [];
  requestAnimationFrame(() => points.forEach(([step]) => window.seen.push([step, Date.now() / 1000])));
});
"""
"""`v-live` has drawn what it tells of; the next frame shows it."""


def window(browser: Browser, place: Place) -> Page:
    """A window with an empty cache."""
    page = browser.new_context(
        base_url=place.address, viewport={"width": 1280, "height": 900}
    ).new_page()
    page.set_default_timeout(1000 * START_S)
    return page


def opened(browser: Browser, place: Place, path: str, selector: str) -> float:
    """Seconds until something is to be seen on a page, with an empty cache."""
    page = window(browser, place)
    start = time.perf_counter()
    page.goto(path, wait_until="commit")
    page.wait_for_selector(selector)
    took = time.perf_counter() - start
    page.context.close()
    return took


def seen_after(browser: Browser, place: Place, steps: int, seconds_per_step: float) -> list[float]:
    """Seconds from the report of each point to the frame that shows it, for the points that came while it was watched."""
    run_id = place.submit(steps, seconds_per_step)
    page = window(browser, place)
    page.add_init_script(LISTEN)
    page.goto(f"/run?id={run_id}")
    page.wait_for_function("window.seen.length > 0")
    watching = time.time()
    place.ended(run_id)
    page.wait_for_function("(last) => window.seen.at(-1)?.[0] === last", arg=steps - 1)
    seen = page.evaluate("window.seen")
    page.context.close()
    written = written_at(run_id)
    return [at - written[step] for step, at in seen if written[step] > watching]
