"""Labels of nodes: what an array of them means, a table of them, and writing them back."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from methods.anomaly.graphs.graph import Graph, Labels
from methods.anomaly.graphs.parts import Array

COLUMNS = ("name", "label", "kind")
"""Of a table of labels; kind may be missing."""
BITS = ("contextual", "structural")
"""What bit 0 and bit 1 of a label say in the BOND benchmark."""
WORDS = {"1": 1, "0": 0, "-1": -1, "": -1, "true": 1, "false": 0, "1.0": 1, "0.0": 0, "-1.0": -1}
ALLOWED = "1 (anomalous), 0 (not), -1 or nothing (not known), true, false"


def labels_of(values: Any, what: str, notes: list[str]) -> Labels | None:
    """What an array of one number a node says, whatever its dtype.

    0 and 1, true and false are labels; so are whole numbers up to 3, as BOND's bits, where they do not call most nodes
    anomalous; -1 and NaN are not known. Anything else is classes of another kind: None, and a note that says so.
    """
    array = np.asarray(values)
    if array.size == len(array):
        array = array.reshape(-1)
    real = np.issubdtype(array.dtype, np.integer) or np.issubdtype(array.dtype, np.floating)
    usable = array.ndim == 1 and (array.dtype == bool or real)
    if not usable:
        notes.append(
            f"{what} ({array.dtype} {array.shape}) is not one real number a node: no labels were taken from it."
        )
        return None
    numbers = np.where(np.isnan(array := array.astype(np.float64)), -1, array)
    found = np.unique(numbers)
    if np.isin(found, (-1, 0, 1)).all():
        return Labels(numbers.astype(np.int8))
    if np.isin(found, (-1, 0, 1, 2, 3)).all() and (numbers > 0).mean() < 0.5:
        return of_bits(numbers.astype(np.int8))
    notes.append(
        f"{what} has {len(found)} values from {found[0]:g} to {found[-1]:g}: classes, not labels of anomalies (0 and 1, or BOND's "
        "bits 0 to 3). It was not read."
    )
    return None


def of_bits(numbers: Array) -> Labels:
    """Labels from BOND's bits: -1 not known, 0 not anomalous, 1 contextual, 2 structural, 3 both."""
    words = np.array(["", BITS[0], BITS[1], f"{BITS[0]} and {BITS[1]}"])
    return Labels(np.minimum(numbers, 1), words[np.maximum(numbers, 0)].tolist())


def read_labels(path: str | Path, graph: Graph, name: str = "") -> Labels:
    """Labels of a graph's nodes from a CSV or parquet table with the columns name, label and maybe kind.

    Nodes that the table does not name are not known. Other columns, such as a verdict or a note, are not looked at.

    Raises:
        ValueError: a column is missing, a name is of no node or stands there twice, or a label is none: by its row.
    """
    names = graph.names or [str(position) for position in range(graph.nodes)]
    return labels_by_name(Path(path), names, graph.source, name or Path(path).name)


def labels_by_name(path: Path, names: Sequence[str], source: str, told: str) -> Labels:
    """The same for the names of a graph that is not made yet."""
    from methods.anomaly.graphs.formats.columns import read_table, texts  # noqa: PLC0415  pyarrow takes a second

    table = read_table(path, told)
    missing = [column for column in COLUMNS[:2] if column not in table.column_names]
    if missing:
        raise ValueError(
            f"{told} has no column {missing[0]!r}, but {', '.join(table.column_names[:8])}; labels need name and label"
        )
    place = {name: position for position, name in enumerate(names)}
    anomalous = np.full(len(names), -1, np.int8)
    kinds = texts(table, COLUMNS[2]) if COLUMNS[2] in table.column_names else None
    kind_of = [""] * len(names)
    seen: set[str] = set()
    for row, (node, label) in enumerate(
        zip(texts(table, "name"), texts(table, "label"), strict=True)
    ):
        where = f"{told}, row {row + 1}"
        # An export puts an apostrophe before what a spreadsheet would take for a formula.
        called = node if node in place else node.removeprefix("'")
        if called not in place:
            raise ValueError(f"{where}: {source} has no node called {node!r:.80}")
        if called in seen:
            raise ValueError(f"{where}: {called!r:.80} stands there twice")
        seen.add(called)
        anomalous[place[called]] = label_of(label, f"{where}, column label")
        kind_of[place[called]] = kinds[row] if kinds is not None else ""
    return Labels(anomalous, kind_of if kinds is not None else None)


def label_of(text: str, where: str) -> int:
    """1, 0 or -1 from a cell of a table.

    Raises:
        ValueError: it is none of `WORDS`.
    """
    known = WORDS.get(text.strip().lower())
    if known is None:
        raise ValueError(f"{where}: {text!r:.40} is no label; allowed are {ALLOWED}")
    return known


def write_labels(path: str | Path, graph: Graph, labels: Labels) -> Path:
    """Write a CSV with the columns name, label (1, 0, or nothing where it is not known) and, where there are some, kind.

    `read_labels` takes it back.

    Raises:
        ValueError: there are more or fewer labels than nodes.
    """
    if len(labels.anomalous) != graph.nodes:
        raise ValueError(
            f"{len(labels.anomalous)} labels for {graph.nodes} nodes; one each is needed"
        )
    target = Path(path)
    columns = COLUMNS if labels.kinds is not None else COLUMNS[:2]
    with target.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for position, value in enumerate(labels.anomalous.tolist()):
            row = [graph.name(position), "" if value < 0 else value]
            writer.writerow(row if labels.kinds is None else [*row, labels.kinds[position]])
    return target
