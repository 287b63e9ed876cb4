"""Who may do what over HTTP, in one table: what is open to everybody, and which role each request takes.

Whatever is not named here takes the role viewer to be read and editor to be written, also what is added later.
What belongs to somebody, such as a run that is deleted, is for the services to decide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from backend.services import Role

READS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Rule:
    """Which role it takes to ask for paths that match, in one of these ways; None is no login."""

    methods: frozenset[str]
    path: re.Pattern[str]
    role: Role | None


def _rule(methods: str, path: str, role: Role | None) -> Rule:
    return Rule(frozenset(methods.split()), re.compile(path), role)


RULES = (
    # How to get in, whether there is somebody at home, and what the login page and shared pages look like.
    _rule("GET HEAD", r"/healthz|/favicon\.ico|/static/.+", None),
    _rule("GET HEAD POST", r"/login", None),
    _rule("POST", r"/logout", None),
    # The signed link is the key to what it shows.
    _rule("GET HEAD", r"/s/.+", None),
    # The studio itself is for admins.
    _rule("POST", r"/api/v1/runs/cancel", "admin"),
    _rule("POST", r"/api/v1/queue/[^/]+/(pause|resume)", "admin"),
    _rule("POST", r"/api/v1/workers/[^/]+/ask", "admin"),
    _rule("DELETE", r"/api/v1/tour", "admin"),
    _rule("POST", r"/api/v1/house/.+", "admin"),
    _rule("GET HEAD OPTIONS POST PATCH PUT DELETE", r"/api/v1/(accounts|audit)(/.*)?", "admin"),
    # Questions that are too long for an address change nothing.
    _rule("POST", r"/api/v1/methods/[^/]+/check", "viewer"),
    _rule("POST", r"/api/v1/sweeps/plan", "viewer"),
    _rule("POST", r"/api/v1/pairs/preview", "viewer"),
    _rule("POST", r"/api/v1/requests/[^/]+/estimate", "viewer"),
    # Gradio sends every event of a page by POST; those that launch or keep something ask for the role themselves.
    _rule("POST", r"/gradio_api/(run|api|call)/[^/]+/?", "viewer"),
    _rule("POST", r"/gradio_api/(queue/join|cancel|reset/?)", "viewer"),
)


def needed(method: str, path: str) -> Role | None:
    """The role that a request takes; None where it takes no login."""
    for rule in RULES:
        if method in rule.methods and rule.path.fullmatch(path):
            return rule.role
    return "viewer" if method in READS else "editor"
