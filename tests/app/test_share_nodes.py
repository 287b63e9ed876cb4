"""Shared pages of detections: the first nodes, why, and what is around them; nothing of labels or reviews."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.share_nodes import FIRST
from app.share_view import WHOLE, name

Detect = Callable[..., dict[str, Any]]


@pytest.fixture
def detect(client: TestClient, works: Callable[[], None]) -> Detect:
    """A finished run of the toy detector."""

    def detect(title: str, **config: Any) -> dict[str, Any]:
        body = {"method": "toy.nodes", "config": {"nodes": 80, **config}, "title": title}
        run: dict[str, Any] = client.post("/api/v1/runs", json=body).json()
        works()
        return run

    return detect


def shared(client: TestClient, kind: str, target: str) -> str:
    body = {"kind": kind, "target_id": target, "days": 3}
    url: str = client.post("/api/v1/shares", json=body).json()["url"]
    return url


def test_the_first_nodes_of_a_run_lead_to_a_page_of_each(
    client: TestClient, detect: Detect
) -> None:
    run = detect("Made")
    url = shared(client, "run", run["id"])
    page = client.get(url).text
    rows = client.get(f"/api/v1/runs/{run['id']}/nodes?limit={FIRST}").json()["rows"]
    links = re.findall(rf'href="[^"]*/nodes/{run["id"]}/(\d+)">([^<]+)<', page)
    assert [(int(position), name) for position, name in links] == [
        (row["position"], row["name"]) for row in rows
    ]

    why = client.get(f"/api/v1/runs/{run['id']}/nodes/{rows[0]['position']}").json()
    node = client.get(f"{url}/nodes/{run['id']}/{rows[0]['position']}")
    assert node.status_code == 200
    assert why["sentence"] in node.text.replace("&#39;", "'")
    shares = re.findall(r'<td class="num">([\d.]+) %</td></tr>', node.text)
    assert sum(map(float, shares[:3])) == pytest.approx(100, abs=0.2)
    assert "What its error is made of" in node.text
    ego = client.get(f"/api/v1/runs/{run['id']}/nodes/{rows[0]['position']}/around?limit=24").json()
    assert node.text.count('<circle class="node"') == len(ego["nodes"])
    assert "default-src 'none'" in node.headers["content-security-policy"]
    assert "style=" not in node.text  # which its rules would drop


def test_evidence_is_called_evidence_and_what_is_unlike_is_told(
    client: TestClient, detect: Detect
) -> None:
    run = detect("Evident", evidence=True)
    url = shared(client, "run", run["id"])
    page = client.get(url).text
    assert "% of its evidence<" in page
    position = re.findall(rf'/nodes/{run["id"]}/(\d+)"', page)[0]
    node = client.get(f"{url}/nodes/{run['id']}/{position}").text
    assert "What its evidence is made of" in node
    assert ">By being unlike</th>" in node
    assert not re.search(r"\berror\b", node)
    shares = re.findall(r'<td class="num">([\d.]+) %</td></tr>', node)
    assert sum(map(float, shares[:4])) == pytest.approx(100, abs=0.3)


def test_a_link_shows_no_other_node_and_no_other_run(client: TestClient, detect: Detect) -> None:
    run, other = detect("Made"), detect("Not shared")
    url = shared(client, "run", run["id"])
    last = client.get(f"/api/v1/runs/{run['id']}/nodes?offset={FIRST}&limit=1").json()["rows"][0]
    first = client.get(f"/api/v1/runs/{other['id']}/nodes?limit=1").json()["rows"][0]
    for path in (f"{run['id']}/{last['position']}", f"{other['id']}/{first['position']}"):
        answer = client.get(f"{url}/nodes/{path}")
        assert answer.status_code == 404
        assert "shows the first 10 nodes" in answer.text


def test_what_people_decided_and_what_labels_say_stays_in_the_studio(
    client: TestClient, detect: Detect
) -> None:
    run = detect("Made")
    url = shared(client, "run", run["id"])
    row = client.get(f"/api/v1/runs/{run['id']}/nodes?limit=1&labels=true").json()["rows"][0]
    assert row["label"] is not None
    paths = (url, f"{url}/nodes/{run['id']}/{row['position']}")
    before = [client.get(path).text for path in paths]
    body = {"verdict": "confirm", "note": "a secret note"}
    assert client.put(f"/api/v1/reviews/node/{row['node_id']}", json=body).is_success
    assert [client.get(path).text for path in paths] == before
    assert not any(kind in page for page in before for kind in ("contextual", "structural"))


def test_several_detectors_are_set_beside_each_other(client: TestClient, detect: Detect) -> None:
    runs = [detect("With parts"), detect("Score only", parts=False)]
    made = client.post("/api/v1/comparisons", json={"run_ids": [run["id"] for run in runs]}).json()
    page = client.get(shared(client, "comparison", made["id"])).text
    view = client.get(f"/api/v1/anomaly/beside?runs={runs[0]['id']},{runs[1]['id']}").json()
    table = page[page.index("How far the detectors agree") :]
    cells = re.findall(r'<td class="num">([^<]*)</td>', table[: table.index("</table>")])
    said = f"{view['spearman'][0][1]:.2f}, {view['overlap'][0][1]}"
    assert cells == ["–", said, said, "–"]
    assert page.count('aria-label="First nodes of') == 2
    position = client.get(f"/api/v1/runs/{runs[1]['id']}/nodes?limit=1").json()["rows"][0][
        "position"
    ]
    alone = client.get(
        f"{shared(client, 'run', runs[1]['id'])}/nodes/{runs[1]['id']}/{position}"
    ).text
    assert "What its error is made of" not in alone
    assert "Features: the most unusual first" in alone


def test_metrics_are_called_the_same_on_both_kinds_of_pages() -> None:
    script = (Path(__file__).parents[2] / "app/static/format.js").read_text()
    table = script[script.index("const WHOLE = {") :]
    said = dict(re.findall(r'(\w+): "([^"]+)"', table[: table.index("};")]))
    assert said == WHOLE
    assert name("plain_spearman") == "Rank correlation, plain autoencoder"
