"""A studio out of a backup: checked to the last byte before anything stands where it should, and all of it or nothing."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Protocol

from alembic.script import ScriptDirectory
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import delete, update
from sqlmodel import col

from backend import lifecycle
from backend.backup import CHUNK, FORMAT, HEAD, LAST, RUNNING, SECRET, BackupError, Head
from backend.cleaning import HOUR_S
from backend.services.auditing import audit
from storage import db, models
from storage.artefacts import SHA256
from storage.kept import Setting
from storage.models import Blob, Run, Worker, now

HEADS = TypeAdapter(Head)
DATABASE = re.compile(r"database-[0-9a-f]{16}\.db\Z")


class Source(Protocol):
    """Where a backup is read."""

    def open(self, name: str) -> IO[bytes]: ...


def restore(
    place: Path, into: Path, *, say: Callable[[str], None] = lambda _: None
) -> tuple[Head, list[str]]:
    """Put the studio of a backup into a folder, which then is a data folder: `VITRINE_DATA_DIR=folder vitrine up`.

    The schema is brought up to date. Runs that were running when the backup was made wait again, with their checkpoint, or
    have failed if that was their last attempt. Links work where the secret is in the backup or VITRINE_SECRET is as it was.

    Returns:
        What the backup says of itself, and the runs that wait again.

    Raises:
        BackupError: the folder has something in it, or the backup is damaged, with the name of what is; nothing was written.
    """
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise BackupError(f"{into} is not empty: a backup is restored into a new folder")
    into = into.resolve()
    into.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(dir=into.parent, prefix=f".{into.name}.restoring-"))
    try:
        with opened(place) as source:
            head = read_head(source, place)
            _check_schema(head, place)
            _copy_all(source, head, aside, say)
        _check_database(aside / "vitrine.db", head)
        waiting = _settle(aside / "vitrine.db", head)
        if into.exists():
            into.rmdir()
        aside.rename(into)
    except OSError as error:
        raise BackupError(f"{into} cannot be written: {error}") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return head, waiting


def check(place: Path, *, say: Callable[[str], None] = lambda _: None) -> Head:
    """Read a whole backup and compare all that is in it with what it should be; writes nothing that stays.

    Raises:
        BackupError: it is damaged, with the name of what is.
    """
    with tempfile.TemporaryDirectory() as folder, opened(place) as source:
        head = read_head(source, place)
        database = Path(folder) / "database"
        _take(source, head.database, database, head.database_sha256, head.database_bytes)
        _check_database(database, head)
        for name, size in _counted(head, say):
            _take(source, f"files/{name[:2]}/{name}", None, name, size)
    return head


@contextmanager
def opened(place: Path) -> Iterator[Source]:
    """A backup to be read, a folder or a zip.

    Raises:
        BackupError: it is neither.
    """
    if place.is_dir():
        yield _Folder(place)
        return
    if not place.exists():
        raise BackupError(f"there is no backup {place}")
    try:
        archive = zipfile.ZipFile(place)
    except (zipfile.BadZipFile, OSError) as error:
        raise BackupError(f"{place} is no backup, or not whole: {error}") from None
    with archive:
        yield _Zip(archive)


class _Folder:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(self, name: str) -> IO[bytes]:
        return (self.folder / name).open("rb")


class _Zip:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive

    def open(self, name: str) -> IO[bytes]:
        return self.archive.open(name)


def read_head(source: Source, place: Path) -> Head:
    """What a backup says of itself.

    Raises:
        BackupError: it does not, or in a way that this version does not know.
    """
    try:
        with source.open(HEAD) as file:
            values = json.load(file)
        if values.get("vitrine_backup") != FORMAT:
            raise BackupError(
                f"{place} has the format {values.get('vitrine_backup')!r:.40}; this version reads {FORMAT}"
            )
        head = HEADS.validate_python(values)
        names = [head.database_sha256, *head.files, *head.lost]
        if not DATABASE.match(head.database) or not all(map(SHA256.match, names)):
            raise BackupError(f"{place}: its {HEAD} names what no backup has")
        return head
    except (OSError, KeyError, zipfile.BadZipFile):
        raise BackupError(
            f"{place} is no backup of Vitrine, or was not finished: it has no {HEAD}"
        ) from None
    except (ValueError, AttributeError, ValidationError):
        raise BackupError(f"{place}: its {HEAD} is damaged") from None


def _check_schema(head: Head, place: Path) -> None:
    known = {each.revision for each in ScriptDirectory(str(db.MIGRATIONS)).walk_revisions()}
    if head.schema not in known:
        raise BackupError(
            f"{place} was made by Vitrine {head.made_by}, whose database is newer (schema {head.schema}) than this "
            "version knows: update Vitrine first"
        )


def _copy_all(source: Source, head: Head, aside: Path, say: Callable[[str], None]) -> None:
    _take(source, head.database, aside / "vitrine.db", head.database_sha256, head.database_bytes)
    for name, size in _counted(head, say):
        target = aside / "artefacts" / name[:2] / name
        target.parent.mkdir(parents=True, exist_ok=True)
        _take(source, f"files/{name[:2]}/{name}", target, name, size)
    if head.has_secret:
        handle = os.open(aside / SECRET, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file, source.open(SECRET) as kept:
            shutil.copyfileobj(kept, file)


def _counted(head: Head, say: Callable[[str], None]) -> Iterator[tuple[str, int]]:
    told = now()
    for count, (name, size) in enumerate(head.files.items()):
        if now() - told > 5:
            told = now()
            say(f"{count:,} of {len(head.files):,} files")
        yield name, size


def _take(source: Source, name: str, target: Path | None, sha256: str, size: int) -> None:
    """Copy one member and see that it is what it should be; None: only see.

    Raises:
        BackupError: it is not.
    """
    digest, seen = hashlib.sha256(), 0
    try:
        with source.open(name) as file, (target or Path(os.devnull)).open("wb") as out:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                seen += len(chunk)
                out.write(chunk)
    except (FileNotFoundError, KeyError):
        raise BackupError(f"the backup is damaged: {name} is missing") from None
    except zipfile.BadZipFile as error:
        raise BackupError(f"the backup is damaged: {name}: {error}") from None
    if (seen, digest.hexdigest()) != (size, sha256):
        raise BackupError(f"the backup is damaged: {name} is not what was put into it")


def _check_database(database: Path, head: Head) -> None:
    """The database in itself, and beside the files."""
    with closing(sqlite3.connect(database)) as copy:
        try:
            broken = copy.execute("PRAGMA integrity_check").fetchone()[0]
            strays = copy.execute("PRAGMA foreign_key_check").fetchone()
            named = {row[0] for row in copy.execute("SELECT sha256 FROM blob")}
            code = "SELECT name FROM sqlite_master WHERE type IN ('trigger', 'view')"
            strange = copy.execute(code).fetchone()
        except sqlite3.DatabaseError as error:
            raise BackupError(f"the backup is damaged: {head.database}: {error}") from None
    if broken != "ok" or strays:
        said = broken if broken != "ok" else f"a row of {strays[0]} refers to nothing"
        raise BackupError(f"the backup is damaged: {head.database}: {said}")
    if strange:
        raise BackupError(f"the backup is none of ours: its database has a {strange[0]:.40}")
    missing = named - set(head.files) - set(head.lost)
    if missing:
        raise BackupError(f"the backup is damaged: it lacks the file {min(missing):.12}")


def _settle(database: Path, head: Head) -> list[str]:
    """Bring the schema up to date, and let go of what was going on when the backup was made; the runs that wait again."""
    url = f"sqlite:///{database}"
    try:
        db.upgrade(url)
        with db.writing(url) as session:
            session.execute(delete(Worker))
            session.execute(delete(Setting).where(col(Setting.key) == RUNNING))
            held = col(Run.status).in_((models.RUNNING, models.CANCELLING))
            session.execute(update(Run).where(held).values(lease_until=now() - HOUR_S))
            session.flush()
            waiting = lifecycle.recover_lost(session)
            lost = update(Blob).where(col(Blob.sha256).in_(head.lost), col(Blob.lost_at).is_(None))
            session.execute(lost.values(lost_at=head.made_at))
            value = {
                "at": head.made_at,
                "place": "the one that this studio was restored from",
                "files": len(head.files),
                "bytes": head.bytes,
            }
            session.merge(Setting(key=LAST, value=value))
            audit(session, "house.restore", "", made_at=head.made_at, waiting=waiting)
    finally:
        db.engine(url).dispose()  # closing the last connection empties the log
        db.engine.cache_clear()
    return waiting
