"""A whole studio as a folder or a file, made while it runs, and whole or not at all.

    vitrine-backup.json   what the backup is: written last, and what it does not name does not belong to it
    database-<sha>.db     a copy of the SQLite database, of one moment
    files/ab/ab12...      the files of the artefact store, by their content's name
    secret                what signs share links, where that was asked for

In a folder a second backup adds only what is new: files never change, the new database stands beside the old one until the
new head has taken the old one's place, and only then does what nobody names any more go. In a zip it is all written aside
and renamed. Cleaning waits meanwhile (`backing_up`), so that no file goes between the database's copy and its own.
"""

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
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

from sqlalchemy import make_url
from sqlmodel import Session

from backend.settings import settings
from backend.stored import store
from storage import db, remembered
from storage.artefacts import ArtefactStore, StorageError
from storage.kept import Setting
from storage.models import now

FORMAT = 1
HEAD, SECRET, UNFINISHED = "vitrine-backup.json", "secret", ".unfinished"
WRITTEN = r"vitrine-backup\.json|secret|database-[0-9a-f]{16}\.db|[0-9a-f]{64}"
OURS = re.compile(rf"({WRITTEN}|\.({WRITTEN})\.new|\.unfinished)\Z")
"""Names of files that a backup in a folder writes."""
LAST, RUNNING = "backup:last", "backup:running"
STALE_S = 600.0
"""A backup that has given no sign for so long was killed."""
SIGN_S = 60.0
CHUNK = 1 << 20
SERVERS = (
    "the database is a server's, and `vitrine backup` copies SQLite ones: take `pg_dump --format=custom` of "
    "VITRINE_DB_URL first and then a copy of where the files are (the bucket's own replication or `aws s3 sync`, or the "
    "folder), in this order, and keep VITRINE_SECRET; both together, put back in place, are the studio"
)


class BackupError(Exception):
    """Why there is no backup, or none can be restored; what to do about it."""


@dataclass(frozen=True)
class Head:
    """What a backup says of itself.

    Attributes:
        database: its name in the backup, and its sha256 and bytes.
        files: bytes of every file by its sha256.
        lost: files that were gone or damaged already when the backup was made.
    """

    vitrine_backup: int
    made_by: str
    made_at: float
    schema: str
    database: str
    database_sha256: str
    database_bytes: int
    files: dict[str, int]
    lost: list[str]
    has_secret: bool

    @property
    def bytes(self) -> int:
        return self.database_bytes + sum(self.files.values())


class Target(Protocol):
    """Where a backup is written."""

    def has(self, name: str, size: int) -> bool: ...
    def add(self, name: str, source: Path) -> None: ...
    def finish(self, head: Head) -> None: ...


def back_up(
    place: Path, *, with_secret: bool = False, say: Callable[[str], None] = lambda _: None
) -> Head:
    """Write a backup of this studio, which may be running.

    Args:
        place: a folder, new or with an earlier backup of ours, or a file that ends in .zip.
        with_secret: also what signs share links: whoever has the backup can then make some.

    Raises:
        BackupError: the place holds something else, or cannot be written; or the database is a server's.
    """
    if not settings().database_url.startswith("sqlite"):
        raise BackupError(SERVERS)
    if not Path(make_url(settings().database_url).database or "").exists():
        raise BackupError(f"there is no studio in {settings().root} yet")
    try:
        with _target(place) as target, backing_up():
            with _aside() as copy:
                _copy_database(copy)
                database = _keep_database(target, copy)
                schema, wanted = _described(copy)
            say("the database is copied")
            files, lost = _keep_files(target, wanted, say)
            has_secret = with_secret and _keep_secret(target)
            made = (FORMAT, version("vitrine"), now(), schema)
            head = Head(*made, *database, files, lost, has_secret)
            target.finish(head)
    except (OSError, StorageError, zipfile.BadZipFile) as error:
        raise BackupError(f"{place} is no whole backup: {error}") from error
    _note(place, head)
    return head


@contextmanager
def _aside() -> Iterator[Path]:
    """A file in the work folder, where cleaning finds what a killed backup has left."""
    work = settings().root / "work"
    work.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=work, prefix="backup-") as folder:
        yield Path(folder) / "database"


def _keep_database(target: Target, copy: Path) -> tuple[str, str, int]:
    """Put the copy of the database into a backup; its name there, its sha256 and its bytes."""
    sha256 = digest_of(copy)
    member = f"database-{sha256[:16]}.db"
    target.add(member, copy)
    return member, sha256, copy.stat().st_size


def _keep_files(
    target: Target, wanted: dict[str, int], say: Callable[[str], None]
) -> tuple[dict[str, int], list[str]]:
    """Put files into a backup that it has not yet; those that it has then, and those that are missing or damaged here."""
    kept = store()
    files: dict[str, int] = {}
    lost: list[str] = []
    signed_at = now()
    for count, (name, size) in enumerate(sorted(wanted.items()), 1):
        member = f"files/{name[:2]}/{name}"
        if now() - signed_at > SIGN_S:
            signed_at = now()
            _sign(signed_at)
            say(f"{count:,} of {len(wanted):,} files")
        if not target.has(member, size):
            source = _whole(kept, name)
            if source is None:
                lost.append(name)
                continue
            target.add(member, source)
        files[name] = size
    return files, lost


def _whole(kept: ArtefactStore, sha256: str) -> Path | None:
    """The file, if it is there and is what it is called."""
    try:
        path = kept.local(sha256)
    except FileNotFoundError:
        return None
    return path if digest_of(path) == sha256 else None


def _keep_secret(target: Target) -> bool:
    """Put into a backup what signs links; False where it is in the environment, or was never made."""
    secret = settings().root / SECRET
    if settings().secret or not secret.exists():
        return False
    target.add(SECRET, secret)
    return True


def _copy_database(copy: Path) -> None:
    """One consistent state of the database; writers go on meanwhile."""
    source = make_url(settings().database_url).database or ""
    with (
        closing(read_only(Path(source))) as live,
        closing(sqlite3.connect(copy)) as target,
    ):
        live.backup(
            target
        )  # in one step: one reader's view of the log, whatever is written meanwhile
        target.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
        broken = target.execute("PRAGMA integrity_check").fetchone()[0]
    if broken != "ok":
        raise BackupError(f"the database {source} is damaged ({broken}); restore an earlier backup")


def _described(database: Path) -> tuple[str, dict[str, int]]:
    """The revision of the schema, and the size of each file that rows name, in a copy of the database."""
    with closing(read_only(database)) as copy:
        try:
            schema = copy.execute("SELECT version_num FROM alembic_version").fetchone()[0]
            return schema, dict(copy.execute("SELECT sha256, size FROM blob"))
        except (sqlite3.DatabaseError, TypeError) as error:
            raise BackupError(f"the database is none of a studio: {error}") from None


def read_only(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True, timeout=60)


def digest_of(path: Path) -> str:
    """The sha256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def backing_up() -> Iterator[None]:
    """Nothing is cleaned away while the block lasts.

    Raises:
        BackupError: another backup is being made.
    """
    with db.writing(settings().database_url) as session:
        row = remembered.locked(session, RUNNING, 0.0)
        if now() - row.value < STALE_S:
            raise BackupError("another backup of this studio is being made; wait for its end")
        row.value = now()
    try:
        yield
    finally:
        _sign(0.0)


def _sign(at: float) -> None:
    with db.writing(settings().database_url) as session:
        session.merge(Setting(key=RUNNING, value=at))


def is_running(session: Session) -> bool:
    """Whether a backup is being made just now."""
    row = session.get(Setting, RUNNING)
    return row is not None and now() - row.value < STALE_S


def _note(place: Path, head: Head) -> None:
    value = {"at": head.made_at, "place": str(place), "files": len(head.files), "bytes": head.bytes}
    with db.writing(settings().database_url) as session:
        session.merge(Setting(key=LAST, value=value))


@contextmanager
def _target(place: Path) -> Iterator[Target]:
    place.parent.mkdir(parents=True, exist_ok=True)
    inside = settings().root in (place.resolve(), *place.resolve().parents)
    if inside:
        raise BackupError(f"{place} lies in the data folder itself: it would be lost with it")
    if place.suffix == ".zip":
        with _Zip.opened(place) as zipped:
            yield zipped
        return
    yield _Folder(place)


class _Folder:
    """A folder to which a later backup adds what is new."""

    def __init__(self, folder: Path) -> None:
        ours = (folder / HEAD).exists() or (folder / UNFINISHED).exists()
        if folder.exists() and any(folder.iterdir()) and not ours:
            raise BackupError(f"{folder} holds something else: name a new folder")
        self.folder = folder
        folder.mkdir(exist_ok=True)
        folder.chmod(0o700)
        (folder / UNFINISHED).touch()  # so that an interrupted first backup can be gone on with

    def has(self, name: str, size: int) -> bool:
        path = self.folder / name
        return path.exists() and path.stat().st_size == size

    def add(self, name: str, source: Path) -> None:
        final = self.folder / name
        final.parent.mkdir(parents=True, exist_ok=True)
        aside = final.with_name(f".{final.name}.new")
        shutil.copyfile(source, aside)
        if name == SECRET:
            aside.chmod(0o600)
        _sync(aside)
        aside.replace(final)

    def finish(self, head: Head) -> None:
        aside = self.folder / f".{HEAD}.new"
        aside.write_text(json.dumps(asdict(head), indent=1))
        _sync(aside)
        aside.replace(self.folder / HEAD)
        self._drop_others(head)

    def _drop_others(self, head: Head) -> None:
        """Delete what backups wrote and the new head does not name: the database of the one before, files that went since.
        What somebody else has put beside it is left alone."""
        named = {HEAD, head.database} | ({SECRET} if head.has_secret else set())
        for path in (*self.folder.iterdir(), *(self.folder / "files").glob("*/*")):
            if OURS.match(path.name) and path.name not in named and path.name not in head.files:
                path.unlink()


class _Zip:
    """A file that is written aside and renamed when it is whole."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive

    @classmethod
    @contextmanager
    def opened(cls, place: Path) -> Iterator[_Zip]:
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")  # mode 0600
        os.close(handle)
        aside = Path(name)
        try:
            with zipfile.ZipFile(aside, "w", zipfile.ZIP_STORED) as archive:
                yield cls(archive)
            _sync(aside)
            aside.replace(place)
        finally:
            aside.unlink(missing_ok=True)

    def has(self, _name: str, _size: int) -> bool:
        return False

    def add(self, name: str, source: Path) -> None:
        self.archive.write(source, name)

    def finish(self, head: Head) -> None:
        self.archive.writestr(HEAD, json.dumps(asdict(head), indent=1))


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
