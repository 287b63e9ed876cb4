"""`vitrine cancel`, `delete`, `set` and `queue`: what can be done with runs, and the order in which they start."""

from __future__ import annotations

import argparse
import sys
from typing import Any
from urllib.parse import quote

from app.asking import Refused, studio
from app.printing import as_json, moment, plain, setting, status, table
from app.running import NAMED


def add_changing(commands: Any) -> None:
    """Give the command line its `cancel`, `delete`, `set` and `queue`."""
    end = commands.add_parser("cancel", help="stop runs, or take them out of the queue")
    end.add_argument("runs", nargs="*", metavar="RUN", help=NAMED)
    end.add_argument("--all", action="store_true", help="every run that has not ended")
    end.add_argument("--but", metavar="RUN", help="with --all: this one goes on")
    end.add_argument(
        "--hard", action="store_true", help="end its worker, do not wait for the method"
    )
    end.set_defaults(command=cancel)

    gone = commands.add_parser("delete", help="delete runs with all they reported")
    gone.add_argument("runs", nargs="+", metavar="RUN", help=NAMED)
    gone.add_argument("--yes", action="store_true", help="do not ask")
    gone.set_defaults(command=delete)

    other = commands.add_parser("set", help="rename, pin, archive a run, or change its priority")
    other.add_argument("run", metavar="RUN", help=NAMED)
    other.add_argument("--title")
    other.add_argument("--pinned", action=argparse.BooleanOptionalAction)
    other.add_argument("--archived", action=argparse.BooleanOptionalAction)
    other.add_argument("--priority", type=int, help="higher starts earlier, -100 to 100")
    other.set_defaults(command=change)

    line = commands.add_parser("queue", help="what runs and what waits; pause, resume, reorder")
    line.add_argument("--json", action="store_true")
    line.set_defaults(command=queue)
    actions = line.add_subparsers(metavar="ACTION")
    for name, about in (
        ("pause", "start no more runs of a queue"),
        ("resume", "start its runs again"),
    ):
        one = actions.add_parser(name, help=about)
        one.add_argument("queue", metavar="QUEUE", help="cpu, gpu, gpu0, ...")
        one.set_defaults(command=pause, what=name)
    place = actions.add_parser("move", help="change a waiting run's place")
    place.add_argument("run", metavar="RUN", help=NAMED)
    place.add_argument("where", choices=("first", "up", "down", "last"))
    place.set_defaults(command=move)


def cancel(options: argparse.Namespace) -> None:
    place = studio()
    if options.all == bool(options.runs) or (options.but and not options.all):
        raise Refused("name the runs to cancel, or say --all, with --but RUN for one that goes on")
    if options.all:
        kept = place.run(options.but)["id"] if options.but else None
        print(f"cancelled: {place.post('runs/cancel', {'except_run': kept})['cancelled']} runs")
        return
    for run in [place.run(name) for name in options.runs]:
        now = place.post(f"runs/{run['id']}/cancel", {"hard": options.hard})
        said = "cancelled" if now["status"] == "cancelled" else "asked to stop at its next step"
        print(f"{run['id']}: {said}")


def delete(options: argparse.Namespace) -> None:
    place = studio()
    runs = [place.run(name) for name in options.runs]
    if not options.yes:
        for run in runs:
            print(f"{run['id']}  {status(run)}  {plain(run['title'] or run['method'])}")
        if not _agreed(f"Delete {_count(runs)}, with curves and files? This cannot be undone."):
            raise Refused("nothing was deleted")
    for run in runs:
        place.delete(f"runs/{run['id']}")
        print(f"deleted: {run['id']}")


def _count(runs: list[Any]) -> str:
    return "this run" if len(runs) == 1 else f"these {len(runs)} runs"


def _agreed(question: str) -> bool:
    if not sys.stdin.isatty():
        raise Refused("nobody can be asked here: say --yes to delete")
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def change(options: argparse.Namespace) -> None:
    place = studio()
    names = ("title", "pinned", "archived", "priority")
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    if not given:
        raise Refused("say what to change: --title, --pinned, --archived or --priority")
    run = place.patch(f"runs/{place.run(options.run)['id']}", given)
    print(f"{run['id']}: {', '.join(f'{name} {plain(setting(run[name]))}' for name in given)}")


def queue(options: argparse.Namespace) -> None:
    place = studio()
    view = place.get("queue")
    if options.json:
        print(as_json(view))
        return
    rows = [
        [run["id"], status(run), run["queue"], moment(run["created_at"]), run["title"]]
        for run in (*view["running"], *view["waiting"])
    ]
    print(*table(rows), sep="\n") if rows else print("nothing runs and nothing waits")
    alive = [each for each in place.get("workers") if each["alive"]]
    print(
        f"{len(alive)} {'worker' if len(alive) == 1 else 'workers'}"
        if alive
        else "no worker: `vitrine worker` starts one"
    )
    if view["paused"]:
        print(f"paused: {', '.join(view['paused'])}")


def pause(options: argparse.Namespace) -> None:
    place = studio()
    place.post(f"queue/{quote(options.queue, safe='')}/{options.what}")
    print(f"{options.queue}: {'paused' if options.what == 'pause' else 'resumed'}")
    served = {name for each in place.get("workers") if each["alive"] for name in each["queues"]}
    if options.queue not in served:
        there = f"they serve {', '.join(sorted(served))}" if served else "none is there"
        print(f"vitrine: no worker serves {options.queue}; {there}", file=sys.stderr)


def move(options: argparse.Namespace) -> None:
    place = studio()
    run = place.run(options.run)
    place.post(f"runs/{run['id']}/move", {"where": options.where})
    print(f"{run['id']}: {options.where}")
