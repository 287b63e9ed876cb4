"""Ranked nodes, and what people decided of them, as files that are written while they are sent: a million nodes fit in no answer."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from backend.services.nodes import NodeCut, NodeQuery, asked, node_json
from methods.local import table_cell
from storage import nodes as store

COLUMNS = (
    "rank",
    "name",
    "node_id",
    "position",
    "flagged",
    "score",
    "percentile",
    "weighted",
    "error",
    "attribute",
    "structure",
    "degree",
    "in_degree",
    "flagged_neighbours",
    "plain_percentile",
    "degree_percentile",
    "norm_percentile",
    "forest_percentile",
    "peer_percentile",
    "stability",
    "apart",
    "verdict",
    "note",
    "tags",
)
"""Of a CSV of nodes, in this order; flagged is 1 or 0, all but names, ids, verdict, note and tags are numbers or empty."""
LABELLED = ("label", "kind")
"""Columns behind these, where the labels of the graph are asked for."""
REVIEWED = ("name", "label", "verdict", "note")
"""Of a CSV of reviews; a graph is read with such a table as its labels."""
LABELS = {"confirm": 1, "dismiss": 0}


def nodes_csv(query: NodeQuery) -> Iterator[str]:
    """The nodes as CSV with the columns `COLUMNS`, in the order of the ranking, in pieces.

    A text that a spreadsheet would take for a formula has an apostrophe before it.

    Raises:
        NotFound: there is no such run; said at once, as all errors are.
        ServiceError: a filter or a weight that is not allowed.
    """
    columns = COLUMNS + LABELLED if query.labels else COLUMNS
    return _begun(_table(columns, (_cells(row, columns) for row in _rows(query))))


def reviews_csv(run_id: str) -> Iterator[str]:
    """The nodes that have a verdict as CSV with the columns `REVIEWED`: label is 1 confirmed, 0 dismissed, empty unsure."""
    query = NodeQuery(NodeCut(run_id), review="any")
    return _begun(_table(REVIEWED, (_judged(row) for row in _rows(query))))


def nodes_json(query: NodeQuery) -> Iterator[str]:
    """The nodes as one JSON object, a node a line, in the order of the ranking, in pieces.

    {"run", "weight" (null for the run's own order), "top", "nodes": [as `list_nodes` has them]}
    """
    return _begun(_document(query))


def _begun(pieces: Iterator[str]) -> Iterator[str]:
    """`pieces`, the first of which is made now, so that what is wrong is said before anything is sent."""
    return chain([next(pieces)], pieces)


def _rows(query: NodeQuery) -> Iterator[dict[str, Any] | None]:
    """Each node; None where a piece ends."""
    with asked(query) as (ranking, wanted):
        for rows in store.walk(ranking, wanted):
            yield from (node_json(row, labels=query.labels) for row in rows)
            yield None


def _table(columns: Iterable[str], rows: Iterable[list[Any] | None]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        if row is not None:
            writer.writerow(row)
            continue
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def _cells(row: Mapping[str, Any] | None, columns: Iterable[str]) -> list[Any] | None:
    if row is None:
        return None
    review = row["review"] or {"verdict": None, "note": "", "tags": []}
    told = {**row, **review, "flagged": int(row["flagged"]), "tags": ", ".join(review["tags"])}
    return [table_cell(told.get(name)) for name in columns]


def _judged(row: Mapping[str, Any] | None) -> list[Any] | None:
    if row is None:
        return None
    review = row["review"]
    told = {"name": row["name"], "label": LABELS.get(review["verdict"]), **review}
    return [table_cell(told[name]) for name in REVIEWED]


def _document(query: NodeQuery) -> Iterator[str]:
    with asked(query) as (ranking, wanted):
        about = {"run": ranking.run_id, "weight": ranking.weight, "top": ranking.top}
        head, between = f'{json.dumps(about)[:-1]}, "nodes": [', "\n"
        for rows in store.walk(ranking, wanted):
            lines = ",\n".join(
                json.dumps(node_json(row, labels=query.labels), allow_nan=False) for row in rows
            )
            yield f"{head}{between}{lines}"
            head, between = "", ",\n"
        yield f"{head}\n]}}\n"
