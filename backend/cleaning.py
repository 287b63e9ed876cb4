"""Deletes files that nothing refers to any more."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlmodel import col

from backend.settings import settings
from storage import db
from storage.artefacts import ArtefactStore
from storage.models import Artefact, Blob, Checkpoint, Dataset, now

HOUR_S = 3600.0


def collect(older_than_s: float = HOUR_S) -> tuple[int, int]:
    """Delete stored files without a row that refers to them.

    Args:
        older_than_s: spare younger files; their row may be about to be written.

    Returns:
        How many files, and how many bytes.
    """
    store = ArtefactStore(settings().artefacts_dir)
    before = now() - older_than_s
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
            if path.exists() and path.stat().st_mtime > before:
                continue
            session.execute(delete(Blob).where(col(Blob.sha256) == blob.sha256))
            path.unlink(missing_ok=True)
            count, size = count + 1, size + blob.size
    return count, size
