"""Requests as an attacker writes them, byte by byte: clients tidy an address up before they send it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

from fastapi import FastAPI

from app.asking import waited

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def ask(
    app: FastAPI,
    method: str,
    target: str,
    *,
    headers: dict[str, str] | None = None,
    pieces: Sequence[bytes] = (b"",),
) -> Answer:
    """One request with its target untouched; an exception that nobody answers for is raised here.

    Args:
        target: path and query, percent-encoded or not.
        pieces: the body, as it comes in.
    """
    path, _, query = target.partition("?")
    named = {"host": "localhost", **(headers or {})}
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote_to_bytes(path).decode("utf-8", "replace"),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in named.items()],
        "client": ("127.0.0.1", 50000),
        "server": ("localhost", 80),
    }
    return waited(_asked(app, scope, pieces))


async def _asked(app: FastAPI, scope: dict[str, Any], pieces: Sequence[bytes]) -> Answer:
    left = list(pieces)
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        if not left:
            return {"type": "http.disconnect"}
        piece = left.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(left)}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    head = {name.decode().lower(): value.decode() for name, value in sent[0].get("headers", ())}
    return Answer(sent[0]["status"], head, b"".join(each.get("body", b"") for each in sent[1:]))


def routes_of(app: FastAPI) -> list[tuple[str, str]]:
    """Every method and path that the application serves, ours and Gradio's."""
    return sorted(set(_walk(app.routes, "")))


def _walk(routes: Sequence[Any], prefix: str) -> Iterator[tuple[str, str]]:
    for route in routes:
        if hasattr(route, "original_router"):  # one that was included
            yield from _walk(route.original_router.routes, prefix + route.include_context.prefix)
        elif hasattr(route, "app") and hasattr(route.app, "routes"):  # one that was mounted
            yield from _walk(route.app.routes, prefix + route.path)
        else:
            yield from ((method, prefix + route.path) for method in route.methods)
