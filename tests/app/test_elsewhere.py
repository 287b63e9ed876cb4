"""The same commands against another studio: VITRINE_STUDIO and VITRINE_TOKEN."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from app.cli import main
from backend.settings import settings
from tests.conftest import configure, forget

EMPTY = (200, b'{"runs": [], "cursor": null, "total": 0}')


class Server(ThreadingHTTPServer):
    """Answers everything alike, and keeps what it was asked."""

    answer = EMPTY
    asked: list[tuple[str, str | None]]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("authorization")))
        status, body = self.server.answer
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as server:
        server.asked = []
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        yield server
        server.shutdown()


@pytest.fixture
def elsewhere(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., None]]:
    address = f"http://127.0.0.1:{server.server_port}/vitrine"
    configure(monkeypatch, tmp_path / "data", STUDIO=f"{address}/", TOKEN="vt_secret")
    yield lambda *words: main(list(words))
    assert not (tmp_path / "data").exists(), "nothing of this machine's was opened"
    forget()


def refused(capsys: pytest.CaptureFixture[str], act: Callable[..., None], *words: str) -> str:
    with pytest.raises(SystemExit) as ended:
        act(*words)
    assert ended.value.code == 2
    return capsys.readouterr().err


def test_it_is_asked_over_rest_with_the_token(
    elsewhere: Callable[..., None], server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere("list", "two words")
    assert capsys.readouterr().out == "no run matches\n"
    [(path, token)] = server.asked
    assert path.startswith("/vitrine/api/v1/runs?")
    assert "q=two+words" in path or "q=two%20words" in path
    assert token == "Bearer vt_secret"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((401, b"{}"), "does not take the token in VITRINE_TOKEN"),
        ((403, b'{"error": {"type": "Forbidden", "message": "only editors"}}'), "only editors"),
        ((500, b"{}"), "the studio answered 500"),
        ((302, b""), "answered 302 and no JSON"),
        ((200, b"<html>"), "no JSON: is it a studio?"),
    ],
)
def test_what_it_refuses_is_said_in_one_line(
    elsewhere: Callable[..., None],
    server: Server,
    capsys: pytest.CaptureFixture[str],
    answer: tuple[int, bytes],
    words: str,
) -> None:
    server.answer = answer
    said = refused(capsys, elsewhere, "list")
    assert words in said
    assert "vt_secret" not in said


def test_without_a_token_it_says_where_one_goes(
    elsewhere: Callable[..., None],
    server: Server,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("VITRINE_TOKEN")
    settings.cache_clear()
    server.answer = (401, b"{}")
    assert "set VITRINE_TOKEN to your token" in refused(capsys, elsewhere, "list")


def test_what_works_here_alone_says_so(
    elsewhere: Callable[..., None], server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (["gc"], ["sweep", "toy.steps"], ["pairs", "check", "x"], ["import", "x"]):
        assert "works on the data of this machine" in refused(capsys, elsewhere, *words)
    assert server.asked == []


def test_a_studio_that_does_not_answer_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(monkeypatch, tmp_path / "data", STUDIO="http://127.0.0.1:9")
    said = refused(capsys, lambda *words: main(list(words)), "list")
    assert "the studio at http://127.0.0.1:9 does not answer" in said
    forget()
    monkeypatch.setenv("VITRINE_STUDIO", "127.0.0.1:9")
    said = refused(capsys, lambda *words: main(list(words)), "list")
    assert "VITRINE_STUDIO: an address such as http://host:7860 is allowed" in said
