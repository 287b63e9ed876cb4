"""`vitrine webhooks`: where ends of runs are told, a message to try them, and the secret they are signed with."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from app.asking import Refused
from app.printing import table

NONE = (
    "no webhook is set: VITRINE_WEBHOOKS=https://hooks.example.org/vitrine "
    "VITRINE_WEBHOOK_HOSTS=hooks.example.org"
)


def add_webhooks(commands: Any) -> None:
    """Give the command line its `webhooks`."""
    parser = commands.add_parser("webhooks", help="who is told when a run ends; try it")
    parser.add_argument(
        "action",
        nargs="?",
        choices=("list", "test", "secret"),
        default="list",
        help="test: send each a message now; secret: print what receivers check signatures with",
    )
    parser.set_defaults(command=webhooks)


def webhooks(options: argparse.Namespace) -> None:
    """Code 1 if a webhook did not take the message."""
    from backend import services

    services.open_database()
    if options.action == "secret":
        print(services.webhook_secret())
        return
    known = services.webhooks()
    if not known:
        raise Refused(NONE)
    if options.action == "list":
        print(*table([[each.host, f"{each.waiting} waiting"] for each in known]), sep="\n")
        return
    tried = services.try_webhooks()
    for host, problem in tried:
        print(f"{host}: {f'not taken: {problem}' if problem else 'taken'}")
    if any(problem for _, problem in tried):
        sys.exit(1)
