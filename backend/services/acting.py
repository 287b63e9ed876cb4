"""Who is at it: the person on whose behalf this request or this command runs, and what they may do.

The web server names a person for every request (`as_person`); a command of the studio's own machine runs as whoever typed
it. Behind a share link, and where nobody has logged in, there is nobody, and nobody may do anything.
"""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal, get_args

from backend.services.errors import Forbidden

Role = Literal["viewer", "editor", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
"""Each may do what those before it may."""


@dataclass(frozen=True)
class Person:
    """Somebody who may use the studio.

    Attributes:
        name: the account's, "local" where the studio asks for no login, or the login name of a command's user.
    """

    name: str
    role: Role

    def may(self, role: Role) -> bool:
        """Whether they may do what `role` may."""
        return ROLES.index(self.role) >= ROLES.index(role)


LOCAL = Person("local", "admin")
"""Whoever uses a studio that asks nobody for a login."""
STUDIO = Person("studio", "admin")
"""The studio itself: its welcome tour, its housekeeping."""

_current: ContextVar[Person | None] = ContextVar("person")


def acting() -> Person:
    """The person on whose behalf this runs.

    Raises:
        Forbidden: there is nobody: a share link, or a request without a login.
    """
    person = _current.get(_commander())
    if person is None:
        raise Forbidden("nobody is logged in here, so nothing can be changed")
    return person


def _commander() -> Person | None:
    """Outside of any request: who typed the command."""
    try:
        return Person(getpass.getuser(), "admin")
    except (OSError, KeyError):  # a container's user may have a number and no name
        return Person("command line", "admin")


def need(role: Role) -> Person:
    """The person on whose behalf this runs, who must be allowed what `role` is.

    Raises:
        Forbidden: they are not, or there is nobody.
    """
    person = acting()
    if not person.may(role):
        raise Forbidden(lacking(person, role))
    return person


def need_own(owner: str, what: str) -> Person:
    """The person on whose behalf this runs, who must have made something, or be an admin.

    Args:
        owner: the name of who made it; "" where nobody knows.
        what: it, as in "run abc".

    Raises:
        Forbidden: it is somebody else's.
    """
    person = need("editor")
    if owner != person.name and not person.may("admin"):
        whose = f"is {owner}'s" if owner else "was made before anybody logged in"
        raise Forbidden(f"{what} {whose}: only an admin may delete what is others'")
    return person


def lacking(person: Person, role: Role) -> str:
    """Why a person may not do what takes `role`."""
    article = "a" if person.role == "viewer" else "an"
    return f"this needs the role {role}, and {person.name} is {article} {person.role}: ask an admin of this studio"


@contextmanager
def as_person(person: Person | None) -> Iterator[None]:
    """Everything in the block runs on behalf of `person`; None is nobody."""
    before = _current.set(person)
    try:
        yield
    finally:
        _current.reset(before)
