"""The commands, and the short list of them that `vitrine` alone prints."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Group:
    """Commands that stand together.

    Attributes:
        additions: each gives its commands to the `Commands` that it is called with.
        here: whether they work on the data of this machine alone, not on another studio's.
    """

    title: str
    additions: tuple[Callable[[Any], None], ...]
    here: bool = False


class Commands:
    """Subparsers by group. Modules of commands call `add_parser` as they would that of argparse."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        # Without a help of their own they stay out of argparse's list, which knows no groups.
        self._into = parser.add_subparsers(
            prog=parser.prog, metavar="COMMAND", help=argparse.SUPPRESS
        )
        self._lists: dict[str, list[tuple[str, str]]] = {}
        self._group = Group("", ())

    def add(self, group: Group) -> None:
        """Take in all commands of a group."""
        self._group = group
        self._lists[group.title] = []
        for add in group.additions:
            add(self)

    def add_parser(self, name: str, *, help: str, **more: Any) -> argparse.ArgumentParser:
        """A command; `help` stands in the short list, and over its own help if it has no description."""
        self._lists[self._group.title].append((name, help))
        about = more.pop("description", f"{help[0].upper()}{help[1:]}.")
        parser: argparse.ArgumentParser = self._into.add_parser(name, description=about, **more)
        parser.set_defaults(here=self._group.here)
        return parser

    def short_list(self) -> str:
        """All commands, a line each."""
        width = max(len(name) for lines in self._lists.values() for name, _ in lines)
        return "\n\n".join(
            "\n".join([f"{title}:", *(f"  {name:<{width}}  {about}" for name, about in lines)])
            for title, lines in self._lists.items()
        )
