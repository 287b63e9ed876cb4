"""Gradio's own client against the whole application on a real port."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from gradio_client import Client
from gradio_client.exceptions import AppError

from methods import METHODS
from methods.base import Result
from tests.conftest import configure

README = Path(__file__).parents[2] / "README.md"
QUIET: dict[str, Any] = {
    "verbose": False,
    "analytics_enabled": False,
    "httpx_kwargs": {"timeout": 120},  # a busy machine is no bug
}
TOY = {"steps": 3, "seconds_per_step": 0.0}


@pytest.fixture(scope="module")
def address(web: FastAPI) -> Iterator[str]:
    """The application, served for as long as this module's tests run."""
    server = uvicorn.Server(uvicorn.Config(web, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = server.force_exit = True
    thread.join(30)


@pytest.fixture
def studio_client(address: str, studio: Any, woken: list[str]) -> Client:
    return Client(address, **QUIET)


def test_a_run_is_launched_and_read(studio_client: Client, works: Callable[[], None]) -> None:
    made = studio_client.predict("toy.steps", TOY, seed=5, title="mine", api_name="/launch")
    assert (made["status"], made["seed"], made["title"]) == ("queued", 5, "mine")
    works()
    read = studio_client.predict(made["id"], api_name="/run")
    assert (read["finished"], read["metrics"]) == (True, {"sum": 3.0})
    other = studio_client.predict("toy.steps", api_name="/launch")
    assert studio_client.predict(other["id"], api_name="/cancel")["status"] == "cancelled"


def test_a_preset_and_what_differs_from_it(studio_client: Client) -> None:
    found = {each["name"]: each for each in studio_client.predict(api_name="/methods")}
    assert "goc50" in found["caching.sample"]["presets"]
    assert "steps" in found["toy.steps"]["schema"]["properties"]
    given = {"method": "caching.sample", "settings": {"steps": 10}, "preset": "goc50"}
    made = studio_client.predict(**given, api_name="/launch")
    assert (made["config"]["steps"], made["config"]["correction"]) == (10, "goc")


def test_refusals_come_word_for_word(studio_client: Client) -> None:
    for given, words in (
        ({"method": "toy.none"}, "there is no method"),
        ({"method": "toy.steps", "settings": {"steps": 0}}, "steps"),
        ({"method": "toy.steps", "preset": "none"}, "preset"),
    ):
        with pytest.raises(AppError, match=words):
            studio_client.predict(**given, api_name="/launch")
    with pytest.raises(AppError, match="there is no run 'nothing'"):
        studio_client.predict("nothing", api_name="/run")


def test_nothing_else_is_shown(studio_client: Client) -> None:
    shown = studio_client.view_api(return_format="dict", print_info=False)
    assert set(shown["named_endpoints"]) == {"/methods", "/launch", "/run", "/cancel"}
    assert shown["unnamed_endpoints"] == {}
    parameters = shown["named_endpoints"]["/launch"]["parameters"]
    assert [each["parameter_name"] for each in parameters] == [
        "method",
        "settings",
        "preset",
        "seed",
        "title",
    ]
    assert [each["parameter_has_default"] for each in parameters] == [False, *[True] * 4]
    assert shown["named_endpoints"]["/launch"]["description"].startswith("Queue a run")


def test_the_scripts_of_the_readme_run(
    address: str,
    studio: Any,
    woken: list[str],
    works: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def run(_config: Any, context: Any) -> Result:
        context.save_file("made.txt", b"made")
        return Result({"speedup": 2.0}, "twice as fast")

    quick = replace(METHODS["caching.sample"], run=run)
    monkeypatch.setitem(METHODS, "caching.sample", quick)
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(), re.S)
    rest, gradio = [
        each.replace("time.sleep(1)", "works()") for each in blocks if "localhost:7860" in each
    ]
    scope: dict[str, Any] = {"works": works}
    exec(rest.replace("http://localhost:7860", address), scope)
    assert scope["run"]["metrics"] == {"speedup": 2.0}
    assert scope["run"]["config"]["correction"] == "goc"
    assert [each["name"] for each in scope["files"]] == ["made.txt"]
    patient = '"http://localhost:7860", httpx_kwargs={"timeout": 120}'
    assert '"http://localhost:7860"' in gradio
    gradio = gradio.replace('"http://localhost:7860"', patient)
    exec(gradio.replace("http://localhost:7860", address), scope)
    assert scope["run"]["summary"] == "twice as fast"


def test_a_viewer_reads_and_launches_nothing(
    address: str, studio: Any, woken: list[str], data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = studio.submit("toy.steps", TOY).id
    configure(monkeypatch, data_dir, AUTH="token")
    token = studio.add_account("ann", "viewer")[1]
    headers = {"Authorization": f"Bearer {token}"}
    with pytest.raises(Exception, match="credentials were not provided"):
        Client(address, **QUIET)
    client = Client(address, headers=headers, **QUIET)
    assert client.predict(run, api_name="/run")["status"] == "queued"
    for name, given in (("/launch", ["toy.steps"]), ("/cancel", [run])):
        with pytest.raises(AppError, match="needs the role editor"):
            client.predict(*given, api_name=name)
    assert studio.list_runs(statuses=("queued",)).total == 1
