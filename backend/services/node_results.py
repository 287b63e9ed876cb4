"""The files of a detection, opened: kept open for the few runs that people look at, by the hashes of the files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from backend.services.errors import NotFound, ServiceError
from backend.services.history import row
from backend.services.nodes import NodeCut
from backend.settings import settings
from backend.stored import store
from methods.anomaly.results.cut import Cut, cut
from methods.anomaly.results.files import Results, open_files
from methods.anomaly.results.writing import GRAPH, LABELS, REASONS, SCORES
from storage import db, records

OPEN_FILES = 16
"""Detections that stay open. They are memory maps, so that this costs addresses and no memory."""
KEPT_CUTS = 6
"""Orders of nodes that are kept: up to 30 MB each for a million nodes."""

Hashes = tuple[str, str, str, str]
"""Of graph, scores, reasons and labels; "" where there is no such file."""


def hashes_of(run_id: str) -> Hashes:
    """The files of a detection.

    Raises:
        NotFound: there is no such run, or it has not saved a detection.
    """
    with db.reading(settings().database_url) as session:
        run = row(session, run_id)
        found = {
            name: records.named(session, run_id, name) for name in (GRAPH, SCORES, REASONS, LABELS)
        }
        state, method = run.status, run.method
    for name in (GRAPH, SCORES):
        if found[name] is None:
            raise NotFound(
                f"run {run_id} ({method}, {state}) has saved no {name}: only a detection that has come to its end can be explained"
            )
    graph, scores, reasons, labels = (
        each.sha256 if each else ""
        for each in (found[GRAPH], found[SCORES], found[REASONS], found[LABELS])
    )
    return graph, scores, reasons, labels


@lru_cache(maxsize=OPEN_FILES)  # a file of the store never changes
def opened(hashes: Hashes) -> Results:
    """A detection by its files."""
    local = store().local
    try:
        graph, scores, reasons, labels = (local(sha256) if sha256 else None for sha256 in hashes)
        assert graph is not None  # `hashes_of` makes sure of both
        assert scores is not None
        return open_files(graph, scores, reasons, labels)
    except OSError as error:
        reason = error.strerror or "it is gone"
        raise NotFound(f"a file of this detection cannot be read: {reason}") from None


@lru_cache(maxsize=KEPT_CUTS)
def cut_of(hashes: Hashes, weight: float | None, top: int) -> Cut:
    """A detection in one order, cut at a budget."""
    return cut(opened(hashes), weight, top)


def the_cut(asked: NodeCut) -> Cut:
    """What `NodeCut` asks for.

    Raises:
        NotFound: there is no such run, or it has not saved a detection.
        ServiceError: the weight or the top is not allowed.
    """
    with as_service_errors():
        return cut_of(hashes_of(asked.run_id), asked.weight, asked.top)


@contextmanager
def as_service_errors() -> Iterator[None]:
    """What the results refuse is said to whoever asked."""
    try:
        yield
    except ValueError as error:
        raise ServiceError(str(error)) from None
