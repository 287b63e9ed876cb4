"""Every route there is, ours and Gradio's: open on purpose, or closed to those who lack the role that it takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.middleware import UNUSED
from app.roles import needed
from tests.conftest import configure

OPEN = {
    ("GET", "/healthz"),
    ("GET", "/login"),
    ("POST", "/login"),
    ("POST", "/logout"),
    ("GET", "/favicon.ico"),
    ("GET", "/static/{name}"),
    ("GET", "/static/{path:path}"),
    ("GET", "/s/{token}"),
    ("GET", "/s/{token}/nodes/{run_id}/{position}"),
    ("GET", "/s/{token}/a/{sha256}"),
    ("GET", "/s/{token}/certificate.json"),
    ("GET", "/s/{token}/pairs.jsonl"),
    ("GET", "/s/{token}/pairs/{position}/picture"),
}
"""All that needs no login; a route that joins them is added here by hand, or this file fails."""
ASKED_BY_POST = {
    "/api/v1/methods/{name}/check",
    "/api/v1/sweeps/plan",
    "/api/v1/pairs/preview",
    "/api/v1/requests/{request_id}/estimate",
}
"""Reads that are sent by POST."""
EVENTS = re.compile(r"/gradio_api/(run|api|call|queue|cancel|reset)(/.*)?")
"""Events of Gradio's pages, whose functions ask for the role themselves."""
ADMINS = {
    ("POST", "/api/v1/runs/cancel"),
    ("POST", "/api/v1/queue/{name}/pause"),
    ("POST", "/api/v1/queue/{name}/resume"),
    ("POST", "/api/v1/workers/{worker_id}/ask"),
    ("DELETE", "/api/v1/tour"),
    ("POST", "/api/v1/house/clean"),
    ("GET", "/api/v1/accounts"),
    ("PATCH", "/api/v1/accounts/{name}"),
    ("DELETE", "/api/v1/accounts/{name}"),
    ("GET", "/api/v1/audit"),
}
READS = {"GET", "HEAD", "OPTIONS"}


def routes_of(app: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Method and path of every route, those of included routers and mounted applications among them."""
    for route in app.routes:
        if hasattr(route, "original_router"):  # a router that was included
            yield from routes_of(route.original_router, prefix + _prefix_of(route))
        elif hasattr(getattr(route, "app", None), "routes"):  # an application that was mounted
            yield from routes_of(route.app, prefix + route.path.rstrip("/"))
        elif getattr(route, "methods", None):
            yield from ((method, prefix + route.path) for method in route.methods)
        else:  # a websocket, or a kind of route that nobody has thought of here
            yield "GET", prefix + route.path


def _prefix_of(included: Any) -> str:
    """Where an included router lies; its own prefix is in the paths of its routes."""
    return str(included.include_context.prefix)


@pytest.fixture(scope="module")
def routes(web: FastAPI) -> list[tuple[str, str]]:
    """All but what is shut to everybody, which tests/security/ asks for."""
    return sorted(route for route in set(routes_of(web)) if not route[1].startswith(UNUSED))


@pytest.fixture
def closed(
    web: FastAPI, studio: ModuleType, data_dir: Any, monkeypatch: pytest.MonkeyPatch
) -> TestClient:
    configure(monkeypatch, data_dir, AUTH="token")
    return TestClient(web, base_url="http://localhost", follow_redirects=False)


def tried(client: TestClient, method: str, path: str, token: str = "") -> int:
    address = re.sub(r"\{[^}]*\}", "x", path)
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return client.request(method, address, headers=headers).status_code


def test_the_list_knows_routes_of_all_kinds(routes: list[tuple[str, str]]) -> None:
    assert len(routes) > 150
    for known in (
        ("POST", "/api/v1/runs"),
        ("GET", "/a/{sha256}"),
        ("GET", "/r/{run_id}"),
        ("GET", "/api/openapi.json"),
        ("GET", "/config"),
        ("GET", "/caching"),
        ("POST", "/gradio_api/queue/join"),
        ("GET", "/gradio_api/queue/data"),
        ("POST", "/gradio_api/upload"),
        ("GET", "/gradio_api/file={path_or_url:path}"),
        ("GET", "/assets/{path:path}"),
    ):
        assert known in routes
    assert set(routes) >= OPEN


def test_without_a_login_every_route_but_the_open_ones_is_refused(
    closed: TestClient, routes: list[tuple[str, str]]
) -> None:
    let_in = {route for route in routes if tried(closed, *route) != 401}
    assert {(method, path) for method, path in let_in if method != "HEAD"} <= OPEN
    assert {path for method, path in let_in if method == "HEAD"} <= {path for _, path in OPEN}


def test_a_viewer_writes_nothing(
    closed: TestClient, routes: list[tuple[str, str]], studio: ModuleType
) -> None:
    _, token = studio.add_account("vera", "viewer")
    writes = [route for route in routes if route[0] not in READS and route not in OPEN]
    let_in = {
        path
        for method, path in writes
        if needed(method, re.sub(r"\{[^}]*\}", "x", path)) == "viewer"
    }
    assert {path for path in let_in if not EVENTS.fullmatch(path)} == ASKED_BY_POST
    for method, path in writes:
        if path not in let_in:
            assert tried(closed, method, path, token) == 403, (method, path)


def test_an_editor_is_no_admin(
    closed: TestClient, routes: list[tuple[str, str]], studio: ModuleType
) -> None:
    assert set(routes) >= ADMINS
    _, token = studio.add_account("eda", "editor")
    refused = {
        (method, path)
        for method, path in routes
        if needed(method, re.sub(r"\{[^}]*\}", "x", path)) == "admin" and method != "HEAD"
    }
    assert refused == ADMINS
    for method, path in ADMINS:
        assert tried(closed, method, path, token) == 403, (method, path)


def test_what_nobody_has_thought_of_is_closed() -> None:
    assert needed("GET", "/new") == "viewer"
    assert needed("PURGE", "/new") == "editor"
    assert needed("POST", "/api/v1/new") == "editor"
    for near in (
        "/healthz/",
        "/healthzz",
        "//healthz",
        "/s/",
        "/s",
        "/static/",
        "/login/x",
        "/HEALTHZ",
    ):
        assert needed("GET", near) is not None, near
