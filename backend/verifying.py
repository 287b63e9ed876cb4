"""Whether the files of the store are there and are what they are called."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy import make_url, select, update
from sqlmodel import col

from backend.backup import digest_of, read_only
from backend.settings import settings
from backend.stored import store
from backend.trouble import Say, Trouble
from storage import db
from storage.artefacts import ArtefactStore
from storage.models import Artefact, Blob, Run, now

DAMAGED = "damaged"
"""The folder, in the data folder, of files whose content is no longer what their name says."""
TOLD_S = 5.0
NAMED = 5


def files(*, deep: bool, say: Say) -> Iterator[Trouble]:
    """What is wrong with files: missing, damaged, or back again.

    Args:
        deep: read each of them, and check the database itself. Of a bucket's files this machine's copies are read; the bucket's
            own are checked against their name whenever they are fetched.
    """
    if deep:
        yield from _database()
    kept = store()
    with db.reading(settings().database_url) as session:
        known = {
            sha: (size, lost_at)
            for sha, size, lost_at in session.execute(
                select(col(Blob.sha256), col(Blob.size), col(Blob.lost_at))
            )
        }
    there = {stored.name: stored.size for stored in kept.files()}
    missing, damaged, back = [], [], []
    told = now()
    for count, (sha256, (size, lost_at)) in enumerate(sorted(known.items())):
        if now() - told > TOLD_S:
            told = now()
            say(f"{count:,} of {len(known):,} files")
        if sha256 not in there:
            missing += [sha256] if lost_at is None else []
        elif not _whole(kept, sha256, there[sha256], size, deep or lost_at is not None):
            damaged.append(sha256)
        elif lost_at is not None:
            back.append(sha256)
    if missing:
        yield Trouble(f"{len(missing)} files are missing: {_whose(missing)}", mend=_lose(missing))
    if damaged:
        yield Trouble(
            f"{len(damaged)} files are damaged: {_whose(damaged)}", mend=_set_aside(kept, damaged)
        )
    if back:
        yield Trouble(f"{len(back)} files that were lost are there again", mend=_find(back))
    if missing or damaged:
        yield Trouble(
            f"{len(missing) + len(damaged)} files are lost unless somebody has them",
            advice="restore a backup into another folder and copy its `artefacts` here, or run again what made them",
        )


def _database() -> Iterator[Trouble]:
    if not settings().database_url.startswith("sqlite"):
        return
    path = Path(make_url(settings().database_url).database or "")
    with closing(read_only(path)) as open_:
        try:
            said = open_.execute("PRAGMA integrity_check").fetchone()[0]
        except sqlite3.DatabaseError as error:
            said = str(error)
    if said != "ok":
        yield Trouble(
            f"the database is damaged: {said}",
            advice="stop the studio and restore the last backup into a new folder with `vitrine restore`",
        )


def _whole(kept: ArtefactStore, sha256: str, found: int, size: int, read: bool) -> bool:
    if found != size and size:  # a row that was made up knows no size
        return False
    path = kept.path(sha256)
    return not read or not path.exists() or digest_of(path) == sha256


def _whose(digests: list[str]) -> str:
    """The runs and names of some files, for who has to find them again."""
    query = (
        select(col(Artefact.sha256), col(Run.title), col(Run.id), col(Artefact.name))
        .join(Run, col(Run.id) == col(Artefact.run_id))
        .where(col(Artefact.sha256).in_(digests[:NAMED]))
    )
    with db.reading(settings().database_url) as session:
        names = {row[0]: f"{row[3]} of run {row[2]} ({row[1]})" for row in session.execute(query)}
    shown = [
        names.get(each, f"{each[:12]}… of an upload or checkpoint") for each in digests[:NAMED]
    ]
    more = len(digests) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _mark(digests: list[str], lost_at: float | None) -> None:
    with db.writing(settings().database_url) as session:
        for sha256 in digests:
            mine = col(Blob.sha256) == sha256
            session.execute(update(Blob).where(mine).values(lost_at=lost_at))


def _lose(digests: list[str]) -> Callable[[], str]:
    def lose() -> str:
        _mark(digests, now())
        return "noted as lost: pages say so, and everything else on them is shown"

    return lose


def _find(digests: list[str]) -> Callable[[], str]:
    def find() -> str:
        _mark(digests, None)
        return "no longer noted as lost"

    return find


def _set_aside(kept: ArtefactStore, digests: list[str]) -> Callable[[], str]:
    def set_aside() -> str:
        folder = settings().root / DAMAGED
        folder.mkdir(exist_ok=True)
        for sha256 in digests:
            with suppress(FileNotFoundError):  # of a bucket's file there may be no copy here
                kept.path(sha256).replace(folder / sha256)
        if kept.bucket is not None:
            return f"moved this machine's copies to {folder}; the files are fetched again from the bucket"
        _mark(digests, now())
        return f"moved to {folder} and noted as lost: nobody is shown what is not what it says"

    return set_aside
