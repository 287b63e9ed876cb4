"""What every request passes, links, bytes, and the pages' addresses."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.asking import waited
from app.holding import listen
from app.middleware import BodyLimit, KnownHosts, allowed_hosts
from backend.settings import Settings, settings
from storage import db
from storage.models import Worker

Submit = Callable[..., dict[str, Any]]
PAGES = ("/", "/caching", "/runs", "/run", "/compare", "/sweep", "/system")


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://elsewhere.test"},
        {"origin": "null"},
        {"origin": "http://localhost.elsewhere.test"},
        {"sec-fetch-site": "cross-site"},
    ],
)
@pytest.mark.parametrize(
    "request_",
    [
        ("/api/v1/runs", {"json": {"method": "toy.steps"}}),
        ("/api/v1/uploads", {"files": {"file": b"x"}, "data": {"kind": "router"}}),
        ("/gradio_api/upload", {"files": {"files": b"x"}}),
        ("/gradio_api/queue/join", {"json": {"data": [], "fn_index": 0, "session_hash": "x"}}),
    ],
    ids=lambda request: request[0],
)
def test_no_write_comes_from_another_site(
    client: TestClient, headers: dict[str, str], request_: tuple[str, dict[str, Any]]
) -> None:
    path, arguments = request_
    answer = client.post(path, headers=headers, **arguments)
    assert answer.status_code == 403
    assert answer.json()["error"]["type"] == "Forbidden"
    assert client.get("/api/v1/runs").json()["total"] == 0


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "http://localhost"},
        {"sec-fetch-site": "same-origin"},
        {"origin": "https://public.test", "x-forwarded-host": "public.test"},
    ],
)
def test_our_own_pages_and_scripts_may_write(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.post("/api/v1/runs", json={"method": "toy.steps"}, headers=headers)
    assert answer.status_code == 201


@pytest.mark.parametrize(
    "host", ["evil.example:7860", "evil.example", "127.0.0.1.evil.example", "[::2]:7860", "[", ""]
)
def test_a_name_that_was_pointed_at_this_machine_reaches_nothing(
    client: TestClient, host: str
) -> None:
    headers = {"host": host, "origin": f"http://{host}"}
    answer = client.post("/api/v1/runs", json={"method": "toy.steps"}, headers=headers)
    assert answer.status_code == 421
    assert answer.json()["error"]["type"] == "UnknownHost"
    assert "VITRINE_ALLOWED_HOSTS" in answer.json()["error"]["message"]
    for path in (*PAGES, "/api/v1/runs", "/readyz", "/static/core.js"):
        assert client.get(path, headers={"host": host}).status_code == 421
    assert client.get("/healthz", headers={"host": host}).status_code == 503
    assert client.get("/api/v1/runs").json()["total"] == 0


@pytest.mark.parametrize("host", ["localhost:7860", "127.0.0.1:7860", "[::1]:7860", "LOCALHOST"])
def test_the_names_of_the_loopback_are_ours(client: TestClient, host: str) -> None:
    headers = {"host": host, "origin": f"http://{host}"}
    answer = client.post("/api/v1/runs", json={"method": "toy.steps"}, headers=headers)
    assert answer.status_code == 201


def test_the_names_we_answer_to_are_the_hosts_and_those_that_were_given() -> None:
    own = frozenset({"localhost", "127.0.0.1", "::1"})
    assert allowed_hosts(Settings()) == own
    given = Settings(allowed_hosts="Studio.example, [fd00::1],")
    assert allowed_hosts(given) == own | {"studio.example", "fd00::1"}
    assert allowed_hosts(Settings(allowed_hosts="studio.example, *")) is None
    assert allowed_hosts(Settings(host="10.0.0.7", allow_open=True)) is None
    assert allowed_hosts(Settings(host="10.0.0.7", auth="token")) is None
    assert allowed_hosts(Settings(auth="token")) == own
    assert allowed_hosts(Settings(host="10.0.0.7", auth="proxy")) == own | {"10.0.0.7"}
    both = Settings(host="10.0.0.7", allow_open=True, allowed_hosts="studio.example")
    assert allowed_hosts(both) == own | {"10.0.0.7", "studio.example"}


def test_health_and_the_limit_hold_below_the_prefix_of_a_proxy(studio: ModuleType) -> None:
    inner = FastAPI()
    inner.add_api_route("/healthz", lambda: "well")
    inner.add_api_route("/api/x", lambda: "taken", methods=["POST"])
    inner.add_middleware(BodyLimit, limit=1 << 20)
    inner.add_middleware(KnownHosts, allowed=frozenset({"localhost"}))
    client = TestClient(inner, base_url="http://localhost", root_path="/vitrine")
    assert client.get("/vitrine/healthz", headers={"host": "probe"}).status_code == 200
    large = {"content-length": str(10**10)}
    assert client.post("/vitrine/api/x", content=b"{}", headers=large).status_code == 413


def test_every_answer_keeps_to_itself(client: TestClient) -> None:
    for path in ("/healthz", "/", "/api/v1/runs", "/static/core.js"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "frame-ancestors" in headers["content-security-policy"]
        assert "access-control-allow-origin" not in headers


def test_a_body_over_the_limit_is_refused_unread(client: TestClient) -> None:
    headers = {"content-length": str(10**10), "content-type": "application/json"}
    answer = client.post("/api/v1/runs", content=b"{}", headers=headers)
    assert answer.status_code == 413


@pytest.mark.parametrize("page", PAGES)
def test_each_page_answers_under_its_address(client: TestClient, page: str) -> None:
    answer = client.get(page)
    assert answer.status_code == 200
    assert "Vitrine" in answer.text


def test_health_is_ready_once_a_worker_is_there_and_readiness_says_what_is_missing(
    client: TestClient,
) -> None:
    before = client.get("/healthz")
    assert (before.status_code, before.json()) == (503, {"status": "not ready"})
    readiness = client.get("/readyz")
    assert readiness.status_code == 503
    missing = [check["name"] for check in readiness.json()["checks"] if not check["ok"]]
    assert missing == ["workers"]
    with db.writing(settings().database_url) as session:
        session.add(Worker(id="cpu@here:1", host="here", pid=1, device="cpu", queues=["cpu"]))
    after = client.get("/healthz")
    assert (after.status_code, after.json()) == (200, {"status": "ready"})


def test_permalinks_lead_to_the_pages(client: TestClient) -> None:
    for link, page in (("/r/abc", "/run?id=abc"), ("/c/a%26b", "/compare?c=a%26b")):
        answer = client.get(link, follow_redirects=False)
        assert answer.status_code == 307
        assert answer.headers["location"] == page


def test_artefacts_are_immutable_sandboxed_and_named(client: TestClient, finished: Submit) -> None:
    run = finished()
    [item] = client.get(f"/api/v1/runs/{run['id']}/artefacts").json()["items"]
    answer = client.get(item["url"])
    assert answer.content == b"3.0"
    assert hashlib.sha256(answer.content).hexdigest() == item["sha256"]
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-security-policy"].startswith("sandbox")
    again = client.get(item["url"], headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    named = client.get(item["url"], params={"name": 'a"b\r\nx: y.txt'})
    assert named.headers["content-disposition"] == (
        "attachment; filename*=UTF-8''a%22b%0D%0Ax%3A%20y.txt"
    )


@pytest.mark.parametrize("name", ["0" * 64, "..%2f..%2fvitrine.db", "short"])
def test_there_are_no_other_artefacts(client: TestClient, name: str) -> None:
    assert client.get(f"/a/{name}").status_code == 404


def test_our_files_are_revalidated_and_plotly_is_the_installed_one(client: TestClient) -> None:
    first = client.get("/static/tokens.css")
    assert first.headers["content-type"].startswith("text/css")
    again = client.get("/static/tokens.css", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    assert b"plotly.js" in client.get("/static/plotly.min.js").content[:200]
    assert client.get("/static/server.py").status_code == 404
    assert client.get("/static/fonts/IBMPlexSans/IBMPlexSans-Bold.woff2").status_code == 200


def test_no_file_of_ours_asks_anything_of_another_host(client: TestClient) -> None:
    from app.files import STATIC

    for path in STATIC.iterdir():
        text = path.read_text().replace("http://www.w3.org/", "")
        assert "http://" not in text, path.name
        assert "https://" not in text, path.name


def test_no_script_writes_html() -> None:
    from app.files import STATIC

    for path in STATIC.glob("*.js"):
        text = path.read_text()
        for danger in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert danger not in text.replace("without innerHTML", ""), f"{path.name}: {danger}"


def test_answers_do_not_wait_for_an_acknowledgement() -> None:
    listening = listen(Settings.model_construct(host="127.0.0.1", port=0))
    set_there: list[int] = []

    async def serve() -> None:
        async def answer(_reader: object, writer: asyncio.StreamWriter) -> None:
            connection = writer.get_extra_info("socket")
            set_there.append(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        server = await asyncio.start_server(answer, sock=listening)
        async with server:
            reader, writer = await asyncio.open_connection(*listening.getsockname())
            await reader.read()
            writer.close()

    waited(serve())
    assert set_there == [1]
