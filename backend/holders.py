"""Which runs are needed by something that stays, and by what."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby, islice

from sqlalchemy import Text, cast, select
from sqlmodel import Session, col

from storage import comparisons
from storage.kept import Comparison, Dataset, Erasure, Share
from storage.models import Artefact, Blob, Run, now

ID = re.compile(r"(?<![a-z0-9])[a-z0-9]{12}(?![a-z0-9])")
DIGEST = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
CERTIFICATE = "certificate.json"
LAUNCH_S = 60.0
"""A comparison that is this much younger than the youngest of its runs was made by a person, not by their launch."""
BATCH = 2000

COMPARED, SHARED = "in a saved comparison", "shown by a link that works"
REQUESTED, CERTIFIED = "part of a request to erase", "holds a certificate of an erasure"
USED = "another run reads what it made"


def held(session: Session, candidates: Iterable[str], since: float = 0.0) -> dict[str, str]:
    """Those of some runs that something needs, each with the reason.

    A run that only candidates refer to is held only if one of these is: what goes, goes together.

    Args:
        since: look only at settings of runs that were created after this, for a second look.
    """
    among = set(candidates)
    found: dict[str, str] = {}
    for reason, ids in (
        (CERTIFIED, _certified(session)),
        (REQUESTED, _requested(session)),
        (SHARED, _shared(session)),
        (COMPARED, _compared(session, among)),
    ):
        found |= {run_id: reason for run_id in ids if run_id in among and run_id not in found}
    readers = _readers(session, among, since)
    found |= {each: USED for each in readers if each not in found and readers[each] - among}
    _spread(found, readers)
    return found


def _spread(found: dict[str, str], readers: dict[str, set[str]]) -> None:
    """Hold what a held run reads, and what that reads."""
    reads: defaultdict[str, set[str]] = defaultdict(set)
    for run_id, them in readers.items():
        for reader in them:
            reads[reader].add(run_id)
    open_ids = list(found)
    while open_ids:
        for run_id in reads[open_ids.pop()]:
            if run_id not in found:
                found[run_id] = USED
                open_ids.append(run_id)


def _certified(session: Session) -> Iterator[str]:
    yield from session.scalars(
        select(col(Artefact.run_id)).where(col(Artefact.name) == CERTIFICATE)
    )


def _requested(session: Session) -> Iterator[str]:
    """The tables whose rows are marked, the edits that are kept, the adapters that are edited, and the runs that edited."""
    files = []
    for request in session.scalars(select(Erasure)):
        yield request.table_run
        if request.kept_run:
            yield request.kept_run
        yield from ID.findall(str(request.source))
        files += [request.file] if request.file else []
    read = col(Run.config)["request"].as_string()
    for some in _some(files):
        yield from session.scalars(select(col(Run.id)).where(read.in_(some)))


def _shared(session: Session) -> Iterator[str]:
    """What links that work show: runs, or all runs of what they name."""
    live = (col(Share.revoked_at).is_(None), col(Share.expires_at) > now())
    query = select(col(Share.target_id), col(Share.selection)).where(*live)
    ids = sorted({each for row in session.execute(query) for each in ID.findall(str(tuple(row)))})
    for some in _some(ids):
        yield from some
        for named in session.scalars(select(Comparison).where(col(Comparison.id).in_(some))):
            yield from named.run_ids
        yield from session.scalars(select(col(Run.id)).where(col(Run.sweep_id).in_(some)))
        for request in session.scalars(select(Erasure).where(col(Erasure.id).in_(some))):
            yield from filter(None, (request.kept_run, request.table_run))


def _compared(session: Session, among: set[str]) -> Iterator[str]:
    """The runs of comparisons that a person made, pinned or wrote a note to. A launch makes one of its own for its runs, which
    does not hold them: else nothing that was launched from a page would ever be old."""
    found = comparisons.among(session, among)
    born: dict[str, float] = {}
    for some in _some({run_id for each in found for run_id in each.run_ids}):
        query = select(col(Run.id), col(Run.created_at)).where(col(Run.id).in_(some))
        born |= {row.id: row.created_at for row in session.execute(query)}
    for comparison in found:
        youngest = max(born.get(run_id, 0.0) for run_id in comparison.run_ids)
        if comparison.notes or comparison.pinned or comparison.created_at > youngest + LAUNCH_S:
            yield from comparison.run_ids


def _readers(session: Session, among: set[str], since: float) -> dict[str, set[str]]:
    """Of each candidate, the runs whose settings name it or a file that it made and nobody uploaded."""
    query = select(col(Run.id), cast(col(Run.config), Text)).where(col(Run.created_at) >= since)
    found: defaultdict[str, set[str]] = defaultdict(set)
    of_file: defaultdict[str, set[str]] = defaultdict(set)
    for reader, config in session.execute(query.execution_options(yield_per=BATCH)):
        for run_id in among.intersection(ID.findall(config)) - {reader}:
            found[run_id].add(reader)
        for digest in DIGEST.findall(config):
            of_file[digest].add(reader)
    for digest, run_id in _makers(session, of_file):
        others = of_file[digest] - {run_id}
        if run_id in among and others:
            found[run_id] |= others
    return dict(found)


def _makers(session: Session, digests: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Which runs made these files, without files that somebody uploaded as well."""
    uploaded = select(col(Dataset.sha256)).scalar_subquery()
    for some in _some(digests):
        query = select(col(Artefact.sha256), col(Artefact.run_id)).where(
            col(Artefact.sha256).in_(some), col(Artefact.sha256).not_in(uploaded)
        )
        yield from ((sha256, run_id) for sha256, run_id in session.execute(query))


def freed(session: Session, ids: Iterable[str]) -> Iterator[tuple[int, set[str]]]:
    """The files that would be nobody's if all these runs went: the size of each, and which of the runs have it."""
    going = set(ids)
    uploaded = select(col(Dataset.sha256)).scalar_subquery()
    query = (
        select(col(Artefact.sha256), col(Blob.size), col(Artefact.run_id))
        .join(Blob, col(Blob.sha256) == col(Artefact.sha256))
        .where(col(Artefact.sha256).not_in(uploaded))
        .order_by(col(Artefact.sha256))
        .execution_options(yield_per=BATCH)
    )
    for (_, size), rows in groupby(session.execute(query), key=lambda row: (row[0], row[1])):
        owners = {row[2] for row in rows}
        if owners <= going:
            yield size, owners


def _some(ids: Iterable[str]) -> Iterator[list[str]]:
    """A few at a time: a statement takes some thousand values, no more."""
    left = iter(ids)
    while batch := list(islice(left, BATCH)):
        yield batch
