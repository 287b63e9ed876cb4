"""Housekeeping over HTTP, and pages of runs whose files are gone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from backend import folding, mending
from backend.services import retention, room
from backend.settings import settings
from storage import db
from storage.models import Run
from tests.disks import files

Finished = Callable[..., dict[str, Any]]
PICTURE = {"accept": "image/avif,image/webp,*/*"}


def test_the_house_is_told_in_one_answer(client: TestClient, finished: Finished) -> None:
    finished()
    told = client.get("/api/v1/house").json()
    assert told["room"] == {"state": "ok", "text": "", "used_bytes": 0, "quota_bytes": 0}
    assert {each["name"] for each in told["usage"]["counted"]} >= {"runs: toy", "database"}
    assert told["retention"]["going"] == []
    assert told["last_backup"] is None
    assert client.get("/api/v1/room").json() == told["room"]


def test_what_goes_is_told_and_a_clean_up_lets_it_go(
    client: TestClient, finished: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = finished()
    with db.writing(settings().database_url) as session:
        session.get_one(Run, run["id"]).finished_at = 1.0
    monkeypatch.setenv("VITRINE_RETENTION_DAYS", "30")
    settings.cache_clear()
    plan = client.get("/api/v1/house/retention").json()
    assert plan["retention_days"] == 30
    assert plan["going"][0]["runs"] == 1  # with a day of notice, for the rule is new
    assert client.post("/api/v1/house/clean").json()["runs"] == 1
    assert client.get(f"/api/v1/runs/{run['id']}").status_code == 404
    assert client.get("/api/v1/house/retention").json()["going"] == []


def test_over_the_quota_a_launch_and_an_upload_are_refused_with_507(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITRINE_QUOTA_GB", "0.000001")
    settings.cache_clear()
    room.forget()
    body = {"method": "toy.steps", "config": {}}
    for answer in (
        client.post("/api/v1/runs", json=body),
        client.post("/api/v1/batches", json={"runs": [body]}),
        client.post(
            "/api/v1/uploads",
            data={"kind": "router"},
            files={"file": ("r.safetensors", b"12345678{}")},
        ),
    ):
        assert answer.status_code == 507, answer.text
        assert "VITRINE_QUOTA_GB" in answer.json()["error"]["message"]
    assert client.get("/api/v1/room").json()["state"] == "none"


def test_a_pinned_run_is_not_deleted(client: TestClient, finished: Finished) -> None:
    run = finished()
    client.patch(f"/api/v1/runs/{run['id']}", json={"pinned": True})
    answer = client.delete(f"/api/v1/runs/{run['id']}")
    assert answer.status_code == 409
    assert "unpin it" in answer.json()["error"]["message"]


def test_pages_of_runs_whose_files_are_gone_show_the_rest(
    client: TestClient, painted: dict[str, Any], tmp_path: Path
) -> None:
    ids = [run["id"] for run in painted["runs"]]
    shared = client.post(
        "/api/v1/shares",
        json={"kind": "comparison", "target_id": painted["comparison"]["id"], "days": 1},
    ).json()["url"]
    for run_id in ids:
        folding.fold_run(run_id)
    pictures = [
        item
        for item in client.get(f"/api/v1/runs/{ids[0]}/artefacts").json()["items"]
        if item["mime"] == "image/png"
    ]
    for path in files(settings().artefacts_dir):
        path.unlink()
    _looks_whole(client, ids, shared, pictures[0], tmp_path / "before")
    list(mending.mended(deep=False, fix=True, say=print))
    _looks_whole(client, ids, shared, pictures[0], tmp_path / "after")
    assert "files are lost" in client.get(shared).text
    assert all(
        item["lost"] for item in client.get(f"/api/v1/runs/{ids[0]}/artefacts").json()["items"]
    )


def _looks_whole(
    client: TestClient, ids: list[str], shared: str, picture: dict[str, Any], folder: Path
) -> None:
    for run_id in ids:
        for part in ("", "/artefacts", "/series", "/events", "/live", "/attempts"):
            assert client.get(f"/api/v1/runs/{run_id}{part}").status_code == 200, part
    query = "&".join(f"run={run_id}" for run_id in ids)
    assert client.get(f"/api/v1/compare?{query}").status_code == 200
    page = client.get(shared)
    assert page.status_code == 200
    report = client.get(f"/api/v1/report.html?{query}")
    assert report.status_code == 200
    assert "data:image/svg+xml" in report.text
    for address in (picture["url"], f"{shared}{picture['url']}"):
        assert client.get(address).status_code == 404
        instead = client.get(address, headers=PICTURE)
        assert instead.status_code == 404
        assert "file lost" in instead.text
    from app.space import write_space

    write_space(ids, folder, "lost")
    assert (folder / "index.html").exists()


def test_the_commands_plan_and_do(
    client: TestClient,
    finished: Finished,
    studio: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from app.cli import main

    main(["gc", "--plan"])
    assert "kept for ever" in capsys.readouterr().out
    ids = [finished()["id"] for _ in range(4)]
    studio.update_run(finished()["id"], pinned=True)
    monkeypatch.setenv("VITRINE_RETENTION_DAYS", "30")
    settings.cache_clear()
    with db.writing(settings().database_url) as session:
        for run in session.scalars(select(Run)):
            run.finished_at = run.finished_at - (32 if run.id in ids else 31) * retention.DAY_S
    retention.note_rule()
    main(["gc", "--plan"])
    said = capsys.readouterr().out
    assert "4 runs" in said
    assert "and 1 more" in said
    assert "staying: 1 pinned" in said
    main(["gc"])
    assert "deleted 4 runs" in capsys.readouterr().out
    main(["gc", "--plan"])
    assert "nothing goes within 30 days" in capsys.readouterr().out
