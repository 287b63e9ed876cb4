"""`vitrine share` and `shares`: links that show one thing to whoever holds them."""

from __future__ import annotations

import argparse
from typing import Any
from urllib.parse import quote

from app.asking import Refused, Studio, studio
from app.printing import as_json, moment, table
from app.values import pairs_of, value_of

EXAMPLE = """examples:
  vitrine share last --days 7
  vitrine share 4kq 7mz                                a link each
  vitrine share 4kq --without texts,inputs             of what a link usually shows, these not
  vitrine share 4kq --kind node --select position=17
  vitrine shares                                       who may see what, and until when
  vitrine shares extend ID --days 14
  vitrine shares revoke ID"""
PLACES = {"comparison": "comparisons", "sweep": "sweeps"}
"""Where REST has what may be shared besides runs."""


def add_share(commands: Any) -> None:
    """Give the command line its `share` and `shares`."""
    words = {"epilog": EXAMPLE, "formatter_class": argparse.RawDescriptionHelpFormatter}
    make = commands.add_parser(
        "share", help="make a link that shows a run or a comparison", **words
    )
    make.add_argument("targets", nargs="+", metavar="RUN", help="runs, or comparisons and the like")
    make.add_argument("--kind", default="", help="what it is; without: run, comparison or sweep")
    make.add_argument("--days", type=int, default=7, help="how long it works (7)")
    shown = make.add_mutually_exclusive_group()
    shown.add_argument(
        "--shows", default="", metavar="A,B", help="parts that it shows, or one choice of them"
    )
    shown.add_argument("--without", default="", metavar="A,B", help="the usual parts but these")
    make.add_argument(
        "--select",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="what of it, such as position=17 of a node",
    )
    make.add_argument("--title", default="", help="what its page is called")
    make.add_argument("--note", default="", help="for whoever looks at the list of links")
    make.add_argument("--json", action="store_true")
    make.set_defaults(command=share)
    links = commands.add_parser("shares", help="the links there are; revoke them", **words)
    links.add_argument("--target", default="", metavar="ID", help="only those of one thing")
    links.add_argument("--state", default="", help="only those that are active, expired, revoked")
    links.add_argument("--json", action="store_true")
    links.set_defaults(command=shares)
    actions = links.add_subparsers(metavar="ACTION")
    end = actions.add_parser("revoke", help="end links now")
    end.add_argument(
        "ids", nargs="+", metavar="ID", help="of links, as `vitrine shares` lists them"
    )
    end.set_defaults(command=revoke)
    longer = actions.add_parser("extend", help="let a link work so many days from now")
    longer.add_argument("id", metavar="ID")
    longer.add_argument("--days", type=int, required=True)
    longer.set_defaults(command=extend)


def share(options: argparse.Namespace) -> None:
    place = studio()
    meant = [target_of(place, name, options.kind) for name in options.targets]
    made = [
        place.post(
            "shares",
            {
                "kind": kind,
                "target_id": target,
                "days": options.days,
                **chosen(place, options, kind),
            },
        )
        for kind, target in meant
    ]
    if options.json:
        print(as_json(made))
        return
    for link in made:
        print(f"{place.link(link['url'])}  until {moment(link['expires_at'])}")


def chosen(place: Studio, options: argparse.Namespace, kind: str) -> dict[str, Any]:
    """What was said about a link of this kind besides its target and its end.

    Raises:
        Refused: there is no such part, or a selection is no NAME=VALUE.
    """
    try:
        selection = pairs_of("--select", options.select, lambda _name, text: value_of(text))
    except ValueError as error:
        raise Refused(str(error)) from None
    given = {"selection": selection, "title": options.title, "note": options.note}
    said = {name: value for name, value in given.items() if value}
    named = [part.strip() for part in (options.shows or options.without).split(",") if part.strip()]
    if not named:
        return said
    choices = place.get("shares/choices")
    return {**said, "shows": parts_of(choices, kind, named, without=bool(options.without))}


def parts_of(choices: Any, kind: str, named: list[str], *, without: bool) -> list[str]:
    """The parts of a kind that were named, or were named by a choice of parts; or those of the default choice without them.

    Raises:
        Refused: there is no such part.
    """
    own: list[str] = next((each["parts"] for each in choices["kinds"] if each["name"] == kind), [])
    needs = {part["name"]: set(part["needs"]) for part in choices["parts"]}
    ready = {preset["name"]: preset["parts"] for preset in choices["presets"]}
    if not without and len(named) == 1 and named[0] in ready:
        return [part for part in ready[named[0]] if part in own]
    if unknown := sorted(set(named) - set(needs)):
        there = f"{', '.join(needs)}; or one of {', '.join(ready)}"
        raise Refused(f"a link has no part {unknown[0]!r}; there are {there}")
    if not without:
        return named
    left = {part for part in ready[choices["default"]] if part in own and part not in named}
    return [part for part in needs if part in left and needs[part] <= left]


def target_of(place: Studio, name: str, kind: str) -> tuple[str, str]:
    """Kind and id of what is to be shared.

    Raises:
        Refused: there is no such thing.
    """
    try:
        return kind or "run", place.run(name)["id"]
    except Refused as error:
        if kind:
            return kind, name  # the id of something else, which the studio knows
        for other, path in PLACES.items():
            try:
                return other, place.get(f"{path}/{quote(name, safe='')}")["id"]
            except Refused:
                continue
        raise error


def shares(options: argparse.Namespace) -> None:
    place = studio()
    links = place.all("shares", target_id=options.target, state=options.state)
    if options.json:
        print(as_json(links))
        return
    rows = [
        [link["id"], link["kind"], link["target_id"], _state(link), f"{link['hits']} visits"]
        for link in links
    ]
    print(*table(rows), sep="\n") if rows else print("nothing is shared")


def _state(link: dict[str, Any]) -> str:
    if link["revoked_at"]:
        return f"revoked {moment(link['revoked_at'])}"
    return f"until {moment(link['expires_at'])}"


def extend(options: argparse.Namespace) -> None:
    place = studio()
    link = place.patch(f"shares/{quote(options.id, safe='')}", {"days": options.days})
    print(f"{link['id']}: {_state(link)}")


def revoke(options: argparse.Namespace) -> None:
    place = studio()
    for name in options.ids:
        place.delete(f"shares/{quote(name, safe='')}")
        print(f"revoked: {name}")
