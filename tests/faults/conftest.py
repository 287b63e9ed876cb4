"""A house with two real workers and a reaper, shared by the tests of a module: starting one takes seconds.

It stands on the embedded broker and SQLite, and once more, in the slow tests, on each of the servers: Redis or RabbitMQ
with PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from backend import celery_app
from backend.settings import settings
from tests import postgresql, servers
from tests.conftest import configure, forget
from tests.faults import processes

REMOTE = ("redis", "rabbitmq")
SHORT = {
    "LEASE_S": 3,
    "HEARTBEAT_S": 0.5,
    "REAPER_S": 0.5,
    "POLL_S": 0.05,
    "CANCEL_GRACE_S": 1,
    "THREADS": 1,
    "DEMO": 0,
}
"""Settings under which losing a worker is noticed within seconds, and nothing runs but what a test starts."""


@dataclass(frozen=True)
class House:
    services: ModuleType
    folder: Path
    pid: int
    place: str

    def unheard(self) -> int:
        """Wake-ups that no worker has taken yet."""
        if self.place == "embedded":
            return len(list((settings().broker_dir / "queues").glob("*.msg")))
        with celery_app.app.connection_for_read() as connection:
            channel = connection.default_channel
            declared = channel.queue_declare(queue="cpu", durable=True, auto_delete=False)
            return int(declared.message_count)

    def steps(self, **values: Any) -> dict[str, Any]:
        """Settings of "toy.steps"; each execution writes a line into `log`."""
        return {"log_file": str(self.log), **values}

    @property
    def log(self) -> Path:
        return self.folder / "executions"

    def executions(self) -> list[str]:
        return self.log.read_text().split() if self.log.exists() else []


@contextmanager
def _servers(place: str) -> Iterator[dict[str, Any]]:
    """The variables of a place, its servers started."""
    if place == "embedded":
        yield {}
        return
    for server in (place, "postgresql"):
        servers.need(servers.why_not(server))
    with servers.broker(place) as broker, postgresql.running() as database:
        # A server more on the same cores: a worker that is merely slow must not be taken for lost.
        lease = {"LEASE_S": 6, "HEARTBEAT_S": 1}
        yield {"BROKER_URL": broker, "DB_URL": database.url(postgresql.STUDIO), **lease}


@contextmanager
def standing(folder: Path, place: str, **variables: object) -> Iterator[House]:
    """A house in `folder` with the toy methods beside the real ones, and the studio of this process on the same data."""
    from backend import services
    from methods import METHODS
    from tests.toys import TOYS

    with pytest.MonkeyPatch.context() as patch, _servers(place) as addresses:
        configure(patch, folder / "data", **{**SHORT, **addresses, **variables})
        for name, method in TOYS.items():
            patch.setitem(METHODS, name, method)
        with (
            services.open_studio(),
            processes.started(folder / "log", "tests.faults.house") as process,
        ):
            yield House(services, folder, process.pid, place)
        forget()


@pytest.fixture(
    scope="module",
    params=["embedded", *(pytest.param(name, marks=pytest.mark.slow) for name in REMOTE)],
)
def _house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    with standing(tmp_path_factory.mktemp("house"), request.param, WORKERS=2) as house:
        yield house


@pytest.fixture
def house(_house: House) -> House:
    """The house with both workers idle, whatever the test before did to them."""
    _house.services.cancel_all()
    processes.wait_for_workers(_house.services, 2)
    _house.log.unlink(missing_ok=True)
    return _house
