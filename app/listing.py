"""`vitrine methods`, `list` and `show`: what can be run, what was run, and one run."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from app.asking import studio
from app.printing import as_json, duration, moment, number, plain, setting, status, table
from app.running import NAMED, method_of
from app.watching import result

STATUSES = ("queued", "running", "cancelling", "succeeded", "failed", "cancelled")
SORTS = ("created_at", "finished_at", "title", "status")
PAGE = 200
FILES = 12


def add_listing(commands: Any) -> None:
    """Give the command line its `methods`, `list` and `show`."""
    known = commands.add_parser("methods", help="what can be run; with a NAME its settings")
    known.add_argument("name", nargs="?", metavar="NAME", help="such as caching.sample")
    known.add_argument("--json", action="store_true")
    known.set_defaults(command=methods)

    found = commands.add_parser("list", help="the runs there are, newest first")
    found.add_argument("words", nargs="*", metavar="WORD", help="in title, method, summary or id")
    found.add_argument("--status", action="append", default=[], choices=STATUSES)
    found.add_argument("--family", default="", help="such as caching")
    found.add_argument("--method", default="", help="such as caching.sample")
    found.add_argument("--sweep", default="", metavar="ID", help="only of this one; none: of none")
    found.add_argument("--archived", action="store_true", help="those in the archive instead")
    found.add_argument("--sort", choices=SORTS, default="created_at")
    found.add_argument("--up", action="store_true", help="the smallest first")
    found.add_argument("-n", type=int, default=20, metavar="N", help="only so many (20); 0 for all")
    found.add_argument("--json", action="store_true")
    found.set_defaults(command=list_runs)

    one = commands.add_parser("show", help="all about a run: settings, metrics, files, events")
    one.add_argument("run", nargs="?", default="last", metavar="RUN", help=NAMED)
    one.add_argument("--files", action="store_true", help=f"all of them, not only {FILES}")
    one.add_argument("--json", action="store_true")
    one.set_defaults(command=show)


def methods(options: argparse.Namespace) -> None:
    place = studio()
    if options.name:
        method = method_of(place, options.name)
        print(as_json(method) if options.json else "\n".join(about(method)))
        return
    found = place.get("methods")
    if options.json:
        print(as_json(found))
    else:
        print(*table([[each["name"], each["title"]] for each in found], most=100), sep="\n")


def about(method: dict[str, Any]) -> Iterator[str]:
    """What a method is, its presets, and its settings with what they take."""
    yield f"{method['name']}: {method['title']}"
    yield from (f"  {paper['title']}: {paper['url']}" for paper in method["papers"])
    if method["presets"]:
        yield "\npresets:"
    for key, preset in method["presets"].items():
        values = " ".join(f"{name}={setting(value)}" for name, value in preset["values"].items())
        yield f"  {key}: {preset['title']}"
        yield from (f"      {text}" for text in (plain(preset["note"]), plain(values)) if text)
    yield "\nsettings:"
    needed = method["schema"].get("required", ())
    for name, field in method["schema"]["properties"].items():
        start = "has to be given" if name in needed else setting(field.get("default"))
        yield f"  {name} = {start}   {takes(field)}"
        yield f"      {field.get('description', '')}"


def takes(field: dict[str, Any]) -> str:
    """What values a setting takes, from its JSON schema."""
    kinds = [part for part in field.get("anyOf", [field]) if part.get("type") != "null"]
    said = [_takes(part) for part in kinds]
    if len(kinds) < len(field.get("anyOf", ())):
        said.append("null")
    return " or ".join(said)


def _takes(part: dict[str, Any]) -> str:
    if "enum" in part or "const" in part:
        return " | ".join(setting(value) for value in part.get("enum", [part.get("const")]))
    kind = part.get("type", "anything")
    if kind == "array":
        return f"a,b,... each {_takes(part.get('items', {}))}"
    words = {"integer": "a whole number", "number": "a number", "string": "text"}
    bounds = [
        f"{sign} {number(part[key])}"
        for key, sign in (
            ("minimum", "≥"),
            ("exclusiveMinimum", ">"),
            ("maximum", "≤"),
            ("exclusiveMaximum", "<"),
        )
        if key in part
    ]
    if kind == "boolean":
        return "true | false"
    return " ".join([words.get(kind, kind), ", ".join(bounds)]).strip()


def list_runs(options: argparse.Namespace) -> None:
    place = studio()
    asked = {
        "q": " ".join(options.words),
        "status": options.status,
        "family": options.family,
        "method": options.method,
        "sweep": options.sweep,
        "archived": str(options.archived).lower(),
        "sort": options.sort,
        "descending": str(not options.up).lower(),
    }
    runs: list[dict[str, Any]] = []
    cursor, total = None, 0
    while True:
        left = options.n - len(runs) if options.n else PAGE
        page = place.get("runs", **asked, cursor=cursor, limit=min(PAGE, left))
        runs += page["runs"]
        cursor, total = page["cursor"], page["total"]
        if not cursor or (options.n and len(runs) >= options.n):
            break
    if options.json:
        print(as_json(runs))
        return
    print(*table([_row(run) for run in runs]), sep="\n") if runs else print("no run matches")
    if total > len(runs):
        print(f"{len(runs)} of {total:,}; -n 0 shows all")


def _row(run: dict[str, Any]) -> list[str]:
    title = f"{run['title'] or '–'}{' (pinned)' if run['pinned'] else ''}"
    return [run["id"], status(run), _how_far(run), run["method"], moment(run["created_at"]), title]


def _how_far(run: dict[str, Any]) -> str:
    if run["status"] in ("running", "cancelling"):
        return f"{100 * run['fraction']:.0f} %"
    if run["started_at"] and run["finished_at"]:
        return duration(run["finished_at"] - run["started_at"])
    return "–"


def show(options: argparse.Namespace) -> None:
    place = studio()
    run = place.run(options.run)
    path = f"runs/{run['id']}"
    files = place.all(f"{path}/artefacts")
    events = place.all(f"{path}/events")
    tries = place.get(f"{path}/attempts")
    if options.json:
        print(as_json({**run, "artefacts": files, "events": events, "attempts": tries}))
        return
    print(*result(run, place.link(run["url"])), sep="\n")
    print(
        f"\n{run['method']}, seed {run['seed']}, {moment(run['created_at'])}, {run['code_version']}"
    )
    print(*table([["", name, setting(value)] for name, value in run["config"].items()]), sep="\n")
    if files:
        print("\nfiles")
        shown = files if options.files else files[:FILES]
        rows = [["", item["name"], f"{item['size']:,} B", item["sha256"][:12]] for item in shown]
        print(*table(rows, right=[2]), sep="\n")
        if len(files) > len(shown):
            print(f"  {len(shown)} of {len(files):,}; --files shows all")
    if len(tries) > 1 or events:
        print("\nwhat happened")
    if len(tries) > 1:
        for each in tries:
            print(f"  attempt {each['n']} on {each['worker_id']}: {each['outcome'] or 'now'}")
    for event in events:
        print(f"  {moment(event['at'])}  {event['level']:<7}  {plain(event['message'])}")
