"""The real studio, started once, and a real Chromium that looks at it. Without a browser: skipped, under CI an error."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Error,
    Page,
    Request,
    Route,
    expect,
    sync_playwright,
)

from tests.browser.install import FLAGS, find
from tests.conftest import wait_for

HOUSE = Path(__file__).parents[2]
expect.set_options(
    timeout=30_000
)  # milliseconds: as patient as a page's own actions, for busy machines


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture(scope="session")
def chromium() -> str:
    path = find()
    if path is None and os.environ.get("CI"):
        pytest.fail("no Chromium: run tests/browser/install.py, or set VITRINE_CHROMIUM")
    if path is None:
        pytest.skip("no Chromium: set VITRINE_CHROMIUM to one")
    return path


@pytest.fixture(scope="session")
def url(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a studio of its own, with its worker and the toy methods beside the real ones, and with nothing in it."""
    with studio(tmp_path_factory.mktemp("studio"), "tests.toys", VITRINE_DEMO="0") as address:
        yield address


@contextmanager
def studio(folder: Path, program: str = "app", **more: str) -> Iterator[str]:
    """Address of a studio that keeps everything in `folder` and ends with the block; `program` is what python -m runs."""
    port = free_port()
    variables = {key: value for key, value in os.environ.items() if not key.startswith("VITRINE_")}
    variables |= {
        "VITRINE_DATA_DIR": str(folder / "data"),
        "VITRINE_PORT": str(port),
        "VITRINE_OFFLINE": "1",
        **more,
    }
    log = (folder / "log").open("w+")
    command = [sys.executable, "-m", program, "up"]
    with subprocess.Popen(command, cwd=HOUSE, env=variables, stdout=log, stderr=log) as process:
        address = f"http://127.0.0.1:{port}"
        try:
            wait_for(lambda: process.poll() is not None or is_ready(address), 180, every=0.5)
            assert process.poll() is None, (folder / "log").read_text()
            wait_for(lambda: httpx.get(f"{address}/readyz").status_code == 200, 120, every=0.5)
            yield address
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
            log.close()


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, url: str) -> Iterator[Callable[..., Page]]:
    """Opens a window of its own, as another person's; complaints of the console and foreign requests fail the test."""
    contexts = []
    complaints: list[str] = []

    def said(message: ConsoleMessage) -> None:
        refused = "Failed to load resource" in message.text  # a test may ask for what is not there
        if message.type == "error" and not refused:
            complaints.append(message.text)

    def asked(request: Request) -> None:
        if not request.url.startswith((url, "data:", "blob:")):
            complaints.append(f"asked for {request.url}")

    def raised(error: Error) -> None:
        complaints.append(str(error))

    def open_page(path: str = "/", **options: Any) -> Page:
        context = browser.new_context(
            base_url=url, **{"viewport": {"width": 1280, "height": 900}, **options}
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("console", said)
        page.on("request", asked)
        page.on("pageerror", raised)
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def place(open_page: Callable[..., Page]) -> Callable[..., Page]:
    """Opens a page that is nothing but `markup`, with these files of the studio: in a fraction of the time of a whole page."""

    def place(
        markup: str, styles: Sequence[str], scripts: Sequence[str], query: str = "", **options: Any
    ) -> Page:
        page = open_page("/healthz", **options)
        sheets = "".join(f'<link rel="stylesheet" href="/static/{name}.css">' for name in styles)
        modules = "".join(
            f'<script type="module" src="/static/{name}.js"></script>' for name in scripts
        )
        head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width">{sheets}{modules}'
        body = f'<!doctype html>{head}<body class="share">{markup}'

        def answer(route: Route) -> None:
            route.fulfill(body=body, content_type="text/html")

        page.route("**/placed*", answer)
        page.goto(f"/placed{query}")
        return page

    return place


LOADED = """(chosen) => {
  const images = [...document.querySelectorAll(chosen)];
  for (const image of images) image.scrollIntoView(); // those far below load when they come near
  return images.length > 0 && images.every((image) => image.complete && image.naturalWidth > 0);
}"""
"""Whether all images of a selector are there."""


def until(page: Page, script: str, argument: Any = None, timeout: float = 60) -> None:
    """Wait until a script of the page gives something true.

    Playwright's own `wait_for_function` evaluates a string in the page when it has to ask twice, which the page's rules
    forbid: it then waits in vain.
    """
    wait_for(lambda: page.evaluate(script, argument), timeout, every=0.1)


class Rest:
    """What a test arranges or asks without the browser."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=f"{url}/api/v1", timeout=30)

    def get(self, path: str, **parameters: Any) -> Any:
        answer = self.http.get(path, params=parameters)
        assert answer.is_success, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None) -> Any:
        answer = self.http.post(path, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def put(self, path: str, body: Any) -> Any:
        answer = self.http.put(path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def holds(self, run: dict[str, Any]) -> bool:
        """Whether these settings would be taken."""
        path = f"/methods/{run['method']}/check"
        return self.http.post(path, json={"config": run["config"]}).is_success

    def run(self, title: str, seed: int = 0, **config: Any) -> dict[str, Any]:
        """Queue one small sampling."""
        small = {"classes": ["0", "1"], "images_per_class": 1, "judge": False, **config}
        body = {"method": "caching.sample", "config": small, "seed": seed, "title": title}
        made: dict[str, Any] = self.post("runs", body)
        return made

    def ended(self, run: dict[str, Any]) -> dict[str, Any]:
        """The run, once it has."""

        def look() -> dict[str, Any] | None:
            found: dict[str, Any] = self.get(f"runs/{run['id']}")
            return found if found["finished"] else None

        seen = wait_for(look, 180, every=0.3)
        assert seen is not None
        return seen


@pytest.fixture(scope="session")
def rest(url: str) -> Iterator[Rest]:
    rest = Rest(url)
    yield rest
    rest.http.close()


@pytest.fixture(scope="session")
def compared(rest: Rest) -> dict[str, Any]:
    """A finished comparison of an uncached run, a cached one, and a shorter one."""
    common = {"classes": ["0", "1", "2"], "images_per_class": 2, "judge": False}
    policies = [
        ("Uncached", {"schedule": "none"}),
        ("Reuse", {"schedule": "interval", "interval": 2}),
        ("Fewer steps", {"schedule": "none", "steps": 10, "reference_steps": 20}),
    ]
    runs = [
        {"method": "caching.sample", "config": {**common, **policy}, "seed": 3, "title": title}
        for title, policy in policies
    ]
    made: dict[str, Any] = rest.post("batches", {"runs": runs, "title": "Three ways"})
    for run in made["runs"]:
        ended = rest.ended(run)
        assert ended["status"] == "succeeded", ended["error"]
    return made
