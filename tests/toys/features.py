"""Frozen features of a few made-up classes, in the file that `fewshot.regularise` reads: related classes lie near each other."""

from __future__ import annotations

from pathlib import Path

import numpy as np

BASE = ("wolf", "fox", "coyote", "oak", "elm", "birch", "canoe", "ferry", "kayak")
NOVEL = ("dog", "maple", "raft", "cup")
KINDS = {"wolf": 0, "fox": 0, "coyote": 0, "dog": 0, "oak": 1, "elm": 1, "birch": 1, "maple": 1}
"""0 for animals, 1 for trees; all others but the cup are boats, 2, and the cup is like nothing else, 3."""
PICTURES = 12
SMALL = {
    "semantics": "matrix",
    "ways": 3,
    "queries": 5,
    "episodes": 30,
    "related": 2,
    "gate": True,
    "steps": 5,
}
"""Settings of a regularisation that takes a moment on this file."""


def write_features(path: Path) -> Path:
    """Write the npz; the same one each time."""
    draw = np.random.default_rng(7)
    names = [*BASE, *NOVEL]
    kinds = [3 if name == "cup" else KINDS.get(name, 2) for name in names]
    meaning = np.eye(4)[kinds] + 0.25 * draw.random((len(names), 4))
    seen = 2 * np.eye(4)[kinds] @ draw.random((4, 16)) + 0.7 * draw.random((len(names), 16))
    labels = np.repeat(np.arange(len(names)), PICTURES)
    features = seen[labels] + 0.5 * draw.random((len(labels), 16))
    np.savez(
        path,
        features=features.astype(np.float32),
        labels=labels,
        names=np.array(names),
        n_base=len(BASE),
        semantics=meaning,
    )
    return path
