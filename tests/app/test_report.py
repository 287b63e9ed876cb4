"""Runs as one file that opens offline."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.files import STATIC
from app.report import modules


def ask(client: TestClient, runs: list[dict[str, Any]], **more: str) -> str:
    answer = client.get("/api/v1/report.html", params={"run": [run["id"] for run in runs], **more})
    assert answer.status_code == 200, answer.text
    assert "attachment" in answer.headers["content-disposition"]
    return answer.text


def test_a_report_holds_all_that_it_shows(client: TestClient, painted: dict[str, Any]) -> None:
    text = ask(client, painted["runs"], title="<b>Both</b>")
    assert "&lt;b&gt;Both&lt;/b&gt;" in text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(10)" in text
    assert "/home" not in text, "nor where things lie"
    images = re.findall(r'<img src="data:image/png;base64,([^"]+)"', text)
    assert len(images) == text.count("<img ") == 4
    assert all(base64.b64decode(image).startswith(b"\x89PNG") for image in images)
    loaded = re.findall(r'\ssrc="([^"]+)"', text) + re.findall(r"url\(([^)]+)\)", text)
    assert [each for each in loaded if not each.strip("\"'").startswith(("data:", "#"))] == []
    assert "<link" not in text
    assert "this link works until" not in text


def test_its_scripts_are_in_it_down_to_the_last_import() -> None:
    found = modules("share.js")
    assert {"share.js", "viewer.js", "core.js"} <= set(found)
    for name, url in found.items():
        text = base64.b64decode(url.partition(",")[2]).decode()
        assert not re.search(r"""from "\./|import "\./""", text)
        needed = re.findall(r"""from "([\w-]+\.js)\"""", text)
        assert len(needed) == len(re.findall(r"from \"\./", (STATIC / name).read_text()))
        assert set(needed) <= set(found)


def test_nodes_are_in_it_with_their_reasons(client: TestClient, works: Callable[[], None]) -> None:
    body = {"method": "toy.nodes", "config": {"nodes": 80}, "title": "Made"}
    run = client.post("/api/v1/runs", json=body).json()
    works()
    text = ask(client, [run])
    led_to = re.findall(rf'href="#(node-{run["id"]}-\d+)"', text)
    assert len(set(led_to)) == 10
    assert re.findall(r'<details class="card" id="([^"]+)"', text) == led_to
    assert text.count('class="neighbourhood"') == 10


@pytest.mark.parametrize("runs", [[], ["nosuchrun000"]])
def test_a_report_of_nothing_is_refused(client: TestClient, runs: list[str]) -> None:
    answer = client.get("/api/v1/report.html", params={"run": runs})
    assert answer.status_code in (404, 422)
    assert json.loads(answer.text)["error"]["message"]
