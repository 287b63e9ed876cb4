"""Pages that the server draws: every text in them hostile, and nothing of it is an element, an attribute or an address."""

from __future__ import annotations

import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.space import write_space
from app.widgets import markup
from app.widgets.notices import notice
from methods.base import Config, Context, Estimate, Method, MethodError, Result

TEXT = (
    '"\'><x-foreign></x-foreign><img src=x onerror="ran()"><script>ran()</script></script></title></style>'
    '<svg onload="ran()"></svg>--><a href="javascript:ran()">'
)
FOREIGN = {"x-foreign", "iframe", "object", "embed", "base", "form", "applet", "frame"}


class Reader(HTMLParser):
    """What a browser would make of a page, as far as it may harm."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.harm: list[str] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag in FOREIGN or named.get("src") == "x":
            self.harm.append(tag)
        for name, value in attrs:
            address = "".join((value or "").split()).lower()
            if name.startswith("on") or address.startswith(
                ("javascript:", "vbscript:", "data:text/html")
            ):
                self.harm.append(f"{tag} {name}={value}")

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "script" and "ran()" in data:
            self.harm.append(f"script {data:.40}")
        self.text.append(data)


def harmless(page: str, *, shows: bool = True) -> None:
    read = Reader(page)
    assert read.harm == []
    assert ("<x-foreign>" in "".join(read.text)) is shows


class NoConfig(Config):
    text: str = TEXT
    fails: bool = False


def tell(config: NoConfig, context: Context) -> Result:
    import numpy as np

    if config.fails:
        raise MethodError(config.text)
    for name in ("sample_0.png", "sample_1.png"):
        context.save_image(
            name, np.zeros((4, 4, 3), np.uint8), role="sample", class_name=config.text
        )
    context.log(0, **{config.text: 1.0})
    context.event("warning", config.text)
    cells = {"cells": [[[0, 0]], [[1, 2]]]}
    context.save_figure("cells.json", cells, role="cells")
    return Result({config.text: 1.0, "error": 2.0}, config.text)


TELL = Method("toy.tell", TEXT, "toy", NoConfig, tell, lambda _: Estimate(1, 1), "cpu")


@pytest.fixture
def told(
    client: TestClient, works: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """A run that succeeded and one that failed, all of whose texts are hostile."""
    from methods import METHODS

    monkeypatch.setitem(METHODS, "toy.tell", TELL)
    ids = []
    for fails in (False, True):
        body = {"method": "toy.tell", "config": {"fails": fails}, "title": TEXT[:190]}
        ids.append(client.post("/api/v1/runs", json=body).json()["id"])
        works()
    return ids


def test_links_and_reports_show_texts_as_texts(client: TestClient, told: list[str]) -> None:
    body = {"run_ids": told, "title": TEXT[:190]}
    made = client.post("/api/v1/comparisons", json=body).json()
    for kind, target in (("run", told[0]), ("run", told[1]), ("comparison", made["id"])):
        share = {"kind": kind, "target_id": target, "days": 1}
        page = client.get(client.post("/api/v1/shares", json=share).json()["url"])
        assert page.status_code == 200
        harmless(page.text)
    report = client.get("/api/v1/report.html", params={"run": told, "title": TEXT[:190]})
    assert report.status_code == 200
    harmless(report.text)


def test_a_space_says_texts_as_texts(client: TestClient, told: list[str], tmp_path: Path) -> None:
    write_space(told, tmp_path / "space", f"{TEXT[:150]}\n---\nsdk: gradio")
    harmless((tmp_path / "space" / "index.html").read_text())
    readme = (tmp_path / "space" / "README.md").read_text()
    front, words = readme.removeprefix("---\n").split("\n---\n", 1)
    assert [line.partition(":")[0] for line in front.splitlines()] == ["title", "sdk", "pinned"]
    assert "<" not in words
    assert json.loads((tmp_path / "space" / "data" / "runs.json").read_text())


def test_what_gradio_is_given_as_html_is_escaped() -> None:
    harmless(notice(TEXT, TEXT))
    harmless(markup("v-board", comparison=TEXT), shows=False)


def test_that_harm_would_be_noticed() -> None:
    assert len(Reader(TEXT).harm) >= 4
    assert Reader("<a href=' java\nscript:ran()'>").harm
