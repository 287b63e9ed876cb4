"""Frozen features in an npz: whose rows are of which class, and what is known of the classes."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from methods.archives import Archive
from methods.fewshot.afr.semantics import similarity_vectors

Array = NDArray[Any]
KEYS = {"features": "X", "labels": "Y"}
"""Our name -> the short one that is read as well."""
READ = {*KEYS, *KEYS.values(), "names", "n_base", "semantic_cosine", "semantics"}
DENSE = 256 * 10**6
"""Bytes of an array that may be packed as densely as it will: labels in order, 5 MB of them, become some 10 kB."""
WANTED = "features (N, D), labels (N,), names (C,), and n_base, how many of the classes are base classes and come first"


@dataclass(frozen=True)
class Features:
    """What such a file holds.

    Attributes:
        features: (N, D) float32, finite.
        labels: (N,), places among the names.
        base: places of the base classes, or None where there is no n_base.
        semantics: (C, S), or None.
    """

    features: NDArray[np.float32]
    labels: NDArray[np.int64]
    names: tuple[str, ...]
    base: frozenset[int] | None
    semantics: NDArray[np.float64] | None


def read_features(path: Path, name: str = "") -> Features:
    """Read a file of features; nothing pickled is opened.

    Keys: `features` (or X) (N, D), `labels` (or Y) (N,) whole numbers, `names` (C,) text, maybe `n_base`, `semantic_cosine` (C, C) or
    `semantics` (C, S).

    Args:
        name: what to call the file in errors; empty is its own name.

    Raises:
        ValueError: it can't be read, lacks a key, a shape is wrong, a value is not finite, or a label has no name; names file, key and row.
    """
    told = name or path.name
    held = _held(path, told)
    rows = _numbers(held, "features", told, 2).astype(np.float32, copy=False)
    labels = _numbers(held, "labels", told, 1)
    names = _names(held["names"], told)
    _check_labels(labels, len(rows), names, told)
    n_base = held.get("n_base")
    return Features(
        rows,
        labels.astype(np.int64),
        names,
        None if n_base is None else frozenset(range(_count(n_base, len(names), told))),
        _semantics(held, len(names), told),
    )


def _held(path: Path, told: str) -> Mapping[str, Array]:
    try:
        Archive(path, told, ratio_from=DENSE)  # refuses a bomb before anything is unpacked
        with np.load(path, allow_pickle=False) as opened:
            there = sorted(opened.files)
            held = {key: opened[key] for key in there if key in READ}
    except (ValueError, OSError, EOFError, KeyError, MemoryError, zipfile.BadZipFile) as error:
        if "allow_pickle" in str(error):
            raise ValueError(
                f"{told} has arrays of objects, which are pickled and never opened: save numbers, and texts as an array of str"
            ) from error
        raise ValueError(f"{told} is no npz that can be read: {error}") from error
    held |= {
        ours: held[short] for ours, short in KEYS.items() if short in held and ours not in held
    }
    absent = [key for key in (*KEYS, "names") if key not in held]
    if absent:
        raise ValueError(
            f"{told} has no {' and no '.join(absent)}, it has {', '.join(there[:10]) or 'nothing'}; needed are {WANTED}"
        )
    return held


def _numbers(held: Mapping[str, Array], key: str, told: str, axes: int) -> Array:
    array = held[key]
    if array.dtype.kind not in "fiu" or array.ndim != axes or array.size == 0:
        raise ValueError(
            f"{told}: {key} must be numbers with {axes} {'axes' if axes > 1 else 'axis'}, got {array.dtype} {array.shape}"
        )
    finite = np.isfinite(array).reshape(len(array), -1).all(1)
    if not finite.all():
        raise ValueError(f"{told}: {key} must be finite; row {int(np.argmin(finite))} is not")
    return array


def _names(array: Array, told: str) -> tuple[str, ...]:
    if array.ndim != 1 or array.dtype.kind != "U":
        raise ValueError(f"{told}: names must be (C,) of text, got {array.dtype} {array.shape}")
    for place, name in enumerate(array.tolist()):
        if not name.strip() or not name.isprintable():
            raise ValueError(f"{told}: the name of class {place} is empty or unprintable")
    return tuple(array.tolist())


def _check_labels(labels: Array, rows: int, names: tuple[str, ...], told: str) -> None:
    if len(labels) != rows:
        raise ValueError(f"{told}: {rows} features, but {len(labels)} labels")
    outside = (labels != np.floor(labels)) | (labels < 0) | (labels >= len(names))
    if outside.any():
        row = int(np.argmax(outside))
        raise ValueError(
            f"{told}: labels must be whole, 0 to {len(names) - 1} for {len(names)} names; row {row} has {labels[row]}"
        )


def _count(array: Array, classes: int, told: str) -> int:
    if array.size != 1 or array.dtype.kind not in "iu" or not 0 < array.item() < classes:
        raise ValueError(
            f"{told}: n_base must be a whole number, 1 to {classes - 1} of {classes} classes; got {array.dtype} {array.tolist()!s:.40}"
        )
    return int(array.item())


def _semantics(held: Mapping[str, Array], classes: int, told: str) -> NDArray[np.float64] | None:
    for key in ("semantic_cosine", "semantics"):
        if key not in held:
            continue
        array = _numbers(held, key, told, 2).astype(np.float64)
        if len(array) != classes:
            raise ValueError(f"{told}: {key} has {len(array)} rows for {classes} names")
        if key == "semantics":
            return array
        try:
            return similarity_vectors(array)
        except ValueError as error:
            raise ValueError(f"{told}: semantic_cosine: {error}") from error
    return None
