"""`vitrine run`, `rerun` and `watch`: put runs into the queue and see how they end."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from app.asking import Refused, Studio, studio
from app.comparing import lines_of
from app.printing import as_json, duration, moment
from app.values import settings_from
from app.watching import Line, follow, goes_on, result

EXAMPLE = """examples:
  vitrine run caching.sample --preset goc50 --set interval=3 --seed 1 --title mine --watch
  vitrine run caching.sample --preset uncached --preset fora50 --preset goc50 --watch     three runs, then side by side
  vitrine methods caching.sample                                               its presets and settings

The settings are checked before anything is queued. Ends with code 0 if every run succeeded, 1 if not, 2 if nothing was
queued, 130 after Ctrl-C, which leaves the run running."""
STOPPED = 130


def add_run(commands: Any) -> None:
    """Give the command line its `run`, `rerun` and `watch`."""
    parser = commands.add_parser(
        "run",
        help="queue a run, or several side by side, and watch it",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("method", metavar="METHOD", help="such as caching.sample; see `methods`")
    repeated: dict[str, Any] = {"action": "append", "default": []}
    parser.add_argument(
        "--preset",
        **repeated,
        metavar="NAME",
        help="start from its settings; several make a run each",
    )
    parser.add_argument(
        "--set", **repeated, metavar="NAME=VALUE", help="a setting; goes before the presets'"
    )
    parser.add_argument("--seed", type=int, default=0, help="of all random numbers (0)")
    parser.add_argument("--title", default="", help="what to call it")
    parser.add_argument(
        "--priority", type=int, default=0, help="higher starts earlier, -100 to 100 (0)"
    )
    parser.add_argument("--queue", default="", help="cpu, or gpu0 and so on, to pin it to a device")
    parser.add_argument(
        "--reuse", action="store_true", help="take the finished run of the same, if there is one"
    )
    parser.add_argument("--plan", action="store_true", help="check and estimate, queue nothing")
    _add_waiting(parser)
    parser.set_defaults(command=run)

    again = commands.add_parser("rerun", help="queue a run again, with its settings and seed")
    again.add_argument("run", metavar="RUN", help=NAMED)
    _add_waiting(again)
    again.set_defaults(command=rerun)

    see = commands.add_parser("watch", help="follow runs until they have ended")
    see.add_argument("runs", nargs="*", metavar="RUN", default=["last"], help=NAMED)
    see.add_argument("--json", action="store_true", help="print them as JSON once they have ended")
    see.set_defaults(command=watch)


NAMED = "its id, the beginning of it, or last: the newest"


def _add_waiting(parser: argparse.ArgumentParser) -> None:
    waiting = parser.add_mutually_exclusive_group()
    waiting.add_argument("--watch", action="store_true", help="show how it goes until it has ended")
    waiting.add_argument("--wait", action="store_true", help="say nothing until it has ended")
    parser.add_argument("--json", action="store_true", help="print the run as JSON, for scripts")


def run(options: argparse.Namespace) -> None:
    """Check, estimate, queue; then wait if that was asked for."""
    place = studio()
    launches = launches_of(place, options)
    say = sys.stderr if options.json else sys.stdout
    queued: list[dict[str, Any]] = []
    reused: list[dict[str, Any]] = []
    for launch in launches:
        checked = place.post(
            f"methods/{options.method}/check",
            {"config": launch["config"], "seed": launch["seed"]},
        )
        needs, same = checked["estimate"], checked["same"]
        title = launch["title"] or options.method
        print(
            f"{title}: about {duration(needs['seconds'])}, up to {needs['memory_mb']:,.0f} MB",
            file=say,
        )
        if same:
            link = place.link(same["url"])
            print(f"  run before, with the same figures to expect: {link}", file=say)
        if same and options.reuse:
            reused.append(same)
        else:
            queued.append(launch)
    if options.plan:
        return
    made = _queue(place, queued, options)
    for each in made:
        print(f"queued: {place.link(each['url'])}", file=say)
    _finish(place, [*reused, *made], options)


def launches_of(place: Studio, options: argparse.Namespace) -> list[dict[str, Any]]:
    """A launch a preset, or one with the defaults.

    Raises:
        Refused: there is no such method or preset, or a setting is no NAME=VALUE.
    """
    method = method_of(place, options.method)
    unknown = [key for key in options.preset if key not in method["presets"]]
    if unknown:
        there = ", ".join(method["presets"]) or "none"
        raise Refused(
            f"--preset: there is no {unknown[0]!r} of {options.method}; there are {there}"
        )
    try:
        given = settings_from(method["schema"]["properties"], options.set)
    except ValueError as error:
        raise Refused(str(error)) from None
    presets = [method["presets"][key] for key in options.preset] or [{"title": "", "values": {}}]
    many = len(presets) > 1
    return [
        {
            "method": options.method,
            "config": {**preset["values"], **given},
            "seed": options.seed,
            "title": preset["title"] if many or not options.title else options.title,
        }
        for preset in presets
    ]


def method_of(place: Studio, name: str) -> dict[str, Any]:
    """A method as REST describes it.

    Raises:
        Refused: there is none of that name.
    """
    known = {method["name"]: method for method in place.get("methods")}
    if name not in known:
        raise Refused(f"there is no method {name!r}; there are {', '.join(known)}")
    found: dict[str, Any] = known[name]
    return found


def _queue(
    place: Studio, launches: list[dict[str, Any]], options: argparse.Namespace
) -> list[dict[str, Any]]:
    more = {"priority": options.priority, "queue": options.queue}
    if len(launches) > 1:
        made = place.post("batches", {"runs": launches, "title": options.title, **more})
        runs: list[dict[str, Any]] = made["runs"]
        return runs
    return [place.post("runs", {**launch, **more}) for launch in launches]


def rerun(options: argparse.Namespace) -> None:
    place = studio()
    again = place.post(f"runs/{place.run(options.run)['id']}/rerun")
    print(f"queued: {place.link(again['url'])}", file=sys.stderr if options.json else sys.stdout)
    _finish(place, [again], options)


def watch(options: argparse.Namespace) -> None:
    place = studio()
    options.watch, options.wait = not options.json, options.json
    _finish(place, [place.run(name) for name in options.runs], options)


def _finish(place: Studio, runs: list[dict[str, Any]], options: argparse.Namespace) -> None:
    """Wait if that was asked for, print, and end with the code that tells how the runs ended."""
    waits = options.watch or options.wait
    if waits:
        runs = _followed(place, runs, quiet=options.json or options.wait, tell=not options.json)
        if len(runs) > 1 and not options.json:
            print()
            ids = [each["id"] for each in runs]
            view = place.get("compare", run=ids)
            print(*lines_of(view, place.get("compare/differences", run=ids)), sep="\n")
    else:
        _warn_of_nobody(place, runs)
    if options.json:
        print(as_json(runs[0] if len(runs) == 1 else runs))
    if waits and any(each["status"] != "succeeded" for each in runs):
        sys.exit(1)


def _followed(
    place: Studio, runs: list[dict[str, Any]], *, quiet: bool, tell: bool
) -> list[dict[str, Any]]:
    """The runs once all have ended, one after another."""
    ended: list[dict[str, Any]] = []
    try:
        if quiet:
            _warn_of_nobody(place, runs)
        for each in runs:
            if len(runs) > 1 and not quiet:
                print(
                    f"{each['title'] or each['method']} ({each['id']}, {moment(each['created_at'])})"
                )
            ended.append(follow(place, each, None if quiet else Line(sys.stdout)))
            if tell:
                print(*result(ended[-1], place.link(ended[-1]["url"])), sep="\n")
    except KeyboardInterrupt:
        goes_on(runs[len(ended) :])
        sys.exit(STOPPED)
    return ended


def _warn_of_nobody(place: Studio, runs: list[dict[str, Any]]) -> None:
    """Say why a run will not start, where that is so."""
    waiting = [each for each in runs if each["status"] == "queued"]
    for each in waiting[:1]:
        why = place.get(f"runs/{each['id']}/live")["waiting_for"]
        if why:
            print(
                f"vitrine: it waits, because {why}; `vitrine up` starts the studio, `vitrine worker` a worker",
                file=sys.stderr,
            )
