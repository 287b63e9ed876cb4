"""Curves packed into a file read exactly as they did as rows, everywhere."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from backend import cleaning, curves, folding, mending
from backend.services import keeping
from backend.settings import settings
from backend.stored import store
from storage import db
from storage.models import Metric, Run, now

Works = Callable[[], None]
VALUES = (0.1, -0.0, 5e-324, math.pi * 1e300, 1 / 3, -(2.0**-1074))


@pytest.fixture
def run_id(studio: ModuleType, works: Works) -> str:
    """A run with curves of many kinds of numbers, written out of order, over two attempts."""
    run = studio.submit("toy.steps", {"steps": 3, "seconds_per_step": 0.0})
    works()
    draw = random.Random(0)
    with db.writing(settings().database_url) as session:
        for _ in range(200):
            session.add(
                Metric(
                    run_id=run.id,
                    attempt=draw.choice((1, 2)),
                    name=draw.choice(("loss", "Loss", "ä/β", "z_value")),
                    step=draw.randrange(-5, 60),
                    value=draw.choice(VALUES) * draw.random(),
                    at=now() + draw.random(),
                )
            )
        session.get_one(Run, run.id).finished_at = now() - 40 * folding.DAY_S
    found: str = run.id
    return found


def rows_left() -> int:
    with db.reading(settings().database_url) as session:
        return session.scalar(select(func.count()).select_from(Metric)) or 0


def bits(series: dict[str, Any]) -> list[Any]:
    """With the order of the curves, and minus zero apart from zero."""
    return [
        (name, [(step, value.hex()) for step, value in points]) for name, points in series.items()
    ]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_every_reader_finds_the_same_to_the_bit(
    studio: ModuleType, run_id: str, tmp_path: Path
) -> None:
    def everything() -> dict[str, Any]:
        with db.reading(settings().database_url) as session:
            cursors = [0, *session.scalars(select(col(Metric.id)).order_by(col(Metric.id)))]
        cursors = keys or cursors
        keys[:] = cursors
        live = [
            studio.live(run_id, f"1-{cursor}-0")
            for cursor in (cursors[0], cursors[77], cursors[-1])
        ]
        return {
            "series": sorted(bits(studio.series(run_id))),
            "some": bits(studio.series(run_id, ["loss", "nothing"])),
            "live": [(bits(each.series), each.cursor) for each in live],
            "files": studio.artefacts(run_id),
        }

    keys: list[int] = []
    rows, before = tmp_path / "rows.zip", everything()
    studio.export_bundle([run_id], rows)
    assert folding.fold_run(run_id) == 203
    assert rows_left() == 0
    assert everything() == before
    folded = tmp_path / "folded.zip"
    studio.export_bundle([run_id], folded)
    import zipfile

    first, second = zipfile.ZipFile(rows), zipfile.ZipFile(folded)
    assert second.namelist() == first.namelist()
    for name in first.namelist()[1:]:
        assert second.read(name) == first.read(name), name
    # And another studio reads it as rows again.
    studio.delete_run(run_id)
    studio.import_bundle(folded)
    assert rows_left() == 203
    assert sorted(bits(studio.series(run_id))) == before["series"]


def test_only_what_ended_long_ago_and_is_long_enough_is_packed_once(
    studio: ModuleType, run_id: str, works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.submit("toy.steps", {"steps": 60, "seconds_per_step": 0.0}, title="young")
    works()
    short = studio.submit("toy.steps", {"steps": 2, "seconds_per_step": 0.0})
    works()
    with db.writing(settings().database_url) as session:
        session.get_one(Run, short.id).finished_at = 1.0
    assert list(folding.fold()) == []  # nobody asked for it
    monkeypatch.setenv("VITRINE_FOLD_DAYS", "30")
    settings.cache_clear()
    assert 203 in list(keeping.chores())
    assert list(folding.fold()) == []
    assert rows_left() == 62
    assert studio.house().folded_runs == 1


def test_the_file_is_kept_as_long_as_the_run_and_goes_with_it(
    studio: ModuleType, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folding.fold_run(run_id)
    monkeypatch.setattr(cleaning, "now", lambda: now() + 7200)
    assert cleaning.collect() == (0, 0)
    studio.delete_run(run_id)
    assert cleaning.collect()[0] == 2  # with its sum.txt


def test_rows_that_come_meanwhile_are_not_lost(
    studio: ModuleType, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = bits(studio.series(run_id))
    pack = curves.pack

    def slow(points: Any) -> bytes:
        with db.writing(settings().database_url) as session:
            session.add(Metric(run_id=run_id, attempt=1, name="late", step=0, value=1.0))
        return pack(points)

    monkeypatch.setattr(curves, "pack", slow)
    assert folding.fold_run(run_id) == 0
    assert dict(bits(studio.series(run_id))) == {**dict(before), "late": [(0, (1.0).hex())]}


def test_a_run_that_cannot_be_packed_keeps_its_points_and_the_next_is_packed(
    studio: ModuleType, run_id: str, works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITRINE_FOLD_DAYS", "30")
    settings.cache_clear()
    other = studio.submit("toy.steps", {"steps": 60, "seconds_per_step": 0.0})
    works()
    with db.writing(settings().database_url) as session:
        session.get_one(Run, other.id).finished_at = now() - 35 * folding.DAY_S
    unpack = curves.unpack
    monkeypatch.setattr(
        curves,
        "unpack",
        lambda content: [] if len(unpack(content)) > 200 else unpack(content),
    )
    before = studio.series(run_id)
    [points] = folding.fold()
    assert points >= 60
    assert studio.series(run_id) == before
    assert rows_left() > 200


def test_a_lost_file_is_said_and_the_rest_of_the_run_is_there(
    studio: ModuleType, run_id: str
) -> None:
    folding.fold_run(run_id)
    with db.reading(settings().database_url) as session:
        sha256 = curves.packed(session, run_id)
    assert sha256 is not None
    store().path(sha256).write_bytes(b"PAR1 no more")
    live = studio.live(run_id)
    assert live.series == {}
    assert live.message.startswith("the curves of this run are lost")
    assert studio.series(run_id) == {}
    list(mending.mended(deep=True, fix=True, say=print))
    assert [each.name for each in studio.artefacts(run_id) if each.lost] == [curves.PACKED]
