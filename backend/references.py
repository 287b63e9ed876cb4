"""What a setting such as a router, a prior or a data set may point to, and the file it means."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from sqlmodel import col, select

from backend.settings import settings
from backend.stored import store
from backend.trusted import check_source
from methods.base import MethodError
from storage import db, records
from storage.artefacts import SHA256
from storage.kept import Dataset
from storage.models import Blob

DIGEST = re.compile(r"\b[0-9a-f]{64}\b")


def open_reference(ref: str) -> Path:
    """The local file that `ref` means: a sha256, the id of an upload, "run_id/artefact_name", or a path on this machine.

    Raises:
        MethodError: there is no such thing, or it is a path that may not be named here.
    """
    sha256 = _sha256_of(ref)
    if sha256 is not None:
        try:
            return store().local(sha256)
        except FileNotFoundError:
            raise MethodError(f"the file behind {ref!r} is gone from the artefact store") from None
    check_source(ref)
    path = Path(ref).expanduser()
    with suppress(OSError):  # a name that no file system takes is no file either
        if path.exists():
            return path
    raise MethodError(
        f"there is no {ref!r}: give the id of an upload, a run's file as run/name, or a path on the worker's machine"
    )


def is_kept(ref: str) -> bool:
    """Whether `ref` is an upload or a file of a run, by content, id or name."""
    return _sha256_of(ref) is not None


def with_names(text: str) -> str:
    """A message about files in which uploads go by the names their owners gave them, where it has a sha256."""
    if not (digests := set(DIGEST.findall(text))):
        return text
    with db.reading(settings().database_url) as session:
        known = session.exec(select(Dataset).where(col(Dataset.sha256).in_(digests))).all()
        names = {each.sha256: each.name for each in known}
    return DIGEST.sub(lambda found: names.get(found[0], found[0]), text)


def _sha256_of(ref: str) -> str | None:
    with db.reading(settings().database_url) as session:
        if SHA256.match(ref):
            return ref if session.get(Blob, ref) else None
        dataset = session.get(Dataset, ref)
        if dataset is not None:
            return dataset.sha256
        run_id, slash, name = ref.partition("/")
        artefact = records.named(session, run_id, name) if slash and name else None
        return artefact.sha256 if artefact else None
