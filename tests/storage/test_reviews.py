"""Reviews: the last word counts, field by field."""

from __future__ import annotations

import threading

from storage import db, reviews
from storage.kept import Review
from storage.models import Run


def put(url: str, subject: str, **changes: object) -> Review | None:
    with db.writing(url) as session:
        return reviews.put(session, "pair", subject, changes)


def test_what_is_not_given_stays(url: str) -> None:
    first = put(url, "a", verdict="keep", tags=["x"])
    second = put(url, "a", note="why")
    third = put(url, "a", verdict=None)
    assert first is not None and second is not None and third is not None  # noqa: PT018
    assert (first.verdict, first.tags, first.note) == ("keep", ["x"], "")
    assert (second.verdict, second.tags, second.note) == ("keep", ["x"], "why")
    assert (third.verdict, third.tags, third.note) == (None, ["x"], "why")
    assert first.created_at == third.created_at
    assert first.updated_at <= second.updated_at <= third.updated_at


def test_a_review_that_says_nothing_any_more_is_gone(url: str) -> None:
    put(url, "a", verdict="flip", note="why")
    assert put(url, "a", verdict=None) is not None
    assert put(url, "a", note="") is None
    assert put(url, "b", tags=[]) is None
    with db.reading(url) as session:
        assert reviews.listed(session, "pair", "", 10) == ([], 0)


def test_reviews_are_listed_by_their_last_change_and_counted(url: str) -> None:
    for subject, verdict in (("a", "keep"), ("b", "drop"), ("c", "keep")):
        put(url, subject, verdict=verdict, tags=["seen", verdict])
    put(url, "d", tags=["seen"])
    put(url, "a", note="again")
    with db.reading(url) as session:
        rows, total = reviews.listed(session, "pair", "", 3)
        assert ([row.subject for row in rows], total) == (["a", "d", "c"], 4)
        last = (rows[-1].updated_at, rows[-1].subject)
        rows, total = reviews.listed(session, "pair", "", 3, last)
        assert ([row.subject for row in rows], total) == (["b"], 4)
        assert reviews.listed(session, "pair", "drop", 10)[1] == 1
        verdicts, tags = reviews.counted(session, "pair")
    assert verdicts == {"keep": 2, "drop": 1}
    assert tags == {"seen": 4, "keep": 2, "drop": 1}


def test_reviews_outlive_runs(url: str) -> None:
    put(url, "a", verdict="keep")
    with db.writing(url) as session:
        session.delete(session.get_one(Run, "run"))
    with db.reading(url) as session:
        assert reviews.listed(session, "pair", "", 10)[1] == 1


def test_people_who_review_the_same_thing_at_once_lose_nothing(url: str) -> None:
    barrier = threading.Barrier(3)
    fields = {"verdict": "flip", "tags": ["t"], "note": "n"}

    def change(name: str) -> None:
        for number in range(5):
            barrier.wait(30)
            put(url, f"{number}", **{name: fields[name]})

    people = [threading.Thread(target=change, args=(name,)) for name in fields]
    for person in people:
        person.start()
    for person in people:
        person.join(60)
    with db.reading(url) as session:
        rows, total = reviews.listed(session, "pair", "", 10)
        assert total == 5
        assert all((row.verdict, row.tags, row.note) == ("flip", ["t"], "n") for row in rows)


def test_many_things_are_decided_in_one_transaction(url: str) -> None:
    put(url, "a", verdict="keep", note="why")
    with db.writing(url) as session:
        kept = reviews.put_all(session, "pair", ["b", "a", "b"], {"verdict": "drop"})
        assert {name: (each.verdict, each.note) for name, each in kept.items()} == {
            "a": ("drop", "why"),
            "b": ("drop", ""),
        }
    with db.writing(url) as session:
        kept = reviews.put_all(session, "pair", ["a", "b", "c"], {"verdict": None})
        assert set(kept) == {"a"}  # what says nothing any more is gone
        assert reviews.put_all(session, "pair", [], {"verdict": "keep"}) == {}
    with db.reading(url) as session:
        assert reviews.listed(session, "pair", "", 10)[1] == 1
