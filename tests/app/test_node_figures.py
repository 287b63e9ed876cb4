"""Explanations, surroundings, overview, judgement and comparison of detections, over HTTP."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import networkx as nx
import pytest
from fastapi.testclient import TestClient

Made = Callable[..., dict[str, Any]]


@pytest.fixture
def detect(client: TestClient, works: Callable[[], None]) -> Made:
    """A finished run of the toy detector."""

    def detect(**config: Any) -> dict[str, Any]:
        answer = client.post("/api/v1/runs", json={"method": "toy.nodes", "config": config})
        assert answer.status_code == 201, answer.text
        works()
        run: dict[str, Any] = client.get(f"/api/v1/runs/{answer.json()['id']}").json()
        assert run["status"] == "succeeded", run
        return run

    return detect


@pytest.fixture
def ask(client: TestClient) -> Callable[..., Any]:
    """What an address under /api/v1 answers; `status` is what it must answer with."""

    def ask(path: str, status: int = 200, **query: Any) -> Any:
        answer = client.get(f"/api/v1/{path}", params=query)
        assert answer.status_code == status, answer.text
        return answer.json()

    return ask


def test_a_node_is_explained_under_the_weight_and_the_budget_of_the_page(
    detect: Made, ask: Any, client: TestClient
) -> None:
    run = detect()["id"]
    own = ask(f"runs/{run}/nodes/3")
    listed = ask(f"runs/{run}/nodes", filter="position:eq:3")["rows"][0]
    for name in (
        "rank",
        "percentile",
        "score",
        "error",
        "node_id",
        "name",
        "degree",
        "flagged",
        "apart",
        "stability",
    ):
        assert own["node"][name] == listed[name]
    assert own["node"]["flagged_neighbours"] == listed["flagged_neighbours"]
    assert own["node"]["review"] is None
    assert "label" not in own["node"]
    parts = [each["part"] for each in (*own["features"], *own["links"])]
    whole = sum(parts) + own["features_rest"] + own["links_rest"] + own["absent"]["part"]
    assert whole == pytest.approx(own["error"], rel=1e-5)
    assert own["sentence"].startswith(f"{listed['name']} ranks {listed['rank']} of 240")

    moved = ask(f"runs/{run}/nodes/3", weight=0.2, top=3)
    shown = ask(f"runs/{run}/nodes", weight=0.2, top=3, filter="position:eq:3")["rows"][0]
    assert moved["error"] == moved["node"]["weighted"] == pytest.approx(shown["weighted"])
    assert moved["node"]["flagged"] == shown["flagged"]
    order = [row["position"] for row in ask(f"runs/{run}/nodes", weight=0.2, limit=240)["rows"]]
    assert moved["node"]["rank"] == order.index(3) + 1

    said = {"verdict": "confirm", "note": "a ring"}
    client.put(f"/api/v1/reviews/node/{listed['node_id']}", json=said).raise_for_status()
    assert ask(f"runs/{run}/nodes/3")["node"]["review"]["note"] == "a ring"
    around = ask(f"runs/{run}/nodes/0/around", hops=2, limit=40, also=[100, 101])
    verdicts = {node["position"]: node["verdict"] for node in around["nodes"]}
    assert verdicts[3] == "confirm"
    assert {0, 100, 101} <= set(verdicts)
    assert {verdict for position, verdict in verdicts.items() if position != 3} == {None}


def test_all_nodes_at_once_and_the_file_for_gephi(
    detect: Made, ask: Any, client: TestClient
) -> None:
    run = detect(top=12)["id"]
    found = ask(f"runs/{run}/nodes/overview")
    assert (found["nodes"], found["top"], found["has_labels"], found["asked"]) == (
        240,
        12,
        True,
        None,
    )
    assert sum(found["histogram"]["counts"]) == 240
    assert ask(f"runs/{run}/nodes/overview", weight="", top=20)["top"] == 20
    assert ask(f"runs/{run}/nodes/overview", weight=0.1)["asked"] == 0.1
    best = ask(f"runs/{run}/nodes", limit=1)["rows"][0]
    client.put(
        f"/api/v1/reviews/node/{best['node_id']}", json={"verdict": "dismiss"}
    ).raise_for_status()
    answer = client.get(f"/api/v1/runs/{run}/nodes.gexf?hops=0&top=5")
    assert answer.headers["content-type"] == "application/gexf+xml"
    assert f'filename="{run}-nodes.gexf"' in answer.headers["content-disposition"]
    drawn = nx.read_gexf(io.BytesIO(answer.content))
    assert drawn.number_of_nodes() == 5
    assert drawn.nodes[str(best["position"])]["verdict"] == "dismiss"


def test_labels_judge_when_somebody_asks(detect: Made, ask: Any) -> None:
    run = detect()["id"]
    found = ask(f"runs/{run}/nodes/judgement", against="labels", top=20)
    rows = ask(f"runs/{run}/nodes", labels=True, limit=240)["rows"]
    known = [row["label"] for row in rows if row["label"] is not None]
    assert (found["judged"], found["positives"], found["top"]) == (len(known), sum(known), 20)
    flagged = [row["label"] for row in rows[:20] if row["label"] is not None]
    assert (found["flagged_judged"], found["flagged_positives"]) == (len(flagged), sum(flagged))
    assert found["precision"]["value"] == pytest.approx(sum(flagged) / len(flagged))
    assert found["recall"]["value"] == pytest.approx(sum(flagged) / sum(known))
    for name in ("precision", "recall", "auc", "ap"):
        assert found[name]["low"] <= found[name]["value"] <= found[name]["high"]
    assert [control["name"] for control in found["controls"]] == [
        "plain",
        "degree",
        "norm",
        "forest",
    ]
    for control in found["controls"]:
        assert control["difference"]["value"] == pytest.approx(
            found["auc"]["value"] - control["auc"]
        )
    assert any("nothing that scores" in note for note in found["notes"])


def test_reviews_judge_what_was_looked_at(detect: Made, ask: Any, client: TestClient) -> None:
    run = detect()["id"]
    path = f"runs/{run}/nodes/judgement"
    assert (
        "no node of this graph has been confirmed"
        in ask(path, 400, against="reviews")["error"]["message"]
    )
    rows = ask(f"runs/{run}/nodes", limit=30)["rows"]

    def say(place: int, verdict: str) -> None:
        client.put(
            f"/api/v1/reviews/node/{rows[place]['node_id']}", json={"verdict": verdict}
        ).raise_for_status()

    for place in (0, 1, 3):
        say(place, "confirm")
    say(5, "unsure")
    found = ask(path, against="reviews")
    assert (found["judged"], found["positives"], found["precision"]["value"], found["auc"]) == (
        3,
        3,
        1.0,
        None,
    )
    assert found["precision"]["low"] < 0.5
    assert any("no judged node is known to be normal" in note for note in found["notes"])
    say(2, "dismiss")
    say(25, "dismiss")
    found = ask(path, against="reviews")
    assert (found["judged"], found["flagged_judged"], found["flagged_positives"]) == (5, 4, 3)
    assert found["precision"]["value"] == 0.75
    assert found["auc"]["value"] == pytest.approx(5 / 6)
    assert any("looked at" in note for note in found["notes"])


def test_detections_beside_each_other(detect: Made, ask: Any) -> None:
    first, other = detect()["id"], detect(parts=False)["id"]
    found = ask("anomaly/beside", runs=f"{first},{other}", top=15)
    assert [run["detector"] for run in found["runs"]] == ["diffgad", "forest"]
    assert found["same_graph"]
    assert found["overlap"][0][0] == 15
    elsewhere = ask("anomaly/beside", runs=f"{first},{detect(nodes=200)['id']}")
    assert not elsewhere["same_graph"]
    assert "different graphs: 240 nodes" in elsewhere["reason"]
    assert "spearman" not in elsewhere


def test_what_cannot_be_answered_is_said(detect: Made, ask: Any, submit: Any) -> None:
    run, bare = detect()["id"], detect(parts=False, labels=False)["id"]
    waiting = submit()["id"]

    def refused(path: str, status: int, said: str, **query: Any) -> None:
        assert said in str(ask(path, status, **query)["error"]), path

    refused(f"runs/{run}/nodes/240", 400, "node: 0 to 239 are allowed, got 240")
    refused(f"runs/{run}/nodes/3/around", 422, "hops", hops=3)
    refused(f"runs/{run}/nodes/3", 422, "weight", weight=2)
    refused(f"runs/{run}/nodes/judgement", 422, "against", against="hearsay")
    refused(f"runs/{bare}/nodes/3", 400, "no attribute and structure parts to weigh", weight=0.5)
    refused(f"runs/{bare}/nodes/judgement", 400, "has no labels", against="labels")
    refused(f"runs/{waiting}/nodes/3", 404, "(toy.steps, queued) has saved no graph.safetensors")
    refused("runs/nowhere/nodes/overview", 404, "there is no run")
    refused("anomaly/beside", 400, "2 to 12 different runs", runs=f"{run},{run}")
    refused("anomaly/beside", 400, "2 to 12 different runs", runs=run)
    assert ask(f"runs/{bare}/nodes/3")["error"] is None
