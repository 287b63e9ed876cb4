"""People who look at a studio as its pages do, and scripts that keep it busy; how long each answer took, by its kind."""

from __future__ import annotations

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from benchmarks.load_methods import LATENCIES

PAGES = ("/", "/runs", "/caching", "/system")
LIVE_S, COUNTS_S, RUNS_S, SYSTEM_S, HOME_S = 0.7, 4.0, 1.5, 2.0, 1.5
"""How often static/{live,header,runs,system,showcase}.js ask while something runs."""
COMPARE_S, OPEN_S = 10.0, 10.0
"""How often somebody opens a comparison, or a page of Gradio's."""
RUN_PAGE = ("artefacts", "series", "events", "attempts")
LISTS: dict[str, dict[str, Any]] = {
    "runs, newest": {"sweep": "none"},
    "runs, by status": {"sweep": "none", "status": "failed"},
    "runs, by family": {"sweep": "none", "family": "old"},
    "runs, searched": {"q": "run 17"},
    "runs, by end": {"sweep": "none", "sort": "finished_at"},
    "runs, by title": {"sweep": "none", "sort": "title", "descending": False},
    "runs, next page": {"sweep": "none", "cursor": ""},
}
"""What somebody asks of the runs page; an empty cursor is a page that they have reached."""


class Crowd:
    """Everybody who uses the studio at once.

    Attributes:
        running: ids of the runs that can be watched just now.
        took: seconds of each answer, by kind.
        errors: what went wrong, in words.
        written: seconds of each write, as the workers measured them.
    """

    def __init__(self, address: str, compared: list[str], cursor: str) -> None:
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=200)
        self.http = httpx.AsyncClient(base_url=address, timeout=60, limits=limits)
        self.running: list[str] = []
        self.took: defaultdict[str, list[float]] = defaultdict(list)
        self.errors: list[str] = []
        self.written: list[float] = []
        self.ended = 0
        self._compared, self._cursor = compared, cursor

    async def ask(self, kind: str, path: str, **parameters: Any) -> Any:
        """One answer, timed; None where there was an error, which is kept."""
        return await self._timed(kind, lambda: self.http.get(path, params=parameters))

    async def _timed(self, kind: str, send: Callable[[], Awaitable[httpx.Response]]) -> Any:
        start = time.perf_counter()
        try:
            answer = await send()
        except httpx.HTTPError as error:
            self.errors.append(f"{kind}: {type(error).__name__} {error}")
            return None
        self.took[kind].append(time.perf_counter() - start)
        if answer.status_code >= 400:
            self.errors.append(f"{kind}: {answer.status_code} {answer.text[:200]}")
            return None
        is_json = answer.headers["content-type"].startswith("application/json")
        return answer.json() if is_json else answer.text

    async def submit(self, method: str, title: str, **config: Any) -> str:
        """Queue a run; its id, or nothing."""
        body = {"method": method, "config": config, "title": title}
        made = await self._timed("submit", lambda: self.http.post("/api/v1/runs", json=body))
        return str(made["id"]) if made else ""

    # -- people ------------------------------------------------------------------------------------

    async def watch(self, number: int) -> None:
        """A run's page: what is new in it; all of it when it has ended, and then the next."""
        while True:
            if not self.running:
                await asyncio.sleep(LIVE_S)
                continue
            run_id, cursor, ended = self.running[number % len(self.running)], "", False
            while not ended:
                live = await self.ask("live", f"/api/v1/runs/{run_id}/live", after=cursor)
                if live:
                    cursor, ended = live["cursor"], live["finished"]
                await asyncio.sleep(LIVE_S)
            for part in RUN_PAGE:
                await self.ask(f"run page: {part}", f"/api/v1/runs/{run_id}/{part}")

    async def header(self) -> None:
        """What every open page asks: how many runs there are."""
        await self._again(COUNTS_S, lambda: self.ask("queue counts", "/api/v1/queue/counts"))

    async def list_runs(self, kind: str) -> None:
        parameters = {**LISTS[kind]}
        if "cursor" in parameters:
            parameters["cursor"] = self._cursor
        await self._again(RUNS_S, lambda: self.ask(kind, "/api/v1/runs", **parameters))

    async def look_at_system(self) -> None:
        await self._again(SYSTEM_S, lambda: self.ask("system page", "/api/v1/system"))

    async def stay_at_home(self) -> None:
        async def home() -> None:
            await self.ask("home: tour", "/api/v1/tour")
            await self.ask("home: comparisons", "/api/v1/comparisons", limit=5)
            await self.ask("home: newest runs", "/api/v1/runs", sweep="none", limit=8)

        await self._again(HOME_S, home)

    async def compare(self) -> None:
        async def comparison() -> None:
            await self.ask("comparison", "/api/v1/compare", run=self._compared)
            for run_id in self._compared:
                await self.ask("comparison: a curve", f"/api/v1/runs/{run_id}/series")

        await self._again(COMPARE_S, comparison)

    async def open_pages(self) -> None:
        async def page() -> None:
            await self.ask("a page of Gradio's", random.choice(PAGES))

        await self._again(OPEN_S, page)

    async def _again(self, every: float, work: Callable[[], Awaitable[Any]]) -> None:
        await asyncio.sleep(random.random() * every)
        while True:
            await work()
            await asyncio.sleep(every)

    # -- scripts -----------------------------------------------------------------------------------

    async def keep_writing(self, lane: int, seconds: float, rate: float) -> None:
        """Runs that write, one after another."""
        while True:
            title = f"writer {lane}"
            run_id = await self.submit("load.write", title, seconds=seconds, rate=rate)
            if not run_id:
                await asyncio.sleep(1)
                continue
            self.running.append(run_id)
            try:
                await self.end_of(run_id, 1.0)
            finally:
                self.running.remove(run_id)
            self.ended += 1
            await self._read_latencies(run_id)

    async def end_of(self, run_id: str, every: float) -> None:
        """Wait until a run has ended; if it did not succeed, that is an error."""
        while True:
            await asyncio.sleep(every)
            run = await self.ask("a run by a script", f"/api/v1/runs/{run_id}")
            if run and run["finished"]:
                if (run["status"], run["attempt"]) != ("succeeded", 1):
                    self.errors.append(f"run {run_id}: {run['status']}, attempt {run['attempt']}")
                return

    async def _read_latencies(self, run_id: str) -> None:
        files = await self.ask("run page: artefacts", f"/api/v1/runs/{run_id}/artefacts")
        for file in files["items"] if files else []:
            if file["name"] == LATENCIES:
                self.written += await self.ask("a file", file["url"]) or []
