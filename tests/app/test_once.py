"""Requests that are sent again with the same `Idempotency-Key`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.testclient import TestClient
from sqlalchemy import update
from sqlmodel import col

from app.api import once, router
from app.api.once import Once, makes_something
from backend.services.acting import Person, as_person
from backend.settings import settings
from storage import db
from storage.models import now
from storage.repeats import Idempotent

Submit = Callable[..., dict[str, Any]]
TOY = {"method": "toy.steps", "config": {"steps": 2, "seconds_per_step": 0.0}}
HEADER = b'{"__metadata__":{"a":"b"}}'
ROUTER = len(HEADER).to_bytes(8, "little") + HEADER


def again(client: TestClient, path: str, key: str = "k", **sent: Any) -> list[Any]:
    """Two answers to the same request."""
    headers = {"idempotency-key": key}
    return [client.post(f"/api/v1/{path}", headers=headers, **sent) for _ in range(2)]


def test_every_post_that_makes_something_heeds_the_key() -> None:
    routes = [each.original_route for each in iter_route_contexts(router.routes)]
    making = [each for each in routes if isinstance(each, APIRoute) and makes_something(each)]
    assert len(making) >= 11
    assert [each.path for each in making if not isinstance(each, Once)] == []


def test_a_run_is_made_once_and_answered_twice(client: TestClient, woken: list[str]) -> None:
    first, second = again(client, "runs", json=TOY)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert client.get("/api/v1/runs").json()["total"] == len(woken) == 1
    other = client.post("/api/v1/runs", json=TOY, headers={"idempotency-key": "l"})
    assert other.json()["id"] != first.json()["id"]


@pytest.mark.parametrize("path", ["batches", "comparisons", "shares", "sweeps", "runs/{}/rerun"])
def test_whatever_is_made_is_made_once(client: TestClient, finished: Submit, path: str) -> None:
    run = finished()["id"]
    bodies: dict[str, Any] = {
        "batches": {"runs": [TOY, TOY]},
        "comparisons": {"run_ids": [run]},
        "shares": {"kind": "run", "target_id": run, "days": 1},
        "sweeps": {"method": "toy.steps", "axes": {"steps": [2, 3]}},
    }
    before = client.get("/api/v1/runs").json()["total"]
    first, second = again(client, path.format(run), json=bodies.get(path))
    assert first.status_code == 201, first.text
    assert second.json() == first.json()
    made = {"batches": 2, "sweeps": 2, "runs/{}/rerun": 1}.get(path, 0)
    assert client.get("/api/v1/runs").json()["total"] == before + made


def test_an_upload_is_the_same_whatever_its_boundary(client: TestClient) -> None:
    first, second = (
        client.post(
            "/api/v1/uploads",
            files={"file": ("router.safetensors", ROUTER)},
            data={"kind": "router"},
            headers={"idempotency-key": "k"},
        )
        for _ in range(2)
    )
    assert first.request.headers["content-type"] != second.request.headers["content-type"]
    assert second.json() == first.json()
    assert len(client.get("/api/v1/datasets").json()["items"]) == 1
    other = client.post(
        "/api/v1/uploads",
        files={"file": ("other.safetensors", ROUTER)},
        data={"kind": "router"},
        headers={"idempotency-key": "k"},
    )
    assert other.status_code == 409


def test_a_key_with_another_body_is_refused(client: TestClient) -> None:
    headers = {"idempotency-key": "k", "content-type": "application/json"}
    first = client.post("/api/v1/runs", content='{"method":"toy.steps"}', headers=headers)
    spaced = client.post("/api/v1/runs", content='{ "method" : "toy.steps" }', headers=headers)
    assert spaced.json() == first.json()
    other = client.post("/api/v1/runs", json={"method": "toy.steps", "seed": 1}, headers=headers)
    assert other.status_code == 409
    assert "another body" in other.json()["error"]["message"]


def test_a_refusal_is_not_kept(client: TestClient) -> None:
    wrong, still = again(client, "runs", json={"method": "toy.none"})
    assert (wrong.status_code, still.status_code) == (422, 422)
    assert "idempotent-replayed" not in still.headers
    assert again(client, "runs", json=TOY)[0].status_code == 201


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 201, "é"])
def test_a_key_that_is_none_is_refused(client: TestClient, key: str) -> None:
    headers = {"idempotency-key": key.encode()}
    answer = client.post("/api/v1/runs", json=TOY, headers=headers)  # type: ignore[arg-type]
    assert answer.status_code == 400
    assert client.get("/api/v1/runs").json()["total"] == 0


def test_a_key_is_forgotten_after_a_day(client: TestClient) -> None:
    [first, _] = again(client, "runs", json=TOY)
    with db.writing(settings().database_url) as session:
        old = now() - 86_401
        session.execute(update(Idempotent).values(created_at=old).where(col(Idempotent.status) > 0))
    assert again(client, "runs", json=TOY)[0].json()["id"] != first.json()["id"]


def test_two_people_never_share_a_key(studio: Any) -> None:
    class Asked:
        class url:
            path, query = "/api/v1/runs", ""

    names = set()
    for name in ("ann", "bob"):
        with as_person(Person(name, "editor")):
            names.add(once._named(Asked, "k"))  # type: ignore[arg-type]
    assert len(names) == 2


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_requests_with_one_key_at_once_make_one_run(web: FastAPI, client: TestClient) -> None:
    answers: list[Any] = []
    barrier = threading.Barrier(6)

    def post() -> None:
        barrier.wait(30)
        headers = {"idempotency-key": "k"}
        answers.append(client.post("/api/v1/runs", json=TOY, headers=headers))

    threads = [threading.Thread(target=post) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [each.status_code for each in answers] == [201] * 6
    assert len({each.json()["id"] for each in answers}) == 1
    assert client.get("/api/v1/runs").json()["total"] == 1


def test_one_that_was_cut_off_is_not_tried_again_unseen(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(once, "WAIT_S", 0.2)
    again(client, "runs", json=TOY)
    with db.writing(settings().database_url) as session:
        session.execute(update(Idempotent).values(status=0))
    cut = again(client, "runs", json=TOY)[0]
    assert cut.status_code == 409
    assert "cut off" in cut.json()["error"]["message"]
    assert client.get("/api/v1/runs").json()["total"] == 1
