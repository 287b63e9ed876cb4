"""Adapters that runs made, and which came from which."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from sqlmodel import Session

from backend.request_views import AdapterVersion
from backend.services.filtering import check_page
from backend.services.instructions import ADAPTER
from backend.settings import settings
from backend.stored import store
from methods import METHODS
from methods.archives import BROKEN, Archive
from storage import db, erasures, records
from storage.lists import End
from storage.models import Artefact, Run

WEIGHTS, LINEAGE = "adapter_model.safetensors", "lineage.json"
"""The files in an adapter's zip that name it and what it came from."""
MAX_LINEAGE = 1_000_000


def adapter_versions(limit: int = 200, after: End | None = None) -> list[AdapterVersion]:
    """Adapters that runs of families which can erase have made, newest first.

    Args:
        after: (created_at, run) of the last one seen.
    """
    check_page(0, limit)
    families = sorted({name.rpartition(".")[0] for name in METHODS if name.endswith(".erase")})
    found: list[AdapterVersion] = []
    with db.reading(settings().database_url) as session:
        while len(found) < limit:
            made = records.made(session, ADAPTER, families, limit, after)
            found += _versions(session, made)
            if len(made) < limit:
                break
            after = (made[-1][1].created_at, made[-1][1].id)
    return found[:limit]


def _versions(session: Session, made: Sequence[tuple[Artefact, Run]]) -> list[AdapterVersion]:
    """What is known of these adapters; files that are none are left out."""
    kept = erasures.keeping(session, [run.id for _, run in made])
    requests = erasures.answered(session, [run for _, run in made])
    lineages = [_lineage(artefact) for artefact, _ in made]
    return [
        AdapterVersion(
            weights,
            parent,
            run.id,
            requests.get(run.id),
            run.id in kept,
            run.title,
            run.method,
            run.created_at,
        )
        for (_, run), (weights, parent) in zip(made, lineages, strict=True)
        if weights
    ]


def _lineage(artefact: Artefact) -> tuple[str, str | None]:
    """The sha256 of an adapter's weights and of its parent's, as they were saved with the file, else from the file."""
    if {"weights", "parent"} <= artefact.meta.keys():
        return artefact.meta["weights"], artefact.meta["parent"]
    try:
        return _read(store().local(artefact.sha256))
    except FileNotFoundError:
        return "", None


@lru_cache(maxsize=4096)  # a file of the store never changes
def _read(path: Path) -> tuple[str, str | None]:
    """The same from a zip; an adapter without a lineage, or no adapter at all, has no name: ""."""
    try:
        members = Archive(path).members
        if WEIGHTS not in members or members[LINEAGE].file_size > MAX_LINEAGE:
            return "", None
        with zipfile.ZipFile(path) as archive:
            parent = json.loads(archive.read(LINEAGE)).get("parent")
            if not isinstance(parent, str | None):
                return "", None
            digest = hashlib.sha256()
            with archive.open(WEIGHTS) as weights:
                while chunk := weights.read(1 << 20):
                    digest.update(chunk)
            return digest.hexdigest(), parent
    except (AttributeError, RecursionError, *BROKEN):
        return "", None
