"""Rows that several processes make at once: on PostgreSQL, which has several writers, too."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from types import ModuleType

import pytest

from backend.settings import settings
from storage import db, outbox, remembered, runs
from storage.kept import Setting

BOTH = pytest.mark.parametrize("database", ["sqlite", "postgresql"])
AT_ONCE = 6


@BOTH
def test_who_makes_a_row_at_once_finds_one_and_each_waits_for_the_other(studio: ModuleType) -> None:
    url, start = settings().database_url, Barrier(AT_ONCE)

    def count(_: int) -> None:
        start.wait()
        with db.writing(url) as session:
            remembered.locked(session, "counted", 0).value += 1

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(count, range(AT_ONCE)))
    with db.reading(url) as session:
        assert session.get_one(Setting, "counted").value == AT_ONCE


@BOTH
def test_webs_that_start_at_once_all_start(studio: ModuleType) -> None:
    from backend.services import keeping, retention

    url, start = settings().database_url, Barrier(AT_ONCE)

    def begin(_: int) -> bool:
        start.wait()
        retention.note_rule()
        with db.writing(url) as session:
            outbox.register(session, ["https://hooks.example.org/"])
        with db.writing(url) as session:
            runs.set_paused(session, "cpu", True)
        return keeping._due()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert sum(pool.map(begin, range(AT_ONCE))) == 1
    with db.reading(url) as session:
        assert runs.paused_queues(session) == ["cpu"]
