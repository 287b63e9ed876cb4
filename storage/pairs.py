"""Pairs of a run as pages ask for them: with what a training run last said of each, and with its review."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, cast, select
from sqlmodel import Session, col

from storage import paging, reviews
from storage.db import is_postgres
from storage.filters import Filter, on_column
from storage.kept import Review
from storage.typed import PairRow, PairState, columns

KIND = "pair"
PAIR_FIELDS = {name: getattr(PairRow, name) for name in columns(PairRow)}
STATE_FIELDS = {
    **{name: getattr(PairState, name) for name in ("gap", "beta", "weight", "loss")},
    **{name: getattr(PairState, name) for name in ("hardness", "factor", "step", "seen")},
    "kept_share": 1.0 * col(PairState.kept) / col(PairState.seen),
}
REVIEW_FIELDS = {"verdict": col(Review.verdict), "reviewed_at": col(Review.updated_at)}
FIELDS: Mapping[str, Any] = PAIR_FIELDS | STATE_FIELDS | REVIEW_FIELDS
NUMBERS = tuple(
    name
    for name in PAIR_FIELDS | STATE_FIELDS
    if name in STATE_FIELDS or columns(PairRow)[name] in (int, float)
)
"""The fields that can be counted into a histogram."""
TEXTS = (PairRow.prompt, PairRow.chosen, PairRow.rejected)
SHOWN = ("gap", "beta", "weight", "loss", "hardness", "factor", "seen", "kept_share")
"""What a listed pair says of its training."""


@dataclass(frozen=True)
class Selection:
    """Which pairs of a run.

    Attributes:
        training: the run whose gap, beta and so on stand beside the pairs; empty for none.
        review: "none" (no verdict yet), "any", or one verdict; empty for all.
        tag: only pairs whose review has it.
        text: every word must occur in the prompt or an answer, or begin the pair's id.
    """

    run_id: str
    training: str = ""
    review: str = ""
    tag: str = ""
    text: str = ""
    filters: tuple[Filter, ...] = ()


def page(
    session: Session,
    wanted: Selection,
    *,
    sort: str = "",
    descending: bool = False,
    offset: int = 0,
    limit: int = 100,
) -> tuple[list[dict[str, Any]], int]:
    """One page of pairs, and how many there are.

    Raises:
        ValueError: a field is unknown or needs a training run, or a filter does not fit its field.
    """
    rows, total = paging.page(
        session,
        PairRow,
        lambda chosen: _matching(session, chosen, wanted, [sort]),
        order=paging.by(field(sort, wanted.training) if sort else None, descending),
        offset=offset,
        limit=limit,
    )
    found = [row["pair_id"] for row in rows]
    states = state_of(session, wanted.training, found)
    decisions = reviews.of(session, KIND, found)
    empty = dict.fromkeys(SHOWN)
    shown = [
        row | states.get(row["pair_id"], empty) | {"review": decisions.get(row["pair_id"])}
        for row in rows
    ]
    return shown, total


def count(session: Session, wanted: Selection) -> int:
    return paging.count(session, lambda chosen: _matching(session, chosen, wanted, []))


def points(
    session: Session, wanted: Selection, fields: Sequence[str], limit: int
) -> list[tuple[Any, ...]]:
    """Some fields of at most `limit` pairs, those with the smallest ids.

    An id is a digest of the pair's content, so these are a random sample, and the same one each time.
    """
    ids = (
        _matching(session, [col(PairRow.id)], wanted, [])
        .order_by(col(PairRow.pair_id))
        .limit(limit)
    )
    query = select(*(FIELDS[name] for name in fields)).select_from(PairRow)
    query = _joined(query, wanted.training, fields).where(col(PairRow.id).in_(ids))
    return [tuple(row) for row in session.execute(query.order_by(col(PairRow.pair_id)))]


def values(session: Session, wanted: Selection, name: str) -> list[float]:
    """One number of each pair that has it.

    Raises:
        ValueError: there is no such field, or it needs a training run.
    """
    key = field(name, wanted.training)
    return list(session.scalars(_matching(session, [key], wanted, [name]).where(key.is_not(None))))


def field(name: str, training: str) -> Any:
    """The expression for a field by which pairs can be sorted and filtered."""
    if name not in FIELDS:
        raise ValueError(f"there is no field {name!r:.80}; there are {', '.join(FIELDS)}")
    if name in STATE_FIELDS and not training:
        raise ValueError(f"{name} is what a training run says of a pair: name the run in training")
    return FIELDS[name]


def state_of(session: Session, training: str, pair_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What a training run last said of these pairs, by pair; those it has not seen are left out."""
    if not training:
        return {}
    query = select(col(PairState.pair_id), *(STATE_FIELDS[name] for name in SHOWN)).where(
        col(PairState.run_id) == training, col(PairState.pair_id).in_(pair_ids)
    )
    return {row[0]: dict(zip(SHOWN, row[1:], strict=True)) for row in session.execute(query)}


def verdicts(session: Session, run_id: str) -> dict[str, int]:
    """How many pairs of a run have each verdict; one that stands there twice counts once."""
    there = select(1).where(
        col(PairRow.run_id) == run_id, col(PairRow.pair_id) == col(Review.subject)
    )
    return reviews.verdicts(session, KIND, there.exists())


def decided(session: Session, run_id: str) -> dict[str, dict[str, Any]]:
    """The reviews of the pairs of a run, {pair id: {"verdict", "tags", "note"}}."""
    of_run = select(col(PairRow.pair_id)).where(col(PairRow.run_id) == run_id)
    query = select(Review).where(col(Review.kind) == KIND, col(Review.subject).in_(of_run))
    return {
        each.subject: {"verdict": each.verdict, "tags": list(each.tags), "note": each.note}
        for each in session.scalars(query.order_by(col(Review.subject)))
    }


def _matching(
    session: Session, chosen: Iterable[Any], wanted: Selection, used: Sequence[str]
) -> Select[Any]:
    """Those columns of the pairs that are wanted; `used` are further fields that the query needs."""
    fields = {*used, *(each.field for each in wanted.filters)}
    query = select(*chosen).select_from(PairRow)
    query = _joined(query, wanted.training, fields)
    return query.where(
        col(PairRow.run_id) == wanted.run_id,
        *_reviewed(wanted),
        *paging.worded(wanted.text, PairRow.pair_id, TEXTS, is_postgres(session)),
        *(
            on_column(field(each.field, wanted.training), _kind(each.field), each)
            for each in wanted.filters
        ),
    )


def _joined(query: Select[Any], training: str, fields: Iterable[str]) -> Select[Any]:
    """`query` with the tables beside that of pairs that these fields need."""
    fields = set(fields)
    if training and fields & STATE_FIELDS.keys():
        same = and_(
            col(PairState.run_id) == training, col(PairState.pair_id) == col(PairRow.pair_id)
        )
        query = query.outerjoin(PairState, same)
    if fields & REVIEW_FIELDS.keys():
        same = and_(col(Review.kind) == KIND, col(Review.subject) == col(PairRow.pair_id))
        query = query.outerjoin(Review, same)
    return query


def _reviewed(wanted: Selection) -> list[ColumnElement[bool]]:
    """Conditions on the review; reviews are few, so that they are found first and their pairs after."""
    pair = col(PairRow.pair_id)
    where = reviews.having(KIND, pair, wanted.review)
    if wanted.tag:
        tags = cast(col(Review.tags), String)
        tagged = tags.contains(json.dumps(wanted.tag), autoescape=True)
        where.append(pair.in_(reviews.subjects(KIND, tagged)))
    return where


def _kind(name: str) -> type:
    if name in PAIR_FIELDS:
        return columns(PairRow)[name]
    return str if name == "verdict" else float
