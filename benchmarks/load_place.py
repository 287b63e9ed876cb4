"""What `bench_load.py` measures in: a studio on one of two places, filled, and samples of what its processes take."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
from sqlalchemy import delete, insert, make_url, text
from sqlmodel import col, select

from backend.settings import settings
from benchmarks import place as places
from benchmarks.place import Place
from methods.intervals import student_t
from storage import db
from storage.models import Metric, Run, new_id, now
from tests import postgresql, servers

WORKERS = 4
LONG_RUNS, LONG_POINTS = 10, 10_000
BLOCK = 20_000
MB = 2**20


@contextmanager
def studio(kind: str) -> Iterator[Place]:
    """`vitrine up` with four workers: "sqlite" is the embedded default, "postgresql" has Redis beside it."""
    common = {"WORKERS": WORKERS, "THREADS": 1}
    if kind == "sqlite":
        with places.studio("benchmarks.load_methods", **common) as place:
            yield place
        return
    with postgresql.running(durable=True) as server, servers.broker("redis") as broker:
        urls = {"DB_URL": server.url(postgresql.STUDIO), "BROKER_URL": broker}
        with places.studio("benchmarks.load_methods", **common, **urls) as place:
            yield place


def fill(runs: int, points: int) -> None:
    """Runs that ended, and what they reported: ten of them 10,000 points, the others share the rest alike."""
    places.fill(runs)
    url = settings().database_url
    with db.writing(url) as session:
        ids = list(session.scalars(select(Run.id).order_by(col(Run.created_at).desc())))
        session.execute(text("UPDATE run SET family = 'old' WHERE seed % 2 = 0"))
    long = min(LONG_RUNS, points // LONG_POINTS)
    each = (points - long * LONG_POINTS) // (len(ids) - long)
    counts = [LONG_POINTS] * long + [each] * (len(ids) - long)
    draw, at, rows = random.Random(1), now() - 86400, []
    for run_id, count in zip(ids, counts, strict=True):
        whose = {"run_id": run_id, "attempt": 1, "name": "loss", "at": at}
        rows += [{**whose, "step": step, "value": draw.random()} for step in range(count)]
        if len(rows) >= BLOCK:
            _insert(url, rows)
    _insert(url, rows)
    if not url.startswith(
        "sqlite"
    ):  # its server does that by itself before long; nothing does it for SQLite
        with db.writing(url) as session:
            session.execute(text("ANALYZE"))


def _insert(url: str, rows: list[dict[str, object]]) -> None:
    if rows:
        with db.writing(url) as session:
            session.execute(insert(Metric), rows)
        rows.clear()


@contextmanager
def waiting(count: int) -> Iterator[str]:
    """So many runs that wait in a queue that nobody serves; gives the id of the last one."""
    url = settings().database_url
    with db.reading(url) as session:
        model = session.scalars(select(Run).limit(1)).one().model_dump()
    begun = now()
    rows = [
        model
        | {"id": new_id(), "status": "queued", "queue": places.QUEUE, "priority": -1}
        | {"created_at": begun + n * 1e-4, "finished_at": None, "worker_id": None}
        for n in range(count)
    ]
    with db.writing(url) as session:
        session.execute(insert(Run), rows)
    try:
        yield str(rows[-1]["id"])
    finally:
        with db.writing(url) as session:
            session.execute(delete(Run).where(col(Run.queue) == places.QUEUE))


def sizes_mb() -> dict[str, float]:
    """What the database takes now; of SQLite, its write-ahead log apart."""
    url = settings().database_url
    if url.startswith("sqlite"):
        file = str(make_url(url).database)
        there = {"database": Path(file), "wal": Path(f"{file}-wal")}
        return {name: path.stat().st_size / MB for name, path in there.items() if path.exists()}
    with db.reading(url) as session:
        taken = session.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
    return {"database": float(taken) / MB}


@dataclass
class Samples:
    """Memory and sizes of the studio over time, and the processor time that was spent meanwhile.

    Attributes:
        rss: MB of each process at each moment of `at`.
        sizes: MB of the database and its log at each moment.
    """

    place: Place
    at: list[float] = field(default_factory=list)
    rss: dict[str, list[float]] = field(default_factory=dict)
    sizes: dict[str, list[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        workers = {f"worker {n}": each for n, each in enumerate(self.place.workers)}
        self._processes = {"web": self.place.web, **workers}
        self._own = psutil.Process()
        self._begun = time.monotonic()
        self._before = self._spent()

    def take(self) -> None:
        self.at.append(time.monotonic() - self._begun)
        for name, process in self._processes.items():
            self.rss.setdefault(name, []).append(process.memory_info().rss / MB)
        for name, size in sizes_mb().items():
            self.sizes.setdefault(name, []).append(size)

    def cores(self) -> dict[str, float]:
        """Cores that were busy on average, by whom; "others" is whatever else this machine did, servers included."""
        wall, now_spent = time.monotonic() - self._begun, self._spent()
        used = {name: (now_spent[name] - self._before[name]) / wall for name in now_spent}
        others = used.pop("machine") - sum(used.values())
        workers = sum(value for name, value in used.items() if name.startswith("worker"))
        return {
            "web": used["web"],
            "workers": workers,
            "viewers": used["viewers"],
            "others": others,
        }

    def _spent(self) -> dict[str, float]:
        spent = {name: sum(each.cpu_times()[:2]) for name, each in self._processes.items()}
        spent["viewers"] = sum(self._own.cpu_times()[:2])
        whole = psutil.cpu_times()
        spent["machine"] = sum(whole) - whole.idle - whole.iowait - whole.guest - whole.guest_nice
        return spent


def slope(means: Sequence[float], seconds: float) -> dict[str, float]:
    """How fast something grows, in its unit an hour, with a 95 % interval.

    A straight line by least squares through the second half of the means, each over `seconds`; their errors are taken for
    independent, and the interval is Student's. The first half is left out: caches and connections fill.

    Raises:
        ValueError: fewer than six means.
    """
    if len(means) < 6:
        raise ValueError(f"a slope needs six means at least, got {len(means)}")
    y = np.array(means[len(means) // 2 :])
    x = np.arange(len(y)) * seconds / 3600
    across = ((x - x.mean()) ** 2).sum()
    steep = ((x - x.mean()) * (y - y.mean())).sum() / across
    residual = y - y.mean() - steep * (x - x.mean())
    freedom = len(y) - 2
    half = student_t(freedom) * np.sqrt((residual**2).sum() / freedom / across)
    return {"slope": float(steep), "low": float(steep - half), "high": float(steep + half)}


def load() -> list[float]:
    return list(os.getloadavg())
