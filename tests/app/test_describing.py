"""What REST says of itself: to programs that generate clients, and to people."""

from __future__ import annotations

import json
import re
import shlex
from html import unescape
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.api import parameters
from app.api.describing import ERRORS, GROUPS, described
from backend.settings import settings

Operations = dict[str, dict[str, Any]]


@pytest.fixture
def operations(web: FastAPI) -> Operations:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in web.openapi()["paths"].items()
        for method, operation in methods.items()
    }


def test_every_operation_is_described(operations: Operations) -> None:
    for name, each in operations.items():
        assert set(each["tags"]) <= set(GROUPS), name
        assert 0 < len(each["summary"]) <= len(each["description"]), name
        assert {str(status) for status in ERRORS} <= each["responses"].keys(), name
    names = [each["operationId"] for each in operations.values()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+_[a-z_]+", name) for name in names)


def test_every_parameter_is_described_and_nothing_else(operations: Operations) -> None:
    taken = {
        (name, parameter["name"])
        for name, each in operations.items()
        for parameter in each.get("parameters", ())
    }
    for name, each in operations.items():
        for parameter in each.get("parameters", ()):
            assert parameter["description"].strip(), (name, parameter["name"])
    known = set(parameters.ANYWHERE).union(*parameters.BY_OPERATION.values())
    assert known <= {parameter for _, parameter in taken}
    ids = {each["operationId"] for each in operations.values()}
    assert set(parameters.BY_OPERATION) <= ids


def test_answers_whose_shape_is_known_have_a_schema(operations: Operations) -> None:
    loose = {
        name
        for name, each in operations.items()
        for status, found in each["responses"].items()
        if status.startswith("2") and '"additionalProperties": true' in json.dumps(found)
    }
    assert {name.split("/v1/")[1] for name in loose} == {
        "anomaly/beside",
        "compare/figures",
        "runs/{run_id}/nodes/overview",
        "runs/{run_id}/nodes/judgement",
        "runs/{run_id}/nodes/{position}",
        "runs/{run_id}/nodes/{position}/around",
        "runs/{run_id}/pair-steps/heaviest",
        "runs/{run_id}/pairs/{pair_id}/steps",
        "requests/{request_id}/certificate",
    }


def test_a_reference_leads_somewhere(web: FastAPI) -> None:
    whole = web.openapi()
    for reference in set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(whole))):
        place: Any = whole
        for part in reference.split("/"):
            place = place[part]
    assert "HTTPValidationError" not in whole["components"]["schemas"]


def test_what_is_made_takes_a_key(operations: Operations) -> None:
    keyed = {
        name
        for name, each in operations.items()
        if any(parameter["name"] == "Idempotency-Key" for parameter in each.get("parameters", ()))
    }
    assert keyed == {name for name, each in operations.items() if "201" in each["responses"]}
    assert all(name.startswith("POST ") for name in keyed)


def test_a_login_is_asked_for_only_where_there_is_one(
    web: FastAPI, studio: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "security" not in described(web)
    monkeypatch.setenv("VITRINE_AUTH", "token")
    settings.cache_clear()
    found = described(web)
    assert found["security"] == [{"bearer": []}, {"cookie": []}]
    assert found["components"]["securitySchemes"].keys() == {"bearer", "cookie"}


def test_the_page_names_every_operation_and_loads_nothing_from_elsewhere(
    client: TestClient, operations: Operations
) -> None:
    answer = client.get("/api/docs")
    assert answer.status_code == 200
    for each in operations.values():
        assert f'id="{each["operationId"]}"' in answer.text
    loaded = re.findall(r'(?:src|href)="([^"]*)"', answer.text)
    assert loaded
    assert all(re.match(r"/|#", address) for address in loaded)


def test_its_curls_are_requests_that_work(client: TestClient, submit: Any) -> None:
    page = unescape(client.get("/api/docs").text)
    curls = {}
    for name, curl in re.findall(r'<details id="(\w+)">.*?<pre>(.*?)</pre>', page, re.S):
        curls[name] = shlex.split(curl)
    made = sent(client, curls["runs_submit"], "")
    assert made.status_code == 201, made.text
    assert made.json()["method"] == "caching.sample"
    assert sent(client, curls["runs_get_run"], made.json()["id"]).json() == made.json()
    assert sent(client, curls["comparisons_compare"], made.json()["id"]).status_code == 200
    assert "file=@FILE" in curls["library_upload"]


def sent(client: TestClient, curl: list[str], run: str) -> Any:
    address = next(word for word in curl if word.startswith("http"))
    path = re.sub(r"(RUN_ID|=RUN)\b", lambda found: f"={run}" if "=" in found[0] else run, address)
    method = curl[curl.index("-X") + 1] if "-X" in curl else "GET"
    body = json.loads(curl[curl.index("--json") + 1]) if "--json" in curl else None
    return client.request(method, path, json=body)


def test_a_wrong_method_says_which_are_right(client: TestClient) -> None:
    answer = client.put("/api/v1/runs", json={})
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
    assert "takes GET, POST" in answer.json()["error"]["message"]
    assert client.put("/api/v1/nowhere", json={}).status_code == 404


def test_a_bundle_goes_out_and_comes_in(client: TestClient, finished: Any) -> None:
    run = finished(title="travels")["id"]
    bundle = client.get("/api/v1/bundle.zip", params={"run": run})
    assert bundle.headers["content-type"] == "application/zip"
    assert client.get("/api/v1/bundle.zip", params={"run": "nothing"}).status_code == 404
    files = {"file": ("b.zip", bundle.content)}
    assert client.post("/api/v1/bundles", files=files).status_code == 409  # it is here already
    assert client.delete(f"/api/v1/runs/{run}").status_code == 204
    [taken] = client.post("/api/v1/bundles", files=files).json()
    assert (taken["id"], taken["title"], taken["metrics"]) == (run, "travels", {"sum": 3.0})
    assert client.post("/api/v1/bundles", files={"file": ("b.zip", b"no zip")}).status_code == 400
