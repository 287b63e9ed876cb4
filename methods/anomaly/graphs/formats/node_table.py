"""A table of nodes: what edges call them by, what they are shown as, their features, and apart from these their labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from methods.anomaly.graphs.formats.columns import numbers, strings, texts
from methods.anomaly.graphs.graph import Feature, Labels, feature_of
from methods.anomaly.graphs.labelling import WORDS, label_of
from methods.anomaly.graphs.parts import Array, Parts, narrowed, rounding_note

KEYS = ("id", "node_id", "node", "name", ":id")
"""Columns that may hold what edges call a node by."""
LABELS = ("label", "y")
KINDS = ("anomaly_kind",)
SUSPICIOUS = ("anomal", "fraud", "outlier", "suspicious")
"""Parts of a column's name that sound like a label."""
MOST_CATEGORIES = 20
"""Distinct texts of a column up to which each becomes a column of 0 and 1."""


def add_nodes(
    parts: Parts, nodes: pa.Table, ends: Sequence[pa.Array], edges_told: str, told: str
) -> list[pa.Array]:
    """Names, features and labels of a node table; gives the places in it of the ends of edges."""
    key, known, places = _key(nodes, ends)
    if known.null_count:
        row = pc.index(pc.is_null(known), True).as_py()
        raise ValueError(f"{told}, row {row + 1}: the node has no {key}")
    if pc.count_distinct(known).as_py() < len(known):
        raise ValueError(f"{told}, {_twice(known.to_pylist(), key)}; a node has one row")
    for end, found in zip(ends, places, strict=True):
        if found.null_count:
            row = pc.index(pc.is_null(found), True).as_py()
            raise ValueError(
                f"{edges_told}, row {row + 1}: no node of {told} is called {end[row].as_py()!r:.80} ({found.null_count} ends of "
                f"edges have no node); its first one is {known[0].as_py()!r:.80}"
            )
    parts.nodes = len(known)
    parts.names = None if key is None else known.to_pylist()
    shown = _shown(nodes, key)
    if shown is not None:
        parts.names = texts(nodes, shown)
    parts.labels = _labels(nodes, told, (key, shown))
    taken = {key, shown}
    taken |= {_find(nodes, LABELS), _find(nodes, KINDS)} if parts.labels else set()
    _add_features(parts, nodes, [name for name in nodes.column_names if name not in taken], told)
    return places


def _key(nodes: pa.Table, ends: Sequence[pa.Array]) -> tuple[str | None, pa.Array, list[pa.Array]]:
    """The column that edges name nodes by, its values, and where in it the ends are, null where nowhere.

    No column: nodes have no names, and edges count their rows from 0.
    """
    lower = {name.lower(): name for name in nodes.column_names}
    named: list[str | None] = [lower[each] for each in KEYS if each in lower]
    if not named:
        first = nodes.column_names[0]
        named = [first if _is_text(nodes, first, True) else None]
    tried = []
    for name in named:
        rows = pa.array(np.arange(nodes.num_rows)).cast(pa.string())
        values = rows if name is None else strings(nodes, name)
        tried.append((name, values, [pc.index_in(end, value_set=values) for end in ends]))
        if not any(each.null_count for each in tried[-1][2]):
            return tried[-1]
    return tried[0]


def _is_text(table: pa.Table, name: str, mixed: bool) -> bool:
    """Whether a column is one of texts; `mixed` where most are numbers and some are not."""
    try:
        return numbers(table, name) is None
    except ValueError:
        return mixed


def _shown(nodes: pa.Table, key: str | None) -> str | None:
    """The column to show nodes by where it is not the key: "name", or Gephi's "Label", if all differ."""
    for wanted in ("name", "label"):
        name = _find(nodes, (wanted,))
        if name is None or name == key or key is None or not _is_text(nodes, name, False):
            continue
        values = strings(nodes, name)
        if not values.null_count and pc.count_distinct(values).as_py() == len(values):
            return name
    return None


def _find(nodes: pa.Table, allowed: Sequence[str]) -> str | None:
    names: list[str] = nodes.column_names
    return next((name for name in names if name.lower() in allowed), None)


def _labels(nodes: pa.Table, told: str, taken: tuple[str | None, str | None]) -> Labels | None:
    name = _find(nodes, LABELS)
    if name is None or name in taken:
        return None
    cells = strings(nodes, name)
    distinct = {each or "": None for each in pc.unique(cells).to_pylist()}
    wrong = [each for each in distinct if each.lower() not in WORDS]
    if wrong:
        row = pc.index(cells, wrong[0]).as_py()
        label_of(wrong[0], f"{told}, row {row + 1}, column {name}")
    anomalous = np.array([WORDS[(each or "").lower()] for each in cells.to_pylist()], np.int8)
    kind = _find(nodes, KINDS)
    return Labels(anomalous, None if kind is None else texts(nodes, kind))


def _add_features(parts: Parts, nodes: pa.Table, columns: Sequence[str], told: str) -> None:
    found: list[Array] = []
    features: list[Feature] = []
    unread: list[str] = []
    rounded: list[str] = []
    for name in columns:
        try:
            values = numbers(nodes, name)
        except ValueError as error:
            raise ValueError(f"{told}, {error}") from None
        if values is not None:
            narrow, lost = narrowed(values[:, None])
            rounded += [name] if len(lost) else []
            found.append(narrow)
            features.append(feature_of(name))
            continue
        categories = _categories(nodes, name)
        unread += [] if categories else [name]
        for category, where in categories:
            found.append(where[:, None])
            features.append(Feature(f"{name}: {category}"))
    parts.notes += rounding_note(rounded)
    parts.notes += [
        f"{name} was read as a feature; if it says which nodes are anomalous, call it label, so that nothing that scores sees it."
        for name in columns
        if any(part in name.lower() for part in SUSPICIOUS)
    ]
    if unread:
        parts.notes.append(
            f"Not read as features: {', '.join(unread)}; columns are numbers, true and false, or texts with 2 to {MOST_CATEGORIES} "
            "different values."
        )
    if found:
        parts.x, parts.features = np.concatenate(found, axis=1), features


def _categories(nodes: pa.Table, name: str) -> list[tuple[str, Array]]:
    kind = nodes.column(name).type
    if not (
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind)
    ):
        return []
    cells = strings(nodes, name)
    distinct = sorted(each for each in pc.unique(cells).to_pylist() if each)
    if not 2 <= len(distinct) <= MOST_CATEGORIES:
        return []
    filled = pc.fill_null(cells, "")
    return [
        (each, pc.equal(filled, each).to_numpy(zero_copy_only=False).astype(np.float32))
        for each in distinct
    ]


def _twice(names: Sequence[str], key: str | None) -> str:
    seen: dict[str, int] = {}
    for row, name in enumerate(names):
        if seen.setdefault(name, row) != row:
            return f"rows {seen[name] + 1} and {row + 1} have the same {key}, {name!r:.80}"
    return ""
