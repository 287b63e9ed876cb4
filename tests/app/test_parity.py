"""Whatever a page or a command can change, a script can change over REST: read from the code, so that nothing is forgotten."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from types import FunctionType

from fastapi.routing import iter_route_contexts

from app.api import router
from backend import services

HOUSE = Path(__file__).parents[2]
Name = tuple[str, str]
"""A module and what it defines."""

ELSEWHERE = {
    "add_account": "answers with a token: on the command line alone",
    "renew_token": "answers with a token: on the command line alone",
    "first_admin": "answers with a token: when the studio is started for the first time",
    "back_up": "reads and writes folders of the studio's machine: on the command line alone",
    "restore": "reads and writes folders of the studio's machine: on the command line alone",
    "mended": "`vitrine doctor --fix`, on the studio's machine",
    "clean": "part of `clean_house`, and by itself every hour",
    "open_studio": "when the studio is started",
    "count_visit": "part of opening a shared page",
    "claim": "what `Idempotency-Key` is made of",
    "keep_answer": "what `Idempotency-Key` is made of",
    "give_up": "what `Idempotency-Key` is made of",
}
"""Services that change something and have no route of their own, with the reason."""


def functions() -> dict[Name, set[Name]]:
    """Every function of the backend, and what it names; ("", "writes") is a transaction that writes."""
    found: dict[Name, set[Name]] = {}
    for path in (HOUSE / "backend").rglob("*.py"):
        module = ".".join(path.relative_to(HOUSE).with_suffix("").parts)
        tree = ast.parse(path.read_text())
        imported = {
            alias.asname or alias.name: (node.module or "", alias.name)
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        for function in tree.body:
            if isinstance(function, ast.FunctionDef):
                found[module, function.name] = set(_named(function, module, imported))
    return found


def _named(function: ast.FunctionDef, module: str, imported: dict[str, Name]) -> list[Name]:
    named = []
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            named.append(imported.get(node.id, (module, node.id)))
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            of = ".".join(imported.get(node.value.id, ("", "")))
            named.append(
                ("", "writes") if (of, node.attr) == ("storage.db", "writing") else (of, node.attr)
            )
    return named


def writers() -> set[str]:
    """The services that change something, by themselves or through another function."""
    named = functions()
    found: set[Name] = {("", "writes")}
    while more := {key for key, uses in named.items() if key not in found and uses & found}:
        found |= more
    known = {name: getattr(services, name) for name in services.__all__}
    return {
        name
        for name, each in known.items()
        if isinstance(each, FunctionType) and (each.__module__, each.__name__) in found
    }


def routed() -> set[str]:
    """The services that routes call."""
    sources = [
        inspect.getsource(each.endpoint)
        for each in iter_route_contexts(router.routes)
        if each.endpoint
    ]
    return {name for source in sources for name in re.findall(r"services\.(\w+)\(", source)}


def test_every_service_that_changes_something_has_a_route() -> None:
    found = writers()
    assert {"submit", "cancel", "put_mark", "import_bundle", "create_share"} <= found
    assert not {"get_run", "list_runs", "compare", "live"} & found
    assert found - routed() == set(ELSEWHERE), "give it a route, or say here why it has none"
