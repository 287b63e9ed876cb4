"""A studio of several machines: PostgreSQL, a broker, a bucket, and two workers that share no folder with each other.

Each worker reaches database and broker by cables of its own, which tests cut: a forwarding program of ours, or, in the
slow tests, the virtual cable of a network namespace in which the worker lives. The services and the reaper are in this process,
which reaches everything directly.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil
import pytest

from storage import buckets
from tests import postgresql, servers
from tests.conftest import configure, forget
from tests.faults import processes
from tests.faults.conftest import SHORT
from tests.integration import network
from tests.integration.network import Network, Wire, namespace
from tests.integration.proxy import Cable, cable

BUCKET = "artefacts"


@dataclass
class Host:
    """What stands for a machine with one worker: its folder, its process, its cables."""

    folder: Path
    pid: int
    cables: Sequence[Cable | Wire]

    def cut(self) -> None:
        for each in self.cables:
            each.cut()

    def mend(self) -> None:
        for each in self.cables:
            each.mend()

    def log(self) -> str:
        return (self.folder / "log").read_text()


class Server:
    """A server that a test can kill, and start again with nothing of what it knew."""

    def __init__(self, start: Callable[[], AbstractContextManager[Any]]) -> None:
        self._start = start
        self._runs: AbstractContextManager[Any] | None = None

    def start(self) -> Any:
        self._runs = self._start()
        return self._runs.__enter__()

    def stop(self) -> None:
        if self._runs is not None:
            self._runs.__exit__(None, None, None)
        self._runs = None


@dataclass
class Cluster:
    services: ModuleType
    folder: Path
    database: postgresql.Server
    broker: Server
    store: Server
    bucket: dict[str, str]
    hosts: list[Host] = field(default_factory=list)

    @property
    def log(self) -> Path:
        return self.folder / "executions"

    def host_of(self, run_id: str) -> Host:
        """The host whose worker has a run."""
        pid = processes.pid_of(self.services, self.services.get_run(run_id).worker_id)
        return next(host for host in self.hosts if host.pid == pid)

    def executions(self) -> list[str]:
        return self.log.read_text().split() if self.log.exists() else []


@contextmanager
def cluster(kind: str, folder: Path, net: Network | None = None) -> Iterator[Cluster]:
    from backend import services
    from methods import METHODS
    from tests.toys import TOYS

    host = net.host if net else servers.HERE
    port, store_port = servers.free_port(), servers.free_port()
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        database = stack.enter_context(postgresql.running(servers.free_port(), host=host))
        broker = Server(
            lambda: (
                servers.rabbitmq(folder, port)
                if kind == "rabbitmq"
                else servers.redis(folder, port, host)
            )
        )
        store = Server(lambda: servers.bucket(folder, store_port, BUCKET, host))
        for server in (broker, store):
            stack.callback(server.stop)
        broker.start()
        made = Cluster(services, folder, database, broker, store, store.start())
        for name, value in made.bucket.items():
            patch.setenv(name, value)
        buckets.bucket.cache_clear()  # this process may still know the one of another cluster
        variables = _variables(kind, database, database.port, port)
        # Longer than on one machine: a worker that is merely slow must not be taken for lost.
        lease = {"LEASE_S": 6, "HEARTBEAT_S": 1}
        configure(patch, folder / "web", **{**SHORT, **lease, **variables})
        for name, method in TOYS.items():
            patch.setitem(METHODS, name, method)
        stack.callback(forget)
        stack.enter_context(services.open_studio())
        for number, name in enumerate(("a", "b")):
            host_by = _host_within if net else _host_by_cables
            made.hosts.append(
                stack.enter_context(host_by(folder / name, kind, database, port, net, number))
            )
        yield made


def _variables(
    kind: str, database: postgresql.Server, database_port: int, port: int
) -> dict[str, Any]:
    brokers = {
        "redis": f"redis://{database.host}:{port}/0",
        "rabbitmq": f"amqp://guest:guest@{database.host}:{port}//",
    }
    return {
        "DB_URL": database.tcp_url(postgresql.STUDIO, database_port),
        "BROKER_URL": brokers[kind],
        "ARTEFACTS_URL": f"s3://{BUCKET}/vitrine",
    }


@contextmanager
def _host_by_cables(
    folder: Path, kind: str, database: postgresql.Server, port: int, _net: None, _number: int
) -> Iterator[Host]:
    with cable(database.port) as to_database, cable(port) as to_broker:
        variables = _variables(kind, database, to_database.port, to_broker.port)
        with _worker(folder, variables) as process:
            yield Host(folder, process.pid, [to_database, to_broker])


@contextmanager
def _host_within(
    folder: Path, kind: str, database: postgresql.Server, port: int, net: Network, number: int
) -> Iterator[Host]:
    """A worker in a network namespace: its cable leads to the bucket too."""
    with namespace(net, number) as wire:
        variables = _variables(kind, database, database.port, port)
        with _worker(folder, variables, wire.within) as process:
            yield Host(folder, process.pid, [wire])


@contextmanager
def _worker(
    folder: Path, variables: dict[str, Any], within: Sequence[str] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    folder.mkdir()
    variables["DATA_DIR"] = folder / "data"
    environment = {f"VITRINE_{name}": value for name, value in variables.items()}
    command = ("tests.toys", "worker", "--also-gpu-queue")
    with processes.started(folder / "log", *command, within=within, **environment) as process:
        yield process


@pytest.fixture(
    scope="module",
    params=[
        "redis",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("rabbitmq", "namespaces")),
    ],
)
def _cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    kind = "redis" if request.param == "namespaces" else request.param
    for server in (kind, "postgresql"):
        servers.need(servers.why_not(server))
    folder = Path(tempfile.mkdtemp(prefix="vitrine-hosts-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        net = None
        if request.param == "namespaces":
            servers.need(network.why_not())
            net = stack.enter_context(network.network())
        yield stack.enter_context(cluster(kind, folder, net))


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
