"""What a shared page says of edits of an adapter."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.share_view import figure


@pytest.fixture
def edited(client: TestClient, works: Callable[[], None]) -> dict[str, Any]:
    body = {"method": "toy.edit", "config": {"retrain": 0}, "title": "An edit"}
    run: dict[str, Any] = client.post("/api/v1/runs", json=body).json()
    works()
    return run


def test_a_shared_edit_shows_its_verdict_and_its_controls(
    client: TestClient, edited: dict[str, Any]
) -> None:
    body = {"kind": "run", "target_id": edited["id"], "days": 3}
    page = client.get(client.post("/api/v1/shares", json=body).json()["url"]).text
    records = f"/api/v1/runs/{edited['id']}/records"
    verdict = client.get(f"{records}/verdict").json()["rows"]
    assert all(row["text"].replace("'", "&#39;") in page for row in verdict)
    table = page[page.index('aria-label="The edit beside its controls"') :]
    heads = re.findall(r'<th scope="col"[^>]*>([^<]*)</th>', table)
    assert heads[:5] == ["Figure", "Before", "Edited", "Fine-tune", "Gradient ascent"]
    variants = client.get(f"{records}/edit_variant").json()["rows"]
    row = table[table.index("Retain loss") :]
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", row[: row.index("</tr>")])
    assert cells == [figure(variant["retain_loss"]) for variant in variants]
    assert "Reached" not in table  # no retrain: nobody knows, and no empty row pretends to
    notes = [line for line in page.splitlines() if "no retrain was paid for" in line]
    assert len(notes) == 1
    assert "Edited, Fine-tune" in notes[0]


def test_runs_that_edit_nothing_show_nothing_of_it(
    client: TestClient, finished: Callable[..., dict[str, Any]]
) -> None:
    body = {"kind": "run", "target_id": finished()["id"], "days": 3}
    page = client.get(client.post("/api/v1/shares", json=body).json()["url"]).text
    assert "What the edit did" not in page
