"""`vitrine up --public`: through a real connection, with Gradio's part of the tunnel replaced at its border."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app import tunnel
from app.cli import main
from app.holding import listen
from app.middleware import PUBLIC
from backend.settings import CannotStart, Settings, settings
from tests.conftest import wait_for
from tests.integration.proxy import Cable

NAME = "f00.gradio.live"


@pytest.fixture
def forgetful() -> Iterator[None]:
    """What a tunnel is called is forgotten with the test."""
    yield
    PUBLIC.clear()


@pytest.fixture
def served(
    web: FastAPI, client: TestClient, monkeypatch: pytest.MonkeyPatch, forgetful: None
) -> Iterator[Settings]:
    """The studio, on a real port, where one needs a token."""
    monkeypatch.setenv("VITRINE_AUTH", "token")
    settings.cache_clear()
    config = settings().model_copy(update={"port": 0})
    listening = listen(config)
    config = config.model_copy(update={"port": listening.getsockname()[1]})
    server = uvicorn.Server(uvicorn.Config(web, log_level="warning", lifespan="off"))
    thread = Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    wait_for(lambda: server.started, 30)
    yield config
    server.should_exit = True
    thread.join(30)


def test_the_tunnels_name_is_ours_and_who_comes_through_must_log_in(
    served: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    cables: list[Cable] = []

    def setup_tunnel(local_host: str, local_port: int, token: str, *rest: Any) -> str:
        assert (local_host, rest) == ("127.0.0.1", (None, None))
        assert len(token) >= 32
        cables.append(Cable(local_port))
        return f"https://{NAME}"

    monkeypatch.setattr("gradio.networking.setup_tunnel", setup_tunnel)
    said: list[str] = []
    headers = {"host": NAME}
    near = f"http://127.0.0.1:{served.port}"
    assert httpx.get(f"{near}/login", headers=headers).status_code == 421

    assert tunnel.publish(served, said.append) == f"https://{NAME}"
    [cable] = cables
    far = f"http://127.0.0.1:{cable.port}"
    try:
        assert httpx.get(f"{far}/login", headers=headers).status_code == 200
        for path in ("/api/v1/runs", "/config", "/gradio_api/info", "/a/" + "0" * 64):
            assert httpx.get(f"{far}{path}", headers=headers).status_code == 401, path
        body = {"method": "toy.steps"}
        ours = {**headers, "origin": f"https://{NAME}"}
        assert httpx.post(f"{far}/api/v1/runs", json=body, headers=ours).status_code == 401
        renamed = {"host": "127.0.0.1", "origin": f"https://{NAME}"}  # as some tunnels do
        assert httpx.post(f"{far}/api/v1/runs", json=body, headers=renamed).status_code == 401
        other = {**headers, "origin": "https://other.gradio.live"}
        assert httpx.post(f"{far}/api/v1/runs", json=body, headers=other).status_code == 403
        assert httpx.get(f"{far}/login", headers={"host": "other.gradio.live"}).status_code == 421
        spoofed = {**headers, "x-forwarded-user": "admin"}
        assert httpx.get(f"{far}/api/v1/runs", headers=spoofed).status_code == 401
    finally:
        cable.close()
    [line] = said
    assert f"public at https://{NAME} until" in line
    assert "72 hours" in line


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("Could not get share link from Gradio API Server."),
        OSError("Missing file"),
        ValueError("Could not create share URL.\nlog of frpc"),
        httpx.ConnectError(""),
    ],
)
def test_where_the_network_does_not_allow_it_the_studio_goes_on(
    data_dir: Any, monkeypatch: pytest.MonkeyPatch, error: Exception, forgetful: None
) -> None:
    def setup_tunnel(*_: Any) -> str:
        raise error

    monkeypatch.setattr("gradio.networking.setup_tunnel", setup_tunnel)
    said: list[str] = []
    assert tunnel.publish(Settings(auth="token"), said.append) == ""
    assert "there is no public address" in said[0]
    assert "api.gradio.app" in said[0]
    assert "goes on at http://localhost:7860" in said[0]
    assert "\n" not in said[0]
    assert set() == PUBLIC


@pytest.mark.parametrize("auth", ["none", "proxy"])
def test_a_studio_that_lets_in_whoever_comes_is_not_made_public(
    data_dir: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], auth: str
) -> None:
    monkeypatch.setenv("VITRINE_AUTH", auth)
    settings.cache_clear()
    for command in ("up", "web"):
        with pytest.raises(SystemExit) as ended:
            main([command, "--public"])
        assert ended.value.code == 2
        assert "VITRINE_AUTH=token" in capsys.readouterr().err
    assert not data_dir.exists()


def test_a_studio_without_network_is_not_made_public(data_dir: Any) -> None:
    tunnel.check_public(Settings(auth="token"))
    with pytest.raises(CannotStart, match="VITRINE_OFFLINE=1"):
        tunnel.check_public(Settings(auth="token", offline=True))


def test_where_one_logs_in_models_are_named_from_the_list(data_dir: Any) -> None:
    assert Settings(auth="token").reachable
    assert not Settings().reachable
