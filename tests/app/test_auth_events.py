"""What Gradio's pages do by POST, they do as whoever sent it, whichever way in is taken."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.conftest import configure

LAUNCHES = ("launch", "launch_reusing", "launch_anew")


@pytest.fixture
def client(
    web: FastAPI,
    studio: ModuleType,
    woken: list[str],
    data_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[TestClient]:
    configure(monkeypatch, data_dir, AUTH="token")
    with TestClient(web, base_url="http://localhost") as client:
        yield client


@pytest.fixture
def tokens(studio: ModuleType) -> dict[str, str]:
    return {role: studio.add_account(f"my{role}", role)[1] for role in ("viewer", "editor")}


def functions_of(web: FastAPI) -> dict[int, Any]:
    """All events of all pages, by their numbers."""
    apps: list[Any] = [getattr(route, "app", None) for route in web.routes]
    [gradio] = [app for app in apps if hasattr(app, "get_blocks")]
    found: dict[int, Any] = gradio.get_blocks().fns
    return found


def takes_file(function: Any) -> bool:
    return any(block.get_block_name() == "uploadbutton" for block in function.inputs)


def event(function: Any, files: dict[str, str]) -> list[Any]:
    """What the page sends as it is opened; for a file, one that an editor has brought."""
    return [
        {"path": files[block.file_types[0]], "meta": {"_type": "gradio.FileData"}}
        if takes_file(function)
        else block.value
        for block in function.inputs
    ]


def brought(client: TestClient, functions: dict[int, Any], token: str) -> dict[str, str]:
    """A file of each kind that an event takes, where Gradio keeps what was uploaded; by its suffix."""
    suffixes = {each.inputs[0].file_types[0] for each in functions.values() if takes_file(each)}
    headers = {"authorization": f"Bearer {token}"}
    paths = {}
    for suffix in suffixes:
        file = {"files": (f"mine{suffix}", b"{}")}
        [paths[suffix]] = client.post("/gradio_api/upload", files=file, headers=headers).json()
    return paths


def sent(client: TestClient, number: int, data: list[Any], token: str) -> Any:
    body = {"fn_index": number, "data": data, "session_hash": "me"}
    headers = {"authorization": f"Bearer {token}"}
    return client.post("/gradio_api/run/predict", json=body, headers=headers)


def test_no_event_of_a_viewer_launches_or_keeps_anything(
    client: TestClient, web: FastAPI, tokens: dict[str, str], studio: ModuleType
) -> None:
    writing = {
        number: function
        for number, function in functions_of(web).items()
        if function.name in LAUNCHES or takes_file(function)
    }
    assert len(writing) > 40
    files = brought(client, writing, tokens["editor"])
    for number, function in writing.items():
        answer = sent(client, number, event(function, files), tokens["viewer"])
        assert "needs the role editor" in answer.text, function.name
    assert studio.list_runs().total == 0
    assert studio.datasets() == []


def test_an_event_of_an_editor_launches_as_the_editor(
    client: TestClient, web: FastAPI, tokens: dict[str, str], studio: ModuleType
) -> None:
    number, launch = next((n, f) for n, f in functions_of(web).items() if f.name == "launch")
    answer = sent(client, number, event(launch, {}), tokens["editor"])
    assert "v-board" in answer.text
    assert {run.owner for run in studio.list_runs().runs} == {"myeditor"}


def test_an_event_in_gradios_queue_is_its_senders(
    client: TestClient, web: FastAPI, tokens: dict[str, str], studio: ModuleType
) -> None:
    number, launch = next((n, f) for n, f in functions_of(web).items() if f.name == "launch")
    for role in ("viewer", "editor"):
        headers = {"authorization": f"Bearer {tokens[role]}"}
        body = {"fn_index": number, "data": event(launch, {}), "session_hash": role}
        joined = client.post("/gradio_api/queue/join", json=body, headers=headers)
        assert joined.status_code == 200, joined.text
        told = client.get(f"/gradio_api/queue/data?session_hash={role}", headers=headers).text
        assert "process_completed" in told
        assert ("needs the role editor" in told) == (role == "viewer")
    assert {run.owner for run in studio.list_runs().runs} == {"myeditor"}


def test_a_file_comes_in_by_an_editor_alone(client: TestClient, tokens: dict[str, str]) -> None:
    for role, status in (("viewer", 403), ("editor", 200)):
        headers = {"authorization": f"Bearer {tokens[role]}"}
        answer = client.post("/gradio_api/upload", files={"files": b"x"}, headers=headers)
        assert answer.status_code == status
