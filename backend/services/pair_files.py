"""The pictures that rows of a run point to, and the export of a reviewed set of pairs."""

from __future__ import annotations

import json
import re
import zipfile

from backend.pair_views import Picture
from backend.services.catalogue import get_method
from backend.services.errors import NotFound, ServiceError
from backend.services.files import forget, keep
from backend.services.history import row
from backend.services.launching import submit
from backend.settings import settings
from backend.stored import store as kept_files
from backend.views import RunView
from methods.base import MethodError
from storage import db, records
from storage import pairs as store

ARCHIVE = re.compile(r"pictures-[0-9]{1,9}\.zip\Z")
MEMBER = re.compile(r"[A-Za-z0-9_-]{1,100}\.webp\Z")
MAX_PICTURE = 16 << 20
CONVERT = "alignment.pairs"
SOURCE = ("pairs", "format", "images", "max_pairs", "on_problem")
"""The settings that say where pairs come from: the export reads what the run has read."""
KEPT = ("keep", "flip")
WHICH = ("all_but_dropped", "reviewed")


def picture(run_id: str, archive: str, member: str) -> Picture:
    """A picture that a row of a run names as "archive/member".

    Raises:
        NotFound: the run has no such picture, or what is there is no WebP picture of a sensible size.
    """
    missing = NotFound(f"run {run_id!r:.80} has no picture {archive!r:.80}/{member!r:.120}")
    if not ARCHIVE.match(archive) or not MEMBER.match(member):
        raise missing
    with db.reading(settings().database_url) as session:
        artefact = records.named(session, run_id, archive)
    if artefact is None:
        raise missing
    try:
        with zipfile.ZipFile(kept_files().local(artefact.sha256)) as held:
            if held.getinfo(member).file_size > MAX_PICTURE:
                raise missing
            content = held.read(member)
    except (KeyError, OSError, zipfile.BadZipFile, NotImplementedError) as error:
        raise missing from error
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP":
        raise missing
    return Picture(content, f'"{artefact.sha256[:32]}-{member.removesuffix(".webp")}"')


def export_pairs(run_id: str, output_format: str, which: str = "all_but_dropped") -> RunView:
    """Queue a run that writes the pairs of a run as they were reviewed.

    The reviews are kept as a file first: what is decided later changes nothing of the export.

    Args:
        output_format: one that `alignment.pairs` writes.
        which: "all_but_dropped", or "reviewed": only those that were kept or flipped.

    Raises:
        NotFound: there is no such run.
        ServiceError: it recorded no pairs, or the choice is none.
        MethodError: the settings do not hold, for instance because the source is gone; nothing was queued.
    """
    if which not in WHICH:
        raise ServiceError(f"which: {', '.join(WHICH)} are allowed, got {which!r:.80}")
    with db.reading(settings().database_url) as session:
        run = row(session, run_id)
        pairs = store.count(session, store.Selection(run_id))
        decided = store.decided(session, run_id)
    if not pairs:
        raise ServiceError(f"run {run_id} has recorded no pairs to export")
    if which == "reviewed" and not any(each["verdict"] in KEPT for each in decided.values()):
        raise ServiceError("which: no pair of this run has been kept or flipped yet")
    fields = get_method(CONVERT).config.model_fields
    source = {name: run.config[name] for name in SOURCE if name in run.config and name in fields}
    content = json.dumps(decided, sort_keys=True).encode()
    decisions = keep(f"reviews-{run_id}.json", content, "decisions")
    values = {**source, "output_format": output_format, "which": which}
    values["decisions"] = decisions.sha256
    title = f"Reviewed pairs of {run.title}"[:200]
    try:
        return submit(CONVERT, values, seed=run.seed, title=title, parent_id=run_id)
    except MethodError:
        forget(decisions.id)
        raise
