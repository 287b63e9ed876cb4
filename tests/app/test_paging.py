"""Lists that come page by page: every item once, whatever is added meanwhile; cursors that nobody gave are refused."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from types import ModuleType
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi.testclient import TestClient

from backend.services import ServiceError, cursors
from backend.settings import settings
from storage import db
from storage.kept import Dataset, Erasure
from storage.models import Artefact, Blob, Event, Record, Run, Sweep
from storage.typed import InstructionRow, NodeRow, PairRow, PairState

Get = Callable[..., Any]
SHA = "a" * 64
RUNS = 7
ROWS = {
    PairRow: {"pair_id": "p"},
    NodeRow: {"node_id": "n", "name": "n", "rank": 1, "score": 0.0, "percentile": 0.0},
    InstructionRow: {"row_id": "r", "prompt": "", "answer": ""},
}


def add(*rows: Any) -> None:
    with db.writing(settings().database_url) as session:
        for row in rows:
            session.add(row)
            session.flush()


def run(number: int, at: float = 100.0) -> Run:
    """A run of every kind at once; several were made in the same moment."""
    facts = {"method": "unlearning.train", "family": "unlearning", "code_version": "1"}
    return Run(
        id=f"run{number}",
        title=f"run {number}",
        seed=0,
        queue="cpu",
        config={},
        params_hash="h",
        status="succeeded",
        created_at=at,
        **facts,
    )


def reported(number: int) -> list[Any]:
    common = {"run_id": f"run{number}", "attempt": 1}
    meta = {"weights": f"w{number}", "parent": None}
    data = {"position": 0, "data": {}}
    rows = [table(**common, **data, **values) for table, values in ROWS.items()]
    zipped = Artefact(**common, sha256=SHA, role="file", name="adapter.zip", meta=meta)
    steps = {"step": 0, "seen": 1, "kept": 1}
    return [*rows, zipped, PairState(run_id=f"run{number}", pair_id="p", **steps)]


@pytest.fixture
def filled(client: TestClient) -> TestClient:
    """Seven of everything."""
    add(Blob(sha256=SHA, size=1, mime="text/plain"), *map(run, range(RUNS)))
    for number in range(RUNS):
        add(*reported(number))
        add(Sweep(id=f"sweep{number}", method="toy.steps", config={}, axes={}, seeds=[0], left_out=[], created_at=5.0))  # fmt: skip
        add(Dataset(id=f"set{number}", kind="router", name="r", sha256=SHA, created_at=5.0))
        add(Erasure(id=f"request{number}", method="unlearning.erase", table_run="run0", source={}, items={}, updated_at=5.0))  # fmt: skip
        add(Event(run_id="run0", attempt=1, level="info", message=str(number)))
        add(Artefact(run_id="run0", attempt=1, sha256=SHA, role="file", name=f"{number}.txt"))
        client.post("/api/v1/comparisons", json={"run_ids": ["run0"]})
        client.post("/api/v1/shares", json={"kind": "run", "target_id": "run0", "days": 1})
        client.put(f"/api/v1/reviews/node/{number:016x}", json={"verdict": "confirm"})
    return client


LISTS = (
    "runs",
    "runs?sort=title&descending=false",
    "comparisons",
    "shares",
    "sweeps",
    "datasets",
    "datasets?kind=router",
    "requests",
    "requests?state=requested",
    "requests?table=run0",
    "runs/run0/events",
    "runs/run0/artefacts",
    "reviews/node",
    "anomaly/runs",
    "pairs/sets",
    "pairs/trainings?run=run0",
    "unlearning/tables",
    "unlearning/versions",
)


def listed(page: dict[str, Any]) -> list[Any]:
    found: list[Any] = next(value for value in page.values() if isinstance(value, list))
    return found


def turned(client: TestClient, path: str, limit: int = 3, between: Any = None) -> list[Any]:
    """All items, page after page; `between` is called after the first page."""
    found: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        asked = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        joint = "&" if "?" in path else "?"
        query = "&".join(f"{name}={value}" for name, value in asked.items())
        answer = client.get(f"/api/v1/{path}{joint}{query}")
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(listed(page)) <= limit
        found += listed(page)
        cursor = page["cursor"]
        if between:
            between()
            between = None
    return found


def test_every_item_comes_once_and_in_order(filled: TestClient) -> None:
    for path in LISTS:
        whole = listed(filled.get(f"/api/v1/{path}").json())
        assert len(whole) >= RUNS, path
        assert turned(filled, path) == whole, path
        assert turned(filled, path, limit=len(whole)) == whole  # a full last page ends the list


def test_what_is_added_at_the_front_moves_nothing(filled: TestClient) -> None:
    for number, path in enumerate(("sweeps", "datasets", "anomaly/runs", "requests"), 90):
        whole = listed(filled.get(f"/api/v1/{path}").json())

        def newer(number: int = number) -> None:
            add(run(number, at=200.0 + number))
            add(*reported(number))
            add(Sweep(id=f"sweep{number}", method="toy.steps", config={}, axes={}, seeds=[0], left_out=[]))  # fmt: skip
            add(Dataset(id=f"set{number}", kind="router", name="r", sha256=SHA))
            add(Erasure(id=f"request{number}", method="unlearning.erase", table_run="run0", source={}, items={}))  # fmt: skip

        assert turned(filled, path, between=newer) == whole, path
        assert len(turned(filled, path)) == len(whole) + 1, path


@pytest.mark.parametrize("sort", ["", "&sort=square&descending=true", "&filter=step:ge:2"])
def test_rows_of_a_run_that_goes_on(client: TestClient, finished: Get, sort: str) -> None:
    made = finished(steps=7)["id"]
    path = f"runs/{made}/records/steps?offset=0{sort}"
    whole = client.get(f"/api/v1/{path}").json()

    def more() -> None:
        add(
            *(
                Record(run_id=made, attempt=1, kind="steps", data={"step": 9, "square": 81})
                for _ in range(3)
            )
        )

    pages = turned(client, path, between=more)
    assert pages == whole["rows"]
    assert client.get(f"/api/v1/{path}").json()["total"] == whole["total"] + 3


def coded(*parts: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


TEXTS = ("x", "é", "=" * 10, "A" * 3000, base64.urlsafe_b64encode(b"[" * 1000).decode(), coded())
PLACES: tuple[tuple[Any, ...], ...] = (
    (),
    ("text", 1.0),
    (True, "id"),
    (float("nan"), "id"),
    (float("inf"), "id"),
    (10**400, "id"),
    (1.0, "nul\0"),
    ("nul\0", "id"),
    (1.0, "\ud800"),
    (1.0, {"a": 1}),
    (1.0, "id", "more"),
    (2**63,),
    (-1,),
    (1.5,),
    (True,),
)


def test_a_cursor_that_nobody_gave_is_refused(filled: TestClient) -> None:
    for path in LISTS:
        joint = "&" if "?" in path else "?"
        asked = f"/api/v1/{path}{joint}limit=1"
        given = filled.get(asked).json()["cursor"]
        name = json.loads(base64.urlsafe_b64decode(given))[0]
        hostile = [*TEXTS, coded("another list", 1.0, "id"), *(coded(name, *p) for p in PLACES)]
        for cursor in hostile:
            answer = filled.get(f"{asked}&{urlencode({'cursor': cursor})}")
            assert answer.status_code in (400, 422), (path, cursor, answer.text)
            assert answer.json()["error"]["message"]


def test_a_cursor_holds_for_its_list_alone(studio: ModuleType) -> None:
    given = cursors.encode("list", 1.5, "id")
    assert cursors.decode(given, "list", float, str) == (1.5, "id")
    for name, kinds in (("other", (float, str)), ("list", (str, str)), ("list", (float,))):
        with pytest.raises(ServiceError, match="cursor"):
            cursors.decode(given, name, *kinds)


def test_offset_and_cursor_exclude_each_other(client: TestClient, finished: Get) -> None:
    made = finished(steps=3)["id"]
    path = f"/api/v1/runs/{made}/records/steps"
    cursor = client.get(path, params={"limit": 1}).json()["cursor"]
    assert client.get(path, params={"cursor": cursor, "offset": 1}).status_code == 400
    assert client.get(path, params={"cursor": cursor, "sort": "value"}).status_code == 400
