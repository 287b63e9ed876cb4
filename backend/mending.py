"""What `vitrine doctor --fix` mends: each thing is said before it is done and after, and doing all of it twice changes nothing.

Only what cannot lose anything is done: a row that refers to nothing, a lease that has ended, a message that nobody can read.
What needs a decision is told with what to do.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

from sqlalchemy import CursorResult, delete, func, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, SQLModel, col

from backend import backup, broker, lifecycle
from backend.doctor import NOT_STARTED, is_started
from backend.settings import settings
from backend.trouble import Say, Trouble
from backend.verifying import files
from storage import db, workers
from storage.bundles import OF_A_RUN
from storage.kept import Setting
from storage.models import CANCELLING, RUNNING, Artefact, Blob, Checkpoint, Run, Worker, now

LOG_BYTES = 64 << 20
"""Of SQLite's log, from which on it is worth to begin it anew."""
OLD_MESSAGE_S = 3600.0


def mended(*, deep: bool, fix: bool, say: Say) -> Iterator[str]:
    """A line for each thing that is not well and, if it is mended, one for what was done.

    Args:
        deep: read every file, and the whole database.
        fix: mend it; without, nothing is changed.
        say: gets how far it is.
    """
    if not is_started():
        yield f"nothing to mend: {NOT_STARTED}"
        return
    count = 0
    for look in (_folders, _secret, _messages, _schema):
        for trouble in look():
            count += 1
            yield from _handled(trouble, fix)
    try:
        if not db.is_current(settings().database_url):
            return  # the rest reads tables as they are today
        for look in (_leases, _gone_workers, _backup_mark, _strays, _nameless, _log):
            for trouble in look():
                count += 1
                yield from _handled(trouble, fix)
        for trouble in files(deep=deep, say=say):
            count += 1
            yield from _handled(trouble, fix)
    except SQLAlchemyError as error:
        yield f"the database does not answer, so nothing else was looked at: {getattr(error, 'orig', error)}"
        return
    if not count:
        yield "nothing to mend"


def _handled(trouble: Trouble, fix: bool) -> Iterator[str]:
    yield f"found: {trouble.text}"
    if trouble.mend is None:
        yield f"    -> {trouble.advice}"
    elif fix:
        yield f"mended: {trouble.mend()}"
    else:
        yield "    -> `vitrine doctor --fix` mends it"


def _folders() -> Iterator[Trouble]:
    config = settings()
    wanted = [config.root, config.artefacts_dir, config.shared_dir]
    if config.embedded_broker:
        wanted += [Path(each) for each in _broker_folders()]
    for folder in wanted:
        if not folder.is_dir():
            yield Trouble(f"the folder {folder} is missing", mend=_make(folder))


def _make(folder: Path) -> Callable[[], str]:
    def make() -> str:
        folder.mkdir(parents=True, exist_ok=True)
        return f"made {folder}"

    return make


def _broker_folders() -> tuple[str, str]:
    options = broker.options(settings().broker_dir, settings().poll_s)
    return options["data_folder_in"], options["control_folder"]


def _secret() -> Iterator[Trouble]:
    path = settings().root / backup.SECRET
    if path.exists() and path.stat().st_mode & 0o077:

        def close() -> str:
            path.chmod(0o600)
            return f"only its owner can read {path} now"

        yield Trouble(f"others can read {path}, which signs share links", mend=close)


def _messages() -> Iterator[Trouble]:
    """Messages are only wake-ups: without one, a run is woken again."""
    if not settings().embedded_broker:
        return
    queues, control = map(Path, _broker_folders())
    broken = [path for path in queues.glob("*.msg") if not _readable(path)]
    broken += [path for path in control.glob("*.exchange") if not _readable(path)]
    left = [path for path in queues.glob(".*") if path.stat().st_mtime < now() - OLD_MESSAGE_S]
    if broken or left:

        def drop() -> str:
            for path in (*broken, *left):
                path.unlink(missing_ok=True)
            return "deleted them; runs that wait are woken again by themselves"

        yield Trouble(
            f"{len(broken) + len(left)} files of the broker in {settings().broker_dir} cannot be read or were left half taken",
            mend=drop,
        )


def _readable(path: Path) -> bool:
    try:
        json.loads(path.read_bytes())
    except FileNotFoundError:  # taken meanwhile
        return True
    except ValueError:
        return False
    return True


def _schema() -> Iterator[Trouble]:
    url = settings().database_url
    try:
        if db.is_current(url):
            return
        known = db.is_known(url)
    except SQLAlchemyError as error:
        reason = getattr(error, "orig", error)
        yield Trouble(
            f"the database cannot be read: {reason}",
            advice="restore the last backup into a new folder with `vitrine restore`",
        )
        return
    if not known:
        yield Trouble(
            "the database is of a newer version", advice="update Vitrine, or restore a backup"
        )
        return

    def upgrade() -> str:
        db.upgrade(url)
        return "brought the schema up to date"

    yield Trouble("the database has an old schema", mend=upgrade)


def _leases() -> Iterator[Trouble]:
    ended = (
        col(Run.status).in_((RUNNING, CANCELLING)),
        or_(col(Run.lease_until).is_(None), col(Run.lease_until) < now()),
    )
    with db.reading(settings().database_url) as session:
        found = list(session.scalars(select(col(Run.id)).where(*ended)))
    if not found:
        return

    def settle() -> str:
        with db.writing(settings().database_url) as session:
            session.execute(update(Run).where(*ended).values(lease_until=now() - 1))
            waiting = lifecycle.recover_lost(session)
        return f"{len(waiting)} wait for a worker again, {len(found) - len(waiting)} have ended"

    yield Trouble(f"{len(found)} runs are held by workers that are gone", mend=settle)


def _gone_workers() -> Iterator[Trouble]:
    with db.reading(settings().database_url) as session:
        alive = {each.id for each in workers.alive(session, settings().lease_s)}
        gone = [each.id for each in workers.all_workers(session) if each.id not in alive]
    if not gone:
        return

    def drop() -> str:
        silent = col(Worker.heartbeat_at) < now() - settings().lease_s
        with db.writing(settings().database_url) as session:
            session.execute(delete(Worker).where(col(Worker.id).in_(gone), silent))
        return "deleted their rows"

    yield Trouble(f"workers that are gone: {', '.join(gone)}", mend=drop)


def _backup_mark() -> Iterator[Trouble]:
    with db.reading(settings().database_url) as session:
        row = session.get(Setting, backup.RUNNING)
        stale = row is not None and 0 < row.value < now() - backup.STALE_S
    if stale:

        def clear() -> str:
            with db.writing(settings().database_url) as session:
                session.merge(Setting(key=backup.RUNNING, value=0.0))
            return "forgot it; the backup before it is whole"

        yield Trouble("a backup was begun and never ended", mend=clear)


def _strays() -> Iterator[Trouble]:
    tables: dict[str, type[SQLModel]] = {**OF_A_RUN, "checkpoint": Checkpoint}
    for name, table in tables.items():
        stray = col(cast(Any, table).run_id).not_in(select(col(Run.id)))
        with db.reading(settings().database_url) as session:
            count = session.scalar(select(func.count()).select_from(table).where(stray))
        if count:
            yield Trouble(
                f"{count:,} rows of the table {name} belong to no run", mend=_drop(table, stray)
            )


def _drop(table: type[SQLModel], stray: Any) -> Callable[[], str]:
    def drop() -> str:
        with db.writing(settings().database_url) as session:
            done = session.execute(delete(table).where(stray))
        return f"deleted {cast(CursorResult[Any], done).rowcount:,} rows"

    return drop


def _nameless() -> Iterator[Trouble]:
    """Files that runs name and of which there is no row: nothing can serve them."""
    with db.reading(settings().database_url) as session:
        found = _without_row(session)
    if found:

        def add() -> str:
            with db.writing(settings().database_url) as session:
                for sha256 in _without_row(session):
                    session.add(
                        Blob(sha256=sha256, size=0, mime="application/octet-stream", lost_at=now())
                    )
            return "noted them as lost; those that are there after all are found below"

        yield Trouble(f"{len(found)} files of runs have no row of their own", mend=add)


def _without_row(session: Session) -> list[str]:
    known = select(col(Blob.sha256))
    query = select(col(Artefact.sha256)).where(col(Artefact.sha256).not_in(known)).distinct()
    return list(session.scalars(query))


def _log() -> Iterator[Trouble]:
    url = settings().database_url
    log = Path(f"{url.removeprefix('sqlite:///')}-wal")
    if url.startswith("sqlite") and log.exists() and log.stat().st_size > LOG_BYTES:

        def shrink() -> str:
            db.shrink_log(url)
            return f"it has {log.stat().st_size / 1e6:.0f} MB now; a reader in its midst can keep it from going"

        yield Trouble(f"the database's log has {log.stat().st_size / 1e6:.0f} MB", mend=shrink)
