"""The clean-up deletes what nobody can reach, and nothing else."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy import select
from sqlmodel import col

from backend import cleaning
from backend.settings import settings
from storage import db, records
from storage.artefacts import ArtefactStore
from storage.models import Blob, Run
from tests.disks import files

Works = Callable[[], None]
LONG_AGO = time.time() - 2 * cleaning.HOUR_S


@pytest.fixture
def store(studio: ModuleType) -> ArtefactStore:
    return ArtefactStore(settings().artefacts_dir)


def keep(store: ArtefactStore, content: bytes, *, row: bool = True, old: bool = True) -> str:
    """A file of the store, perhaps with its row, as it is after two hours."""
    sha256, size = store.put(content)
    if old:
        os.utime(store.path(sha256), (LONG_AGO, LONG_AGO))
    if row:
        with db.writing(settings().database_url) as session:
            records.add_blob(session, sha256, size, "text/plain")
            if old:
                session.get_one(Blob, sha256).created_at = LONG_AGO
    return sha256


def test_a_file_without_an_owner_goes_after_an_hour_with_its_row(store: ArtefactStore) -> None:
    gone = keep(store, b"orphan")
    assert cleaning.collect() == (1, 6)
    assert files(store.folder) == []
    with db.reading(settings().database_url) as session:
        assert session.get(Blob, gone) is None
    assert cleaning.collect() == (0, 0)


def test_young_files_are_spared(store: ArtefactStore) -> None:
    young = keep(store, b"young", old=False)
    without_row = keep(store, b"its row is about to come", row=False, old=False)
    again = keep(store, b"put again just now")
    store.put(b"put again just now")
    assert cleaning.collect() == (0, 0)
    assert {path.name for path in files(store.folder)} == {young, without_row, again}


def test_files_that_something_refers_to_are_spared(
    studio: ModuleType, works: Works, store: ArtefactStore, tmp_path: Path
) -> None:
    run = studio.submit("toy.steps", {"steps": 2, "seconds_per_step": 0.0})
    works()
    studio.submit("toy.steps", {}, title="has a checkpoint")
    upload = tmp_path / "router"
    upload.write_bytes(b"12345678{}")
    dataset = studio.upload("r.safetensors", upload, "router")
    state = keep(store, b"state")
    with db.writing(settings().database_url) as session:
        waiting = session.scalars(select(Run).where(col(Run.status) == "queued")).one()
        records.put_checkpoint(session, waiting.id, 1, state, 5)
    for path in files(store.folder):
        os.utime(path, (LONG_AGO, LONG_AGO))
    with db.writing(settings().database_url) as session:
        for blob in session.scalars(select(Blob)):
            blob.created_at = LONG_AGO
    assert cleaning.collect() == (0, 0)
    artefact = studio.artefacts(run.id)[0].sha256
    assert {path.name for path in files(store.folder)} == {dataset.sha256, state, artefact}


def test_what_a_killed_writer_left_goes(store: ArtefactStore) -> None:
    keep(store, b"no row was written", row=False)
    half = store.folder / ".new-abc"
    half.write_bytes(b"half")
    os.utime(half, (LONG_AGO, LONG_AGO))
    assert cleaning.collect() == (2, 22)
    assert files(store.folder) == []


def test_work_folders_go_when_their_run_has_ended(studio: ModuleType, store: ArtefactStore) -> None:
    active = studio.submit("toy.steps", {}).id
    work = settings().root / "work"
    for name in (f"{active}-1", "ended-2", "young-1"):
        (work / name).mkdir(parents=True)
        (work / name / "scratch").write_text("x")
        if name != "young-1":
            os.utime(work / name, (LONG_AGO, LONG_AGO))
    assert cleaning.collect() == (0, 0)
    assert {path.name for path in work.iterdir()} == {f"{active}-1", "young-1"}


def test_an_empty_studio_is_clean(store: ArtefactStore) -> None:
    assert cleaning.collect() == (0, 0)


def test_what_runs_share_is_kept_within_its_bound_while_none_is_active(
    studio: ModuleType, works: Works, store: ArtefactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.submit("toy.steps", {"steps": 1})
    works()
    shared = settings().shared_dir  # a run finds it made
    for age, name in enumerate(("new", "older", "oldest")):
        (shared / name).write_bytes(bytes(1000))
        os.utime(shared / name, (LONG_AGO - age, LONG_AGO - age))
    cleaning.collect()
    assert len(files(shared)) == 3  # far below the bound
    monkeypatch.setattr(cleaning, "MB", 2000 / settings().shared_mb)
    studio.submit("toy.steps", {"steps": 1})
    cleaning.collect()
    assert len(files(shared)) == 3  # a run may read them
    works()
    cleaning.collect()
    assert {path.name for path in files(shared)} == {"new", "older"}
