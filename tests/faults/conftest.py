"""A house with two real workers and a reaper, shared by the tests of a module: starting one takes seconds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.conftest import configure, forget
from tests.faults import processes

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

    def steps(self, **values: Any) -> dict[str, Any]:
        """Settings of "toy.steps"; each execution writes a line into `log`."""
        return {"log_file": str(self.log), **values}

    @property
    def log(self) -> Path:
        return self.folder / "executions"

    def executions(self) -> list[str]:
        return self.log.read_text().split() if self.log.exists() else []


@pytest.fixture(scope="module")
def _house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    from backend import services
    from methods import METHODS
    from tests.toys import TOYS

    folder = tmp_path_factory.mktemp("house")
    with pytest.MonkeyPatch.context() as patch:
        configure(patch, folder / "data", WORKERS=2, **SHORT)
        for name, method in TOYS.items():
            patch.setitem(METHODS, name, method)
        with (
            services.open_studio(),
            processes.started(folder / "log", "tests.faults.house") as process,
        ):
            yield House(services, folder, process.pid)
        forget()


@pytest.fixture
def house(_house: House) -> House:
    """The house with both workers idle, whatever the test before did to them."""
    _house.services.cancel_all()
    processes.wait_for_workers(_house.services, 2)
    _house.log.unlink(missing_ok=True)
    return _house
