"""REST and command line of ranked nodes: listed, weighed anew, reviewed one after the other, written to files."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.cli import main
from backend.services import node_files
from methods.anomaly.graphs.labelling import read_labels
from storage import nodes as store
from tests.toys.nodes import made_graph

Launch = Callable[..., str]
COUNT, TOP = 100, 10


@pytest.fixture
def launch(client: TestClient, works: Callable[[], None]) -> Launch:
    """Run the toy to its end; gives its id."""

    def launch(**config: Any) -> str:
        body = {"method": "toy.nodes", "config": {"nodes": COUNT, **config}}
        run: str = client.post("/api/v1/runs", json=body).json()["id"]
        works()
        return run

    return launch


@pytest.fixture
def run(launch: Launch) -> str:
    return launch()


def get(client: TestClient, path: str, **params: Any) -> Any:
    answer = client.get(f"/api/v1/{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def put(client: TestClient, subjects: list[str], **review: Any) -> Any:
    answer = client.put("/api/v1/reviews/node", json={"subjects": subjects, **review})
    assert answer.status_code == 200, answer.text
    return answer.json()


def table(client: TestClient, path: str, **params: Any) -> list[dict[str, str]]:
    answer = client.get(f"/api/v1/{path}", params=params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_nodes_are_listed_best_first_without_their_labels(client: TestClient, run: str) -> None:
    page = get(client, f"runs/{run}/nodes", limit=COUNT)
    assert [row["rank"] for row in page["rows"]] == list(range(1, COUNT + 1))
    assert [row["flagged"] for row in page["rows"]] == [True] * TOP + [False] * (COUNT - TOP)
    assert (page["total"], page["top"], page["weight"]) == (COUNT, TOP, None)
    none = dict.fromkeys(("confirm", "dismiss", "unsure", "reviewed"), 0)
    assert page["counts"] == none | {"flagged_unreviewed": TOP}
    assert not [row for row in page["rows"] if {"label", "kind"} & row.keys()]
    told = get(client, f"runs/{run}/nodes", labels=True, filter="label:eq:1", limit=COUNT)
    assert told["total"] > 0
    assert all(row["label"] == 1 and row["kind"] for row in told["rows"])


def test_a_moved_weight_and_budget_rank_anew(client: TestClient, run: str) -> None:
    page = get(client, f"runs/{run}/nodes", weight=0.3, top=7, limit=COUNT)
    weighted = [0.3 * row["attribute"] + 0.7 * row["structure"] for row in page["rows"]]
    assert [row["weighted"] for row in page["rows"]] == weighted == sorted(weighted, reverse=True)
    assert [row["flagged"] for row in page["rows"]] == [True] * 7 + [False] * (COUNT - 7)
    assert (page["top"], page["weight"]) == (7, 0.3)
    narrow = get(client, f"runs/{run}/nodes", weight=0.3, top=7, q="ada", sort="name")
    flagged = {row["position"] for row in page["rows"][:7]}
    assert narrow["rows"]
    for row in narrow["rows"]:
        assert "Ada" in row["name"]
        assert row["flagged"] == (row["position"] in flagged)
    same = get(client, f"runs/{run}/nodes", weight="", top=0)  # as an empty field sends it
    assert same == get(client, f"runs/{run}/nodes")


def test_many_nodes_are_decided_at_once_and_left_out_of_what_is_next(
    client: TestClient, run: str
) -> None:
    rows = get(client, f"runs/{run}/nodes")["rows"]
    ids = [row["node_id"] for row in rows]
    made = put(client, ids[:4] + ids[20:22], verdict="confirm", note="ring")
    assert [each["subject"] for each in made] == ids[:4] + ids[20:22]
    assert {each["verdict"] for each in made} == {"confirm"}
    put(client, ids[1:2], verdict="dismiss")  # the note stays
    page = get(client, f"runs/{run}/nodes")
    assert page["counts"] == {
        "confirm": 5,
        "dismiss": 1,
        "unsure": 0,
        "reviewed": 6,
        "flagged_unreviewed": TOP - 4,
    }
    assert page["rows"][1]["review"]["verdict"] == "dismiss"
    assert page["rows"][1]["review"]["note"] == "ring"
    assert get(client, f"runs/{run}/nodes", review="none")["total"] == COUNT - 6
    assert get(client, f"runs/{run}/nodes/next")["row"]["position"] == rows[4]["position"]
    after = get(client, f"runs/{run}/nodes/next", after=rows[6]["position"])["row"]
    assert (after["rank"], after["flagged"], after["review"]) == (8, True, None)
    put(client, ids[4:TOP], verdict="unsure")
    assert get(client, f"runs/{run}/nodes/next") == {"row": None}
    gone = put(client, ids, verdict=None, note="", tags=[])
    assert {each["updated_at"] for each in gone} == {None}
    assert get(client, "reviews/node")["total"] == 0


def test_reviews_hold_for_every_run_of_the_same_graph(
    client: TestClient, run: str, launch: Launch
) -> None:
    other = launch(repeats=1)
    [best] = get(client, f"runs/{run}/nodes", limit=1)["rows"]
    put(client, [best["node_id"]], verdict="confirm")
    [same] = get(client, f"runs/{other}/nodes", filter=f"position:eq:{best['position']}")["rows"]
    assert same["review"]["verdict"] == "confirm"


def test_runs_are_listed_with_what_is_known_of_them(client: TestClient, launch: Launch) -> None:
    assert get(client, "anomaly/runs")["items"] == []
    first, second = launch(), launch(parts=False, top=5)
    [newest, oldest] = get(client, "anomaly/runs")["items"]
    assert (newest["id"], newest["nodes"], newest["has_parts"], newest["top"]) == (
        second,
        COUNT,
        False,
        5,
    )
    assert (oldest["id"], oldest["has_parts"], oldest["top"]) == (first, True, TOP)


def test_a_csv_has_its_columns_in_order_and_numbers_as_numbers(
    client: TestClient, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "PORTION", 30)
    rows = get(client, f"runs/{run}/nodes", weight=0.3, limit=COUNT)["rows"]
    put(client, [rows[1]["node_id"]], verdict="dismiss", note='a "ring",\nmaybe', tags=["a", "b"])
    answer = client.get(f"/api/v1/runs/{run}/nodes.csv", params={"weight": 0.3})
    assert answer.headers["content-disposition"] == f'attachment; filename="{run}-nodes.csv"'
    found = table(client, f"runs/{run}/nodes.csv", weight=0.3)
    assert tuple(found[0]) == node_files.COLUMNS
    texts = {"name", "node_id", "verdict", "note", "tags"}
    for line, row in zip(found, rows, strict=True):
        assert line["name"] == row["name"]
        for name in set(node_files.COLUMNS) - texts:
            assert float(line[name]) == row[name]  # bit for bit
    assert (found[1]["verdict"], found[1]["note"], found[1]["tags"]) == (
        "dismiss",
        'a "ring",\nmaybe',
        "a, b",
    )
    few = table(client, f"runs/{run}/nodes.csv", filter="flagged:eq:true", labels=True)
    assert [line["rank"] for line in few] == [str(rank) for rank in range(1, TOP + 1)]
    assert tuple(few[0]) == (*node_files.COLUMNS, "label", "kind")


def test_nothing_in_a_csv_is_taken_for_a_formula(client: TestClient, run: str) -> None:
    [row] = get(client, f"runs/{run}/nodes", limit=1)["rows"]
    for note in ("=1+1", "+1", "-1", "@sum(a1)", "\t=1"):
        put(client, [row["node_id"]], verdict="unsure", note=note)
        [line] = table(client, f"runs/{run}/reviews.csv")
        assert line["note"] == f"'{note}"
        assert table(client, f"runs/{run}/nodes.csv", limit=1)[0]["note"] == f"'{note}"


def test_json_has_what_the_list_has(
    client: TestClient, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "PORTION", 30)
    page = get(client, f"runs/{run}/nodes", weight=0.7, limit=COUNT)
    rows = [{name: row[name] for name in row if name != "place"} for row in page["rows"]]
    found = get(client, f"runs/{run}/nodes.json", weight=0.7)
    assert found == {"run": run, "weight": 0.7, "top": TOP, "nodes": rows}
    assert get(client, f"runs/{run}/nodes.json", q="nobody")["nodes"] == []


def test_reviewed_nodes_are_a_table_of_labels(client: TestClient, run: str, tmp_path: Path) -> None:
    rows = get(client, f"runs/{run}/nodes")["rows"]
    for row, verdict in zip(rows, ("confirm", "dismiss", "unsure"), strict=False):
        put(client, [row["node_id"]], verdict=verdict)
    put(client, [rows[3]["node_id"]], note="only a note")
    found = table(client, f"runs/{run}/reviews.csv")
    assert [tuple(line.values()) for line in found] == [
        (rows[0]["name"], "1", "confirm", ""),
        (rows[1]["name"], "0", "dismiss", ""),
        (rows[2]["name"], "", "unsure", ""),
    ]
    file = tmp_path / "reviews.csv"
    file.write_bytes(client.get(f"/api/v1/runs/{run}/reviews.csv").content)
    graph, _ = made_graph(COUNT)
    labels = read_labels(file, graph).anomalous  # as a graph is read with them
    assert [labels[row["position"]] for row in rows[:4]] == [1, 0, -1, -1]
    assert (labels == -1).sum() == COUNT - 2


def test_the_command_line_prints_what_rest_sends(
    client: TestClient, run: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def printed(*words: str) -> str:
        main(["nodes", *words])
        return capsys.readouterr().out

    assert printed(run) == client.get(f"/api/v1/runs/{run}/nodes.csv").text
    lines = printed(run, "--top", "3", "--weight", "0.5").splitlines()
    assert [line.split(",")[4] for line in lines] == ["flagged", "1", "1", "1"]
    assert len(json.loads(printed(run, "--top", "3", "--format", "json"))["nodes"]) == 3
    assert printed(run, "--format", "labels") == "name,label,verdict,note\n"
    assert run in printed()
    with pytest.raises(SystemExit, match="2"):
        main(["nodes", run, "--top", "101"])
    assert "top: 1 to 100 nodes" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("path", "params", "status", "words"),
    [
        ("runs/{}/nodes", {"sort": "shape"}, 400, "there is no field 'shape'; there are position"),
        ("runs/{}/nodes", {"sort": "weighted"}, 400, "only once the weight is moved"),
        ("runs/{}/nodes", {"sort": "label"}, 400, "ask for them with labels=true"),
        ("runs/{}/nodes", {"filter": "label:eq:1"}, 400, "ask for them with labels=true"),
        ("runs/{}/nodes", {"filter": "degree:lt:few"}, 400, "degree is a number, got 'few'"),
        ("runs/{}/nodes", {"weight": 1.1}, 422, "weight"),
        ("runs/{}/nodes", {"weight": "nan"}, 422, "weight"),
        ("runs/{}/nodes", {"top": COUNT + 1}, 400, "top: 1 to 100 nodes, or 0"),
        ("runs/{}/nodes", {"top": -1}, 422, "top"),
        ("runs/{}/nodes", {"review": "keep"}, 400, "none, any, confirm, dismiss, unsure"),
        ("runs/{}/nodes", {"limit": 1001}, 422, "limit"),
        ("runs/nothing/nodes", {}, 404, "there is no run 'nothing'"),
        ("runs/nothing/nodes/next", {}, 404, "there is no run 'nothing'"),
        ("runs/nothing/nodes.csv", {}, 404, "there is no run 'nothing'"),
        ("runs/nothing/reviews.csv", {}, 404, "there is no run 'nothing'"),
        ("runs/{}/nodes.json", {"filter": "shape:eq:1"}, 400, "there is no field 'shape'"),
        ("runs/{}/nodes/next", {"after": "x"}, 422, "after"),
    ],
)
def test_what_cannot_be_asked_is_said_with_what_can(
    client: TestClient, run: str, path: str, params: dict[str, Any], status: int, words: str
) -> None:
    answer = client.get(f"/api/v1/{path.format(run)}", params=params)
    assert answer.status_code == status, answer.text
    assert words in answer.json()["error"]["message"]


def test_scores_without_parts_cannot_be_weighed(client: TestClient, launch: Launch) -> None:
    answer = client.get(f"/api/v1/runs/{launch(parts=False)}/nodes", params={"weight": 0.5})
    assert answer.status_code == 400
    assert "have no parts to weigh" in answer.json()["error"]["message"]


ODD = ["", "0", "-1", "1e999", "nan", "true", "'", '"', "%", "\\", "a:b", "😀", "9" * 40, "null"]


def test_no_parameters_break_the_server(client: TestClient, run: str) -> None:
    draw = random.Random(0)
    fields = ["degree", "weighted", "flagged", "name", "rank", "label", "kind", "x", "", "é"]
    for _ in range(120):
        op = draw.choice(["lt", "ge", "eq", "ne", "in", "has", "or"])
        params: dict[str, Any] = {
            "filter": [f"{draw.choice(fields)}:{op}:{draw.choice(ODD)}" for _ in range(2)],
            "sort": draw.choice([*fields, *ODD]),
            "descending": draw.choice(["true", "false"]),
            "offset": draw.choice([0, 1, 99, 10**9, 2**63]),
            "weight": draw.choice(["", "0", "1", "0.5", "nan", "x"]),
            "top": draw.choice([0, 1, 50, 100, 10**9, 2**63]),
            "review": draw.choice(["", "none", "confirm", "x"]),
            "q": draw.choice(["", *ODD]),
            "after": draw.choice([0, 5, 10**9, 2**63]),
        }
        for name in draw.sample(sorted(params), 6):
            del params[name]
        path = draw.choice(["nodes", "nodes/next", "nodes.csv"])
        answer = client.get(f"/api/v1/runs/{run}/{path}", params=params)
        assert answer.status_code in (200, 400, 404, 422), (params, answer.text)
