"""Nodes of a run as a detector ranks them, under any weight of their parts, with what people decided of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from math import inf
from typing import Any

from sqlmodel import Session

from backend.node_views import NextNode, NodePage, NodeRun
from backend.services.errors import ServiceError
from backend.services.filtering import check_page, check_sort, parse
from backend.services.history import row
from backend.services.reviews import check_verdict, review_view
from backend.settings import settings
from methods.anomaly.results.ranks import default_top
from storage import db
from storage import nodes as store
from storage.lists import End
from storage.models import Run
from storage.places import Place

MAX_TEXT = 200
MAX_ENDS = 256
ENDS: dict[tuple[Any, ...], Place] = {}
"""Where the flagged nodes end under weights that were asked for: finding it takes a reading of all rows."""
LABELS = ("label", "kind")
"""The fields of a row that tell what the labels say: hidden until asked for."""


@dataclass(frozen=True)
class NodeCut:
    """How the nodes of a run are ordered, and how many are flagged.

    Attributes:
        weight: of the attribute part of each error, 0 to 1; None keeps the run's own order, by score.
        top: how many nodes are flagged; 0 is the run's own number.
    """

    run_id: str
    weight: float | None = None
    top: int = 0


@dataclass(frozen=True)
class NodeQuery:
    """Which nodes of a run, in words as an address has them.

    Attributes:
        text: every word must occur in the name, or begin the node's id.
        filters: each "field:op:value".
        review: "none" (not decided yet), "any", or a verdict: confirm, dismiss, unsure.
        labels: show what the labels of the graph say, where it has any.
    """

    cut: NodeCut
    text: str = ""
    filters: Sequence[str] = ()
    review: str = ""
    labels: bool = False


def list_nodes(
    query: NodeQuery,
    *,
    sort: str = "",
    descending: bool = False,
    offset: int = 0,
    limit: int = 100,
) -> NodePage:
    """One page of nodes.

    Args:
        sort: a field of the rows, `weighted` or `flagged`; empty, or rank, is the order of the ranking.

    Raises:
        NotFound: there is no such run.
        ServiceError: a field, a filter, a weight or a limit that is not allowed.
    """
    check_page(offset, limit)
    with asked(query, sort) as (ranking, wanted):
        rows, total = store.page(
            ranking, wanted, sort=sort, descending=descending, offset=offset, limit=limit
        )
        verdicts = store.verdicts(ranking.session, ranking.run_id)
        reviewed = sum(verdicts.values())
        done = store.flagged_reviewed(ranking) if reviewed else 0
    counts = {"confirm": 0, "dismiss": 0, "unsure": 0, **verdicts, "reviewed": reviewed}
    counts["flagged_unreviewed"] = min(ranking.top, ranking.number) - done
    shown = [node_json(each, labels=query.labels) for each in rows]
    return NodePage(shown, total, counts, ranking.top, ranking.weight)


def next_node(cut: NodeCut, after: int | None = None) -> NextNode:
    """The next flagged node without a verdict, after the one at position `after`; behind the last comes the first again."""
    with asked(NodeQuery(cut)) as (ranking, _):
        found = store.following(ranking, after)
    return NextNode(node_json(found) if found else None)


def node_runs(limit: int = 50, after: End | None = None) -> list[NodeRun]:
    """The runs that recorded nodes, newest first."""
    check_page(0, limit)
    with db.reading(settings().database_url) as session:
        return [_node_run(*each) for each in store.tables(session, limit, after)]


def own_top(run: Run, nodes: int) -> int:
    """How many nodes a run flags: as it said at its end, before that as its settings say.

    Any run may be asked about, and to other methods those names may mean another thing: only a number of nodes counts.
    """
    said = (run.metrics.get("flagged"), run.config.get("top"))
    counts = [count for each in said if nodes and (count := _count(each))]
    return min(counts[0], nodes) if counts else default_top(nodes)


def _count(value: Any) -> int:
    """A number of nodes as a run says it; 0 of anything else."""
    number = isinstance(value, int | float) and not isinstance(value, bool) and 1 <= value < inf
    return int(value) if number else 0


def ranking_of(session: Session, cut: NodeCut) -> store.Ranking:
    """What to ask the store for.

    Raises:
        NotFound: there is no such run.
        ServiceError: the weight is outside 0 to 1, or the detector has no parts to weigh.
    """
    run = row(session, cut.run_id)
    nodes = store.number(session, run.id)
    if cut.weight is not None and not 0 <= cut.weight <= 1:
        raise ServiceError(f"weight: 0 to 1 is allowed, got {cut.weight:g}")
    if not 0 <= cut.top <= nodes:
        raise ServiceError(f"top: 1 to {nodes} nodes, or 0 for the run's own, got {cut.top}")
    if cut.weight is not None and nodes and not store.has_parts(session, run.id):
        detector = run.config.get("detector", run.method)
        raise ServiceError(f"weight: the scores of {detector} have no parts to weigh")
    ranking = store.Ranking(session, run.id, cut.top or own_top(run, nodes), cut.weight)
    if known := ENDS.get(_name(ranking)):
        ranking.learn([known])
    return ranking


def _name(ranking: store.Ranking) -> tuple[Any, ...]:
    """Rankings of this name have the same order: a run's nodes are written once, best first."""
    attempt = row(ranking.session, ranking.run_id).attempt
    run = (settings().database_url, ranking.run_id, attempt, ranking.number)
    return (*run, ranking.weight, ranking.top)


def _remember(ranking: store.Ranking) -> None:
    end = vars(ranking).get("end")
    if end is None:
        return
    while len(ENDS) >= MAX_ENDS:
        ENDS.pop(next(iter(ENDS)), None)
    ENDS[_name(ranking)] = end


@contextmanager
def asked(query: NodeQuery, *sorts: str) -> Iterator[tuple[store.Ranking, store.Selection]]:
    """What to ask the store for, in a session; what does not fit is said as a `ServiceError`."""
    if len(query.text) > MAX_TEXT:
        raise ServiceError(f"q: up to {MAX_TEXT} characters are allowed, got {len(query.text)}")
    for sort in sorts:
        check_sort(sort)
    check_verdict(store.KIND, query.review, "none", "any")
    wanted = store.Selection(query.text, parse(query.filters), query.review)
    if not query.labels and "label" in (*sorts, *(each.field for each in wanted.filters)):
        raise ServiceError("label: the labels are hidden; ask for them with labels=true")
    with db.reading(settings().database_url) as session:
        ranking = ranking_of(session, query.cut)
        try:
            yield ranking, wanted
        except ValueError as error:
            raise ServiceError(str(error)) from None
        _remember(ranking)


def node_json(node: Mapping[str, Any], *, labels: bool = False) -> dict[str, Any]:
    """A node as pages see it: without its label unless that was asked for."""
    shown = {name: value for name, value in node.items() if labels or name not in LABELS}
    review = node.get("review")
    return shown | {"review": asdict(review_view(review)) if review else None}


def _node_run(run: Run, nodes: int, has_parts: bool) -> NodeRun:
    return NodeRun(
        run.id,
        run.title,
        run.method,
        run.status,
        run.created_at,
        run.seed,
        str(run.config.get("detector", "")),
        str(run.config.get("graph", "")),
        nodes,
        has_parts,
        own_top(run, nodes),
    )
