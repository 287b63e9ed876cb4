"""`vitrine workers`: which there are, and asking them to leave once their run has ended, one after another."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backend.services import WorkerView

EXAMPLE = (
    "vitrine workers restart all; vitrine workers stop node7; vitrine workers stop gpu0@node7:4711"
)
LOOK_S = 1.0


def add_workers(commands: Any) -> None:
    """Give the command line its `workers`."""
    parser = commands.add_parser(
        "workers",
        help="list the workers; stop or restart them without losing a run",
        description="stop: each ends after its run and stays down. restart: one after another, each is replaced after its "
        "run by a fresh process, the next one when that is ready. stay: take back what was asked.",
        epilog=EXAMPLE,
    )
    parser.add_argument(
        "action", nargs="?", choices=("list", "stop", "restart", "stay"), default="list"
    )
    parser.add_argument("which", nargs="*", help="names of workers or of hosts, or all")
    parser.add_argument("--no-wait", action="store_true", help="ask all at once, and do not wait")
    parser.set_defaults(command=workers)


def workers(options: argparse.Namespace) -> None:
    """Print a line for each worker, or for each thing that is done; code 2 for a name that nobody has."""
    from backend import services

    services.open_database()
    if options.action == "list":
        print(*lines(services.workers()), sep="\n")
        return
    try:
        crew = chosen([each for each in services.workers() if each.alive], options.which)
        for line in asked(options.action, crew, wait=not options.no_wait):
            print(line, flush=True)
    except (services.NotFound, ValueError) as error:
        print(f"vitrine: {error}", file=sys.stderr)
        sys.exit(2)


def lines(crew: list[WorkerView]) -> Iterator[str]:
    """A table of the workers."""
    if not crew:
        yield "no worker is running: start one with `vitrine worker`"
    for each in crew:
        doing = f"run {each.current_run}" if each.current_run else "idle"
        leaves = f", will {each.asked}" if each.asked else ""
        yield (
            f"{each.id}  {doing if each.alive else 'silent'}{leaves}  {each.device_name}, "
            f"{each.memory_free_mb / 1e3:.1f} of {each.memory_total_mb / 1e3:.1f} GB free  {','.join(each.queues)}"
        )


def chosen(crew: list[WorkerView], names: list[str]) -> list[WorkerView]:
    """The workers that are meant, each once, in the order of the names.

    Raises:
        ValueError: nobody is named, or a name is neither a living worker's nor a host's.
    """
    if not names:
        raise ValueError("which workers: name some, or their hosts, or say all")
    found: dict[str, WorkerView] = {}
    for name in names:
        meant = [each for each in crew if name in (each.id, each.host, "all")]
        if not meant:
            there = ", ".join(each.id for each in crew) or "none"
            raise ValueError(f"no living worker or host is called {name!r}; there are {there}")
        found |= {each.id: each for each in meant}
    return list(found.values())


def asked(action: str, crew: list[WorkerView], *, wait: bool) -> Iterator[str]:
    """Ask each, and say so; where they shall be waited for, restart one after another."""
    from backend import services

    what: Any = action
    for each in crew:
        services.ask_worker(each.id, what)
        doing = f" after run {each.current_run}" if each.current_run else ""
        yield f"{each.id}: {'stays' if action == 'stay' else f'will {action}{doing}'}"
        if wait and action == "restart":
            yield f"{_until(lambda worker=each: successor(worker, services.workers()))} is ready"  # type: ignore[misc]
    if wait and action == "stop":
        names = {each.id for each in crew}
        _until(lambda: not [each for each in services.workers() if each.alive and each.id in names])
        yield f"{len(names)} stopped"


def successor(before: WorkerView, now: list[WorkerView]) -> str:
    """The worker that took another's place; empty while there is none."""
    place = before.id.rpartition(":")[0]
    alive = [each for each in now if each.alive]
    if before.id in [each.id for each in alive]:
        return ""
    new = [each.id for each in alive if each.started_at > before.started_at]
    return next((name for name in new if name.rpartition(":")[0] == place), "")


def _until(there: Callable[[], Any]) -> Any:
    """What `there` gives once that is true: a run takes as long as it takes."""
    while not (seen := there()):
        time.sleep(LOOK_S)
    return seen
