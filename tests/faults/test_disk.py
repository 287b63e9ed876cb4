"""A real worker on a disk that fills up: runs fail clearly, nothing half is left, and it goes on when there is room."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from backend.settings import settings
from storage import db
from tests.conftest import configure, forget, wait_for
from tests.disks import files, small_disk
from tests.faults.conftest import SHORT
from tests.faults.processes import started, wait_for_points, wait_for_status, wait_for_workers

DISK_MB = 12


@pytest.fixture(scope="module")
def worker_on_small_disk(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[ModuleType, Path]]:
    from backend import services
    from methods import METHODS
    from tests.toys import TOYS

    folder = tmp_path_factory.mktemp("disk")
    log = folder / "log"
    with small_disk(folder / "small", megabytes=DISK_MB) as disk, pytest.MonkeyPatch.context() as p:
        configure(p, disk / "data", **SHORT)
        for name, method in TOYS.items():
            p.setitem(METHODS, name, method)
        db.upgrade(settings().database_url)
        with started(log, "tests.toys", "worker"):
            wait_for_workers(services, 1)
            yield services, log
        forget()


def fill(disk: Path) -> Path:
    """A file that takes all the room that is left."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
    return filler


def test_an_artefact_for_which_there_is_no_room_fails_its_run_and_leaves_nothing(
    worker_on_small_disk: tuple[ModuleType, Path],
) -> None:
    services, _ = worker_on_small_disk
    run = services.submit("toy.fill", {"megabytes": 2 * DISK_MB})
    failed = wait_for_status(services, run.id, "failed")
    assert failed.error_type == "StorageError"
    assert failed.error.startswith(f"the disk is full: {settings().artefacts_dir} has")
    assert "set VITRINE_DATA_DIR to a folder on a larger disk" in failed.error
    assert failed.attempt == 1
    assert files(settings().artefacts_dir) == []
    assert services.artefacts(run.id) == []
    assert [event.message for event in services.events(run.id)] == ["about to save"]
    smaller = services.submit("toy.fill", {"megabytes": 1})
    wait_for_status(services, smaller.id, "succeeded")
    assert len(files(settings().artefacts_dir)) == 1


def test_a_database_for_which_there_is_no_room_fails_the_run_when_there_is_some_again(
    worker_on_small_disk: tuple[ModuleType, Path],
) -> None:
    services, log = worker_on_small_disk
    run = services.submit("toy.steps", {"steps": 100_000, "seconds_per_step": 0.001})
    wait_for_points(services, run.id, 10)
    filler = fill(settings().root.parent)
    try:
        wait_for(lambda: f"run {run.id}: the database cannot be written" in log.read_text(), 60)
    finally:
        filler.unlink()
    failed = wait_for_status(services, run.id, "failed")
    assert failed.error_type == "StorageError"
    assert failed.error == "the database cannot be written: database or disk is full"
    points = services.series(run.id)["value"]
    assert [step for step, _ in points] == list(range(len(points)))
    after = services.submit("toy.steps", {"steps": 1, "seconds_per_step": 0.0})
    wait_for_status(services, after.id, "succeeded")
