"""What a setting such as a router, a prior or a data set may point to, and the file it means."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from backend.settings import settings
from methods.base import MethodError
from storage import db, records
from storage.artefacts import SHA256, ArtefactStore
from storage.kept import Dataset
from storage.models import Blob


def open_reference(ref: str) -> Path:
    """The local file that `ref` means: a sha256, the id of an upload, "run_id/artefact_name", or a path on this machine.

    Raises:
        MethodError: there is no such thing.
    """
    store = ArtefactStore(settings().artefacts_dir)
    sha256 = _sha256_of(ref)
    if sha256 is not None:
        path = store.path(sha256)
        if not path.is_file():
            raise MethodError(f"the file behind {ref!r} is gone from the artefact store")
        return path
    path = Path(ref).expanduser()
    with suppress(OSError):  # a name that no file system takes is no file either
        if path.exists():
            return path
    raise MethodError(
        f"there is no {ref!r}: give the id of an upload, a run's file as run/name, or a path on the worker's machine"
    )


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
