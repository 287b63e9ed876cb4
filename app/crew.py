"""`vitrine workers`: which there are, and asking them to leave once their run has ended, one after another."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backend.services import WorkerView

EXAMPLE = (
    "vitrine workers restart all; vitrine workers stop node7; vitrine workers stop gpu0@node7:4711"
)
LOOK_S = 1.0
PATIENCE_S = 180.0
"""A worker that is restarted is there again within seconds; its supervisor waits up to 30 s where it keeps dying."""


class NoSuccessor(Exception):
    """A worker left to be replaced, and nobody took its place."""


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
    parser.add_argument(
        "--patience",
        type=float,
        default=PATIENCE_S,
        metavar="SECONDS",
        help="how long restart waits for the fresh process once the old one has ended (%(default)g)",
    )
    parser.set_defaults(command=workers)


def workers(options: argparse.Namespace) -> None:
    """Print a line for each worker, or for each thing that is done; code 2 for a name that nobody has, 1 where a worker
    left and was not replaced."""
    from backend import services

    services.open_database()
    if options.action == "list":
        print(*lines(services.workers()), sep="\n")
        return
    try:
        crew = chosen([each for each in services.workers() if each.alive], options.which)
        wait = not options.no_wait
        for line in asked(options.action, crew, wait=wait, patience_s=options.patience):
            print(line, flush=True)
    except NoSuccessor as error:
        print(f"vitrine: {error}", file=sys.stderr)
        sys.exit(1)
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


def asked(
    action: str, crew: list[WorkerView], *, wait: bool, patience_s: float = PATIENCE_S
) -> Iterator[str]:
    """Ask each, and say so; where they shall be waited for, restart one after another.

    Raises:
        NoSuccessor: one left to be replaced and was not, for `patience_s` seconds; those after it were not asked.
    """
    from backend import services

    what: Any = action
    for place, each in enumerate(crew):
        services.ask_worker(each.id, what)
        doing = f" after run {each.current_run}" if each.current_run else ""
        yield f"{each.id}: {'stays' if action == 'stay' else f'will {action}{doing}'}"
        if wait and action == "restart":
            yield f"{_replaced(each, crew[place + 1 :], patience_s)} is ready"
    if wait and action == "stop":
        names = {each.id for each in crew}
        while [each for each in services.workers() if each.alive and each.id in names]:
            time.sleep(LOOK_S)
        yield f"{len(names)} stopped"


def _replaced(worker: WorkerView, later: list[WorkerView], patience_s: float) -> str:
    """The worker that took another's place. A run takes as long as it takes; from its end on patience is limited."""
    from backend import services

    until = None
    while not (name := successor(worker, now := services.workers())):
        time.sleep(LOOK_S)
        if _is_there(worker, now):
            continue
        until = until or time.monotonic() + patience_s
        if time.monotonic() > until:
            spared = ", ".join(each.id for each in later)
            raise NoSuccessor(
                f"{worker.id} has ended and nobody took its place within {patience_s:g} s: see what its supervisor says "
                f"on {worker.host}, or start one there with `vitrine worker`"
                + (f"; not asked, and still at work: {spared}" if spared else "")
            )
    return name


def successor(before: WorkerView, now: list[WorkerView]) -> str:
    """The worker that took another's place; empty while there is none. One without a supervisor replaces itself, and keeps
    its number and so its name."""
    if _is_there(before, now):
        return ""
    place = before.id.rpartition(":")[0]
    new = [each.id for each in now if each.alive and each.started_at > before.started_at]
    return next((name for name in new if name.rpartition(":")[0] == place), "")


def _is_there(worker: WorkerView, now: list[WorkerView]) -> bool:
    known = [(each.id, each.started_at) for each in now if each.alive]
    return (worker.id, worker.started_at) in known
