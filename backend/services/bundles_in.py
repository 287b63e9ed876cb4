"""Taking in the runs of a bundle, which anybody may have made: all is checked, and what is wrong with it leaves nothing."""

from __future__ import annotations

import json
import math
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from PIL import Image
from pydantic import ValidationError
from sqlalchemy.exc import DataError, IntegrityError
from sqlmodel import Session

from backend.services.acting import need
from backend.services.auditing import audit
from backend.services.bundles import FORMAT, HEAD, ID, BundledUpload, Head
from backend.services.convert import run_view
from backend.services.errors import Conflict, ServiceError
from backend.services.room import check_room
from backend.settings import settings
from backend.stored import store
from backend.views import RunView
from methods.archives import Archive
from methods.image_files import opened
from methods.local import check_name
from storage import bundles, db, records
from storage.kept import Dataset
from storage.models import TERMINAL, Event, Run, now

NAME = re.compile(r"[a-z][a-z0-9_.]{0,79}\Z")
"""Of methods and families."""
NAMED = 50
"""Runs that the log of an import names."""
DRAWN = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
"""What pages draw as pictures."""
LARGEST = 2**63
"""Whole numbers of a database are smaller."""


def import_bundle(path: Path) -> list[RunView]:
    """Take in the runs of a bundle: all of them, or none.

    Raises:
        ServiceError: it is no bundle, is damaged, or holds what this studio does not know.
        Conflict: one of its runs is here already.
    """
    check_room()
    archive, head, found = _opened(path)
    _check_members(archive, head)
    _refuse_known(found)
    _store_files(archive, head)
    try:
        with db.writing(settings().database_url) as session:
            _refuse_known(found, session)
            _add(session, archive, head, found)
            audit(session, "bundle.import", path.name, runs=[run.id for run in found][:NAMED])
    except (IntegrityError, DataError) as error:
        raise ServiceError(f"{path.name} does not fit together: {error.orig}") from error
    return [run_view(run) for run in found]


def _opened(path: Path) -> tuple[Archive, Head, list[Run]]:
    """The archive, what it says of itself, and its runs as they will stand here."""
    try:
        archive = Archive(path)
        if HEAD not in archive.members:
            raise ServiceError(f"{path.name} is no bundle of Vitrine: it has no {HEAD}")
        head = Head.model_validate(_parsed(archive.read(HEAD)))
        if head.vitrine_bundle != FORMAT:
            raise ServiceError(
                f"{path.name} has the format {head.vitrine_bundle}; this studio reads {FORMAT}"
            )
        return archive, head, _arriving(head)
    except (ValueError, ValidationError) as error:
        raise ServiceError(f"{path.name} is no bundle that can be read: {_short(error)}") from None


def _add(session: Session, archive: Archive, head: Head, found: Sequence[Run]) -> None:
    for sha256, file in head.files.items():
        records.add_blob(session, sha256, file.size, file.mime)
    session.flush()  # before what names them
    for upload in head.uploads:
        _add_upload(session, upload)
    parents = {run.id: run.parent_id for run in found}
    for run in found:
        run.parent_id = None
        session.add(run)
    session.flush()
    for run in found:  # a child may stand in the bundle before its parent
        run.parent_id = parents[run.id]
        _add_reports(session, archive, run, head)


def _add_upload(session: Session, upload: BundledUpload) -> None:
    here = session.get(Dataset, upload.id)
    if here is None:
        session.add(Dataset(**upload.model_dump()))
    elif here.sha256 != upload.sha256:
        raise Conflict(f"an upload {upload.id} of another content is here; nothing was taken in")


def _arriving(head: Head) -> list[Run]:
    """Runs as they will stand here: finished, children of nobody but each other, and saying where they come from.

    Raises:
        ValueError: one of them is no such run.
    """
    owner = need("editor").name
    found: dict[str, Run] = {}
    for values in head.runs:
        run = _run(values)
        if run.id in found:
            raise ValueError(f"run {run.id} is in it twice")
        found[run.id] = run
    for run in found.values():
        parent = found.get(run.parent_id or "")
        # A run is made from an earlier one: of a circle nothing is left.
        run.parent_id = parent.id if parent and parent.created_at < run.created_at else None
        run.owner = owner
        run.sweep_id = run.sweep_cell = None
        run.worker_id = run.lease_until = run.idempotency_key = None
        origin = {"made_by": head.made_by, "made_at": head.made_at, "taken_at": now()}
        run.env = {**run.env, "bundle": origin}
        run.archived_at = now() if run.archived else None
    return list(found.values())


def _run(values: Mapping[str, Any]) -> Run:
    unknown = set(values) - set(Run.model_fields)
    if unknown:
        raise ValueError(f"runs have no {min(unknown):.80}")
    if not re.fullmatch(ID, str(values.get("id", ""))):
        raise ValueError(f"{values.get('id')!r:.80} is no id of a run")
    run = Run.model_validate(values)
    for name in (run.method, run.family):
        if not NAME.match(name):
            raise ValueError(f"run {run.id}: {name!r:.80} is no name of a method or family")
    if run.status not in TERMINAL:
        raise ValueError(f"run {run.id} is {run.status!r:.80}; only finished ones can be taken in")
    return run


def _check_members(archive: Archive, head: Head) -> None:
    """Nothing but what the head tells of: no table and no run of another name, no file that it does not list."""
    ids = [str(run["id"]) for run in head.runs]
    rows = {f"runs/{run}/{name}.jsonl" for run in ids for name in bundles.OF_A_RUN}
    files = {f"files/{sha256}" for sha256 in head.files}
    strange = set(archive.members) - rows - files - {HEAD}
    missing = files - set(archive.members)
    absent = {upload.sha256 for upload in head.uploads} - set(head.files)
    if absent:
        raise ServiceError(f"{archive.name}: the upload {min(absent):.12} is not among its files")
    if strange or missing:
        wrong = f"has {min(strange):.80}" if strange else f"lacks {min(missing):.80}"
        raise ServiceError(f"{archive.name} {wrong}, of which its {HEAD} says otherwise")


def _refuse_known(found: Sequence[Run], session: Session | None = None) -> None:
    ids = [run.id for run in found]
    if session is None:
        with db.reading(settings().database_url) as session:
            known = bundles.there(session, ids)
    else:
        known = bundles.there(session, ids)
    if known:
        raise Conflict(f"already here: {', '.join(sorted(known))}; nothing was taken in")


def _store_files(archive: Archive, head: Head) -> None:
    """Keep the files; those of a bundle that is refused later have no row, and cleaning deletes them."""
    kept = store()
    with tempfile.TemporaryDirectory() as folder:
        for sha256, file in head.files.items():
            copy = Path(folder) / "file"
            archive.copy(f"files/{sha256}", copy)
            if kept.put(copy) != (sha256, file.size):
                raise ServiceError(f"{archive.name}: the file {sha256[:12]} is damaged")
            _check_picture(copy, file.mime, f"{archive.name}: the file {sha256[:12]}")


def _check_picture(file: Path, mime: str, told: str) -> None:
    """What calls itself a picture is one of that kind: pages and reports draw it without asking."""
    if mime not in DRAWN:
        return
    try:
        with opened(file.read_bytes()) as image:
            kind = Image.MIME.get(image.format or "")
    except ValueError as error:
        raise ServiceError(f"{told} calls itself {mime}: {error}") from None
    if kind != mime:
        raise ServiceError(f"{told} calls itself {mime} and is {kind}")


def _add_reports(session: Session, archive: Archive, run: Run, head: Head) -> None:
    for name, table in bundles.OF_A_RUN.items():
        member = f"runs/{run.id}/{name}.jsonl"
        if member not in archive.members:
            continue
        try:
            bundles.add_rows(
                session, name, _rows(archive.read(member), run.id, bundles.columns(table), head)
            )
        except (ValueError, ValidationError) as error:
            raise ServiceError(f"{archive.name}, {member}: {_short(error)}") from None
    text = f"Taken in from a bundle of Vitrine {head.made_by}"
    session.add(Event(run_id=run.id, attempt=run.attempt, level="info", message=text))


def _rows(content: bytes, run_id: str, known: set[str], head: Head) -> Iterator[dict[str, Any]]:
    """Rows of one table, each of this run and with no more than its columns.

    Raises:
        ValueError: with the line.
    """
    for number, line in enumerate(content.splitlines(), 1):
        row = _parsed(line)
        if not isinstance(row, dict) or row.get("run_id") != run_id:
            raise ValueError(f"line {number} is no row of this run")
        if set(row) - known:
            raise ValueError(
                f"line {number} has {min(set(row) - known):.80}, which rows here have not"
            )
        if "sha256" in known and row.get("sha256") not in head.files:
            raise ValueError(f"line {number} names a file that is not in the bundle")
        if "sha256" in known:
            check_name(str(row.get("name")))
        yield row


def _parsed(text: bytes) -> Any:
    """JSON whose numbers a database can hold.

    Raises:
        ValueError: it is none, or nested deeper than anything that a run reports.
    """
    try:
        return json.loads(text, parse_int=_whole, parse_float=_finite, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _whole(text: str) -> int:
    value = int(text)
    if not -LARGEST <= value < LARGEST:
        raise ValueError(f"{text[:40]} is too large a number")
    return value


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _refuse(text)


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text[:40]} is no finite number")


def _short(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return str(error)
