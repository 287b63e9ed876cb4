"""Pairs with their training and their review: what SQL finds is what a loop over everything finds."""

from __future__ import annotations

from typing import Any

import pytest

from storage import db, pairs, records, reviews, training, typed
from storage.filters import Filter
from storage.pairs import Selection
from tests.storage.test_db import a_run
from tests.toys.pairs import TrainingConfig, pair, pair_id, pair_steps

COUNT = 45
TRAINED = TrainingConfig(pairs=30, batch=8)
REVIEWS = {
    3: {"verdict": "keep"},
    4: {"verdict": "flip", "tags": ["blurry", "50%"]},
    11: {"verdict": "drop", "tags": ["text"], "note": "no dog"},
    12: {"tags": ["blurry"]},
}


@pytest.fixture
def filled(url: str) -> str:
    """45 pairs in the run "run", 32 rows of steps with the first 30 in "train", four reviews."""
    steps = [row for step in range(4) for row in pair_steps(TRAINED, step)]
    with db.writing(url) as session:
        session.add_all([a_run("train"), a_run("other")])
        session.flush()
        new = [typed.new_row("run", 1, "pair", pair(number)) for number in range(COUNT)]
        new += [typed.new_row("train", 1, "pair_step", row) for row in steps]
        new += [typed.new_row("other", 1, "pair", pair(number)) for number in range(40, 50)]
        records.write(session, new)
        for number, changes in REVIEWS.items():
            reviews.put(session, "pair", pair_id(number), changes)
        reviews.put(session, "pair", pair_id(1000), {"verdict": "keep"})  # of no run here
        reviews.put(session, "node", pair_id(5), {"verdict": "keep"})  # of another kind
    return url


def all_rows() -> list[dict[str, Any]]:
    """What the page of all pairs has to say, by a loop."""
    found = []
    for number in range(COUNT):
        row = pair(number) | dict.fromkeys(pairs.SHOWN) | {"verdict": None, "tags": []}
        for step in range(4):
            for each in pair_steps(TRAINED, step):
                if each["position"] == number:
                    row |= {name: each[name] for name in pairs.SHOWN if name in each}
                    row["seen"] = (row["seen"] or 0) + 1
                    row["kept_share"] = (row["kept_share"] or 0) + each["kept"]  # a sum so far
        if row["seen"]:
            row["kept_share"] /= row["seen"]
        found.append(row | REVIEWS.get(number, {}))
    return found


def positions(url: str, sort: str = "", descending: bool = False, **wanted: Any) -> list[int]:
    with db.reading(url) as session:
        chosen = Selection("run", "train", **wanted)
        rows, total = pairs.page(session, chosen, sort=sort, descending=descending)
    assert total == len(rows)
    return [row["position"] for row in rows]


def test_a_page_says_what_was_recorded_trained_and_decided(filled: str) -> None:
    with db.reading(filled) as session:
        rows, total = pairs.page(session, Selection("run", "train"))
        assert total == COUNT
        for row, wanted in zip(rows, all_rows(), strict=True):
            review = row.pop("review")
            assert row == {name: wanted[name] for name in row}
            assert (review and review.verdict) == wanted["verdict"]
            assert (review.tags if review else []) == wanted["tags"]
        untrained, _ = pairs.page(session, Selection("run"), limit=1)
        assert untrained[0]["gap"] is untrained[0]["seen"] is None


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", ["delta", "length_gap", "gap", "kept_share", "seen", "verdict"])
def test_pairs_sort_by_any_field_and_those_without_it_come_last(
    filled: str, sort: str, descending: bool
) -> None:
    rows = all_rows()
    having = [row for row in rows if row[sort] is not None]
    lacking = [row for row in rows if row[sort] is None]
    having.sort(key=lambda row: row[sort], reverse=descending)  # stable: then by age
    assert positions(filled, sort, descending) == [row["position"] for row in having + lacking]


def texts(row: dict[str, Any]) -> str:
    return f"{row['prompt']} {row['chosen']} {row['rejected']}".lower()


def nothing(_row: dict[str, Any]) -> bool:
    return False


@pytest.mark.parametrize(
    ("wanted", "keeps"),
    [
        ({"review": "none"}, lambda row: row["verdict"] is None),
        ({"review": "any"}, lambda row: row["verdict"] is not None),
        ({"review": "flip"}, lambda row: row["verdict"] == "flip"),
        ({"tag": "blurry"}, lambda row: "blurry" in row["tags"]),
        ({"tag": "blur"}, nothing),
        ({"tag": "50%"}, lambda row: "50%" in row["tags"]),
        ({"tag": "%"}, nothing),
        ({"tag": "blurry", "review": "none"}, lambda row: row["position"] == 12),
        ({"text": "RED wall"}, lambda row: "red" in texts(row) and "wall" in texts(row)),
        ({"text": pair_id(9)[:9]}, lambda row: row["position"] == 9),
        ({"text": "%"}, nothing),
        ({"filters": (Filter("gap", "lt", "0.5"),)}, lambda row: (row["gap"] or 1) < 0.5),
        (
            {"filters": (Filter("gap", "ge", "0.5"), Filter("delta", "lt", "0"))},
            lambda row: row["delta"] < 0 and (row["gap"] or 0) >= 0.5,
        ),
        ({"filters": (Filter("seen", "eq", "2"),)}, lambda row: row["seen"] == 2),
        (
            {"filters": (Filter("verdict", "in", "keep,drop"),)},
            lambda row: row["position"] in (3, 11),
        ),
        (
            {"filters": (Filter("level", "eq", "hard"),), "review": "drop"},
            lambda row: row["position"] == 11,
        ),
    ],
)
def test_pairs_are_selected_as_a_loop_selects_them(
    filled: str, wanted: dict[str, Any], keeps: Any
) -> None:
    expected = [row["position"] for row in all_rows() if keeps(row)]
    assert positions(filled, **wanted) == expected


def test_pages_hold_each_pair_once_and_know_how_many_there_are(filled: str) -> None:
    seen = []
    with db.reading(filled) as session:
        for offset in range(0, COUNT + 20, 10):
            rows, total = pairs.page(
                session, Selection("run", "train"), sort="gap", offset=offset, limit=10
            )
            assert total == COUNT
            seen += [row["position"] for row in rows]
    assert sorted(seen) == list(range(COUNT))


@pytest.mark.parametrize("name", ["gap", "kept_share"])
def test_a_field_of_the_training_needs_one(filled: str, name: str) -> None:
    with (
        db.reading(filled) as session,
        pytest.raises(ValueError, match=f"{name} is what a training"),
    ):
        pairs.page(session, Selection("run"), sort=name)


def test_an_unknown_field_is_named_with_those_there_are(filled: str) -> None:
    with db.reading(filled) as session, pytest.raises(ValueError, match=r"no field 'id'; .*delta"):
        pairs.page(session, Selection("run", filters=(Filter("id", "eq", "1"),)))


def test_points_of_many_pairs_are_a_sample_that_stays_the_same(filled: str) -> None:
    columns = ["position", "delta", "gap", "verdict"]
    with db.reading(filled) as session:
        everything = pairs.points(session, Selection("run", "train"), columns, 100)
        few = pairs.points(session, Selection("run", "train"), columns, 10)
        contested = Selection("run", "train", filters=(Filter("delta", "lt", "0"),))
        chosen = pairs.points(session, contested, columns, 100)
    wanted = sorted(all_rows(), key=lambda row: row["pair_id"])
    assert everything == [tuple(row[name] for name in columns) for row in wanted]
    assert few == everything[:10]
    assert chosen == [point for point in everything if point[1] < 0]


def test_numbers_of_the_pairs_that_have_them(filled: str) -> None:
    with db.reading(filled) as session:
        gaps = pairs.values(session, Selection("run", "train"), "gap")
        assert sorted(gaps) == sorted(row["gap"] for row in all_rows() if row["seen"])
        assert len(pairs.values(session, Selection("run"), "delta")) == COUNT


def test_reviews_are_counted_and_collected_for_the_pairs_of_a_run(filled: str) -> None:
    with db.reading(filled) as session:
        assert pairs.verdicts(session, "run") == {"keep": 1, "flip": 1, "drop": 1}
        assert pairs.verdicts(session, "other") == {}
        empty: dict[str, Any] = {"verdict": None, "tags": [], "note": ""}
        assert pairs.decided(session, "run") == {
            pair_id(number): {**empty, **changes} for number, changes in REVIEWS.items()
        }


def test_the_steps_of_a_pair_come_in_their_order(filled: str) -> None:
    with db.reading(filled) as session:
        found = training.steps(session, "train", pair_id(1), 100)
        assert [step["step"] for step in found] == [0, 3]  # 30 pairs, 8 a step: it comes twice
        wanted = [
            row for step in (0, 3) for row in pair_steps(TRAINED, step) if row["position"] == 1
        ]
        assert found == [{name: row[name] for name in training.STEP_FIELDS} for row in wanted]
        assert training.steps(session, "train", pair_id(1), 1) == found[1:]
        assert training.steps(session, "train", pair_id(44), 100) == []


def test_the_heaviest_pairs_of_the_last_steps_carry_their_share(filled: str) -> None:
    with db.reading(filled) as session:
        found = training.heaviest(session, "train", window=2, limit=100)
        few = training.heaviest(session, "train", window=2, limit=3)
        assert training.heaviest(session, "run", window=2, limit=3) == []
    summed: dict[str, float] = {}
    for step in (2, 3):
        for row in pair_steps(TRAINED, step):
            summed[row["pair_id"]] = summed.get(row["pair_id"], 0.0) + row["weight"]
    heavy = {pair: weight for pair, weight in summed.items() if weight > 0}
    assert [each["pair_id"] for each in found] == sorted(heavy, key=lambda pair: -heavy[pair])
    assert [each["weight"] for each in found] == pytest.approx(sorted(heavy.values())[::-1])
    assert sum(each["share"] for each in found) == pytest.approx(1.0)
    assert few == found[:3]


def test_a_pair_is_described_by_the_run_that_is_preferred_else_by_the_newest(filled: str) -> None:
    with db.reading(filled) as session:
        ids = [pair_id(number) for number in (1, 42, 99)]
        found = training.described(session, ids, first="run")
        assert {key: row["run"] for key, row in found.items()} == {ids[0]: "run", ids[1]: "run"}
        found = training.described(session, ids, first="gone")
        assert {key: row["run"] for key, row in found.items()} == {ids[0]: "run", ids[1]: "other"}
        assert found[ids[1]]["prompt"] == "What is in picture 42?"


def test_runs_that_know_the_same_pairs(filled: str) -> None:
    with db.reading(filled) as session:
        known = training.knowing(session, "run", 10)
        assert [(run.id, number) for run, number in known] == [("train", 30)]
        assert training.knowing(session, "other", 10) == []  # shares pairs, but none was trained on
        sets = {run.id: number for run, number in training.sets(session, 10)}
    assert sets == {"run": COUNT, "other": 10}
