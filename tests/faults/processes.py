"""Real processes for the fault tests: started here, watched, and ended whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from tests.conftest import wait_for

START_S = 120.0
"""Longest that starting processes on a busy machine may take."""


@contextmanager
def started(
    log: Path, *arguments: str, within: Sequence[str] = (), **environment: object
) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m ...` of this checkout with this process's environment and some more of it; it and all it started end
    with the block.

    Args:
        within: a command that becomes the one it is given, as `ip netns exec NAME` does.
    """
    with log.open("ab") as out:
        process = subprocess.Popen(
            [*within, sys.executable, "-m", *arguments],
            cwd=Path(__file__).parents[2],
            env={**os.environ, **{name: str(value) for name, value in environment.items()}},
            stdout=out,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        family = descendants(process.pid)
        end(process)
        for each in family:
            with suppress(psutil.NoSuchProcess):
                each.kill()


def end(process: subprocess.Popen[bytes], number: int = signal.SIGTERM) -> int:
    """Ask a process to end and wait for it; its exit code."""
    if process.poll() is None:
        process.send_signal(number)
    try:
        return process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        raise


def descendants(pid: int) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).children(recursive=True)
    return []


def running(pid: int) -> bool:
    """Whether there is such a process, and more than the record of its end."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def gone(processes: list[psutil.Process]) -> bool:
    """Whether all of these processes have ended; a new one that was given an old number does not count."""
    return not [each for each in processes if each.is_running() and running(each.pid)]


def alive_workers(services: Any) -> list[Any]:
    """Workers that gave a sign lately and whose process is there."""
    return [each for each in services.workers() if each.alive and running(each.pid)]


def wait_for_workers(services: Any, count: int) -> list[Any]:
    """At least `count` workers that have nothing to do."""

    def idle() -> list[Any]:
        found = [each for each in alive_workers(services) if not each.current_run]
        return found if len(found) >= count else []

    return wait_for(idle, START_S)


def wait_for_status(services: Any, run_id: str, *statuses: str, timeout: float = 60.0) -> Any:
    """The run, once it has one of these statuses; an end that was not asked for is told at once."""

    def there() -> Any:
        run = services.get_run(run_id)
        assert not run.finished or run.status in statuses, f"{run.status}: {run.error}"
        return run if run.status in statuses else None

    return wait_for(there, timeout)


def wait_for_points(services: Any, run_id: str, count: int, timeout: float = 60.0) -> None:
    """Until the run has reported so many points."""
    wait_for(lambda: len(services.series(run_id).get("value", [])) >= count, timeout)


def pid_of(services: Any, worker_id: str) -> int:
    [pid] = [each.pid for each in services.workers() if each.id == worker_id]
    return int(pid)


def kill(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
