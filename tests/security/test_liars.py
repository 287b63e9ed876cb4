"""A run out of a stranger's bundle breaks neither its page nor its report, whatever its files and rows hold."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.space import write_space
from tests.fewshot.files import picture_bytes
from tests.security.liars import LIE
from tests.security.wire import ask, routes_of


@pytest.fixture
def liar(client: TestClient, works: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> str:
    from methods import METHODS

    monkeypatch.setitem(METHODS, "toy.lie", LIE)
    run = client.post("/api/v1/runs", json={"method": "toy.lie"}).json()
    works()
    assert client.get(f"/api/v1/runs/{run['id']}").json()["status"] == "succeeded"
    id_: str = run["id"]
    return id_


def test_its_link_shows_what_can_be_shown(client: TestClient, liar: str) -> None:
    link = client.post("/api/v1/shares", json={"kind": "run", "target_id": liar, "days": 1}).json()
    page = client.get(link["url"])
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    pictures = re.findall(r'<img src="([^"]+)"', page.text)
    assert pictures
    for picture in pictures:
        assert client.get(picture).status_code == 404


def test_its_report_and_its_space_are_whole(client: TestClient, liar: str, tmp_path: Path) -> None:
    report = client.get("/api/v1/report.html", params={"run": liar})
    assert report.status_code == 200
    assert "<script>alert" not in report.text
    write_space([liar], tmp_path / "space")
    assert (tmp_path / "space" / "index.html").is_file()
    assert list((tmp_path / "space").rglob("*.png")) == []


def test_every_answer_about_it_is_an_answer(web: FastAPI, client: TestClient, liar: str) -> None:
    paths = [
        path for method, path in routes_of(web) if method == "GET" and "/runs/{run_id}" in path
    ]
    assert len(paths) > 15
    for path in paths:
        target = re.sub(r"\{[^}]+\}", "0", path.replace("{run_id}", liar))
        assert ask(web, "GET", target).status < 500, path
    for path in ("compare", "landscape"):
        assert ask(web, "GET", f"/api/v1/{path}?run={liar}&run={liar}").status < 500


def lying(bundle: Path, mime: str, content: bytes) -> Path:
    """The bundle with one file more exchanged for this content, which calls itself `mime`; all sums fit."""
    with zipfile.ZipFile(bundle) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    head = json.loads(members["bundle.json"])
    old = next(iter(head["files"]))
    new = hashlib.sha256(content).hexdigest()
    del head["files"][old], members[f"files/{old}"]
    head["files"][new] = {"size": len(content), "mime": mime}
    members[f"files/{new}"] = content
    members["bundle.json"] = json.dumps(head).encode()
    with zipfile.ZipFile(bundle, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data.replace(old.encode(), new.encode()))
    return bundle


@pytest.mark.parametrize(
    ("mime", "content", "why"),
    [
        (
            "image/png",
            b"<script>alert(1)</script>",
            "calls itself image/png: its 25 bytes are no picture",
        ),
        ("image/webp", picture_bytes(0, form="PNG"), "calls itself image/webp and is image/png"),
        ("text/html\r\nset-cookie: a=b", b"x", "files"),
        ("image/png, text/html", b"x", "files"),
    ],
    ids=["script", "another kind", "header", "two kinds"],
)
def test_a_bundle_whose_file_is_not_what_it_calls_itself_is_refused(
    studio: ModuleType,
    works: Callable[[], None],
    tmp_path: Path,
    mime: str,
    content: bytes,
    why: str,
) -> None:
    run = studio.submit("toy.nodes", {"nodes": 80})
    works()
    studio.export_bundle([run.id], tmp_path / "a.zip")
    studio.delete_run(run.id)
    with pytest.raises(studio.ServiceError, match=why):
        studio.import_bundle(lying(tmp_path / "a.zip", mime, content))
    assert studio.list_runs().total == 0
