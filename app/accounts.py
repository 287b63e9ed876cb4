"""`vitrine accounts`: who may use the studio, their tokens, and what they did."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from backend.settings import settings

if TYPE_CHECKING:
    from backend.services import AccountView, AuditLine

ROLES = ("viewer", "editor", "admin")
ABOUT = (
    "A viewer looks at everything. An editor also launches, cancels, reviews, compares and shares. An admin also deletes what "
    "others made and looks after the queues, the workers and the accounts. A token is shown once, when it is made."
)
EXAMPLE = "vitrine accounts add ada --role editor; vitrine accounts renew ada; vitrine accounts audit --target ada"


def add_accounts(commands: Any) -> None:
    """Give the command line its `accounts`."""
    parser = commands.add_parser(
        "accounts",
        help="who may use the studio: add, list, change and remove accounts",
        description=ABOUT,
        epilog=EXAMPLE,
    )
    actions = parser.add_subparsers(required=True, metavar="action")
    add = _action(actions, "add", "make an account, and print its token once", _add)
    add.add_argument("name")
    add.add_argument("--role", choices=ROLES, default="viewer")
    add.add_argument(
        "--without-token", action="store_true", help="for people whom a proxy names: give a role"
    )
    _action(actions, "list", "all accounts", _list)
    role = _action(actions, "role", "give an account another role", _role)
    role.add_argument("name")
    role.add_argument("role", choices=ROLES)
    renew = _action(actions, "renew", "a new token; the old one and its logins end at once", _renew)
    renew.add_argument("name")
    remove = _action(actions, "remove", "its token and its logins end at once", _remove)
    remove.add_argument("name")
    log = _action(actions, "audit", "who did what, newest first", _audit)
    log.add_argument("--actor", default="", help="only what this person did")
    log.add_argument("--action", default="", help="only this: run.delete, or run for all of runs")
    log.add_argument("--target", default="", help="only what was done to this id")
    log.add_argument("--limit", type=int, default=50, help="lines; 50 without it, up to 1000")


def _action(actions: Any, name: str, about: str, work: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=about)
    parser.set_defaults(command=_telling, work=work)
    return parser


def _telling(options: argparse.Namespace) -> None:
    """Do the work and print its lines; what is refused is one line and code 2."""
    from backend import services

    services.open_database()
    try:
        for line in options.work(options):
            print(line)
    except services.ServiceError as error:
        print(f"vitrine: {error}", file=sys.stderr)
        sys.exit(2)


def _add(options: argparse.Namespace) -> Iterator[str]:
    from backend import services

    made, token = services.add_account(options.name, options.role, token=not options.without_token)
    yield f"{made.name} may use this studio as {made.role}"
    yield from _once(token)


def _renew(options: argparse.Namespace) -> Iterator[str]:
    from backend import services

    token = services.renew_token(options.name)
    yield f"the token of {options.name} until now, and every login made with it, have ended"
    yield from _once(token)


def _once(token: str) -> Iterator[str]:
    if token:
        yield f"token, shown this once: {token}"
        yield f"log in at {settings().address}/login, or send it as `Authorization: Bearer`"


def _role(options: argparse.Namespace) -> Iterator[str]:
    from backend import services

    changed = services.set_role(options.name, options.role)
    yield f"{changed.name} is {changed.role} from now on"


def _remove(options: argparse.Namespace) -> Iterator[str]:
    from backend import services

    services.remove_account(options.name)
    yield f"{options.name} is removed; what they made stays"


def _list(_options: argparse.Namespace) -> Iterator[str]:
    from backend import services

    return account_lines(services.list_accounts())


def _audit(options: argparse.Namespace) -> Iterator[str]:
    from backend import services

    page = services.list_audit(
        actor=options.actor, action=options.action, target=options.target, limit=options.limit
    )
    return audit_lines(page.items)


def account_lines(accounts: Sequence[AccountView]) -> Iterator[str]:
    """A table of the accounts."""
    if not accounts:
        yield "no account: make one with `vitrine accounts add NAME --role admin`"
    width = max((len(each.name) for each in accounts), default=0)
    for each in accounts:
        proof = "token" if each.has_token else "by the proxy"
        yield f"{each.name:<{width}}  {each.role:<6}  {proof:<12}  since {_at(each.created_at)}"


def audit_lines(lines: Sequence[AuditLine]) -> Iterator[str]:
    """A table of what was done."""
    if not lines:
        yield "nothing of this is in the log"
    for line in lines:
        data = f"  {json.dumps(line.data, sort_keys=True)}" if line.data else ""
        yield f"{_at(line.at)}  {line.actor} ({line.role})  {line.action}  {line.target}{data}"


def _at(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"


def welcome_first_admin() -> None:
    """Where people log in with tokens and there is no account yet: make an admin, and print the token once."""
    from backend import services

    if settings().auth != "token":
        return
    services.open_database()
    token = services.first_admin()
    if token:
        print("This studio has no account yet, so here is one: admin.")
        print(*_once(token), sep="\n")
        print("More: `vitrine accounts add NAME --role editor`.", flush=True)
