"""What a shared page says of regularisations."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.share_afr import EDGE, HEIGHT, WIDTH, projection
from tests.toys.features import SMALL, write_features


@pytest.fixture
def regularised(client: TestClient, works: Callable[[], None], tmp_path: Path) -> dict[str, Any]:
    row = {**SMALL, "features": str(write_features(tmp_path / "classes.npz"))}
    body = {"method": "fewshot.regularise", "config": {**row, "vetoes": "dog: fox"}, "title": "Few"}
    answer = client.post("/api/v1/runs", json=body)
    assert answer.status_code == 201, answer.text
    works()
    run: dict[str, Any] = answer.json()
    return run


def test_a_shared_regularisation_shows_its_arms_and_what_it_took(
    client: TestClient, regularised: dict[str, Any]
) -> None:
    body = {"kind": "run", "target_id": regularised["id"], "days": 3}
    page = client.get(client.post("/api/v1/shares", json=body).json()["url"]).text

    def records(kind: str) -> list[dict[str, Any]]:
        path = f"/api/v1/runs/{regularised['id']}/records/afr_{kind}"
        found: list[dict[str, Any]] = client.get(path).json()["rows"]
        return found

    assert all(row["text"].replace("'", "&#39;") in page for row in records("verdict"))
    table = page[page.index('aria-label="Accuracy of each arm"') :]
    for arm in records("arm"):
        row = table[table.index(f">{arm['title']}<") :]
        cells = re.findall(r"<td[^>]*>([^<]*)</td>", row[: row.index("</tr>")])
        gap = arm["difference"]
        assert cells[0] == f"{100 * arm['accuracy']:.1f} %"
        assert cells[2] == ("–" if gap is None else f"{100 * gap:+.1f}".replace("-", "−"))
    assert "Ways: 3 · Shots: 1 · Queries: 5 · Episodes: 30" in page
    dog = page[page.index("<dt>dog</dt>") :]
    assert "struck out by hand: fox" in dog[: dog.index("</dd>")]
    found = records("projection")[0]
    assert page.count('class="shaft') == len(found["arrows"])
    assert str(Path(regularised["config"]["features"]).parent) not in page


def test_runs_that_regularise_nothing_show_nothing_of_it(
    client: TestClient, finished: Callable[..., dict[str, Any]]
) -> None:
    body = {"kind": "run", "target_id": finished()["id"], "days": 3}
    page = client.get(client.post("/api/v1/shares", json=body).json()["url"]).text
    assert "Does it help?" not in page


def point(kind: str, name: str, x: float, y: float) -> dict[str, Any]:
    return {"kind": kind, "class": name, "x": x, "y": y}


def test_points_fill_the_picture_with_one_unit_along_both_axes() -> None:
    points = [
        point("support", "dog", -1.0, 0.0),
        point("regularised", "dog", 1.0, 0.0),
        point("base", "wolf", 0.0, 0.25),
        point("base", "fox", 0.0, 0.2501),
    ]
    made = projection({"method": "PCA", "explained": [1, 0], "points": points, "arrows": [[0, 1]]})
    start, end = made.arrows[0]
    assert (start.x, end.x) == (EDGE, WIDTH - EDGE)
    unit = (WIDTH - 2 * EDGE) / 2
    assert start.y == end.y == pytest.approx(HEIGHT / 2 + 0.12505 * unit)
    assert made.marks[2].y == pytest.approx(start.y - 0.25 * unit)
    assert (start.colour, made.marks[2].colour) == ("c0", "base")
    assert [name for _, _, name in made.labels] == ["wolf"]  # the fox's would lie on it
