"""Adapters that runs made, and which came from which."""

from __future__ import annotations

import hashlib
import json
import zipfile
from functools import lru_cache
from pathlib import Path

from backend.request_views import AdapterVersion
from backend.services.filtering import check_page
from backend.services.instructions import ADAPTER
from backend.settings import settings
from backend.stored import store
from methods import METHODS
from methods.archives import BROKEN, Archive
from storage import db, erasures, records
from storage.models import Artefact

WEIGHTS, LINEAGE = "adapter_model.safetensors", "lineage.json"
"""The files in an adapter's zip that name it and what it came from."""
MAX_LINEAGE = 1_000_000


def adapter_versions(limit: int = 200) -> list[AdapterVersion]:
    """Adapters that runs of families which can erase have made, newest first."""
    check_page(0, limit)
    families = {name.rpartition(".")[0] for name in METHODS if name.endswith(".erase")}
    with db.reading(settings().database_url) as session:
        made = records.made(session, ADAPTER, sorted(families), limit)
        ids = [run.id for _, run in made]
        kept = erasures.keeping(session, ids)
        requests = erasures.answered(session, [run for _, run in made])
    found = []
    for artefact, run in made:
        weights, parent = _lineage(artefact)
        if weights:
            found.append(
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
            )
    return found


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
