"""What Gradio serves beside our pages: files, private endpoints, a proxy, an editor."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from gradio.utils import get_upload_folder
from httpx import Response
from starlette.routing import Mount

from backend.settings import settings
from tests.security.wire import ask, routes_of

USED = {
    "/gradio_api/api/{api_name}",
    "/gradio_api/app_id",
    "/gradio_api/call/{api_name}",
    "/gradio_api/call/{api_name}/{event_id}",
    "/gradio_api/cancel",
    "/gradio_api/file/{path:path}",
    "/gradio_api/file={path_or_url:path}",
    "/gradio_api/heartbeat/{session_hash}",
    "/gradio_api/info",
    "/gradio_api/login_check",
    "/gradio_api/openapi.json",
    "/gradio_api/queue/data",
    "/gradio_api/queue/join",
    "/gradio_api/queue/status",
    "/gradio_api/reset",
    "/gradio_api/run/{api_name}",
    "/gradio_api/runs",
    "/gradio_api/startup-events",
    "/gradio_api/theme.css",
    "/gradio_api/token",
    "/gradio_api/upload",
    "/gradio_api/upload_progress",
    "/gradio_api/user",
}


@pytest.fixture
def blocks(web: FastAPI) -> Any:
    return next(route.app for route in web.routes if isinstance(route, Mount)).get_blocks()


@pytest.fixture
def take_in(client: TestClient, blocks: Any) -> Callable[[Any], Response]:
    """Calls the private endpoint behind a button that uploads pairs."""
    [button] = [
        each for each in blocks.blocks.values() if each.elem_id == "alignment-hardness-pairs-upload"
    ]
    [endpoint] = [each for each in blocks.fns.values() if each.inputs == [button]]

    def take_in(file: Any) -> Response:
        body = {"data": [file], "fn_index": endpoint._id, "session_hash": "abc"}
        return client.post(f"/gradio_api/run/{endpoint.api_name}", json=body)

    return take_in


def test_what_gradio_brings_along_unused_is_closed(web: FastAPI, client: TestClient) -> None:
    served = [(method, path) for method, path in routes_of(web) if path.startswith("/gradio_api/")]
    unused = {(method, path) for method, path in served if path.rstrip("/") not in USED}
    assert len(unused) > 15
    for method, path in unused:
        answer = ask(web, method, path.replace("{", "").replace("}", ""), pieces=[b"{}"])
        assert answer.status == 404, (method, path)
    for path in ("/monitoring", "/monitoring/summary", "/openapi.json", "/docs", "/redoc"):
        assert ask(web, "GET", path).status == 404, path


@pytest.mark.parametrize("how", ["file", "url", "both", "climbing"])
def test_a_private_endpoint_takes_no_file_that_was_not_uploaded(
    client: TestClient,
    take_in: Callable[[Any], Response],
    internal: tuple[str, list[str]],
    tmp_path: Path,
    how: str,
) -> None:
    address, asked = internal
    private = tmp_path / "private.json"
    private.write_text('{"private": 1}')
    folder = Path(get_upload_folder())
    folder.mkdir(parents=True, exist_ok=True)
    (folder.parent / private.name).write_text("{}")
    path = {
        "file": str(private),
        "url": f"{address}/a.json",
        "both": "a.json",
        "climbing": f"{folder}/../{private.name}",
    }[how]
    file = {
        "path": path,
        "url": f"{address}/b.json",
        "orig_name": "a.json",
        "meta": {"_type": "gradio.FileData"},
    }
    answer = take_in(file)
    assert client.get("/api/v1/datasets").json()["items"] == []
    assert asked == []
    assert "private" not in answer.text


def test_an_uploaded_file_is_taken_by_the_same_endpoint(
    client: TestClient, take_in: Callable[[Any], Response]
) -> None:
    [path] = client.post("/gradio_api/upload", files={"files": ("a.json", b"{}")}).json()
    file = {"path": path, "orig_name": "a.json", "meta": {"_type": "gradio.FileData"}}
    assert take_in(file).status_code == 200
    [kept] = client.get("/api/v1/datasets").json()["items"]
    assert kept["name"] == "a.json"


@pytest.mark.parametrize(
    "name", ["../../evil.json", "/etc/evil.json", "..\\evil.json", "%2e%2e%2fevil.json"]
)
def test_an_upload_lies_where_gradio_keeps_it(client: TestClient, blocks: Any, name: str) -> None:
    [path] = client.post("/gradio_api/upload", files={"files": (name, b"{}")}).json()
    place = Path(path).resolve()
    assert place.is_relative_to(Path(blocks.GRADIO_CACHE).resolve())
    assert "/tmp/gradio" not in str(place)
    assert place.name.endswith("evil.json")


def test_gradio_gives_out_no_file_of_ours(
    web: FastAPI, client: TestClient, internal: tuple[str, list[str]]
) -> None:
    address, asked = internal
    root = settings().root
    settings().signing_secret()
    here = Path(__file__)
    for wanted in (
        root / "secret",
        root / "vitrine.db",
        here,
        Path("/etc/passwd"),
        Path("/proc/self/environ"),
    ):
        for route in ("file=", "file/"):
            for spelt in (
                str(wanted),
                quote(str(wanted), safe=""),
                f"..{wanted}",
                f"{here.parent}/../..{wanted}",
            ):
                answer = ask(web, "GET", f"/gradio_api/{route}{spelt}")
                assert answer.status in (403, 404), spelt
    for route in ("file=", "proxy=", "file/"):
        assert ask(web, "GET", f"/gradio_api/{route}{address}/x").status in (403, 404)
    assert asked == []


def test_an_upload_over_the_limit_is_refused(
    client: TestClient, blocks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert blocks.max_file_size == settings().max_upload_mb * 2**20
    monkeypatch.setattr(blocks, "max_file_size", 1000)
    assert client.post("/gradio_api/upload", files={"files": ("a", b"x" * 2000)}).status_code == 413


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b'{"data": null}', b'{"data": [], "fn_index": -1}', b"[" * 100_000],
)
def test_nonsense_for_an_endpoint_tells_nothing_of_the_inside(
    web: FastAPI, client: TestClient, body: bytes
) -> None:
    stranger = TestClient(web, base_url="http://localhost", raise_server_exceptions=False)
    headers = {"content-type": "application/json"}
    for path in ("queue/join", "run/launch", "call/launch", "api/nosuch", "cancel", "reset"):
        answer = stranger.post(f"/gradio_api/{path}", headers=headers, content=body)
        for told in ("Traceback", "site-packages", ".py", str(settings().root)):
            assert told not in answer.text


def test_no_value_of_ours_is_drawn_as_html_by_a_table(blocks: Any) -> None:
    kinds = {type(each).__name__ for each in blocks.blocks.values()}
    assert kinds.isdisjoint({"Dataframe", "Chatbot", "Markdown"})
