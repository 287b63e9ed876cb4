"""Rows that several runs have: pairs by their hardness, instructions by what a run measured of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import StatisticsError, correlation
from typing import Any

from backend.comparison_views import ListedRow, RowsBeside
from backend.services.comparing import views_of
from backend.settings import settings
from backend.views import RunView
from methods import METHODS
from methods.base import Listed
from storage import db, items
from storage.models import SUCCEEDED

MAX_ROWS = 20_000
"""Of a run, as many rows are laid beside another's."""

Values = Mapping[tuple[Any, ...], float]


def rows_beside(run_ids: Sequence[str], limit: int = 100) -> list[RowsBeside]:
    """Rows that all runs of a method have, those first on which they differ most; an entry a method with two runs.

    Raises:
        NotFound: one of the runs is not there.
        ServiceError: no runs, or too many.
    """
    groups: dict[str, list[RunView]] = {}
    for view in views_of(run_ids):
        if view.status == SUCCEEDED:
            groups.setdefault(view.method, []).append(view)
    found = []
    for name, views in groups.items():
        listed = METHODS[name].measured.listed if name in METHODS else None
        if listed and len(views) > 1:
            beside = _beside(listed, views, limit)
            if beside:
                found.append(beside)
    return found


def _beside(listed: Listed, views: Sequence[RunView], limit: int) -> RowsBeside | None:
    compared = _compared(listed, views)
    if compared is None:
        return None
    title, tables, keys = compared
    ranks = [_ranks({key: table[key] for key in keys}) for table in tables]
    by_rank = _of_different_sizes(tables, keys)

    def spread(key: tuple[Any, ...]) -> float:
        of = [rank[key] for rank in ranks] if by_rank else [table[key] for table in tables]
        return max(of) - min(of)

    shown = sorted(keys, key=spread, reverse=True)[:limit]
    texts = _texts(listed, views[0], shown)
    return RowsBeside(
        noun=listed.noun,
        value=title,
        columns=list(listed.shown.values()),
        runs=[view.id for view in views],
        shared=len(keys),
        agreement=[_agreement(ranks[0], rank, keys) for rank in ranks],
        by_rank=by_rank,
        rows=[
            ListedRow(
                shown=texts.get(key, []),
                values=[table[key] for table in tables],
                ranks=[round(rank[key]) for rank in ranks],
            )
            for key in shown
        ],
    )


def _compared(
    listed: Listed, views: Sequence[RunView]
) -> tuple[str, list[Values], list[tuple[Any, ...]]] | None:
    """What the first number that all runs have is called, its values in each, and the rows that all have."""
    for field, title in listed.values.items():
        tables = [_values(listed, view, field) for view in views]
        keys = [key for key in tables[0] if all(key in table for table in tables)]
        if keys:
            return title, tables, keys
    return None


def _values(listed: Listed, view: RunView, field: str) -> Values:
    with db.reading(settings().database_url) as session:
        rows = items.fields(session, view.id, listed.kind, [*listed.key, field], MAX_ROWS)
    return {row[:-1]: float(row[-1]) for row in rows if row[-1] is not None}


def _texts(
    listed: Listed, view: RunView, keys: Sequence[tuple[Any, ...]]
) -> dict[tuple[Any, ...], list[str]]:
    size, wanted = len(listed.key), set(keys)
    with db.reading(settings().database_url) as session:
        rows = items.fields(session, view.id, listed.kind, [*listed.key, *listed.shown], MAX_ROWS)
    return {
        row[:size]: [str(text or "") for text in row[size:]] for row in rows if row[:size] in wanted
    }


def _ranks(values: Values) -> dict[tuple[Any, ...], float]:
    """The place of each key, 1 for the largest value; equal values share the middle of their places."""
    order = sorted(values, key=lambda key: -values[key])
    found: dict[tuple[Any, ...], float] = {}
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        found |= dict.fromkeys(order[start:end], (start + 1 + end) / 2)
        start = end
    return found


def _agreement(
    first: Mapping[Any, float], other: Mapping[Any, float], keys: Sequence[Any]
) -> float | None:
    try:
        return correlation([first[key] for key in keys], [other[key] for key in keys])
    except StatisticsError:  # a single row, or the same value in all
        return None


def _of_different_sizes(tables: Sequence[Values], keys: Sequence[Any]) -> bool:
    """Whether the numbers of one run are as a rule more than twice those of another."""
    means = [sum(abs(table[key]) for key in keys) / len(keys) for table in tables]
    return max(means) > 2 * min(means)
