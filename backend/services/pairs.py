"""Preference pairs of a run, with what a training run makes of them and what people decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sqlmodel import Session

from backend.pair_views import Histogram, PairPage, PairPoints, PairRun
from backend.services.errors import ServiceError
from backend.services.filtering import check_page, check_sort, parse
from backend.services.history import row
from backend.services.reviews import check_verdict, clean_tag, review_view
from backend.settings import settings
from storage import db, training
from storage import pairs as store
from storage.lists import End
from storage.models import Run

MAX_POINTS = 20_000
MAX_BINS = 200
MAX_STEPS = 20_000
MAX_WINDOW = 100_000
MAX_TEXT = 200
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
COLUMNS = ("position", "pair_id", "delta", "length_gap", "level", "by_form", "verdict")


@dataclass(frozen=True)
class PairQuery:
    """Which pairs of a run, in words as an address has them.

    Attributes:
        training: a run that was trained on such pairs; empty for none.
        review: "none" (not decided yet), "any", or a verdict: keep, flip, drop.
        tag: one that the pair's review has.
        text: every word must occur in the prompt or an answer, or begin the pair's id.
        filters: each "field:op:value".
    """

    run_id: str
    training: str = ""
    review: str = ""
    tag: str = ""
    text: str = ""
    filters: Sequence[str] = ()


def list_pairs(
    query: PairQuery,
    *,
    sort: str = "",
    descending: bool = False,
    offset: int = 0,
    limit: int = 100,
) -> PairPage:
    """One page of pairs.

    Args:
        sort: a field of the pair, of its training or its review; empty keeps the order in which they were recorded.

    Raises:
        NotFound: there is no such run.
        ServiceError: a field, a filter or a limit that is not allowed.
    """
    check_page(offset, limit)
    check_sort(sort)
    with _asked(query) as (session, wanted):
        rows, total = store.page(
            session, wanted, sort=sort, descending=descending, offset=offset, limit=limit
        )
        verdicts = store.verdicts(session, query.run_id)
        pairs = store.count(session, store.Selection(query.run_id))
    for each in rows:
        each["review"] = asdict(review_view(each["review"])) if each["review"] else None
    counts = {**verdicts, "reviewed": sum(verdicts.values()), "pairs": pairs}
    return PairPage(rows, total, counts)


def pair_points(query: PairQuery, limit: int = 5000) -> PairPoints:
    """A point for each pair, or for a sample of `limit` that is the same each time."""
    if not 1 <= limit <= MAX_POINTS:
        raise ServiceError(f"limit: 1 to {MAX_POINTS} is allowed, got {limit}")
    columns = [*COLUMNS, "gap"] if query.training else list(COLUMNS)
    with _asked(query) as (session, wanted):
        found = store.points(session, wanted, columns, limit)
        total = store.count(session, wanted)
    lists: dict[str, Any] = {
        name: [point[place] for point in found] for place, name in enumerate(columns)
    }
    return PairPoints(**{"gap": None, **lists}, total=total, sampled=total > len(found))


def pair_histogram(query: PairQuery, field: str = "delta", bins: int = 40) -> Histogram:
    """How one number is spread over the pairs."""
    if field not in store.NUMBERS:
        raise ServiceError(f"field: {', '.join(store.NUMBERS)} are allowed, got {field!r:.80}")
    if not 1 <= bins <= MAX_BINS:
        raise ServiceError(f"bins: 1 to {MAX_BINS} is allowed, got {bins}")
    with _asked(query) as (session, wanted):
        values = np.array(store.values(session, wanted, field), dtype=float)
        missing = store.count(session, wanted) - len(values)
    if not len(values):
        return Histogram(field, [], [], {}, None, 0, missing)
    counts, edges = np.histogram(values, bins)
    quantiles = np.quantile(values, QUANTILES)
    return Histogram(
        field,
        edges.tolist(),
        counts.tolist(),
        {f"{share:g}": float(value) for share, value in zip(QUANTILES, quantiles, strict=True)},
        float(values.mean()),
        len(values),
        missing,
    )


def pair_steps(training_id: str, pair_id: str, limit: int = MAX_STEPS) -> list[dict[str, Any]]:
    """What each step of a training run did with a pair; of very many the newest."""
    with db.reading(settings().database_url) as session:
        row(session, training_id)
        return training.steps(session, training_id, pair_id, limit)


def heaviest_pairs(training_id: str, *, window: int = 20, limit: int = 20) -> list[dict[str, Any]]:
    """The pairs that carry the most gradient weight in the last steps of a training run, with their texts where known.

    Args:
        window: how many steps, the newest.
    """
    if not 1 <= window <= MAX_WINDOW:
        raise ServiceError(f"window: 1 to {MAX_WINDOW} steps are allowed, got {window}")
    check_page(0, limit)
    with db.reading(settings().database_url) as session:
        run = row(session, training_id)
        found = training.heaviest(session, training_id, window, limit)
        source = str(run.config.get("hardness") or "").partition("/")[0]
        known = training.described(session, [each["pair_id"] for each in found], source)
    return [known.get(each["pair_id"], {}) | each for each in found]


def pair_trainings(run_id: str, limit: int = 50, after: End | None = None) -> list[PairRun]:
    """The training runs that saw pairs of a run, newest first."""
    check_page(0, limit)
    with db.reading(settings().database_url) as session:
        row(session, run_id)
        return [_pair_run(*each) for each in training.knowing(session, run_id, limit, after)]


def pair_sets(limit: int = 50, after: End | None = None) -> list[PairRun]:
    """The runs that recorded pairs, newest first."""
    check_page(0, limit)
    with db.reading(settings().database_url) as session:
        return [_pair_run(*each) for each in training.sets(session, limit, after)]


def _pair_run(run: Run, pairs: int) -> PairRun:
    return PairRun(
        run.id, run.title, run.method, run.status, run.created_at, run.seed, run.config, pairs
    )


@contextmanager
def _asked(query: PairQuery) -> Iterator[tuple[Session, store.Selection]]:
    """A session, and what to select there; what does not fit is said as a `ServiceError`."""
    if len(query.text) > MAX_TEXT:
        raise ServiceError(f"q: up to {MAX_TEXT} characters are allowed, got {len(query.text)}")
    check_verdict(store.KIND, query.review, "none", "any")
    wanted = store.Selection(
        query.run_id,
        query.training,
        query.review,
        clean_tag(query.tag) if query.tag else "",
        query.text,
        parse(query.filters),
    )
    with db.reading(settings().database_url) as session:
        row(session, query.run_id)
        if query.training:
            row(session, query.training)
        try:
            yield session, wanted
        except ValueError as error:
            raise ServiceError(str(error)) from None
