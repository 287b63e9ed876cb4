"""From settings and a graph to an `Outcome`, whichever detector is asked for. Labels are not even at hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from methods.anomaly.autoencoder.detector import GraphAutoencoder
from methods.anomaly.detectors.forest import isolation_forest
from methods.anomaly.detectors.table import DETECTORS
from methods.anomaly.detectors.trivial import feature_norm, link_counts
from methods.anomaly.detectors.untrained import untrained_evidence
from methods.anomaly.diffgad import DiffGAD
from methods.anomaly.graphs.graph import Graph
from methods.anomaly.outcome import Outcome, View, percentiles_of
from methods.anomaly.scaling import FeatureScale
from methods.anomaly.settings import hidden_width

Floats = npt.NDArray[np.float64]
Beside = Mapping[str, Floats]
CHECKPOINT_SECONDS = 60.0


@dataclass(frozen=True)
class Hooks:
    """What a detector tells on its way.

    Attributes:
        progress: (done, total, message); may raise to stop.
        log: (step, name, value) of a curve.
        checkpoint: takes a flat dict of tensors; None keeps nothing.
        resume: what an earlier attempt's `checkpoint` got last.
    """

    progress: Callable[[float, float, str], None]
    log: Callable[[int, str, float], None]
    checkpoint: Callable[[Mapping[str, Any]], None] | None = None
    resume: Mapping[str, Any] | None = None


def trivial_scores(
    graph: Graph, seed: int, progress: Callable[[float, float, str], None]
) -> dict[str, Floats]:
    """What stands beside every detector, (n,) each: "degree", "norm" and "forest"."""
    progress(0, 1, "counting links, measuring features")
    found = {"degree": link_counts(graph.csr().indptr), "norm": feature_norm(graph.x)}
    nodes = graph.nodes
    found["forest"] = isolation_forest(
        graph.x, seed, lambda done: progress(done, nodes, "Isolation Forest")
    )
    return found


def score(
    name: str,
    settings: Mapping[str, Any],
    graph: Graph,
    beside: Beside,
    *,
    seed: int,
    device: torch.device,
    hooks: Hooks,
) -> Outcome:
    """Score all nodes.

    Args:
        name: a key of `DETECTORS`.
        settings: those that it reads, by name.
        beside: what `trivial_scores` gave: a trivial detector is one of them.

    Raises:
        ValueError: a setting is out of bounds, a score is not a number, or `resume` is of another graph or other settings.
        FloatingPointError: a training diverged.
    """
    trivial = {"degree": "degree", "feature_norm": "norm", "forest": "forest"}
    if name in trivial:
        return alone(beside[trivial[name]])
    if name == "evidence":
        outcome = untrained_evidence(graph, settings["alpha"])
        ranks = percentiles_of(outcome.score).astype(np.float32)[None]
        return replace(outcome, percentiles=ranks, views=(View(0, None, 0),))
    if DETECTORS[name].pygod:
        return alone(_pygod(name, settings, graph, seed, device, hooks))
    kind: type[DiffGAD | GraphAutoencoder] = DiffGAD if name == "diffgad" else GraphAutoencoder
    detector = kind(seed, device=device, **settings)
    detector.fit(
        graph,
        progress=hooks.progress,
        log=hooks.log,
        checkpoint=hooks.checkpoint,
        resume=hooks.resume,
        checkpoint_every=CHECKPOINT_SECONDS,
    )
    return detector.outcome_


def score_nodes(
    graph: Graph,
    detector: str = "diffgad",
    *,
    seed: int = 0,
    device: str | torch.device = "cpu",
    **settings: Any,
) -> Outcome:
    """Score the nodes of a graph by any detector, as a run does.

        score_nodes(read_graph("payments").graph, "pygod_gae", seed=1, epochs=100).score

    Args:
        detector: a key of `DETECTORS`.
        settings: what differs from the defaults of a run, by its names.

    Raises:
        ValueError: a name or a value that is not allowed (as of `DetectConfig`), or as of `score`.
        ModuleNotFoundError: a detector of PyGOD without the package pygod.
    """
    from methods.anomaly.detection.config import DetectConfig, settings_of  # noqa: PLC0415  reads our table

    config = DetectConfig.model_validate({"detector": detector, **settings})
    hooks = Hooks(lambda _done, _total, _message: None, lambda _step, _name, _value: None)
    return score(
        detector,
        settings_of(config),
        graph,
        trivial_scores(graph, seed, hooks.progress) if not DETECTORS[detector].learns else {},
        seed=seed,
        device=torch.device(device),
        hooks=hooks,
    )


def alone(scores: Floats) -> Outcome:
    """The outcome of a detector that says a number a node and nothing else."""
    percentiles = percentiles_of(scores).astype(np.float32)[None]
    return Outcome(score=scores, percentiles=percentiles, views=(View(0, None, 0),))


def _pygod(
    name: str,
    settings: Mapping[str, Any],
    graph: Graph,
    seed: int,
    device: torch.device,
    hooks: Hooks,
) -> Floats:
    from methods.anomaly.detectors.pygod import Training, pygod_scores  # noqa: PLC0415  optional

    epochs, title = settings["epochs"], DETECTORS[name].title
    scale = FeatureScale.of(graph.x, settings["scaling"], settings["clip"])
    training = Training(
        hidden=hidden_width(int(scale.kept.sum()), settings["hidden"]),
        epochs=epochs,
        dropout=settings["dropout"],
        learning_rate=settings["learning_rate"],
        weight_decay=settings["weight_decay"],
        alpha=settings.get("alpha", 0.5),
    )

    def told(epoch: int, loss: float) -> None:
        hooks.log(epoch, "loss", loss)
        hooks.progress(epoch, epochs, f"{title}, epoch {epoch} of {epochs}")

    return pygod_scores(
        DETECTORS[name].pygod,
        scale.apply(graph.x),
        graph.edges,
        training,
        seed=seed,
        device=device,
        on_epoch=told,
    )
