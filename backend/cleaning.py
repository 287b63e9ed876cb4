"""Deletes files that nothing refers to any more."""

from __future__ import annotations

import shutil

from sqlalchemy import Select, delete, select
from sqlmodel import col

from backend import backup
from backend.settings import settings
from backend.stored import store, trim_copies
from storage import db, runs
from storage.kept import Dataset
from storage.models import Artefact, Blob, Checkpoint, now

HOUR_S = 3600.0
MB = 10**6
PORTION = 200
"""Files that are deleted in one transaction: in a bucket each is a request, and others wait for the rows meanwhile."""


def collect(older_than_s: float = HOUR_S) -> tuple[int, int]:
    """Delete stored files without a row that refers to them, and the work folders of runs that have ended.

    Args:
        older_than_s: spare younger files; their row may be about to be written.

    Returns:
        How many files of the artefact store, and how many bytes.
    """
    before = now() - older_than_s
    counts = [_unused(before), _unknown(before)]
    clean_machine(older_than_s)
    _shrink_shared()
    return sum(count for count, _ in counts), sum(size for _, size in counts)


def _unused(before: float) -> tuple[int, int]:
    """Files that no run, upload or checkpoint has any more."""
    used = (
        select(col(Artefact.sha256))
        .union(select(col(Dataset.sha256)), select(col(Checkpoint.sha256)))
        .scalar_subquery()
    )
    query = select(Blob).where(col(Blob.created_at) < before, col(Blob.sha256).not_in(used))
    count, size, after = 0, 0, ""
    while True:
        deleted, freed, after = _portion(query.where(col(Blob.sha256) > after), before)
        count, size = count + deleted, size + freed
        if not after:
            return count, size


def _portion(query: Select[Blob], before: float) -> tuple[int, int, str]:
    """Delete some: how many files, how many bytes, and the last one looked at, "" at the end."""
    kept, count, size = store(), 0, 0
    # Inside one transaction, so that nobody can refer to a file between the look and its end; a file that was put
    # again just now is young, whatever its row says.
    with db.writing(settings().database_url) as session:
        if backup.is_running(
            session
        ):  # what its copy of the database names must be there to be copied
            return 0, 0, ""
        found = session.scalars(query.order_by(col(Blob.sha256)).limit(PORTION)).all()
        for blob in found:
            if (kept.touched_at(blob.sha256) or 0.0) > before:
                continue
            session.execute(delete(Blob).where(col(Blob.sha256) == blob.sha256))
            kept.delete(blob.sha256)
            count, size = count + 1, size + blob.size
    return count, size, found[-1].sha256 if len(found) == PORTION else ""


def _unknown(before: float) -> tuple[int, int]:
    """Files whose writer was killed before it wrote the row, or before the file was whole."""
    with db.reading(settings().database_url) as session:
        known = set(session.scalars(select(col(Blob.sha256))))
    count = size = 0
    kept = store()
    for found in kept.files():
        if found.name not in known and found.touched_at < before:
            count, size = count + 1, size + found.size
            kept.delete(found.name)
    return count, size


def clean_machine(older_than_s: float = HOUR_S) -> None:
    """Delete what workers left behind on this machine when they were ended: their work folders, copies of files."""
    _left_work(now() - older_than_s)
    trim_copies()


def _left_work(before: float) -> None:
    with db.reading(settings().database_url) as session:
        active = set(runs.active_ids(session))
    for folder in (settings().root / "work").glob("*"):
        if folder.name.rpartition("-")[0] not in active and folder.stat().st_mtime < before:
            shutil.rmtree(folder, ignore_errors=True)


def _shrink_shared() -> None:
    """Of what runs share, the files that were written longest ago, until the rest is within its bound; not while a run has them open."""
    with db.reading(settings().database_url) as session:
        if runs.active_ids(session):
            return
    sized = [(path, path.stat()) for path in settings().shared_dir.glob("*") if path.is_file()]
    excess = sum(stat.st_size for _, stat in sized) - settings().shared_mb * MB
    for path, stat in sorted(sized, key=lambda each: each[1].st_mtime):
        if excess <= 0:
            return
        path.unlink()
        excess -= stat.st_size
