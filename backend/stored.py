"""The artefact store that the settings name: a folder, or a bucket with copies in one."""

from __future__ import annotations

from backend.settings import CannotStart, settings
from storage import db, workers
from storage.artefacts import ArtefactStore
from storage.buckets import BucketAway

GB = 1e9
DAY_S = 24 * 3600.0


def store() -> ArtefactStore:
    """Where the files of runs are kept."""
    return ArtefactStore(settings().artefacts_dir, settings().bucket_url)


def trim_copies() -> None:
    """Keep this machine's copies of a bucket's files within `copies_gb`, but for those that were used within a day."""
    store().trim(settings().copies_gb * GB, DAY_S)


def check() -> None:
    """See that files can be kept, and that every worker keeps them in the same place.

    Raises:
        CannotStart: the bucket cannot be reached, or a worker that lives keeps its files elsewhere.
    """
    bucket = store().bucket
    try:
        if bucket is not None:
            bucket.check()
    except BucketAway as error:
        raise CannotStart(str(error)) from error
    said = disagreement()
    if said:
        raise CannotStart(said)


def disagreement() -> str:
    """Which living worker keeps files where this process does not; empty if none does.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database cannot be asked.
    """
    here = settings().artefacts_place
    with db.reading(settings().database_url) as session:
        alive = workers.alive(session, settings().lease_s)
    # A worker of an earlier version does not say.
    other = next((each for each in alive if each.artefacts not in ("", here)), None)
    if other is None:
        return ""
    return (
        f"worker {other.id} keeps files in {other.artefacts}, this process in {here}, and neither would find the other's: "
        "set VITRINE_ARTEFACTS_URL to one place on every machine, s3://bucket/prefix or file:///folder"
    )
