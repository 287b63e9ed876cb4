"""Requests to erase: found, changed by whoever saw their newest state, and followed by their trail and runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import delete, select, update
from sqlmodel import Session, col

from storage import runs
from storage.kept import Dataset, Erasure, ErasureEvent
from storage.lists import End, behind
from storage.models import Run, now


def change(
    session: Session, seen: Erasure, action: str, text: str, data: dict[str, Any], **values: Any
) -> bool:
    """Change a request, and write the line of its trail; False, and nothing, if it is no longer as it was seen."""
    at = now()
    changed = session.execute(
        update(Erasure)
        .where(col(Erasure.id) == seen.id, col(Erasure.revision) == seen.revision)
        .values(revision=seen.revision + 1, updated_at=at, **values)
        .returning(col(Erasure.id))
        .execution_options(synchronize_session=False)
    )
    if changed.first() is None:
        return False
    note(session, seen.id, action, text, data, at)
    return True


def note(
    session: Session, erasure_id: str, action: str, text: str, data: dict[str, Any], at: float
) -> None:
    """Add a line to the trail of a request."""
    session.add(ErasureEvent(erasure_id=erasure_id, action=action, text=text, data=data, at=at))


def discard(session: Session, seen: Erasure) -> bool:
    """Delete a request with its trail; False if it is no longer as it was seen: nothing may be committed then."""
    session.execute(delete(ErasureEvent).where(col(ErasureEvent.erasure_id) == seen.id))
    gone = session.execute(
        delete(Erasure)
        .where(col(Erasure.id) == seen.id, col(Erasure.revision) == seen.revision)
        .returning(col(Erasure.id))
        .execution_options(synchronize_session=False)
    )
    return gone.first() is not None


def trail(session: Session, erasure_id: str) -> list[ErasureEvent]:
    query = select(ErasureEvent).where(col(ErasureEvent.erasure_id) == erasure_id)
    return list(session.scalars(query.order_by(col(ErasureEvent.id))))


def listed(session: Session, table_run: str, limit: int, after: End | None = None) -> list[Erasure]:
    """Requests, newest change first; of one table where it is named. `after` is (updated_at, id) of the last one seen."""
    query = select(Erasure)
    if table_run:
        query = query.where(col(Erasure.table_run) == table_run)
    newest = (col(Erasure.updated_at), col(Erasure.id))
    return list(session.scalars(behind(query, newest, after, limit)))


def runs_of(session: Session, erasures: Sequence[Erasure]) -> dict[str, list[Run]]:
    """The runs that carry out each of these requests as it was approved, oldest first, by the request's id."""
    wanted = {each.file: each.id for each in erasures if each.file}
    if not wanted:
        return {}
    read = col(Run.config)["request"].as_string()
    query = (
        select(Run, read)
        .where(col(Run.method).in_({each.method for each in erasures}), read.in_(list(wanted)))
        .order_by(col(Run.created_at), col(Run.id))
    )
    found: defaultdict[str, list[Run]] = defaultdict(list)
    for run, sha256 in session.execute(query):
        found[wanted[sha256]].append(run)
    return dict(found)


def answered(session: Session, made: Iterable[Run]) -> dict[str, str]:
    """The requests that these runs carry out as they were approved, by the run's id."""
    read = {run.id: run.config.get("request") for run in made}
    query = select(col(Erasure.file), col(Erasure.id)).where(
        col(Erasure.file).in_([file for file in read.values() if isinstance(file, str)])
    )
    known = {row.file: row.id for row in session.execute(query)}
    return {run_id: known[file] for run_id, file in read.items() if file in known}


def ever_answered(session: Session, made: Iterable[Run]) -> list[tuple[str, Run]]:
    """These runs, each with the request whose file it reads, be that as approved now or at an earlier time."""
    read = [(run.config.get("request"), run) for run in made]
    read = [(named, run) for named, run in read if isinstance(named, str)]
    file = col(ErasureEvent.data)["file"].as_string()
    query = select(file.label("file"), col(ErasureEvent.erasure_id)).where(
        col(ErasureEvent.action) == "approved",
        file.in_([named for named, _ in read]),
    )
    known = {row.file: row.erasure_id for row in session.execute(query)}
    return [(known[named], run) for named, run in read if named in known]


def keeping(session: Session, run_ids: Iterable[str]) -> dict[str, Erasure]:
    """The requests that keep one of these runs, by the run's id."""
    query = select(Erasure).where(col(Erasure.kept_run).in_(list(run_ids)))
    return {each.kept_run: each for each in session.scalars(query) if each.kept_run}


def still_kept(session: Session, run_ids: Sequence[str]) -> dict[str, Erasure]:
    """As `keeping`, for whoever is about to delete these runs: nobody keeps one before the transaction ends."""
    runs.lock(session, run_ids)
    return keeping(session, run_ids)


def has_file(session: Session, kind: str, sha256: str) -> bool:
    """Whether this content is kept already as a file of that kind."""
    query = select(col(Dataset.id)).where(col(Dataset.sha256) == sha256, col(Dataset.kind) == kind)
    return session.scalars(query).first() is not None
