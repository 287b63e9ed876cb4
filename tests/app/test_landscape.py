"""The chart of all runs and the papers' rows over REST."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi.testclient import TestClient

Submit = Callable[..., dict[str, Any]]


def test_a_method_without_such_a_chart_says_so(client: TestClient, finished: Submit) -> None:
    run = finished()
    answer = client.get("/api/v1/landscape", params={"run": run["id"]})
    assert answer.status_code == 400
    assert "has no chart" in answer.json()["error"]["message"]
    assert client.get("/api/v1/landscape", params={"run": "nothing"}).status_code == 404
    assert client.get("/api/v1/landscape").status_code == 422


def test_methods_say_whether_they_can_be_charted_and_what_papers_report(
    client: TestClient,
) -> None:
    methods = {item["name"]: item for item in client.get("/api/v1/methods").json()}
    assert methods["caching.sample"]["tradeoff"] is True
    assert methods["caching.calibrate"]["tradeoff"] is False
    assert methods["caching.calibrate"]["reported"] == []
    table = methods["caching.sample"]["reported"][0]
    [row] = [row for row in table["rows"] if row["name"] == "GOC on 50 %"]
    assert row["values"][table["columns"].index("FID")] == "3.907"
    assert row["settings"]["correction"] == "goc"


def test_a_comparison_carries_its_remark(client: TestClient, finished: Submit) -> None:
    run = finished()
    view = client.get("/api/v1/compare", params={"run": run["id"]}).json()
    assert view["remark"] == ""
