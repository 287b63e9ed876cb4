"""REST of preference pairs: a hardness run, a training run and what people decide, seen together."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.toys.pairs import TrainingConfig, pair, pair_id, pair_steps

Launch = Callable[..., str]
COUNT, TRAINED = 60, 48


@pytest.fixture
def launch(client: TestClient, works: Callable[[], None]) -> Launch:
    """Run a toy to its end; gives its id."""

    def launch(method: str, **config: Any) -> str:
        body = {"method": method, "config": config}
        run: str = client.post("/api/v1/runs", json=body).json()["id"]
        works()
        return run

    return launch


@pytest.fixture
def pairs(launch: Launch) -> str:
    return launch("toy.pairs", pairs=COUNT)


@pytest.fixture
def training(launch: Launch, pairs: str) -> str:
    return launch(
        "toy.training", pairs=TRAINED, steps=10, batch=8, hardness=f"{pairs}/hardness.parquet"
    )


def get(client: TestClient, path: str, **params: Any) -> Any:
    answer = client.get(f"/api/v1/{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def put(client: TestClient, number: int, **review: Any) -> Any:
    answer = client.put(f"/api/v1/reviews/pair/{pair_id(number)}", json=review)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_pairs_are_listed_as_they_were_recorded(client: TestClient, pairs: str) -> None:
    page = get(client, f"runs/{pairs}/pairs", limit=5)
    assert page["total"] == COUNT
    assert page["reviews"] == {"reviewed": 0, "pairs": COUNT}
    nothing = dict.fromkeys(
        ("gap", "beta", "weight", "loss", "hardness", "factor", "seen", "kept_share", "review")
    )
    assert page["rows"] == [{**pair(number), **nothing} for number in range(5)]


def test_a_training_run_and_reviews_stand_beside_the_pairs(
    client: TestClient, pairs: str, training: str
) -> None:
    put(client, 50, verdict="drop", tags=["Text"], note="unreadable")
    page = get(
        client, f"runs/{pairs}/pairs", training=training, sort="gap", descending=True, limit=1000
    )
    gaps = [row["gap"] for row in page["rows"]]
    assert gaps[:TRAINED] == sorted(gaps[:TRAINED], reverse=True)
    assert gaps[TRAINED:] == [None] * (COUNT - TRAINED)
    assert {row["seen"] for row in page["rows"]} == {1, 2, None}
    [reviewed] = [row["review"] for row in page["rows"] if row["review"]]
    assert (reviewed["verdict"], reviewed["tags"], reviewed["note"]) == (
        "drop",
        ["text"],
        "unreadable",
    )
    assert page["reviews"] == {"drop": 1, "reviewed": 1, "pairs": COUNT}


def test_pairs_are_narrowed_by_everything_at_once(
    client: TestClient, pairs: str, training: str
) -> None:
    for number in range(0, COUNT, 2):
        put(client, number, verdict="keep", tags=["even"])
    page = get(
        client,
        f"runs/{pairs}/pairs",
        training=training,
        review="keep",
        tag="even",
        q="ball lies",
        filter=["delta:gt:0", "seen:ge:1", "level:in:easy,middle"],
        sort="delta",
    )
    wanted = [
        row
        for row in map(pair, range(0, TRAINED, 2))
        if "ball" in row["chosen"] and row["delta"] > 0 and row["level"] != "hard"
    ]
    wanted.sort(key=lambda row: row["delta"])
    assert [row["pair_id"] for row in page["rows"]] == [row["pair_id"] for row in wanted]
    assert page["total"] == len(wanted) > 0


def test_points_come_in_columns(client: TestClient, pairs: str, training: str) -> None:
    put(client, 3, verdict="flip")
    points = get(client, f"runs/{pairs}/pairs/points", training=training)
    assert (points["total"], points["sampled"]) == (COUNT, False)
    deltas = dict(zip(points["position"], points["delta"], strict=True))
    assert deltas == {number: pair(number)["delta"] for number in range(COUNT)}
    forms = dict(zip(points["position"], points["by_form"], strict=True))
    assert forms == {number: pair(number)["by_form"] for number in range(COUNT)}
    verdicts = dict(zip(points["pair_id"], points["verdict"], strict=True))
    assert [key for key, verdict in verdicts.items() if verdict] == [pair_id(3)]
    assert sum(gap is None for gap in points["gap"]) == COUNT - TRAINED
    few = get(client, f"runs/{pairs}/pairs/points", limit=10, filter="contested:eq:false")
    assert (few["sampled"], len(few["delta"]), few["gap"]) == (True, 10, None)
    assert min(few["delta"]) > 0


def test_a_histogram_counts_what_is_asked_for(client: TestClient, pairs: str) -> None:
    found = get(client, f"runs/{pairs}/pairs/histogram", bins=5, filter="level:eq:hard")
    assert (len(found["edges"]), sum(found["counts"])) == (6, COUNT // 3)
    words = get(client, f"runs/{pairs}/pairs/histogram", field="length_gap")
    assert sum(words["counts"]) == COUNT


def test_the_steps_of_a_pair_and_the_heaviest_pairs(
    client: TestClient, pairs: str, training: str
) -> None:
    steps = get(client, f"runs/{pairs}/pairs/{pair_id(1)}/steps", training=training)
    assert [step["step"] for step in steps] == [0, 6]
    config = TrainingConfig(pairs=TRAINED, batch=8)
    [last] = [row for row in pair_steps(config, 6) if row["position"] == 1]
    assert steps[1] == {name: last[name] for name in steps[1]}
    assert get(client, f"runs/{training}/pairs/{pair_id(1)}/steps") == steps
    heaviest = get(client, f"runs/{training}/pair-steps/heaviest", window=2, limit=3)
    weights = [each["weight"] for each in heaviest]
    assert len(weights) == 3
    assert weights == sorted(weights, reverse=True)
    position = heaviest[0]["position"]
    assert (heaviest[0]["prompt"], heaviest[0]["run"]) == (pair(position)["prompt"], pairs)


def test_sets_and_the_trainings_that_saw_their_pairs(
    client: TestClient, pairs: str, training: str, launch: Launch
) -> None:
    newer = launch("toy.pairs", pairs=10)
    assert [each["id"] for each in get(client, "pairs/sets")["items"]] == [newer, pairs]
    [known] = get(client, "pairs/trainings", run=newer)["items"]
    assert (known["id"], known["pairs"], known["method"]) == (training, TRAINED, "toy.training")


def test_a_picture_is_served_once_and_then_kept_by_the_browser(
    client: TestClient, pairs: str
) -> None:
    address = f"/api/v1/runs/{pairs}/pictures/{pair(0)['image']}"
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.content[8:12] == b"WEBP"
    again = client.get(address, headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    for wrong in ("pictures-00000.zip/..%2Fx.webp", "sum.txt/a.webp", "pictures-00000.zip/a.webp"):
        missing = client.get(f"/api/v1/runs/{pairs}/pictures/{wrong}")
        assert missing.status_code == 404
        assert missing.json()["error"]["type"]


def test_records_of_any_kind_are_filtered(client: TestClient, launch: Launch, pairs: str) -> None:
    run = launch("toy.steps", steps=9, seconds_per_step=0)
    page = get(client, f"runs/{run}/records/steps", filter=["square:ge:9", "step:lt:6"])
    assert [row["step"] for row in page["rows"]] == [3, 4, 5]
    page = get(client, f"runs/{pairs}/records/pair", filter="contested:eq:true", sort="delta")
    assert page["total"] == len([n for n in range(COUNT) if pair(n)["contested"]])


def test_an_empty_run_has_empty_answers(client: TestClient, launch: Launch) -> None:
    run = launch("toy.pairs", pairs=0)
    assert get(client, "pairs/sets")["items"] == []
    assert get(client, "pairs/trainings", run=run)["items"] == []
    assert get(client, f"runs/{run}/pairs")["rows"] == []
    assert get(client, f"runs/{run}/pairs/points")["delta"] == []
    assert get(client, f"runs/{run}/pairs/histogram")["counts"] == []
    assert get(client, f"runs/{run}/pairs/{pair_id(0)}/steps") == []
    assert get(client, f"runs/{run}/pair-steps/heaviest") == []


@pytest.mark.parametrize(
    ("path", "params", "status", "words"),
    [
        ("runs/{}/pairs", {"sort": "shape"}, 400, "there is no field 'shape'; there are position"),
        ("runs/{}/pairs", {"sort": "gap"}, 400, "name the run in training"),
        ("runs/{}/pairs", {"filter": "gap:lt:0"}, 400, "name the run in training"),
        ("runs/{}/pairs", {"filter": "delta:about:0"}, 400, "op one of lt, le"),
        ("runs/{}/pairs", {"filter": "delta:lt:low"}, 400, "delta is a number, got 'low'"),
        ("runs/{}/pairs", {"filter": "data:has:x"}, 400, "there is no field 'data'"),
        ("runs/{}/pairs", {"review": "maybe"}, 400, "none, any, keep, flip, drop are allowed"),
        ("runs/{}/pairs", {"tag": '"'}, 400, "tags: 1 to 40 characters"),
        ("runs/{}/pairs", {"training": "nothing"}, 404, "there is no run 'nothing'"),
        ("runs/{}/pairs", {"limit": 1001}, 422, "limit"),
        ("runs/{}/pairs", {"offset": 10**30}, 400, "offset: 0 to"),
        ("runs/{}/pairs", {"q": "x" * 201}, 422, "q"),
        ("runs/{}/pairs/points", {"limit": 10**6}, 422, "limit"),
        ("runs/{}/pairs/histogram", {"field": "level"}, 400, "field: position, delta"),
        ("runs/{}/pairs/histogram", {"field": "gap"}, 400, "name the run in training"),
        ("runs/{}/pairs/histogram", {"bins": 0}, 422, "bins"),
        ("runs/{}/pair-steps/heaviest", {"window": 0}, 422, "window"),
        ("runs/{}/records/pair", {"filter": "level:gt:1"}, 400, "level is no number"),
        ("runs/{}/records/pair", {"offset": 10**30}, 400, "offset: 0 to"),
        ("pairs/trainings", {"run": "nothing"}, 404, "there is no run 'nothing'"),
        ("runs/nothing/pairs", {}, 404, "there is no run 'nothing'"),
        ("runs/nothing/pair-steps/heaviest", {}, 404, "there is no run 'nothing'"),
    ],
)
def test_what_cannot_be_asked_is_said_with_what_can(
    client: TestClient, pairs: str, path: str, params: dict[str, Any], status: int, words: str
) -> None:
    answer = client.get(f"/api/v1/{path.format(pairs)}", params=params)
    assert answer.status_code == status, answer.text
    assert words in answer.json()["error"]["message"]


ODD = [
    "",
    "0",
    "-1",
    "1e999",
    "nan",
    "true",
    "'",
    '"',
    "%",
    "\\",
    "[0]",
    "a:b:c",
    "😀",
    "9" * 40,
    "null",
]


def test_no_parameters_break_the_server(client: TestClient, pairs: str, training: str) -> None:
    draw = random.Random(0)
    fields = ["delta", "gap", "level", "contested", "pair_id", "verdict", "warnings", "x", "", "é"]
    paths = ["pairs", "pairs/points", "pairs/histogram", "records/pair", "records/odd"]
    for _ in range(300):
        op = draw.choice(["lt", "ge", "eq", "ne", "in", "has", "or"])
        params: dict[str, Any] = {
            "filter": [f"{draw.choice(fields)}:{op}:{draw.choice(ODD)}" for _ in range(2)],
            "sort": draw.choice([*fields, *ODD]),
            "descending": draw.choice(["true", "false"]),
            "offset": draw.choice([0, 1, 10**9, 2**63]),
            "field": draw.choice(fields),
            "review": draw.choice(["", "none", "keep", "x"]),
            "tag": draw.choice(["", *ODD]),
            "q": draw.choice(["", *ODD]),
            "training": draw.choice(["", training, training, "x"]),
        }
        for name in draw.sample(sorted(params), 6):
            del params[name]
        path = f"/api/v1/runs/{pairs}/{draw.choice(paths)}"
        answer = client.get(path, params=params)
        assert answer.status_code in (200, 400, 404, 422), (params, answer.text)
