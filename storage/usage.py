"""What takes how much room: every file is counted once, so that the parts add up to the whole."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Select, func, make_url, select, text
from sqlmodel import Session, col

from storage.db import is_postgres
from storage.kept import Dataset
from storage.models import Artefact, Blob, Checkpoint, Run


def file_bytes(session: Session) -> int:
    """Bytes of all files that the artefact store has by its rows."""
    return session.scalar(select(func.coalesce(func.sum(col(Blob.size)), 0))) or 0


def by_family(session: Session) -> dict[str, int]:
    """Bytes of the files of runs, by family; a file that several families have counts for the first by name."""
    owner = (
        select(col(Artefact.sha256), func.min(Run.family).label("family"))
        .join(Run, col(Run.id) == col(Artefact.run_id))
        .group_by(col(Artefact.sha256))
        .subquery()
    )
    query = (
        select(owner.c.family, func.sum(col(Blob.size)))
        .join(Blob, col(Blob.sha256) == owner.c.sha256)
        .group_by(owner.c.family)
        .order_by(owner.c.family)
    )
    return {family: int(size) for family, size in session.execute(query)}


def upload_bytes(session: Session) -> int:
    """Bytes of the files that people brought and no run made."""
    return _sum(session, select(col(Dataset.sha256)), select(col(Artefact.sha256)))


def checkpoint_bytes(session: Session) -> int:
    """Bytes of the states that runs would go on from."""
    others = select(col(Artefact.sha256)).union(select(col(Dataset.sha256)))
    return _sum(session, select(col(Checkpoint.sha256)), others.scalar_subquery())


def _sum(session: Session, among: Select[str], but: object) -> int:
    query = select(func.coalesce(func.sum(col(Blob.size)), 0)).where(
        col(Blob.sha256).in_(among),
        col(Blob.sha256).not_in(but),  # type: ignore[arg-type]
    )
    return session.scalar(query) or 0


def database_bytes(session: Session, url: str) -> int:
    """Bytes that rows take; of an SQLite file what deleted rows have left free is no part of that."""
    if is_postgres(session):
        return session.scalar(text("SELECT pg_database_size(current_database())")) or 0
    pages, free, size = (
        session.scalar(text(f"PRAGMA {name}")) or 0
        for name in ("page_count", "freelist_count", "page_size")
    )
    log = Path(f"{make_url(url).database}-wal")
    return (pages - free) * size + (log.stat().st_size if log.exists() else 0)
