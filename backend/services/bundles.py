"""Runs as one file that another studio can open: rows, artefacts, and where they come from. Taking one in: `bundles_in`."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from backend import curves
from backend.services.errors import Conflict, NotFound, ServiceError
from backend.settings import settings
from backend.stored import store
from storage import bundles, db, runs
from storage.artefacts import ArtefactStore, StorageError
from storage.kept import Dataset
from storage.models import TERMINAL, Metric, Run, now

FORMAT = 1
HEAD = "bundle.json"
ID = r"^[a-z0-9]{12}$"
SHA = r"^[0-9a-f]{64}$"
MAX_RUNS = 10_000
STORED = zipfile.ZIP_STORED
"""How files lie in it: pictures and weights are packed as they are."""


class BundledFile(BaseModel):
    model_config = ConfigDict(extra="forbid")
    size: int = Field(ge=0)
    mime: str = Field(max_length=200, pattern=r"^[\w.+-]+/[\w.+-]+(; ?[\w=.-]+)*$")


class BundledUpload(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: str = Field(pattern=ID)
    kind: str = Field(max_length=40)
    name: str = Field(max_length=200)
    sha256: str = Field(pattern=SHA)
    meta: dict[str, Any]


class Head(BaseModel):
    """What a bundle says of itself, before anything else in it is read."""

    model_config = ConfigDict(extra="forbid")
    vitrine_bundle: int
    made_by: str = Field(max_length=80)
    made_at: float
    runs: list[dict[str, Any]] = Field(min_length=1, max_length=MAX_RUNS)
    files: dict[str, BundledFile]
    uploads: list[BundledUpload]


def export_bundle(run_ids: Sequence[str], target: Path) -> None:
    """Write finished runs, with all that they reported and the uploads that they used, to a zip file: whole, or not at all.

    Raises:
        NotFound: one of them is not there.
        Conflict: one has not finished.
        ServiceError: a file of theirs cannot be read.
    """
    part = target.with_name(f".{target.name}.new")
    try:
        _write(run_ids, part)
        part.replace(target)
    except StorageError as error:
        raise ServiceError(str(error)) from error
    finally:
        part.unlink(missing_ok=True)


def _write(run_ids: Sequence[str], target: Path) -> None:
    kept = store()
    with db.reading(settings().database_url) as session:
        found = runs.by_ids(session, run_ids)
        _check_finished(found, run_ids)
        packed = {curves.packed(session, run_id) for run_id in run_ids}  # they go as rows
        files = bundles.files_of(session, run_ids)
        files = {sha: blob for sha, blob in files.items() if sha not in packed}
        uploads = bundles.uploads_of(session, _named(found))
        files |= {blob.sha256: blob for _, blob in uploads}
        head = Head(
            vitrine_bundle=FORMAT,
            made_by=version("vitrine"),
            made_at=now(),
            runs=[run.model_dump(exclude={"owner"}) for run in found],
            files={sha: BundledFile(size=blob.size, mime=blob.mime) for sha, blob in files.items()},
            uploads=[_upload(dataset) for dataset, _ in uploads],
        )
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(HEAD, head.model_dump_json(indent=1))
            for run in found:
                for name in bundles.OF_A_RUN:
                    _write_rows(archive, session, name, run.id)
            for sha256 in files:
                archive.write(_file(kept, sha256), f"files/{sha256}", compress_type=STORED)


def _file(kept: ArtefactStore, sha256: str) -> Path:
    try:
        return kept.local(sha256)
    except FileNotFoundError:
        raise ServiceError(f"the file {sha256[:12]} of these runs is gone") from None


def _upload(dataset: Dataset) -> BundledUpload:
    return BundledUpload(**dataset.model_dump(exclude={"created_at"}))


def _check_finished(found: Sequence[Run], run_ids: Sequence[str]) -> None:
    missing = set(run_ids) - {run.id for run in found}
    if missing or not found:
        raise NotFound(f"there is no run {', '.join(sorted(missing)) or 'to export'}")
    for run in found:
        if run.status not in TERMINAL:
            raise Conflict(f"run {run.id} is {run.status}: only what has finished can be exported")


def _named(found: Sequence[Run]) -> set[str]:
    """Every text among the settings: some of them are ids of uploads."""
    return {value for run in found for value in run.config.values() if isinstance(value, str)}


def _write_rows(archive: zipfile.ZipFile, session: Session, name: str, run_id: str) -> None:
    lines = (json.dumps(row) + "\n" for row in _rows(session, name, run_id))
    first = next(lines, None)
    if first is None:
        return
    with archive.open(f"runs/{run_id}/{name}.jsonl", "w", force_zip64=True) as file:
        file.write(first.encode())
        for line in lines:
            file.write(line.encode())


def _rows(session: Session, name: str, run_id: str) -> Iterator[dict[str, Any]]:
    """The rows of one table; of a run whose curves are packed, as if they were not."""
    points = curves.rows(session, run_id) if name == Metric.__tablename__ else None
    if points is not None:
        yield from points
        return
    for row in bundles.rows_of(session, name, run_id):
        if row.get("name") != curves.PACKED:
            yield row
