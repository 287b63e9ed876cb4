"""Files that people bring, and files that runs made."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select
from sqlmodel import col

from backend.services.errors import NotFound, ServiceError, TooLarge
from backend.settings import settings
from backend.views import BlobFile, DatasetView
from methods import METHODS
from methods.caching.headers import format_of
from methods.local import check_name
from storage import db, records
from storage.artefacts import SHA256, ArtefactStore
from storage.models import Blob, Dataset

FORMATS = {
    ".safetensors": "safetensors file",
    ".pt": "torch archive",
    ".pth": "torch archive",
    ".npz": "numpy archive",
}
"""What the content must be by the name. Torch archives are read with weights_only, numpy's with allow_pickle=False."""


def kinds() -> dict[str, tuple[str, ...]]:
    """What may be uploaded for what: the settings of methods that take a file, and the suffixes that they allow."""
    found = {}
    for method in METHODS.values():
        for name, field in method.config.model_fields.items():
            extra = field.json_schema_extra
            if isinstance(extra, dict) and extra.get("widget") in ("upload", "artefact"):
                found[name] = tuple(str(extra.get("suffix", "")).split(","))
    return found


def blob(sha256: str) -> BlobFile:
    """A stored file.

    Raises:
        NotFound: there is none of that content.
    """
    if not SHA256.match(sha256):
        raise NotFound("there is no such file: its address is 64 hexadecimal digits")
    with db.reading(settings().database_url) as session:
        row = session.get(Blob, sha256)
    path = ArtefactStore(settings().artefacts_dir).path(sha256)
    if row is None or not path.is_file():
        raise NotFound(f"there is no file {sha256[:12]}...; its run may have been deleted")
    return BlobFile(sha256, path, row.mime, row.size)


def upload(name: str, file: Path, kind: str) -> DatasetView:
    """Keep a file that a person brings.

    Args:
        name: what the person calls it; never used as a path.
        kind: what it is for: a setting that takes a file, such as "router" or "prior".

    Raises:
        ServiceError: the kind, the name or the content is not allowed.
        TooLarge: it is over the upload limit.
    """
    _check(name, file, kind)
    sha256, size = ArtefactStore(settings().artefacts_dir).put(file)
    row = Dataset(kind=kind, name=name, sha256=sha256)
    with db.writing(settings().database_url) as session:
        records.add_blob(session, sha256, size, "application/octet-stream")
        session.add(row)
    return _view(row, size)


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
    if format_of(file) != FORMATS.get(suffix):
        raise ServiceError(
            f"{name} is named {suffix} but its content is not; pickles are never read"
        )


def datasets(kind: str = "") -> list[DatasetView]:
    """What people brought, newest first."""
    query = (
        select(Dataset, col(Blob.size))
        .join(Blob, col(Blob.sha256) == col(Dataset.sha256))
        .order_by(col(Dataset.created_at).desc())
    )
    if kind:
        query = query.where(col(Dataset.kind) == kind)
    with db.reading(settings().database_url) as session:
        return [_view(row, size) for row, size in session.execute(query)]


def _view(row: Dataset, size: int) -> DatasetView:
    return DatasetView(row.id, row.kind, row.name, row.sha256, size, row.meta, row.created_at)
