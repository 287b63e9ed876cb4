"""REST of reviews."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.toys.pairs import pair_id


def test_a_review_is_kept_changed_and_taken_back(client: TestClient) -> None:
    address = f"/api/v1/reviews/pair/{pair_id(0)}"
    first = client.put(
        address, json={"verdict": "flip", "tags": ["Blurry", "blurry"], "note": "see"}
    ).json()
    assert (first["verdict"], first["tags"], first["note"]) == ("flip", ["blurry"], "see")
    second = client.put(address, json={"verdict": "keep"}).json()  # the rest stays
    assert (second["verdict"], second["tags"], second["note"]) == ("keep", ["blurry"], "see")
    assert second["updated_at"] >= first["updated_at"]
    listed = client.get("/api/v1/reviews/pair").json()
    assert (listed["rows"], listed["total"]) == ([second], 1)
    assert (listed["verdicts"], listed["tags"]) == ({"keep": 1}, {"blurry": 1})
    gone = client.put(address, json={"verdict": None, "tags": [], "note": ""}).json()
    assert (gone["verdict"], gone["updated_at"]) == (None, None)
    assert client.get("/api/v1/reviews/pair").json()["total"] == 0


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("PUT", "reviews/edge/1", {"verdict": "keep"}, 404, "there are reviews of pair"),
        ("PUT", "reviews/pair/1", {"verdict": "keep"}, 400, "a pair is named by 16 hexadecimal"),
        ("PUT", f"reviews/pair/{pair_id(0)}", {"verdict": "yes"}, 400, "keep, flip, drop or null"),
        ("PUT", f"reviews/pair/{pair_id(0)}", {"vote": 1}, 422, "body.vote"),
        ("PUT", f"reviews/pair/{pair_id(0)}", {"tags": "x"}, 422, "body.tags"),
        ("PUT", f"reviews/pair/{pair_id(0)}", {"tags": None}, 422, "body.tags"),
        ("PUT", f"reviews/pair/{pair_id(0)}", {"note": "a\0"}, 422, "NUL"),
        ("GET", "reviews/edge", None, 404, "there are reviews of pair"),
        ("GET", "reviews/pair?verdict=x", None, 400, "keep, flip, drop are allowed"),
        ("PUT", "no/such/place", {}, 404, "there is nothing at"),
    ],
)
def test_what_is_refused_is_said(
    client: TestClient, method: str, path: str, body: Any, status: int, words: str
) -> None:
    answer = client.request(method, f"/api/v1/{path}", json=body)
    assert answer.status_code == status, answer.text
    assert words in answer.json()["error"]["message"]


def test_another_site_cannot_review(client: TestClient) -> None:
    answer = client.put(
        f"/api/v1/reviews/pair/{pair_id(0)}",
        json={"verdict": "drop"},
        headers={"origin": "http://elsewhere.example"},
    )
    assert answer.status_code == 403
