"""REST: what scripts may ask, and how refusals are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from backend.services import MAX_SEED, welcome
from backend.settings import settings
from methods import METHODS
from storage import db
from storage.models import Worker

Submit = Callable[..., dict[str, Any]]


def test_a_run_is_queued_found_worked_on_and_read(client: TestClient, finished: Submit) -> None:
    run = finished(title="first", seed=5)
    assert run["status"] == "queued"
    assert run["url"] == f"/r/{run['id']}"
    read = client.get(f"/api/v1/runs/{run['id']}").json()
    assert read["status"] == "succeeded"
    assert read["finished"] is True
    assert read["metrics"] == {"sum": 3.0}
    listed = client.get("/api/v1/runs", params={"q": "first", "status": "succeeded"}).json()
    assert [item["id"] for item in listed["runs"]] == [run["id"]]
    assert client.get(f"/api/v1/runs/{run['id']}/series").json() == {
        "value": [[0, 0.0], [1, 1.0], [2, 2.0]]
    }
    assert client.get(f"/api/v1/runs/{run['id']}/records/steps").json()["total"] == 3
    assert len(client.get(f"/api/v1/runs/{run['id']}/attempts").json()) == 1


def test_live_gives_each_point_once(client: TestClient, finished: Submit) -> None:
    run = finished()
    first = client.get(f"/api/v1/runs/{run['id']}/live").json()
    assert len(first["series"]["value"]) == 3
    again = client.get(f"/api/v1/runs/{run['id']}/live", params={"after": first["cursor"]}).json()
    assert again["series"] == {}
    assert again["finished"] is True


def test_the_welcome_tour_is_shown_and_removed(client: TestClient, submit: Submit) -> None:
    assert client.get("/api/v1/tour").json() is None
    welcome.start_tour()
    own = submit(title="own")
    stops = {stop["method"]: stop for stop in client.get("/api/v1/tour").json()["stops"]}
    assert set(stops) == {name for name, method in METHODS.items() if method.demo}
    compared, single = stops["caching.sample"], stops["caching.calibrate"]
    assert len(compared["runs"]) > 1
    assert client.get(f"/api/v1/comparisons/{compared['comparison_id']}").status_code == 200
    assert (single["comparison_id"], single["runs"][0]["status"]) == (None, "queued")
    assert client.delete("/api/v1/tour").status_code == 204
    assert client.get("/api/v1/tour").json() is None
    listed = client.get("/api/v1/runs").json()["runs"]
    assert [run["id"] for run in listed] == [own["id"]]
    assert client.get("/api/v1/comparisons").json()["total"] == 0
    gone = client.delete("/api/v1/tour")
    assert (gone.status_code, gone.json()["error"]["type"]) == (404, "NotFound")


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("GET", "runs/nothing", None, 404, "there is no run 'nothing'"),
        ("POST", "runs", {"method": "toy.none"}, 422, "there is no method"),
        (
            "POST",
            "runs",
            {"method": "toy.steps", "config": {"steps": 13}},
            422,
            "13 brings bad luck",
        ),
        ("POST", "runs", {"method": "toy.steps", "config": {"steps": 0}}, 422, "steps"),
        ("POST", "runs", {"method": "toy.steps", "sed": 1}, 422, "body.sed"),
        ("POST", "runs", {"method": "toy.steps", "seed": -1}, 422, "body.seed"),
        ("POST", "runs", {"method": "toy.steps", "seed": MAX_SEED + 1}, 422, "body.seed"),
        ("GET", "runs?status=odd", None, 422, "query.status"),
        ("GET", "comparisons/nothing", None, 404, "nothing"),
        ("POST", "shares", {"kind": "run", "target_id": "x", "days": 1}, 404, "there is no run"),
        ("GET", "nowhere", None, 404, ""),
    ],
)
def test_refusals_are_json_that_says_what_is_wrong(
    client: TestClient, method: str, path: str, body: Any, status: int, words: str
) -> None:
    answer = client.request(method, f"/api/v1/{path}", json=body)
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["type"]
    assert words in error["message"]


@pytest.mark.parametrize("name", ["model", "router"])
def test_a_name_too_long_for_a_file_is_refused_in_words(client: TestClient, name: str) -> None:
    config = {name: "n" * 400, "schedule": "router" if name == "router" else "none"}
    checked = client.post("/api/v1/methods/caching.sample/check", json={"config": config})
    submitted = client.post("/api/v1/runs", json={"method": "caching.sample", "config": config})
    for answer in (checked, submitted):
        assert answer.status_code == 422, answer.text
        error = answer.json()["error"]
        assert error["type"] == "MethodError"
        assert "n" * 40 in error["message"]


def test_the_largest_seed_is_read_back_as_it_was(client: TestClient, submit: Submit) -> None:
    assert MAX_SEED == 2**53 - 1  # the largest that JavaScript tells from its neighbours
    assert submit(seed=MAX_SEED)["seed"] == MAX_SEED


def test_a_run_is_renamed_pinned_archived_and_deleted(client: TestClient, finished: Submit) -> None:
    path = f"/api/v1/runs/{finished()['id']}"
    changed = client.patch(path, json={"title": "new", "pinned": True}).json()
    assert (changed["title"], changed["pinned"]) == ("new", True)
    assert client.delete(path).status_code == 409  # pinned
    client.patch(path, json={"pinned": False, "archived": True})
    assert client.get("/api/v1/runs").json()["total"] == 0
    assert client.get("/api/v1/runs", params={"archived": True}).json()["total"] == 1
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404


def test_a_waiting_run_is_cancelled_and_run_again(client: TestClient, submit: Submit) -> None:
    run = submit()
    path = f"/api/v1/runs/{run['id']}"
    assert client.delete(path).status_code == 409
    assert client.post(f"{path}/cancel").json()["status"] == "cancelled"
    assert client.post(f"{path}/cancel").status_code == 409
    again = client.post(f"{path}/rerun")
    assert again.status_code == 201
    assert again.json()["parent_id"] == run["id"]


def test_the_queue_is_reordered_paused_and_emptied(client: TestClient, submit: Submit) -> None:
    first, second = submit(title="first"), submit(title="second")

    def order() -> list[str]:
        return [run["title"] for run in client.get("/api/v1/queue").json()["waiting"]]

    assert order() == ["first", "second"]
    moved = client.post(f"/api/v1/runs/{second['id']}/move", json={"where": "first"})
    assert moved.status_code == 204
    assert order() == ["second", "first"]
    assert client.post("/api/v1/queue/cpu/pause").json()["paused"] == ["cpu"]
    live = client.get(f"/api/v1/runs/{first['id']}/live").json()
    assert live["queue_position"] == 1
    assert "paused" in live["waiting_for"]
    assert client.post("/api/v1/queue/cpu/resume").json()["paused"] == []
    kept = client.post("/api/v1/runs/cancel", json={"except_run": first["id"]}).json()
    assert kept == {"cancelled": 1}
    assert order() == ["first"]


def test_several_runs_are_queued_together_or_not_at_all(client: TestClient) -> None:
    good = {"method": "toy.steps", "config": {"steps": 2}, "title": "good"}
    bad = {"method": "toy.steps", "config": {"steps": 13}, "title": "bad"}
    refused = client.post("/api/v1/batches", json={"runs": [good, bad]})
    assert refused.status_code == 422
    assert refused.json()["error"]["message"].startswith("bad: ")
    assert client.get("/api/v1/runs").json()["total"] == 0
    made = client.post("/api/v1/batches", json={"runs": [good, {**good, "seed": 1}], "title": "t"})
    comparison = made.json()["comparison"]
    assert comparison["run_ids"] == [run["id"] for run in made.json()["runs"]]
    view = client.get("/api/v1/compare", params={"run": comparison["run_ids"]}).json()
    assert [row["name"] for row in view["differing"]] == ["seed"]
    path = f"/api/v1/comparisons/{comparison['id']}"
    first, second = comparison["run_ids"]
    kept = {"title": "u", "notes": "why", "run_ids": [second, first], "baseline": first}
    changed = client.patch(path, json=kept).json()
    assert {key: changed[key] for key in kept} == kept
    assert changed["statuses"] == {"queued": 2}
    for wrong in ({"notes": "x" * 4001}, {"run_ids": []}, {"baseline": "nobody"}, {"owner": "me"}):
        assert client.patch(path, json=wrong).status_code in (400, 422), wrong
    asked = {"run": [second, first], "baseline": first}
    told = client.get("/api/v1/compare/differences", params=asked).json()
    assert (told["baseline"], [run["run"] for run in told["runs"]]) == (first, [second, first])
    assert client.get("/api/v1/compare/rows", params={"run": [second, first]}).json() == []
    others = client.get(f"/api/v1/runs/{first}/companions").json()
    assert [each["run"]["id"] for each in others] == [second]
    assert client.get(f"/api/v1/runs/{first}/clock").json() == {}
    copy = client.post(f"{path}/duplicate", json={}).json()
    assert client.delete(f"/api/v1/comparisons/{copy['id']}").status_code == 204
    assert [item["id"] for item in client.get("/api/v1/comparisons").json()["items"]] == [
        comparison["id"]
    ]


def test_settings_are_checked_without_a_run(client: TestClient, finished: Submit) -> None:
    body = {"config": {"steps": 3, "seconds_per_step": 0.0}}
    before = client.post("/api/v1/methods/toy.steps/check", json=body).json()
    assert before["estimate"] == {"seconds": 1.0, "memory_mb": 10.0, "detail": {}}
    assert before["same"] is None
    run = finished()
    after = client.post("/api/v1/methods/toy.steps/check", json=body).json()
    assert after["same"]["id"] == run["id"]


def test_methods_come_with_schema_and_presets(client: TestClient) -> None:
    methods = {item["name"]: item for item in client.get("/api/v1/methods").json()}
    assert "steps" in methods["toy.steps"]["schema"]["properties"]
    assert "uncached" in methods["caching.sample"]["presets"]


def test_only_safe_files_are_taken_in(client: TestClient) -> None:
    pickle = {"file": ("router.safetensors", b"\x80\x04pickle", "application/octet-stream")}
    refused = client.post("/api/v1/uploads", files=pickle, data={"kind": "router"})
    assert refused.status_code == 400
    header = b'{"__metadata__":{"a":"b"}}'
    content = len(header).to_bytes(8, "little") + header
    good = {"file": ("../../router.safetensors", content, "application/octet-stream")}
    assert client.post("/api/v1/uploads", files=good, data={"kind": "router"}).status_code == 400
    good = {"file": ("router.safetensors", content, "application/octet-stream")}
    kept = client.post("/api/v1/uploads", files=good, data={"kind": "router"})
    assert kept.status_code == 201, kept.text
    listed = client.get("/api/v1/datasets", params={"kind": "router"}).json()["items"]
    assert [item["sha256"] for item in listed] == [kept.json()["sha256"]]


def test_a_worker_is_asked_to_leave(client: TestClient) -> None:
    with db.writing(settings().database_url) as session:
        facts = {"host": "node7", "pid": 1, "device": "cpu", "queues": ["cpu"]}
        session.add(Worker(id="gpu0@node7:1", **facts))
    path = "/api/v1/workers/gpu0@node7:1/ask"
    assert client.post(path, json={"what": "restart"}).json()["asked"] == "restart"
    assert client.get("/api/v1/workers").json()[0]["asked"] == "restart"
    assert client.post(path, json={"what": "stay"}).json()["asked"] == ""
    assert client.post(path, json={"what": "die"}).status_code == 422
    missing = client.post("/api/v1/workers/nobody/ask", json={"what": "stop"})
    assert missing.status_code == 404


def test_the_system_is_read_in_one_answer(client: TestClient) -> None:
    answer = client.get("/api/v1/system").json()
    assert set(answer) == {"queue", "workers", "disk"}
    assert answer["disk"]["total_bytes"] > 0
    assert client.get("/api/v1/studio").json()["share_days_max"] == 90
    assert all(
        {"name", "ok", "found"} <= set(check) for check in client.get("/api/v1/doctor").json()
    )
