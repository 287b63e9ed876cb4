"""Every answer: its headers, what its errors tell, how much may be sent and kept open."""

from __future__ import annotations

import asyncio
import re
from types import ModuleType
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.asking import waited
from app.middleware import PLAIN, BodyLimit, Crowd, on_bug
from app.studio import PAGES
from backend import services
from tests.security.wire import ask, routes_of

HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": r"same-origin|no-referrer",
    "content-security-policy": r"frame-ancestors '(self|none)'|sandbox",
    "permissions-policy": r"camera=\(\)",
    "cross-origin-opener-policy": "same-origin",
}


def test_every_answer_has_the_headers_that_keep_it_to_itself(
    web: FastAPI, client: TestClient
) -> None:
    pages = {f"/{path}" for _, path, _ in PAGES[2:]}
    streams = ("heartbeat", "queue/data", "upload_progress", "doctor")
    seen = set()
    for method, path in routes_of(web):
        if path.rstrip("/") in pages or any(part in path for part in streams) or method == "DELETE":
            continue
        answer = ask(web, method, re.sub(r"\{[^}]+\}", "x", path), pieces=[b"{}"])
        seen.add(answer.status)
        for name, wanted in HEADERS.items():
            assert re.search(wanted, answer.headers.get(name, "")), (method, path, name)
        assert "server" not in answer.headers
        assert "x-powered-by" not in answer.headers
    assert {200, 404, 422} <= seen


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/nowhere", {}),
        ("/api/v1/nowhere", {}),
        ("/s/nonsense", {}),
        ("/a/nonsense", {}),
        ("/api/v1/runs?limit=x", {}),
        ("/", {"host": "evil.test"}),
        ("/api/v1/runs?q=%00", {}),
        ("/" + "a" * 300, {}),
    ],
)
def test_an_error_tells_nothing_of_the_inside(
    web: FastAPI, client: TestClient, path: str, headers: dict[str, str]
) -> None:
    answer = ask(web, "GET", path, headers=headers)
    assert 400 <= answer.status < 500
    for told in (b"Traceback", b"site-packages", b".py", b"sqlite", b"/home", b"/tmp"):
        assert told not in answer.body
    assert "nosniff" in answer.headers["x-content-type-options"]


def test_a_bug_tells_nothing_of_the_inside(
    web: FastAPI, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret of /home/me/vitrine.db")

    monkeypatch.setattr(services, "list_runs", broken)
    stranger = TestClient(web, base_url="http://localhost", raise_server_exceptions=False)
    answer = stranger.get("/api/v1/runs")
    assert answer.status_code == 500
    assert answer.json()["error"]["type"] == "Bug"
    assert "secret" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert web.exception_handlers[Exception] is on_bug


@pytest.mark.parametrize(
    "path", ["/api/v1/runs", "/gradio_api/queue/join", "/gradio_api/run/launch"]
)
def test_a_body_without_a_length_is_counted_as_it_comes(
    web: FastAPI, client: TestClient, path: str
) -> None:
    piece = b"0" * (1 << 20)
    headers = {"content-type": "application/json", "transfer-encoding": "chunked"}
    pieces = [piece] * ((PLAIN >> 20) + 2)
    answer = ask(web, "POST", path, headers=headers, pieces=pieces)
    assert answer.status in (400, 413)
    large = {"content-type": "application/json", "content-length": str(PLAIN + 1)}
    assert ask(web, "POST", path, headers=large, pieces=[b"{}"]).status == 413


def test_an_upload_may_be_larger_than_other_bodies(studio: ModuleType) -> None:
    inner = FastAPI()
    inner.add_api_route("/x", lambda: "taken", methods=["POST"])
    inner.add_middleware(BodyLimit, limit=2 * PLAIN)
    sizes = {"multipart/form-data; boundary=x": 200, "application/json": 413, "": 413}
    for content, status in sizes.items():
        headers = {"content-type": content, "content-length": str(PLAIN + 1)}
        assert ask(inner, "POST", "/x", headers=headers, pieces=[b"{}"]).status == status


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"method": "toy.steps", "config": ' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}",
        b'{"method": "toy.steps", "config": {"steps": NaN}}',
        b'{"method": "toy.steps", "config": {"steps": 1e999}}',
        b'{"method": "toy.steps", "config": {"steps": ' + b"9" * 5000 + b"}}",
        b'{"method": "toy.steps", "title": "\\ud800"}',
        b'{"method": "toy.steps", "seed": 1' + b"0" * 30 + b"}",
        b'\xff\xfe{"method": "toy.steps"}',
        b"",
        b"null",
    ],
    ids=[
        "deep",
        "deep config",
        "nan",
        "infinity",
        "digits",
        "surrogate",
        "seed",
        "utf-16",
        "none",
        "null",
    ],
)
def test_a_body_of_nonsense_is_refused_in_words(
    web: FastAPI, client: TestClient, body: bytes
) -> None:
    headers = {"content-type": "application/json"}
    for path in ("/api/v1/runs", "/api/v1/sweeps", "/api/v1/comparisons", "/api/v1/requests"):
        answer = ask(web, "POST", path, headers=headers, pieces=[body])
        assert 400 <= answer.status < 500, path
        assert b"error" in answer.body


def test_what_stays_open_is_bounded_and_what_closes_makes_room() -> None:
    release = asyncio.Event()

    async def stays_open(_scope: Any, _receive: Any, send: Any) -> None:
        await release.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    crowd = Crowd(stays_open, most=3)

    async def visit(path: str) -> int:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "path": path, "headers": [], "method": "GET"}
        await crowd(scope, None, send)  # type: ignore[arg-type]
        return int(sent[0]["status"])

    async def story() -> None:
        stream = "/gradio_api/heartbeat/x"
        waiting = [asyncio.create_task(visit(stream)) for _ in range(3)]
        await asyncio.sleep(0)
        assert await visit(stream) == 503
        release.set()
        assert await asyncio.gather(*waiting) == [200, 200, 200]
        assert await visit(stream) == 200
        assert crowd.open == 0

    waited(story())


def test_documentation_and_monitoring_are_off(web: FastAPI, client: TestClient) -> None:
    for path in ("/docs", "/redoc", "/monitoring", "/monitoring/summary", "/openapi.json"):
        assert ask(web, "GET", path).status == 404
