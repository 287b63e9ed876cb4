"""No other site writes here, by whichever route, content and header; and what is read changes nothing."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.studio import PAGES
from backend.settings import settings
from tests.security.wire import SAFE, ask, routes_of

ELSEWHERE: list[dict[str, str]] = [
    {"origin": "http://elsewhere.test"},
    {"origin": "null"},
    {"origin": ""},
    {"origin": "http://localhost:9999"},
    {"origin": "http://evil.localhost"},
    {"origin": "http://localhost.evil.test"},
    {"origin": "http://localhost@evil.test"},
    {"origin": "file://"},
    {"origin": "http://["},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"referer": "http://elsewhere.test/page"},
    {"referer": "http://localhost:9999/page"},
    {"origin": "http://localhost", "sec-fetch-site": "cross-site"},
]
CONTENTS = (
    "application/json",
    "text/plain",
    "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded",
)


@pytest.mark.parametrize("headers", ELSEWHERE, ids=str)
def test_no_route_takes_a_write_from_another_site(
    web: FastAPI, client: TestClient, headers: dict[str, str]
) -> None:
    writes = [(method, path) for method, path in routes_of(web) if method not in SAFE]
    assert len(writes) > 60
    for place, (method, path) in enumerate(writes):
        more = {"content-type": CONTENTS[place % len(CONTENTS)]}
        target = re.sub(r"\{[^}]+\}", "x", path)
        answer = ask(web, method, target, headers=headers | more, pieces=[b"{}"])
        assert answer.status == 403, (method, path)
        assert b"another site" in answer.body


@pytest.mark.parametrize("content", CONTENTS)
def test_a_form_needs_no_preflight_and_is_refused_all_the_same(
    web: FastAPI, client: TestClient, content: str
) -> None:
    body = b'{"method": "toy.steps"}'
    headers = {"content-type": content, "origin": "https://elsewhere.test"}
    assert ask(web, "POST", "/api/v1/runs", headers=headers, pieces=[body]).status == 403
    assert client.get("/api/v1/runs").json()["total"] == 0


@pytest.mark.parametrize("content", CONTENTS[1:])
def test_nothing_but_json_is_read_as_json(web: FastAPI, client: TestClient, content: str) -> None:
    headers = {"content-type": content}
    body = b'{"method": "toy.steps"}'
    assert ask(web, "POST", "/api/v1/runs", headers=headers, pieces=[body]).status == 422


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "get", "Post"])
def test_a_strange_method_is_a_write(web: FastAPI, client: TestClient, method: str) -> None:
    headers = {"origin": "http://elsewhere.test"}
    assert ask(web, method, "/api/v1/runs", headers=headers).status == 403
    assert ask(web, method, "/api/v1/runs").status in (404, 405)


def test_no_other_site_reads_an_answer(web: FastAPI, client: TestClient) -> None:
    asking = {"origin": "http://elsewhere.test", "access-control-request-method": "POST"}
    for method in ("GET", "OPTIONS"):
        for path in ("/api/v1/runs", "/config", "/gradio_api/info", "/gradio_api/queue/join", "/"):
            headers = ask(web, method, path, headers=asking).headers
            allowed = headers.get("access-control-allow-origin", "")
            assert allowed in ("", "null") or "localhost" in allowed, (method, path)
            assert allowed != "http://elsewhere.test"


def contents() -> dict[str, list[Any]]:
    """All rows of the database."""
    with sqlite3.connect(settings().root / "vitrine.db") as database:
        names = database.execute("select name from sqlite_master where type = 'table'").fetchall()
        return {name: database.execute(f'select * from "{name}"').fetchall() for (name,) in names}


def test_reading_changes_nothing(web: FastAPI, client: TestClient, painted: dict[str, Any]) -> None:
    """Another site can make a browser GET whatever it likes."""
    run = painted["runs"][0]["id"]
    streams = (
        "heartbeat",
        "queue/data",
        "dev/reload",
        "upload_progress",
        "doctor",
    )  # the last asks the broker for seconds
    pages = {f"/{path}" for _, path, _ in PAGES} | {""}  # drawn by the browser, from what REST says
    reads = [path for method, path in routes_of(web) if method == "GET"]
    before = contents()
    for path in reads:
        if path.rstrip("/") in pages or any(part in path for part in streams):
            continue
        ask(web, "GET", re.sub(r"\{[^}]+\}", run, path) + f"?run={run}")
    assert contents() == before
