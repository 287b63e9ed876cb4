"""What a detection is expected to need, from its settings and the size of its graph; no torch."""

from __future__ import annotations

from dataclasses import dataclass, replace

from methods.anomaly.detection.config import DetectConfig
from methods.anomaly.detectors.table import DETECTORS, FLOAT
from methods.anomaly.graphs.config import MISERABLES, PAYMENTS
from methods.anomaly.graphs.graph import Graph
from methods.anomaly.settings import hidden_width
from methods.base import Estimate


@dataclass(frozen=True)
class Size:
    nodes: int
    links: int
    features: int


def size_of(graph: Graph) -> Size:
    return Size(graph.nodes, graph.links, graph.x.shape[1])


KNOWN = {PAYMENTS: Size(1800, 14_425, 9), MISERABLES: Size(77, 508, 4)}
"""Graphs whose size needs no reading."""
ASSUMED = Size(10_000, 50_000, 32)
"""Of a graph that is not opened here."""
MB = 1024.0**2
ACTIVATIONS, FEATURE_COPIES, KEPT_VIEWS = 32, 8, 4
"""Values a node and unit of the latents, or a feature, that are held at once; views whose factors are kept."""
DENOISER = 48
"""Values a node of a block and unit of the latents in a denoiser's step."""


START_SECONDS = 8.0
"""Importing PyTorch, its optimisers and scikit-learn."""
PYGOD_SECONDS = 6.0
"""Importing PyGOD."""
BASE_MB = 780.0
EPOCH_RATE, STEP_RATE, CALL_RATE, SCORE_RATE = 8e9, 1.7e10, 3e10, 8e8
"""Multiply-adds a second of an autoencoder's epoch, a denoiser's training step, its calls in sampling, and of scoring a view. Constants
of time here are processor time of one thread on random graphs of 2,000 to 100,000 nodes; where cores are shared, or the graph
does not fit the cache as well, a run takes as much longer."""
EPOCH_SECONDS, STEP_SECONDS, CALL_SECONDS = 0.004, 0.0025, 0.0001
"""What one takes however small the graph."""
EVIDENCE_SECONDS = 1.5e-8
"""Of comparing one feature at both ends of a link."""
PYGOD_RATE = 1.3e9
DENSE_RATE = 2.5e8
"""Entries of an n x n matrix a second, of one pass of one of them."""


def estimate_detect(config: DetectConfig) -> Estimate:
    """Seconds and memory, from the settings alone; a graph of one's own is taken to be of a middling size, which the detail says."""
    known = KNOWN.get(config.graph)
    if known is not None:
        return estimate_graph(config, known)
    found = estimate_graph(config, ASSUMED)
    return replace(found, detail={f"assumed_{name}": size for name, size in found.detail.items()})


def estimate_graph(config: DetectConfig, size: Size) -> Estimate:
    """Seconds and memory of a run on a graph whose size is known; its detail says the size."""
    detail = {
        "nodes": float(size.nodes),
        "links": float(size.links),
        "features": float(size.features),
    }
    seconds = START_SECONDS + sum(parts_of(config, size).values())
    return Estimate(seconds, BASE_MB + memory_of(config, size) / MB, detail)


def parts_of(config: DetectConfig, size: Size) -> dict[str, float]:
    """Seconds of each part of a run, in the order they come."""
    nodes = float(size.nodes)
    return {
        "beside": 0.2 + nodes * (5e-6 + 5e-9 * size.features),
        "score": _score_seconds(config, size),
        "write": 0.1 + 1e-8 * (nodes * size.features + size.links) + 2e-6 * nodes,
        "record": 0.05 + 6e-5 * nodes,
    }


def memory_of(config: DetectConfig, size: Size) -> float:
    """Bytes at the highest, beside what libraries take."""
    detector, nodes = DETECTORS[config.detector], float(size.nodes)
    graph = FLOAT * nodes * size.features + 40.0 * size.links + 150.0 * nodes
    if detector.trivial:
        return graph
    copies = FLOAT * nodes * FEATURE_COPIES * size.features
    if not detector.learns:
        return graph + copies + 30.0 * size.links
    hidden = hidden_width(size.features, config.hidden)
    held = nodes * FLOAT * ACTIVATIONS * hidden + copies
    held += 30.0 * size.links + detector.dense_bytes(size.nodes)
    if config.detector == "diffgad":
        held += nodes * FLOAT * (views_of(config) + KEPT_VIEWS * hidden)
        held += min(nodes, config.block) * FLOAT * DENOISER * hidden
    return graph + held


def views_of(config: DetectConfig) -> int:
    """How often all nodes are scored."""
    views = len(config.levels) * config.draws if config.detector == "diffgad" else 1
    return config.repeats * views


def _score_seconds(config: DetectConfig, size: Size) -> float:
    detector = DETECTORS[config.detector]
    if detector.trivial:
        return 1e-3
    if not detector.learns:
        return 1e-3 + EVIDENCE_SECONDS * (size.links + size.nodes) * size.features
    hidden = hidden_width(size.features, config.hidden)
    nodes, links, wide = float(size.nodes), float(size.links), size.features
    work = 3 * nodes * hidden * (2 * wide + 6 * hidden) + 32 * hidden * (links + nodes)
    if detector.pygod:
        dense = detector.dense * nodes**2 / DENSE_RATE
        return PYGOD_SECONDS + config.epochs * (EPOCH_SECONDS + work / PYGOD_RATE + dense)
    seconds = config.epochs * (EPOCH_SECONDS + work / EPOCH_RATE)
    scoring = nodes * (2 * wide * hidden + 8 * hidden**2) + 8 * hidden * links
    view = scoring / SCORE_RATE
    if config.detector == "autoencoder":
        return config.repeats * (seconds + view)
    call = 36 * hidden**2
    rows = min(nodes, config.block)
    seconds += 2 * config.denoiser_steps * (STEP_SECONDS + 3 * call * rows / STEP_RATE)
    calls = (2 * config.sampler_steps - 1) * (2 if config.guidance else 1)
    view += calls * (CALL_SECONDS + call * nodes / CALL_RATE)
    return config.repeats * (seconds + len(config.levels) * config.draws * view)
