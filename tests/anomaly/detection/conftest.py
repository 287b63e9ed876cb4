"""A tiny graph as a file, with and without labels, and a run of it."""

from __future__ import annotations

import numpy as np
import pytest

from methods import METHODS
from methods.local import LocalContext

DETECT = METHODS["anomaly.detect"]
TINY = {"epochs": 6, "denoiser_steps": 5, "levels": (0, 100), "sampler_steps": 2}
"""The cheapest training that still does every part."""


def tiny(nodes=60, features=4):
    """Two towns with a column that says nothing, a clique, and nodes without links at the end."""
    draw = np.random.default_rng(4)
    x = draw.standard_normal((nodes, features)).astype(np.float32)
    x[: nodes // 2] += 2
    x[:, -1] = 193_978 if features > 1 else x[:, -1]
    edges = draw.integers(0, nodes - 3, (2, 4 * nodes))
    clique = np.array([(i, j) for i in range(5) for j in range(5) if i != j]).T
    return {"x": x, "edge_index": np.concatenate([edges, clique], axis=1)}


@pytest.fixture(scope="session")
def graphs(tmp_path_factory):
    """From a name to the path of a graph: plain, labelled, shuffled (other labels), line (d = 1), few (n = 12), huge (beyond
    what float32 can square)."""
    folder = tmp_path_factory.mktemp("graphs")
    parts = tiny()
    y = np.r_[np.ones(8, np.int64), np.zeros(52, np.int64)]
    held = {
        "plain": parts,
        "labelled": parts | {"y": y},
        "shuffled": parts | {"y": np.random.default_rng(0).permutation(y)},
        "line": tiny(features=1),
        "few": tiny(nodes=12),
        "huge": parts | {"x": parts["x"] * np.float32(1e25)},
    }
    for name, arrays in held.items():
        np.savez(folder / f"{name}.npz", **arrays)
    return {name: str(folder / f"{name}.npz") for name in held}


@pytest.fixture(scope="session")
def detect(graphs, tmp_path_factory):
    """Run a detection, (name of the graph, seed, settings) -> result, context; one that was run before is not run again."""
    done = {}

    def run(graph="plain", *, seed=3, anew=False, resume_state=None, on_progress=None, **settings):
        key = repr((graph, seed, sorted(settings.items())))
        if key in done and not (anew or resume_state or on_progress):
            return done[key]
        context = LocalContext(
            tmp_path_factory.mktemp("run"), seed, resume_state=resume_state, on_progress=on_progress
        )
        config = DETECT.config(graph=graphs[graph], **{**TINY, **settings})
        found = DETECT.run(config, context), context
        done.setdefault(key, found)
        return found

    return run
