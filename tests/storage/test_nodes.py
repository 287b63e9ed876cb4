"""Pages of nodes: what SQL finds is what a loop over everything finds, also under another weight."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from storage import db, nodes, records, reviews, typed
from storage.filters import Filter
from storage.models import Run
from storage.nodes import Ranking, Selection
from tests.storage.test_db import a_run

COUNT = 60
TOP = 12
WEIGHTS = (None, 0.0, 0.3, 1.0)
REVIEWED = {3: "confirm", 10: "dismiss", 11: "confirm", 40: "unsure", 7: None}
"""Verdicts by position; the last has only a note."""

Row = dict[str, Any]


def node_id(position: int) -> str:
    return hashlib.sha256(b"node %d" % position).hexdigest()[:16]


def rows(count: int = COUNT) -> list[Row]:
    """Rows best first, positions in no order, many of them equal in their parts."""
    draw = random.Random(5)
    positions = draw.sample(range(count), count)
    return [
        {
            "position": position,
            "node_id": node_id(position),
            "name": f"{draw.choice(['Ada', 'Bo'])} {draw.choice(['Berg', '10%_off', 'Łoś'])} {position}",
            "rank": rank,
            "score": 1 - rank / count,
            "percentile": 1 - (rank - 0.5) / count,
            "error": 0.1 * rank,
            "attribute": draw.choice([0.1, 0.7, draw.random()]),
            "structure": draw.choice([0.2, 0.7, draw.random()]),
            "degree": draw.randrange(4),
            "in_degree": 1,
            **dict.fromkeys(
                ("plain_percentile", "degree_percentile", "norm_percentile", "forest_percentile"),
                0.5,
            ),
            "peer_percentile": 0.5,
            "stability": draw.choice([None, draw.random()]),
            "apart": draw.uniform(-1, 1),
            "flagged_neighbours": draw.randrange(3),
            "label": None,
        }
        | ({"kind": "ring"} if rank == 2 else {})
        for rank, position in enumerate(positions, 1)
    ]


def add(url: str, run_id: str, found: list[Row]) -> None:
    with db.writing(url) as session:
        records.write(session, [typed.new_row(run_id, 1, "node", row) for row in found])


@pytest.fixture
def filled(url: str) -> str:
    """60 nodes of the run "run", written in turns with those of "other"; reviews of a few."""
    with db.writing(url) as session:
        session.add(a_run("other"))
    mine, others = rows(), rows(80)
    for start in range(0, COUNT, 20):
        add(url, "run", mine[start : start + 20])
        add(url, "other", others[start : start + 20])
    add(url, "other", others[COUNT:])
    with db.writing(url) as session:
        for position, verdict in REVIEWED.items():
            reviews.put(session, "node", node_id(position), {"verdict": verdict, "note": "seen"})
        reviews.put(session, "node", "f" * 16, {"verdict": "confirm"})  # of another graph
        reviews.put(session, "pair", node_id(20), {"verdict": "keep"})
    return url


@pytest.fixture
def ranked(filled: str) -> Iterator[Callable[..., Ranking]]:
    with db.reading(filled) as session:
        yield lambda weight=None, top=TOP: Ranking(session, "run", top, weight)


def weighted(row: Row, weight: float) -> float:
    return float(weight * row["attribute"] + (1 - weight) * row["structure"])


def ranking(weight: float | None) -> list[Row]:
    """All rows in the order that a ranking should give them."""
    if weight is None:
        return rows()
    return sorted(rows(), key=lambda row: (-weighted(row, weight), row["position"]))


def positions(found: list[Row]) -> list[int]:
    return [row["position"] for row in found]


def test_rows_are_read_as_they_were_written(ranked: Callable[..., Ranking]) -> None:
    found, total = nodes.page(ranked(), Selection())
    own = [{name: row[name] for name in sent} for row, sent in zip(found, rows(), strict=True)]
    assert (own, total) == (rows(), COUNT)
    assert {name for row in found for name in row} - set(rows()[1]) == {
        "weighted",
        "flagged",
        "place",
        "review",
    }


@pytest.mark.parametrize("weight", WEIGHTS)
def test_a_weight_ranks_as_a_loop_does_with_ties_by_position(
    ranked: Callable[..., Ranking], weight: float | None
) -> None:
    wanted = ranking(weight)
    for sort in ("", "rank"):
        found, total = nodes.page(ranked(weight), Selection(), sort=sort)
        assert (positions(found), total) == (positions(wanted), COUNT)
    assert [row["flagged"] for row in found] == [True] * TOP + [False] * (COUNT - TOP)
    expected = [None if weight is None else weighted(row, weight) for row in wanted]
    assert [row["weighted"] for row in found] == expected  # bit for bit
    assert [row["place"] for row in found] == list(range(1, COUNT + 1))
    last_first, _ = nodes.page(ranked(weight), Selection(), descending=True)
    assert [row["place"] for row in last_first] == list(range(COUNT, 0, -1))
    assert positions(last_first) == positions(wanted)[::-1]


def test_ties_at_the_budget_are_cut_by_position(url: str) -> None:
    same = [row | {"attribute": 0.5, "structure": 0.5} for row in rows()]
    add(url, "run", same)
    with db.reading(url) as session:
        found, _ = nodes.page(Ranking(session, "run", 7, 0.3), Selection(), sort="degree")
    assert sorted(positions([row for row in found if row["flagged"]])) == list(range(7))


@pytest.mark.parametrize("weight", WEIGHTS)
def test_flags_in_any_other_list_are_those_of_the_ranking(
    ranked: Callable[..., Ranking], weight: float | None
) -> None:
    flagged = set(positions(ranking(weight)[:TOP]))
    for wanted in (Selection("berg"), Selection(review="any"), Selection(review="none")):
        found, _ = nodes.page(ranked(weight), wanted, sort="degree", descending=True)
        assert found
        assert all(row["flagged"] == (row["position"] in flagged) for row in found)
    only = Selection(filters=(Filter("flagged", "eq", "true"),))
    found, total = nodes.page(ranked(weight), only)
    assert (positions(found), total) == (positions(ranking(weight)[:TOP]), TOP)
    rest = Selection(filters=(Filter("flagged", "eq", "false"),))
    assert nodes.count(ranked(weight), rest) == COUNT - TOP
    assert nodes.count(ranked(weight, COUNT), only) == COUNT


@pytest.mark.parametrize("descending", [False, True])
def test_rows_sort_by_any_field_and_those_without_it_come_last(
    ranked: Callable[..., Ranking], descending: bool
) -> None:
    for sort in ("degree", "stability", "name", "apart", "position"):
        having = [row for row in rows() if row[sort] is not None]
        having.sort(
            key=lambda row: row[sort].encode() if sort == "name" else row[sort], reverse=descending
        )
        wanted = having + [row for row in rows() if row[sort] is None]
        found, _ = nodes.page(ranked(), Selection(), sort=sort, descending=descending)
        if sort != "name":  # each database has its own order of letters
            assert positions(found) == positions(wanted), sort
        assert sorted(positions(found)) == list(range(COUNT))


SELECTED: list[tuple[Selection, Callable[[Row], bool]]] = [
    (Selection("ADA berg"), lambda row: "Ada" in row["name"] and "Berg" in row["name"]),
    (Selection("10%_OFF"), lambda row: "10%_off" in row["name"]),
    (Selection(node_id(9)[:9]), lambda row: row["position"] == 9),
    (Selection("zebra"), lambda _row: False),
    (Selection(filters=(Filter("degree", "ge", "2"),)), lambda row: row["degree"] >= 2),
    (Selection(filters=(Filter("position", "in", "3,9,99"),)), lambda r: r["position"] in (3, 9)),
    (Selection(filters=(Filter("rank", "le", "5"),)), lambda row: row["rank"] <= 5),
    (Selection(filters=(Filter("stability", "lt", "2"),)), lambda r: r["stability"] is not None),
    (Selection(review="any"), lambda row: row["position"] in (3, 10, 11, 40)),
    (Selection(review="none"), lambda row: row["position"] not in (3, 10, 11, 40)),
    (Selection(review="confirm"), lambda row: row["position"] in (3, 11)),
    (
        Selection("bo", review="none"),
        lambda r: "Bo" in r["name"] and not REVIEWED.get(r["position"]),
    ),
    (
        Selection("ada", (Filter("degree", "lt", "3"),), "any"),
        lambda r: "Ada" in r["name"] and r["degree"] < 3 and bool(REVIEWED.get(r["position"])),
    ),
]


@pytest.mark.parametrize("weight", [None, 0.3])
def test_rows_are_selected_as_a_loop_selects_them(
    ranked: Callable[..., Ranking], weight: float | None
) -> None:
    for wanted, keeps in SELECTED:
        expected = positions([row for row in ranking(weight) if keeps(row)])
        found, total = nodes.page(ranked(weight), wanted)
        order = positions(ranking(weight))
        assert [row["place"] for row in found] == [order.index(each) + 1 for each in expected]
        assert (positions(found), total) == (expected, len(expected)), wanted


@pytest.mark.parametrize("weight", [None, 0.3])
@pytest.mark.parametrize(
    ("sort", "descending"), [("", False), ("", True), ("stability", True), ("degree", False)]
)
def test_pages_far_from_the_first_are_those_of_the_whole_list(
    ranked: Callable[..., Ranking],
    monkeypatch: pytest.MonkeyPatch,
    weight: float | None,
    sort: str,
    descending: bool,
) -> None:
    asked: dict[str, Any] = {"sort": sort, "descending": descending}
    whole, _ = nodes.page(ranked(weight), Selection(), **asked)
    assert len(whole) == COUNT
    for samples in (7, 20):
        monkeypatch.setattr(nodes, "SAMPLES", samples)
        for offset in (10, 40, 55, 60, 70):
            found, total = nodes.page(ranked(weight), Selection(), offset=offset, limit=10, **asked)
            assert (found, total) == (whole[offset : offset + 10], COUNT), (samples, offset)


@pytest.mark.parametrize("weight", WEIGHTS)
def test_the_next_unreviewed_node_goes_round_the_flagged_ones(
    filled: str, ranked: Callable[..., Ranking], weight: float | None
) -> None:
    wanted = [p for p in positions(ranking(weight)[:TOP]) if not REVIEWED.get(p)]
    seen: list[int] = []
    after = None
    for _ in range(len(wanted) + 1):
        found = nodes.following(ranked(weight), after)
        assert found is not None
        assert found["flagged"]
        seen.append(after := found["position"])
    assert seen == [*wanted, wanted[0]]
    last = ranking(weight)[-1]["position"]  # of one that is not flagged the first is next
    assert (nodes.following(ranked(weight), last) or {})["position"] == wanted[0]
    assert (nodes.following(ranked(weight), 10**6) or {})["position"] == wanted[0]
    with db.writing(filled) as session:
        reviews.put_all(session, "node", map(node_id, wanted), {"verdict": "unsure"})
    with db.reading(filled) as session:
        assert nodes.following(Ranking(session, "run", TOP, weight), after) is None


@pytest.mark.parametrize("weight", WEIGHTS)
def test_verdicts_are_counted_of_the_nodes_of_the_run(
    ranked: Callable[..., Ranking], weight: float | None
) -> None:
    found = ranked(weight)
    assert nodes.verdicts(found.session, "run") == {"confirm": 2, "dismiss": 1, "unsure": 1}
    flagged = positions(ranking(weight)[:TOP])
    assert nodes.flagged_reviewed(found) == len([p for p in flagged if REVIEWED.get(p)])


@pytest.mark.parametrize("weight", [None, 0.3])
def test_all_nodes_are_walked_through_in_portions(
    ranked: Callable[..., Ranking], monkeypatch: pytest.MonkeyPatch, weight: float | None
) -> None:
    monkeypatch.setattr(nodes, "PORTION", 25)
    portions = list(nodes.walk(ranked(weight), Selection()))
    assert [len(portion) for portion in portions] == [25, 25, 10]
    found = [row for portion in portions for row in portion]
    whole, _ = nodes.page(ranked(weight), Selection())
    assert [row | {"place": at} for at, row in enumerate(found, 1)] == whole
    confirmed = [
        row
        for portion in nodes.walk(ranked(weight), Selection(review="confirm"))
        for row in portion
    ]
    assert {row["position"] for row in confirmed} == {3, 11}


def test_tables_are_the_runs_that_recorded_nodes(filled: str) -> None:
    with db.writing(filled) as session:
        session.add(a_run("third"))
        session.add(a_run("without"))
    plain = [row | dict.fromkeys(("error", "attribute", "structure")) for row in rows(5)]
    add(filled, "third", plain)
    with db.reading(filled) as session:
        found = {run.id: more for run, *more in nodes.tables(session, 10)}
    assert found == {"run": [COUNT, True], "other": [80, True], "third": [5, False]}


def test_a_run_without_nodes_has_empty_answers(url: str) -> None:
    with db.reading(url) as session:
        none = Ranking(session, "run", 1, 0.3)
        assert nodes.page(none, Selection()) == ([], 0)
        assert nodes.page(none, Selection("a"), sort="degree", offset=3) == ([], 0)
        assert nodes.following(none, 3) is None
        assert list(nodes.walk(none, Selection())) == []
        assert nodes.has_parts(session, "run") is False


def test_an_unknown_field_is_named_with_those_there_are(ranked: Callable[..., Ranking]) -> None:
    with pytest.raises(ValueError, match=r"no field 'id'; there are position, .*weighted, flagged"):
        nodes.page(ranked(), Selection(), sort="id")
    with pytest.raises(ValueError, match="weighted: it is known only once the weight is moved"):
        nodes.page(ranked(), Selection(filters=(Filter("weighted", "gt", "1"),)))


def test_nodes_go_with_their_run_and_reviews_stay(filled: str) -> None:
    with db.writing(filled) as session:
        session.delete(session.get_one(Run, "run"))
    with db.reading(filled) as session:
        assert nodes.number(session, "run") == 0
        assert nodes.number(session, "other") == 80
        assert reviews.listed(session, "node", "", 10)[1] == len(REVIEWED) + 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"node_id": None}, "node row: node_id must be text, got None"),
        ({"rank": 1.5}, "rank must be a whole number, got 1.5"),
        ({"attribute": "low"}, "attribute must be a number, got 'low'"),
    ],
)
def test_a_value_that_its_column_cannot_hold_is_refused(change: Row, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        typed.new_row("run", 1, "node", rows()[0] | change)
