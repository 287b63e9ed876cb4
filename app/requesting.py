"""`vitrine request`: what it takes, does and prints."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backend.services import Marks, RequestView

EXAMPLE = "vitrine request create RUN --file request.json; vitrine request run ID --preset one_step"


def add_requests(commands: Any) -> None:
    """Give the command line its `request list`, `request show` and so on."""
    parser = commands.add_parser(
        "request", help="ask that an adapter forget rows, decide, run, keep", epilog=EXAMPLE
    )
    actions = parser.add_subparsers(required=True, metavar="action")

    def add(name: str, act: Callable[..., None], help: str, *, about: bool = True) -> Any:
        action = actions.add_parser(name, help=help)
        if about:
            action.add_argument("request", metavar="ID")
        action.set_defaults(command=partial(_say_errors, act))
        return action

    add("tables", tables, "runs whose rows a request can mark, newest first", about=False)
    listed = add("list", list_all, "all requests, newest change first", about=False)
    listed.add_argument("--state", default="", help="requested, approved, running, ...")
    add("show", show, "what is asked, where it stands, what happened")
    create = add("create", create_one, "ask something of the rows of a run", about=False)
    create.add_argument("table", metavar="RUN", help="a run that recorded instruction rows")
    create.add_argument("--title", default="")
    create.add_argument("--note", default="")
    for action in (create, add("mark", mark, "ask more of its rows")):
        action.add_argument("--file", type=Path, help="a request file: remove, prompts, answers")
        action.add_argument("--remove", default="", metavar="ROW,ROW", help="rows to remove")
    add("unmark", unmark, "ask nothing of a row any more").add_argument("row", metavar="ROW")
    add("delete", delete, "delete a draft: one that nobody ever decided about")
    for name, help in (
        ("approve", "have it carried out as it stands"),
        ("reject", "refuse it"),
        ("reopen", "take the decision back"),
    ):
        add(name, partial(decide, name), help).add_argument("--note", default="")
    for name, act, help in (
        ("estimate", estimate, "say what an edit would need, and what to weigh"),
        ("run", run, "queue edits that carry it out"),
    ):
        action = add(name, act, help)
        repeated: dict[str, Any] = {"action": "append", "default": []}
        action.add_argument(
            "--preset", **repeated, metavar="NAME", help="a way to edit; may repeat"
        )
        action.add_argument("--set", **repeated, metavar="NAME=VALUE", help="a setting of all")
        action.add_argument("--seed", type=int, default=0)
    add("keep", keep, "keep the adapter that one of its runs made").add_argument(
        "run", metavar="RUN"
    )
    add("undo", undo, "return to what was kept before")
    paper = add("certificate", certificate, "what was done, as JSON or to print")
    paper.add_argument("--run", default="", help="else the one that is kept, or the newest")
    paper.add_argument("--html", action="store_true")
    paper.add_argument("--out", type=Path, help="a file to write; else it is printed")


def _say_errors(act: Callable[..., None], options: argparse.Namespace) -> None:
    """Do it; what a person can mend ends with one line and code 2."""
    from backend import services

    try:
        services.open_database()
        act(options)
    except (services.MethodError, services.ServiceError, ValueError, OSError) as error:
        print(f"vitrine: {error}", file=sys.stderr)
        sys.exit(2)


def tables(_options: argparse.Namespace) -> None:
    from backend.services import instruction_tables

    for each in instruction_tables():
        kinds = ", ".join(f"{number} {kind}" for kind, number in each.kinds.items() if kind)
        about = f"{each.rows} rows" + (f" ({kinds})" if kinds else "")
        print(f"{each.id}  {each.status:<9}  {about:<40}  {each.title}")


def list_all(options: argparse.Namespace) -> None:
    from backend.services import list_requests

    for each in list_requests(state=options.state):
        print(f"{each.id}  {each.state:<9}  {_asked(each.counts):<40}  {each.title}")


def show(options: argparse.Namespace) -> None:
    from backend.services import get_request

    print(*lines_of(get_request(options.request)), sep="\n")


def create_one(options: argparse.Namespace) -> None:
    """Print the id of what was made, for the next command."""
    from backend.services import create_request

    title, note, marks = _marks(options)
    made = create_request(options.table, options.title or title, options.note or note, marks)
    print(made.id)


def mark(options: argparse.Namespace) -> None:
    from backend.services import put_marks

    print(_asked(put_marks(options.request, _marks(options)[2].changes())))


def unmark(options: argparse.Namespace) -> None:
    from backend.services import remove_mark

    print(_asked(remove_mark(options.request, options.row).counts))


def delete(options: argparse.Namespace) -> None:
    from backend.services import delete_request

    delete_request(options.request)
    print(f"deleted: {options.request}")


def _marks(options: argparse.Namespace) -> tuple[str, str, Marks]:
    """Title, note and marks that were given."""
    from backend.services import Marks, read_request_file

    title, note, marks = "", "", Marks()
    if options.file:
        title, note, marks = read_request_file(options.file)
    removed = [part.strip() for part in options.remove.split(",") if part.strip()]
    return title, note, Marks([*marks.remove, *removed], marks.prompts, marks.answers)


def decide(name: str, options: argparse.Namespace) -> None:
    from backend import services

    act = getattr(services, f"{name}_request")
    print(act(options.request, options.note).state)


def estimate(options: argparse.Namespace) -> None:
    from backend.services import estimate_request

    for title, values in launches_of(options):
        needs = estimate_request(options.request, values)
        print(f"{title}: about {needs.seconds:.0f} s, up to {needs.memory_mb:,.0f} MB")
        print(*(f"  {said}" for said in needs.advice), sep="\n", end="\n" if needs.advice else "")


def run(options: argparse.Namespace) -> None:
    """Workers of a running studio take the edits up."""
    from backend.services import run_request

    for each in run_request(options.request, launches_of(options), options.seed):
        print(f"{each.id}  {each.title}")


def keep(options: argparse.Namespace) -> None:
    from backend.services import keep_edit

    print(f"kept: {keep_edit(options.request, options.run).kept_run}")


def undo(options: argparse.Namespace) -> None:
    from backend.services import undo_keep

    print(f"kept: {undo_keep(options.request).kept_run or 'none'}")


def certificate(options: argparse.Namespace) -> None:
    from backend import services

    if options.html:
        text = services.certificate_page(options.request, options.run)
    else:
        found = services.certificate(options.request, options.run)
        text = json.dumps(found, indent=1, ensure_ascii=False)
    if options.out:
        options.out.write_text(f"{text}\n", encoding="utf-8")
    else:
        print(text)


def launches_of(options: argparse.Namespace) -> list[tuple[str, dict[str, Any]]]:
    """Title and settings of each edit that was asked for: one a preset, or one with the defaults.

    Raises:
        ValueError: there is no such preset, or a setting is no NAME=VALUE.
    """
    from app.sweeping import settings_of
    from backend import services

    name = services.get_request(options.request).method
    method = services.methods().get(name)
    if method is None:
        raise ValueError(f"{name}, which would carry the request out, is not installed here")
    given = settings_of(name, options.set)
    # Those that fill the form say what is edited, which the request says here.
    ways = {key: preset for key, preset in method.presets.items() if not preset.fills}
    unknown = [key for key in options.preset if key not in ways]
    if unknown:
        raise ValueError(f"--preset: {', '.join(ways)} are allowed, got {unknown[0]!r}")
    presets = [ways[key] for key in options.preset]
    chosen = [(preset.title, {**preset.values, **given}) for preset in presets]
    return chosen or [(method.title, given)]


def lines_of(request: RequestView) -> Iterator[str]:
    """A request in words: what is asked, its runs, its trail."""
    yield f"{request.id}  {request.state}  {request.title}"
    yield f"table {request.table}, adapter {request.adapter or '-'}, {_asked(request.counts)}"
    if request.note:
        yield f"note: {request.note}"
    for item in request.items:
        yield f"  {item.row_id}  {item.task:<7} {item.prompt!r:.60} -> {item.answer!r:.60}"
        for what, text in (("prompt", item.new_prompt), ("answer", item.new_answer)):
            if text is not None:
                yield f"  {'':16}  new {what}: {text!r:.100}"
    for each in request.runs:
        kept = ", kept" if each.id == request.kept_run else ""
        yield f"run {each.id}  {each.status}{kept}  {each.title}: {each.summary or each.message}"
    for line in request.trail:
        at = datetime.fromtimestamp(line.at, UTC)
        yield f"{at:%Y-%m-%d %H:%M:%S} UTC  {line.text}"


def _asked(counts: dict[str, int]) -> str:
    return f"{counts['remove']} to remove, {counts['prompts']} prompts, {counts['answers']} answers"
