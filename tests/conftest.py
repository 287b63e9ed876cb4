"""What all tests share: a data folder of their own, a studio in it, and patience.

    data_dir     an empty folder that this process's settings, database and broker point to
    studio       `backend.services` on a database that is up to date, with the toy methods among the methods
    works        makes this process a worker for one moment: executes the runs that wait
    woken        the queues for which a worker would have been woken; nothing goes to the broker
    eventually   waits for a promise to come true

A module that overrides the fixture `database` with "postgresql" gets its studio there, where a server can be started.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import pytest

# Read when torch is loaded: threads that wait sleep instead of spinning on the cores that other processes need.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
if "PYTEST_XDIST_WORKER" in os.environ:  # one of several processes, one a core
    os.environ.setdefault("OMP_NUM_THREADS", "1")

Seen = TypeVar("Seen")


def configure(monkeypatch: pytest.MonkeyPatch, folder: Path, **variables: object) -> None:
    """Point this process's settings, database and broker at `folder`; each variable is a setting in capitals."""
    from backend import celery_app, doctor
    from backend.settings import settings

    for name in [name for name in os.environ if name.startswith("VITRINE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("VITRINE_DATA_DIR", str(folder))
    for name, value in variables.items():
        monkeypatch.setenv(f"VITRINE_{name}", str(value))
    settings.cache_clear()
    # The application was made for the settings at import; this one is for those of now.
    app = celery_app.make_app(settings())
    monkeypatch.setattr(celery_app, "app", app)
    monkeypatch.setattr(doctor, "app", app)


def forget() -> None:
    """Close this process's database and forget its settings."""
    from backend.settings import settings
    from storage import db

    db.engine(settings().database_url).dispose()
    db.engine.cache_clear()
    settings.cache_clear()


def wait_for(predicate: Callable[[], Seen], timeout: float, every: float = 0.05) -> Seen:
    """What `predicate` returns, once that is true.

    Raises:
        AssertionError: it was not within `timeout` seconds. Generous: a busy machine is no bug.
    """
    until = time.monotonic() + timeout
    while not (seen := predicate()):
        if time.monotonic() > until:
            raise AssertionError(f"still {seen!r} after {timeout:g} s")
        time.sleep(every)
    return seen


LONGEST = "tests/browser/test_home.py"
"""The welcome tour: begun last, it would keep one core waiting for the other."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


@pytest.fixture(scope="session", autouse=True)
def _nothing_into_the_checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A test that names no data folder must not find, or leave, anything in that of a developer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VITRINE_DATA_DIR", str(tmp_path_factory.mktemp("unnamed") / "data"))
        yield


@pytest.fixture
def eventually() -> Callable[..., Any]:
    return wait_for


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "data"
    configure(monkeypatch, folder)
    yield folder
    forget()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with today's schema: copying it is much faster than migrating."""
    from storage import db

    path = tmp_path_factory.mktemp("template") / "vitrine.db"
    db.upgrade(f"sqlite:///{path}")
    db.engine(f"sqlite:///{path}").dispose()  # closing the last connection empties the WAL
    return path


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Any]:
    """A PostgreSQL server for this session; tests that need one are skipped where there is none to start."""
    from tests import postgresql

    missing = postgresql.why_not()
    if missing:
        pytest.skip(missing)
    with postgresql.running() as server:
        yield server


@pytest.fixture
def postgresql_url(postgresql_server: Any) -> str:
    """A database with today's schema and nothing in it."""
    url: str = postgresql_server.emptied_studio()
    return url


@pytest.fixture
def database() -> str:
    return "sqlite"


@pytest.fixture
def studio(
    data_dir: Path, database: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> ModuleType:
    from backend import services
    from backend.settings import settings
    from methods import METHODS
    from tests.toys import TOYS

    if database == "postgresql":
        monkeypatch.setenv("VITRINE_DB_URL", request.getfixturevalue("postgresql_url"))
        settings.cache_clear()
    else:
        data_dir.mkdir(parents=True, exist_ok=True)
        shutil.copy(request.getfixturevalue("sqlite_template"), data_dir / "vitrine.db")
    for name, method in TOYS.items():
        monkeypatch.setitem(METHODS, name, method)
    return services


@pytest.fixture
def works(studio: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """A function that executes every run that waits in the queues cpu and gpu, in this process."""
    from backend import tasks, worker

    monkeypatch.setattr(worker, "_this", None)
    worker.become("cpu", ["cpu", "gpu"])
    return lambda: tasks.execute_next("cpu")


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    from backend import reaper
    from backend.services import launching

    queues: list[str] = []
    monkeypatch.setattr(launching, "wake", queues.append)
    monkeypatch.setattr(reaper, "wake", queues.append)
    return queues
