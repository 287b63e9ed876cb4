"""Nodes of a run as pages ask for them: ranked, also under another weight of their two parts, with their reviews.

Two ways lead to rows. What is asked for in the order of ranks, or by review, is found by an index. Whatever else is asked
reads through the rows of the run, which lie together: a range of the table's key, a seventh of a second for a million rows,
where an index would look each of them up.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Select, UnaryExpression, case, func, select
from sqlalchemy.sql.operators import custom_op
from sqlmodel import Session, col

from storage import paging, reviews, runs
from storage.db import is_postgres
from storage.filters import Filter, on_column
from storage.kept import Review
from storage.lists import End
from storage.models import Run
from storage.places import Order, Place
from storage.records import whole
from storage.typed import NodeRow, columns, plain

KIND = "node"
FIELDS: Mapping[str, type] = {**columns(NodeRow), "weighted": float, "flagged": bool}
TEXTS = (NodeRow.name,)
SAMPLES = 4000
"""Rows looked at to guess where a page far from the first begins; a guess is off by some 2 % of all rows at most."""
PORTION = 2000
COMPARED = 2_000_000
"""Comparisons that may be made to say at which place each row of a page stands."""
FEW, MOST = 5000, 50_000
"""How many of the first nodes are looked at where all must be read: at least, and at most beyond what a page needs."""


@dataclass(frozen=True)
class Ranking:
    """The nodes of a run in an order, the most anomalous first, and how many at its top are flagged.

    Attributes:
        session: the one in which it is asked for.
        top: how many nodes are flagged, 1 or more.
        weight: of the attribute part, 0 to 1; the structure part has the rest. None keeps the run's own order.
    """

    session: Session
    run_id: str
    top: int
    weight: float | None = None

    @property
    def weighted(self) -> Any:
        """What nodes are ordered by under a moved weight."""
        if self.weight is None:
            raise ValueError("weighted: it is known only once the weight is moved")
        attribute: Any = col(NodeRow.attribute)
        return self.weight * attribute + (1 - self.weight) * col(NodeRow.structure)

    def value(self, row: Mapping[str, Any]) -> float | None:
        """`weighted` of one row; the same number, bit for bit."""
        if self.weight is None or row["attribute"] is None or row["structure"] is None:
            return None
        return float(self.weight * row["attribute"] + (1 - self.weight) * row["structure"])

    @property
    def order(self) -> Order:
        if self.weight is None:
            return Order(col(NodeRow.rank), col(NodeRow.id))
        return Order(self.weighted, col(NodeRow.position), descending=True)

    def place(self, row: Mapping[str, Any]) -> Place:
        """Where a row stands under a moved weight."""
        return Place(self.value(row), row["position"])

    @cached_property
    def number(self) -> int:
        """How many nodes the run has recorded: ranks are numbers without gaps."""
        return number(self.session, self.run_id)

    @cached_property
    def end(self) -> Place | None:
        """Where the last flagged node stands under a moved weight; None where nobody has that place."""
        query = select(*self.order.columns).where(*self.lie).order_by(*self.order.by)
        found = self.session.execute(query.offset(self.top - 1).limit(1)).first()
        return Place(*found) if found else None

    def learn(self, end: Sequence[Place]) -> None:
        """Take `end` from who came upon it."""
        if end and self.weight is not None:
            vars(self)["end"] = end[0]

    @property
    def flagged(self) -> ColumnElement[bool]:
        """The condition that a node is flagged."""
        if self.weight is None:
            return col(NodeRow.rank) <= self.top
        if self.end is None:
            return col(NodeRow.rank).is_not(None)
        return self.order.before(self.end, also=True)

    def flags(self, row: Mapping[str, Any]) -> bool:
        """Whether a row is flagged."""
        if self.weight is None:
            return bool(row["rank"] <= self.top)
        if self.end is None:
            return True
        value, position = self.place(row)
        if value is None or self.end.key is None:
            return value is not None or (self.end.key is None and position <= self.end.tie)
        return bool((-value, position) <= (-self.end.key, self.end.tie))

    @cached_property
    def span(self) -> tuple[int, int]:
        """The lowest and the highest key of the run's rows; (0, 0) if it has none."""
        key, mine = col(NodeRow.id), col(NodeRow.run_id) == self.run_id
        first = self.session.scalar(select(key).where(mine).order_by(key).limit(1))
        last = self.session.scalar(select(key).where(mine).order_by(key.desc()).limit(1))
        return first or 0, last or 0

    @property
    def lie(self) -> list[ColumnElement[bool]]:
        """Conditions that lead a database through the rows of the run as they lie."""
        run_id: Any = col(NodeRow.run_id)
        if not is_postgres(self.session):
            # SQLite looks no `+column` up in an index. Rows of other runs that recorded at the same time may lie between.
            run_id = UnaryExpression(run_id, operator=custom_op("+"), type_=run_id.type)
        return [col(NodeRow.id).between(*self.span), run_id == self.run_id]

    @property
    def looked_up(self) -> list[ColumnElement[bool]]:
        """Conditions that have a database find rows of the run by an index."""
        return [col(NodeRow.run_id) == self.run_id]


@dataclass(frozen=True)
class Selection:
    """Which nodes of a run.

    Attributes:
        text: every word must occur in the name, or begin the node's id.
        review: "none" (no verdict yet), "any", or one verdict; empty for all.
    """

    text: str = ""
    filters: tuple[Filter, ...] = ()
    review: str = ""


def page(
    ranking: Ranking,
    wanted: Selection,
    *,
    sort: str = "",
    descending: bool = False,
    offset: int = 0,
    limit: int = 100,
) -> tuple[list[dict[str, Any]], int]:
    """One page of nodes, each with `weighted`, `flagged`, `place` and `review` (a row or None), and how many there are.

    Args:
        sort: a field; empty, or rank, is the order of the ranking, also under a moved weight.

    Raises:
        ValueError: a field is unknown, or a filter does not fit its field.
    """
    order = _order(ranking, sort, descending)
    before, start = _nearer(ranking, order, offset) if wanted == Selection() else (0, [])
    query = _matching([col(NodeRow.id), *order.columns], ranking, wanted, order, *start)
    query, skip = query.order_by(*order.by), offset - before
    total = None
    if _by_rank(order, wanted) or skip + limit > MOST:
        found = ranking.session.execute(query.offset(skip).limit(limit)).all()
    else:
        # All nodes are read: that gives with the page how many there are, if few, and where the flagged ones end.
        most = min(MOST, max(FEW, ranking.top, skip + limit))
        first = ranking.session.execute(query.limit(most)).all()
        found = first[skip:][:limit]
        if not start and len(first) < most:
            total = len(first)
        if not start and wanted == Selection() and sort in ("", "rank") and not descending:
            ranking.learn([Place(*each[1:]) for each in first[ranking.top - 1 :][:1]])
    rows = shown(ranking, whole(ranking.session, NodeRow, [each[0] for each in found]))
    if wanted == Selection() and sort in ("", "rank") and not descending:
        rows = [row | {"place": offset + at_} for at_, row in enumerate(rows, 1)]
    else:
        rows = placed(ranking, rows)
    return rows, count(ranking, wanted) if total is None else total


def count(ranking: Ranking, wanted: Selection) -> int:
    """How many nodes are wanted."""
    if wanted == Selection():
        return ranking.number
    if wanted.review == "none":  # those that have a verdict are few, and counted at once
        every, reviewed = replace(wanted, review=""), replace(wanted, review="any")
        return count(ranking, every) - count(ranking, reviewed)
    return ranking.session.scalar(_matching([func.count()], ranking, wanted)) or 0


def shown(ranking: Ranking, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows with what a ranking and people say of each."""
    rows = list(rows)
    decisions = reviews.of(ranking.session, KIND, [row["node_id"] for row in rows])
    return [
        row
        | {
            "weighted": ranking.value(row),
            "flagged": ranking.flags(row),
            "review": decisions.get(row["node_id"]),
        }
        for row in rows
    ]


def placed(ranking: Ranking, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows with their `place`, from 1, in a ranking; None where to find it would take a graph of that size too long."""
    if ranking.weight is None:
        return [row | {"place": row["rank"]} for row in rows]
    places: Sequence[int | None] = [None] * len(rows)
    if rows and len(rows) * ranking.number <= COMPARED:
        ahead = [ranking.order.before(ranking.place(row), also=True) for row in rows]
        counted = select(*(func.sum(case((each, 1), else_=0)) for each in ahead))
        places = ranking.session.execute(counted.where(*ranking.lie)).one()
    return [row | {"place": place} for row, place in zip(rows, places, strict=True)]


def number(session: Session, run_id: str) -> int:
    """How many nodes a run has recorded."""
    rank = col(NodeRow.rank)
    last = select(rank).where(col(NodeRow.run_id) == run_id).order_by(rank.desc()).limit(1)
    return session.scalar(last) or 0


def has_parts(session: Session, run_id: str) -> bool:
    """Whether the detector of a run says what attributes and structure have in each score."""
    best = select(col(NodeRow.attribute)).where(
        col(NodeRow.run_id) == run_id, col(NodeRow.rank) == 1
    )
    return session.scalar(best) is not None


def verdicts(session: Session, run_id: str) -> dict[str, int]:
    """How many nodes of a run have each verdict."""
    there = select(1).where(
        col(NodeRow.run_id) == run_id, col(NodeRow.node_id) == col(Review.subject)
    )
    return reviews.verdicts(session, KIND, there.exists())


def flagged_reviewed(ranking: Ranking) -> int:
    """How many of the flagged nodes have a verdict."""
    query = _matching([func.count()], ranking, Selection(review="any")).where(ranking.flagged)
    return ranking.session.scalar(query) or 0


def at(ranking: Ranking, position: int) -> dict[str, Any] | None:
    """The node at a position of the graph."""
    query = select(NodeRow).where(*ranking.lie, col(NodeRow.position) == position).limit(1)
    found = ranking.session.scalars(query).first()
    return None if found is None else plain(found)


def following(ranking: Ranking, after: int | None) -> dict[str, Any] | None:
    """The next flagged node without a verdict, after the one at position `after`; behind the last comes the first."""
    start = None if after is None else at(ranking, after)
    places: list[list[ColumnElement[bool]]] = [[]]
    if start is not None and ranking.weight is None:
        places.insert(0, [col(NodeRow.rank) > start["rank"]])
    elif start is not None:
        places.insert(0, [ranking.order.after(ranking.place(start))])
    for place in places:
        query = _matching([NodeRow], ranking, Selection(), ranking.order, ranking.flagged, *place)
        query = query.where(*reviews.having(KIND, col(NodeRow.node_id), "none"))
        found = ranking.session.scalars(query.order_by(*ranking.order.by).limit(1)).first()
        if found is not None:
            return placed(ranking, shown(ranking, [plain(found)]))[0]
    return None


def walk(ranking: Ranking, wanted: Selection) -> Iterator[list[dict[str, Any]]]:
    """All nodes that are wanted, in the order of the ranking, in portions; between them nothing is held of the database."""
    query = _matching([col(NodeRow.id)], ranking, wanted, ranking.order)
    found = ranking.session.scalars(
        query.order_by(*ranking.order.by).execution_options(yield_per=PORTION)
    )
    ids = array("q", found)  # 8 bytes a node
    for start in range(0, len(ids), PORTION):
        yield shown(ranking, whole(ranking.session, NodeRow, ids[start : start + PORTION]))
        ranking.session.rollback()  # ends the transaction: a slow reader keeps nobody from tidying up


def tables(session: Session, limit: int, after: End | None = None) -> list[tuple[Run, int, bool]]:
    """The runs that recorded nodes, newest first: how many, and whether their scores have parts."""
    some = select(1).where(col(NodeRow.run_id) == col(Run.id)).exists()
    found = runs.newest(session, some, limit, after)
    return [(run, number(session, run.id), has_parts(session, run.id)) for run in found]


def _order(ranking: Ranking, sort: str, descending: bool) -> Order:
    if sort not in ("", "rank"):
        return Order(_field(ranking, sort), col(NodeRow.id), descending)
    order = ranking.order
    if not descending:
        return order
    return replace(order, descending=not order.descending, tie_descending=True)


def _field(ranking: Ranking, name: str) -> Any:
    if name not in FIELDS:
        raise ValueError(f"there is no field {name!r:.80}; there are {', '.join(FIELDS)}")
    if name == "flagged":
        return ranking.flagged
    return ranking.weighted if name == "weighted" else getattr(NodeRow, name)


def _matching(
    chosen: Sequence[Any],
    ranking: Ranking,
    wanted: Selection,
    order: Order | None = None,
    *more: ColumnElement[bool],
) -> Select[Any]:
    """Those columns of the nodes that are wanted, and fulfil more conditions."""
    # Reviews are few: the index of ids leads from each to its node.
    few = wanted.review not in ("", "none")
    return select(*chosen).where(
        *(ranking.looked_up if few or _by_rank(order, wanted) else ranking.lie),
        *paging.worded(wanted.text, NodeRow.node_id, TEXTS, is_postgres(ranking.session)),
        *(
            on_column(_field(ranking, each.field), FIELDS[each.field], each)
            for each in wanted.filters
        ),
        *more,
        *reviews.having(KIND, col(NodeRow.node_id), wanted.review),
    )


def _by_rank(order: Order | None, wanted: Selection) -> bool:
    """Whether nodes are read in the order of an index, and no further than they are shown."""
    return bool(order and order.key is col(NodeRow.rank) and not wanted.text and not wanted.filters)


def _nearer(ranking: Ranking, order: Order, offset: int) -> tuple[int, list[ColumnElement[bool]]]:
    """How many rows can be left out before a page, and the condition that leaves them out.

    To sort by half a million rows takes a database ten times as long as to count them: a sample says where to begin.
    """
    low, high = ranking.span
    step = (high - low) // SAMPLES
    if order.key is col(NodeRow.rank) or not step:
        return 0, []
    keys = list(range(low, high + 1, step))
    query = select(*order.columns).where(col(NodeRow.id).in_(keys), *ranking.lie)
    sample = [Place(*found) for found in ranking.session.execute(query.order_by(*order.by))]
    # Three deviations of the share that a sample of this size gives for a half.
    margin = 1.5 * len(sample) ** 0.5
    at_ = int(offset / max(1, ranking.number) * len(sample) - margin)
    if at_ < 1:
        return 0, []
    place = sample[min(at_, len(sample) - 1)]
    query = select(func.count()).where(*ranking.lie, order.before(place))
    before = ranking.session.scalar(query) or 0
    return (before, [order.after(place, also=True)]) if before <= offset else (0, [])
