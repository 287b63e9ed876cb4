"""REST of requests: mark rows of a table, decide, run, keep, undo, certify."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.cli import main
from methods import METHODS
from methods.base import Preset
from tests.toys import TOYS, erasing
from tests.toys.erasing import row, row_id

COUNT = 30
Ask = Callable[..., Any]


@pytest.fixture
def ask(client: TestClient) -> Ask:
    """Ask the studio; anything but success fails the test."""

    def ask(method: str, path: str, json: Any = None, **params: Any) -> Any:
        answer = client.request(method, f"/api/v1/{path}", json=json, params=params)
        assert answer.status_code in (200, 201, 204), answer.text
        return answer.json() if answer.content else None

    return ask


@pytest.fixture
def table(ask: Ask, works: Callable[[], None]) -> str:
    """A run that recorded rows."""
    body = {"method": "toy.instructions", "config": {"rows": COUNT}}
    run: str = ask("POST", "runs", body)["id"]
    works()
    return run


def test_the_whole_life_of_a_request(ask: Ask, table: str, works: Callable[[], None]) -> None:
    request = ask("POST", "requests", {"table": table, "title": "Wrong streets"})
    path = f"requests/{request['id']}"
    assert (request["state"], request["items"]) == ("requested", [])
    assert request["adapter"] == f"{table}/adapter.zip"
    ask("PUT", f"{path}/marks/{row_id(5)}", {"remove": True})
    marked = ask("PUT", f"{path}/marks/{row_id(0)}", {"answer": row(0)["right"]})
    assert marked["item"]["task"] == "answer"
    assert marked["counts"] == {"remove": 1, "prompts": 0, "answers": 1}
    listed = ask("GET", f"runs/{table}/instructions", marked=request["id"], which="only")
    assert [each["mark"]["task"] for each in listed["rows"]] == ["answer", "remove"]
    needs = ask("POST", f"{path}/estimate", {"values": {}})
    assert needs["seconds"] == 1.0
    assert ask("POST", f"{path}/approve", {"note": "agreed"})["state"] == "approved"
    launches = [{"title": "whole"}, {"title": "half", "values": {"step_length": 0.5}}]
    first, second = ask("POST", f"{path}/run", {"launches": launches})
    assert ask("GET", path)["state"] == "running"
    works()
    works()
    found = ask("GET", path)
    assert found["state"] == "verified"
    assert [run["id"] for run in found["runs"]] == [first["id"], second["id"]]
    assert ask("POST", f"{path}/keep", {"run": first["id"]})["kept_run"] == first["id"]
    assert ask("POST", f"{path}/keep", {"run": second["id"]})["kept_run"] == second["id"]
    assert ask("POST", f"{path}/undo")["kept_run"] == first["id"]
    paper = ask("GET", f"{path}/certificate")
    assert [each["task"] for each in paper["certificate"]["request"]["items"]] == [
        "answer",
        "remove",
    ]
    actions = [line["action"] for line in paper["trail"]]
    assert actions == [
        *("requested", "marked", "marked", "approved", "started", "ended", "ended"),
        *("kept", "kept", "undone"),
    ]
    assert ask("GET", "requests")["items"][0]["state"] == "kept"


def test_tables_rows_and_versions(ask: Ask, table: str) -> None:
    [found] = ask("GET", "unlearning/tables")["items"]
    assert (found["id"], found["rows"], found["kinds"]["wrong"]) == (table, COUNT, 3)
    assert (found["adapter"], found["ranked"]) == (f"{table}/adapter.zip", True)
    asked = {"q": "locker code", "sort": "loss", "descending": True, "filter": "kind:eq:private"}
    page = ask("GET", f"runs/{table}/instructions", **asked)
    wanted = [each for each in map(row, range(COUNT)) if each["kind"] == "private"]
    wanted.sort(key=lambda each: -each["loss"])
    assert page == {"rows": [each | {"mark": None} for each in wanted], "total": len(wanted)}
    [version] = ask("GET", "unlearning/versions")["items"]
    assert (version["run"], version["parent"], version["kept"]) == (table, None, False)


def test_a_request_file_marks_many_rows_at_once(ask: Ask, table: str) -> None:
    body = {
        "table": table,
        "remove": [row_id(5), row_id(17)],
        "prompts": {row_id(8): row(8)["right_prompt"]},
        "answers": {row_id(8): "Nowhere.", row_id(0): row(0)["right"]},
    }
    request = ask("POST", "requests", body)
    assert request["counts"] == {"remove": 2, "prompts": 1, "answers": 2}
    tasks = {item["position"]: item["task"] for item in request["items"]}
    assert tasks == {0: "answer", 5: "remove", 8: "both", 17: "remove"}
    assert request["title"] == "Request about Toy instructions"
    path = f"requests/{request['id']}"
    assert ask("PATCH", path, {"note": "see the map"})["note"] == "see the map"
    gone = ask("DELETE", f"{path}/marks/{row_id(8)}")
    assert (gone["item"], gone["counts"]["answers"]) == (None, 1)
    more = {"remove": [row_id(0), row_id(3)], "answers": {row_id(8): "Nowhere."}}
    assert ask("PUT", f"{path}/marks", more) == {"remove": 4, "prompts": 0, "answers": 1}
    assert ask("GET", "requests", state="approved")["items"] == []
    assert [each["id"] for each in ask("GET", "requests", table=table)["items"]] == [request["id"]]
    assert request["draft"]
    assert ask("DELETE", path) is None
    assert ask("GET", "requests")["items"] == []


ROW = row_id(2)


REFUSED: list[tuple[str, str, Any, int, str]] = [
    ("POST", "requests", {"table": "x"}, 404, "there is no run 'x'"),
    ("POST", "requests", {"table": "{table}", "remove": ["x"]}, 404, "has no row 'x'"),
    ("POST", "requests", {"table": "{table}", "title": "x" * 201}, 422, "body.title"),
    ("POST", "requests", {"table": "{table}", "rows": []}, 422, "body.rows"),
    ("GET", "requests/x", None, 404, "there is no request 'x'"),
    ("GET", "requests?state=x", None, 400, "state: requested, approved"),
    ("DELETE", "requests/x", None, 404, "there is no request 'x'"),
    ("PUT", "{path}/marks/x", {"remove": True}, 404, "has no row 'x'"),
    ("PUT", f"{{path}}/marks/{ROW}", {}, 400, f"row {ROW} (position 2): nothing is changed"),
    ("PUT", f"{{path}}/marks/{ROW}", {"remove": True, "answer": "x"}, 400, "not both at once"),
    ("PUT", f"{{path}}/marks/{ROW}", {"answer": "a\0"}, 422, "NUL"),
    ("PUT", "{path}/marks", {}, 400, "remove, prompts, answers: name a row"),
    ("PATCH", "{path}", {"title": " "}, 400, "title: it must not be empty"),
    ("DELETE", f"{{path}}/marks/{ROW}", None, 404, f"asks nothing of row '{ROW}'"),
    ("POST", "{path}/approve", {}, 400, "marks no row: there is nothing to approve"),
    ("POST", "{path}/estimate", {"values": {}}, 400, "nothing to estimate"),
    ("POST", "{path}/run", {"launches": [{}]}, 409, "is requested: it can be run only while"),
    ("POST", "{path}/run", {"launches": []}, 422, "body.launches"),
    ("POST", "{path}/keep", {"run": "x"}, 409, "is requested: it can be kept only while"),
    ("POST", "{path}/undo", {}, 409, "is requested: it can be undone only while it is kept"),
    ("GET", "{path}/certificate", None, 409, "no run of it has succeeded yet"),
    ("GET", "{path}/certificate?run=x", None, 404, "run 'x' is none of request"),
    ("GET", "runs/{table}/instructions?sort=x", None, 400, "there is no field 'x'"),
    ("GET", "runs/{table}/instructions?filter=loss:lt:low", None, 400, "loss is a number"),
    ("GET", "runs/{table}/instructions?marked=x", None, 404, "there is no request 'x'"),
    ("GET", "runs/{table}/instructions?which=only", None, 400, "which: only or not"),
    ("GET", "runs/x/instructions", None, 404, "there is no run 'x'"),
]


def test_what_is_refused_is_said(client: TestClient, empty: dict[str, str]) -> None:
    for method, path, body, status, words in REFUSED:
        if isinstance(body, dict) and body.get("table") == "{table}":
            body = body | {"table": empty["table"]}
        answer = client.request(method, f"/api/v1/{path.format(**empty)}", json=body)
        assert answer.status_code == status, (path, answer.text)
        assert words in answer.json()["error"]["message"]


@pytest.fixture
def empty(ask: Ask, table: str) -> dict[str, str]:
    """A request that marks nothing."""
    made = ask("POST", "requests", {"table": table})
    return {"table": table, "path": f"requests/{made['id']}"}


def test_the_certificate_prints_with_its_trail_and_does_nothing_else(
    client: TestClient, ask: Ask, table: str, works: Callable[[], None]
) -> None:
    title = "<script>alert(1)</script>"
    made = ask("POST", "requests", {"table": table, "title": title, "remove": [row_id(5)]})
    path = f"requests/{made['id']}"
    ask("POST", f"{path}/approve", {"note": "agreed by both"})
    ask("POST", f"{path}/run", {"launches": [{"title": "one step"}]})
    works()
    page = client.get(f"/api/v1/{path}/certificate.html")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "sandbox" in page.headers["content-security-policy"]
    assert "<script>" not in page.text
    assert "agreed by both" in page.text
    assert "one step) succeeded" in page.text
    assert row_id(5) in page.text


def test_what_is_no_certificate_of_ours_is_not_printed(
    client: TestClient,
    ask: Ask,
    table: str,
    works: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(erasing, "certificate_of", lambda *_: b'{"kind": "other"}')
    made = ask("POST", "requests", {"table": table, "remove": [row_id(5)]})
    path = f"requests/{made['id']}"
    ask("POST", f"{path}/approve")
    ask("POST", f"{path}/run", {"launches": [{}]})
    works()
    for name in ("certificate", "certificate.html"):
        answer = client.get(f"/api/v1/{path}/{name}")
        assert answer.status_code == 400
        assert "not a certificate of an edit" in answer.json()["error"]["message"]


def test_a_request_on_the_command_line(
    table: str,
    works: Callable[[], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    presets = {
        "half": Preset("Half a step", {"step_length": 0.5}),
        "whole": Preset("Of another adapter", {"adapter": "other"}, fills=True),
    }
    monkeypatch.setitem(METHODS, "toy.erase", replace(TOYS["toy.erase"], presets=presets))

    def told(*words: str) -> str:
        main(["request", *words])
        return capsys.readouterr().out.strip()

    file = tmp_path / "request.json"
    asked = {"version": 1, "title": "Wrong", "answers": {row_id(0): row(0)["right"]}, "note": "map"}
    file.write_text(json.dumps(asked))
    assert told("tables").startswith(f"{table}  succeeded  {COUNT} rows (3 private, 2 prompt, ")
    request = told("create", table, "--file", str(file), "--remove", row_id(5))
    assert told("list").startswith(f"{request}  requested")
    assert told("mark", request, "--remove", row_id(17)).startswith("2 to remove")
    assert told("unmark", request, row_id(17)).startswith("1 to remove")
    assert "1 s" in told("estimate", request)
    draft = told("create", table, "--remove", row_id(5))
    assert told("delete", draft) == f"deleted: {draft}"
    assert draft not in told("list")
    assert told("approve", request, "--note", "agreed") == "approved"
    run = told("run", request, "--preset", "half", "--set", "seconds=0").split()[0]
    works()
    assert told("keep", request, run) == f"kept: {run}"
    shown = told("show", request)
    assert f"{request}  kept  Wrong" in shown
    assert f"new answer: '{row(0)['right']}'" in shown
    assert "2 rows were edited at step length 0.5" in shown
    assert "approved: 1 row to remove, 1 answer to change; agreed" in shown
    assert told("undo", request) == "kept: none"
    out = tmp_path / "certificate.json"
    told("certificate", request, "--out", str(out))
    assert json.loads(out.read_text())["run"] == run
    for words, said in (
        (["run", request, "--preset", "whole"], "--preset: half are allowed, got 'whole'"),
        (["keep", request, "x"], "run 'x' is none of request"),
        (["create", table, "--file", str(out)], "unknown field"),
    ):
        with pytest.raises(SystemExit) as ended:
            main(["request", *words])
        assert ended.value.code == 2
        assert said in capsys.readouterr().err
