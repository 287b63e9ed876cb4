"""Deletes files that nothing refers to any more."""

from __future__ import annotations

import shutil
from pathlib import Path

from sqlalchemy import delete, select
from sqlmodel import col

from backend.settings import settings
from storage import db, runs
from storage.artefacts import ArtefactStore
from storage.kept import Dataset
from storage.models import Artefact, Blob, Checkpoint, now

HOUR_S = 3600.0


def collect(older_than_s: float = HOUR_S) -> tuple[int, int]:
    """Delete stored files without a row that refers to them, and the work folders of runs that have ended.

    Args:
        older_than_s: spare younger files; their row may be about to be written.

    Returns:
        How many files of the artefact store, and how many bytes.
    """
    before = now() - older_than_s
    counts = [_unused(before), _unknown(before)]
    _left_work(before)
    return sum(count for count, _ in counts), sum(size for _, size in counts)


def _unused(before: float) -> tuple[int, int]:
    """Files that no run, upload or checkpoint has any more."""
    store = ArtefactStore(settings().artefacts_dir)
    used = (
        select(col(Artefact.sha256))
        .union(select(col(Dataset.sha256)), select(col(Checkpoint.sha256)))
        .scalar_subquery()
    )
    count = size = 0
    # Inside one transaction, so that nobody can refer to a file between the look and its end; a file that was put
    # again just now is young, whatever its row says.
    with db.writing(settings().database_url) as session:
        query = select(Blob).where(col(Blob.created_at) < before, col(Blob.sha256).not_in(used))
        for blob in session.scalars(query).all():
            path = store.path(blob.sha256)
            if path.exists() and _touched_at(path) > before:
                continue
            session.execute(delete(Blob).where(col(Blob.sha256) == blob.sha256))
            store.delete(blob.sha256)
            count, size = count + 1, size + blob.size
    return count, size


def _unknown(before: float) -> tuple[int, int]:
    """Files whose writer was killed before it wrote the row, or before the file was whole."""
    with db.reading(settings().database_url) as session:
        known = set(session.scalars(select(col(Blob.sha256))))
    count = size = 0
    for path in ArtefactStore(settings().artefacts_dir).files():
        if path.name not in known and _touched_at(path) < before:
            count, size = count + 1, size + path.stat().st_size
            path.unlink()
    return count, size


def _left_work(before: float) -> None:
    """Work folders of workers that were ended before they could empty them."""
    with db.reading(settings().database_url) as session:
        active = set(runs.active_ids(session))
    for folder in (settings().root / "work").glob("*"):
        if folder.name.rpartition("-")[0] not in active and _touched_at(folder) < before:
            shutil.rmtree(folder, ignore_errors=True)


def _touched_at(path: Path) -> float:
    return path.stat().st_mtime
