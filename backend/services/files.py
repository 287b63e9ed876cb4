"""Files that people bring, and files that runs made."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select
from sqlmodel import Session, col

from backend.services.acting import need
from backend.services.errors import NotFound, ServiceError, TooLarge
from backend.services.room import check_room
from backend.settings import settings
from backend.stored import store
from backend.uploads import check_content
from backend.views import BlobFile, DatasetView
from methods import METHODS
from methods.local import check_name
from storage import db, records
from storage.artefacts import SHA256
from storage.kept import Dataset
from storage.lists import End, behind
from storage.models import Blob


def kinds() -> dict[str, tuple[str, ...]]:
    """What may be uploaded for what: the settings of methods that take a file, and the suffixes that they allow.

    A setting that names no suffix takes a folder, which nobody can upload.
    """
    found: dict[str, tuple[str, ...]] = {}
    for method in METHODS.values():
        for name, field in method.config.model_fields.items():
            extra = field.json_schema_extra
            if isinstance(extra, dict) and extra.get("widget") in ("upload", "artefact"):
                ends = str(extra.get("suffix") or "").split(",")  # of a name, such as "adapter.zip"
                suffixes = (f".{end.rpartition('.')[2]}" for end in ends if end)
                found[name] = tuple(dict.fromkeys((*found.get(name, ()), *suffixes)))
    return {name: suffixes for name, suffixes in found.items() if suffixes}


def blob(sha256: str) -> BlobFile:
    """A stored file.

    Raises:
        NotFound: there is none of that content.
    """
    if not SHA256.match(sha256):
        raise NotFound("there is no such file: its address is 64 hexadecimal digits")
    with db.reading(settings().database_url) as session:
        row = session.get(Blob, sha256)
    missing = NotFound(f"there is no file {sha256[:12]}...; its run may have been deleted")
    if row is None:
        raise missing
    try:
        path = store().local(sha256)
    except FileNotFoundError:
        raise missing from None
    return BlobFile(sha256, path, row.mime, row.size)


def upload(name: str, file: Path, kind: str) -> DatasetView:
    """Keep a file that a person brings.

    Args:
        name: what the person calls it; never used as a path.
        kind: what it is for: a setting that takes a file, such as "router" or "prior".

    Raises:
        ServiceError: the kind, the name or the content is not allowed.
        TooLarge: it is over the upload limit.
        Forbidden: who asks may not bring anything.
    """
    need("editor")
    _check(name, file, kind)
    return keep(name, file, kind)


def keep(name: str, content: bytes | Path, kind: str) -> DatasetView:
    """Keep a file that is known to be sound.

    Raises:
        Full: there is no room for it.
    """
    check_room()
    sha256, size = store().put(content)
    with db.writing(settings().database_url) as session:
        row = keep_in(session, name, sha256, size, kind)
    return _view(row, size)


def keep_in(session: Session, name: str, sha256: str, size: int, kind: str) -> Dataset:
    """Keep a file that the store has already, as part of a transaction."""
    row = Dataset(kind=kind, name=name, sha256=sha256)
    records.add_blob(session, sha256, size, "application/octet-stream")
    session.add(row)
    return row


def forget(dataset_id: str) -> None:
    """Take back what `keep` kept; cleaning deletes the file once nothing else has it."""
    with db.writing(settings().database_url) as session:
        session.delete(session.get_one(Dataset, dataset_id))


def _check(name: str, file: Path, kind: str) -> None:
    allowed = kinds()
    if kind not in allowed:
        raise ServiceError(f"kind: {', '.join(allowed)} are allowed, got {kind!r}")
    try:
        check_name(name)
    except ValueError as error:
        raise ServiceError(str(error)) from None
    size, limit = file.stat().st_size, settings().max_upload_mb * 1e6
    if size > limit:
        raise TooLarge(f"{name} has {size / 1e6:.0f} MB; up to {limit / 1e6:.0f} MB are allowed")
    suffix = Path(name).suffix.lower()
    if suffix not in allowed[kind]:
        raise ServiceError(
            f"{name}: {kind} takes {' or '.join(allowed[kind])} files; pickles are never read"
        )
    try:
        check_content(file, name)
    except ValueError as error:
        raise ServiceError(str(error)) from None


def datasets(
    kind: str = "", limit: int | None = None, after: End | None = None
) -> list[DatasetView]:
    """What people brought, newest first; `after` is (created_at, id) of the last one seen."""
    query = select(Dataset, col(Blob.size)).join(Blob, col(Blob.sha256) == col(Dataset.sha256))
    if kind:
        query = query.where(col(Dataset.kind) == kind)
    query = behind(query, (col(Dataset.created_at), col(Dataset.id)), after, limit)
    with db.reading(settings().database_url) as session:
        return [_view(row, size) for row, size in session.execute(query)]


def _view(row: Dataset, size: int) -> DatasetView:
    return DatasetView(row.id, row.kind, row.name, row.sha256, size, row.meta, row.created_at)
