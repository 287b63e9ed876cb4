"""MATLAB's `.mat`: an adjacency, attributes and labels, as the collections of graph anomalies have them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from methods.anomaly.graphs.graph import Labels
from methods.anomaly.graphs.labelling import BITS, labels_of, of_bits
from methods.anomaly.graphs.parts import Parts, dense, from_adjacency

NETWORKS = ("Network", "network", "A", "adj")
ATTRIBUTES = ("Attributes", "attributes", "X", "features")
LABELS = ("Label", "label", "gnd", "y")
KINDS = ("attr_anomaly_label", "str_anomaly_label")
"""Of planted anomalies, in the order of `BITS`."""


def read_mat(path: Path, told: str) -> Parts:
    """The parts of a graph in a `.mat` file, of version 7 or older.

    Raises:
        ValueError: it is damaged or of a newer version, or has no adjacency.
    """
    from scipy.io import loadmat  # noqa: PLC0415  half a second

    try:
        wanted = [*NETWORKS, *ATTRIBUTES, *LABELS, *KINDS]
        held = loadmat(path, variable_names=wanted)
    except NotImplementedError:
        raise ValueError(
            f"{told} is a MATLAB file of version 7.3, which is not read: save it with -v7, or as .npz"
        ) from None
    except Exception as error:  # whatever the bytes make it raise
        raise ValueError(f"{told} is no MATLAB file that can be read: {error}") from error
    network = _first(held, NETWORKS)
    if network is None:
        keys = ", ".join(key for key in held if not key.startswith("__")) or "nothing of it"
        raise ValueError(
            f"{told} is no graph: it needs Network (or A), a square matrix; it has {keys}"
        )
    notes: list[str] = []
    edges, nodes = from_adjacency(network, f"{told}: Network", notes)
    parts = Parts(edges, nodes, notes=notes)
    attributes = _first(held, ATTRIBUTES)
    if attributes is not None:
        parts.x = dense(attributes, f"{told}: Attributes")
    parts.labels = _labels(held, nodes, parts.notes)
    return parts


def _labels(held: dict[str, Any], nodes: int, notes: list[str]) -> Labels | None:
    bits = [held.get(each) for each in KINDS]
    if all(each is not None and each.size == nodes for each in bits):
        numbers = sum(
            np.asarray(each).reshape(-1).astype(bool) * 2**i for i, each in enumerate(bits)
        )
        notes.append(
            f"Kinds of anomaly were read from {' and '.join(KINDS)} ({' and '.join(BITS)})."
        )
        return of_bits(np.asarray(numbers, np.int8))
    label = _first(held, LABELS)
    return None if label is None else labels_of(np.asarray(label).reshape(-1), "Label", notes)


def _first(held: dict[str, Any], keys: tuple[str, ...]) -> Any:
    return next((held[key] for key in keys if key in held), None)
