"""A studio of several machines: PostgreSQL, a broker, a bucket, and two workers that share no folder with each other.

Each worker reaches database and broker by cables of its own, which tests cut. The services and the reaper are in this
process, which reaches everything directly.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil
import pytest

from tests import postgresql, servers
from tests.conftest import configure, forget
from tests.faults import processes
from tests.faults.conftest import SHORT
from tests.integration.proxy import Cable, cable

BUCKET = "artefacts"


@dataclass
class Host:
    """What stands for a machine with one worker: its folder, its process, its cables."""

    folder: Path
    pid: int
    cables: list[Cable]

    def cut(self) -> None:
        for each in self.cables:
            each.cut()

    def mend(self) -> None:
        for each in self.cables:
            each.mend()

    def log(self) -> str:
        return (self.folder / "log").read_text()


@dataclass
class Cluster:
    services: ModuleType
    folder: Path
    database: postgresql.Server
    bucket: dict[str, str]
    start_broker: Callable[[], Any]
    hosts: list[Host] = field(default_factory=list)
    broker: Any = None

    @property
    def log(self) -> Path:
        return self.folder / "executions"

    def host_of(self, run_id: str) -> Host:
        """The host whose worker has a run."""
        pid = processes.pid_of(self.services, self.services.get_run(run_id).worker_id)
        return next(host for host in self.hosts if host.pid == pid)

    def executions(self) -> list[str]:
        return self.log.read_text().split() if self.log.exists() else []

    def restart_broker(self, away: Callable[[], None] = lambda: None) -> None:
        """Kill the broker, do something without it, and start it again with nothing of what it knew."""
        self.broker.__exit__(None, None, None)
        away()
        self.broker = self.start_broker()
        self.broker.__enter__()


@contextmanager
def cluster(kind: str, folder: Path) -> Iterator[Cluster]:
    from backend import services
    from methods import METHODS
    from tests.toys import TOYS

    for server in (kind, "postgresql"):
        servers.need(servers.why_not(server))
    port, start = servers.free_port(), servers.redis if kind == "redis" else servers.rabbitmq
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        database = stack.enter_context(postgresql.running(servers.free_port()))
        bucket = stack.enter_context(servers.bucket(folder, servers.free_port(), BUCKET))
        made = Cluster(services, folder, database, bucket, lambda: start(folder, port))
        made.broker = made.start_broker()
        made.broker.__enter__()
        stack.callback(lambda: made.broker.__exit__(None, None, None))
        for name, value in bucket.items():
            patch.setenv(name, value)
        variables = _variables(kind, database, database.port, port)
        # Longer than on one machine: a worker that is merely slow must not be taken for lost.
        lease = {"LEASE_S": 6, "HEARTBEAT_S": 1}
        configure(patch, folder / "web", **{**SHORT, **lease, **variables})
        for name, method in TOYS.items():
            patch.setitem(METHODS, name, method)
        stack.callback(forget)
        stack.enter_context(services.open_studio())
        for name in ("a", "b"):
            made.hosts.append(stack.enter_context(_host(folder / name, kind, database, port)))
        yield made


def _variables(
    kind: str, database: postgresql.Server, database_port: int, port: int
) -> dict[str, Any]:
    brokers = {
        "redis": f"redis://127.0.0.1:{port}/0",
        "rabbitmq": f"amqp://guest:guest@127.0.0.1:{port}//",
    }
    return {
        "DB_URL": database.tcp_url(postgresql.STUDIO, database_port),
        "BROKER_URL": brokers[kind],
        "ARTEFACTS_URL": f"s3://{BUCKET}/vitrine",
    }


@contextmanager
def _host(folder: Path, kind: str, database: postgresql.Server, port: int) -> Iterator[Host]:
    folder.mkdir()
    with cable(database.port) as to_database, cable(port) as to_broker:
        variables = _variables(kind, database, to_database.port, to_broker.port)
        variables["DATA_DIR"] = folder / "data"
        environment = {f"VITRINE_{name}": value for name, value in variables.items()}
        with processes.started(
            folder / "log", "tests.toys", "worker", "--also-gpu-queue", **environment
        ) as process:
            yield Host(folder, process.pid, [to_database, to_broker])


@pytest.fixture(scope="module", params=["redis", pytest.param("rabbitmq", marks=pytest.mark.slow)])
def _cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    folder = Path(tempfile.mkdtemp(prefix="vitrine-hosts-"))
    try:
        with cluster(request.param, folder) as made:
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def hosts(_cluster: Cluster) -> Cluster:
    """The cluster with both workers idle, whatever the test before did to them."""
    _cluster.services.cancel_all()
    for host in _cluster.hosts:
        host.mend()
        assert psutil.pid_exists(host.pid), host.log()
    processes.wait_for_workers(_cluster.services, 2)
    _cluster.log.unlink(missing_ok=True)
    return _cluster
