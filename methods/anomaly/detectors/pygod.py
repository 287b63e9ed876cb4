"""PyGOD's detectors on a graph of ours: same features, same seed, never a label.

PyGOD trains through a loader of torch_geometric that needs compiled packages (pyg-lib or torch-sparse) even where a batch is the
whole graph. Here it is given a loader of that one batch. DOMINANT, CONAD and AnomalyDAE hold dense n x n matrices: a run
refuses graphs for which these would not fit. Scores are those of the last training epoch, with its dropout, as in PyGOD's
`decision_score_`.

**Package**: Liu et al., "PyGOD: A Python Library for Graph Outlier Detection", JMLR 2024; https://pypi.org/project/pygod/
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

DETECTORS = {
    "dominant": "DOMINANT",
    "gae": "GAE",
    "cola": "CoLA",
    "conad": "CONAD",
    "anomalydae": "AnomalyDAE",
}
"""Our name -> PyGOD's class."""


@dataclass(frozen=True)
class Training:
    """How a PyGOD detector is trained.

    Attributes:
        hidden: width of its hidden layers, at least 1.
        alpha: weight of the features' error, 0 to 1, of those that reconstruct both.
    """

    hidden: int
    epochs: int
    dropout: float
    learning_rate: float
    weight_decay: float
    alpha: float


def pygod_scores(
    name: str,
    x: npt.NDArray[np.float32],
    edges: npt.NDArray[np.int64],
    training: Training,
    *,
    seed: int,
    device: torch.device,
    on_epoch: Callable[[int, float], None] = lambda _epoch, _loss: None,
) -> npt.NDArray[np.float64]:
    """Train one of PyGOD's detectors on a graph and return its scores.

    Args:
        name: a key of `DETECTORS`.
        x: (n, d) features, as the detector shall see them.
        edges: (2, E), row 0 = source.
        on_epoch: told the epochs done and the last loss; may raise to stop.

    Returns:
        (n,), higher = more anomalous.

    Raises:
        ModuleNotFoundError: pygod is not installed.
        ValueError: a score is not a number.
    """
    from torch_geometric.data import Data  # noqa: PLC0415  takes seconds to import

    data = Data(x=torch.from_numpy(np.ascontiguousarray(x)), edge_index=torch.from_numpy(edges))
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices), _one_batch():
        torch.manual_seed(seed)
        detector = _detector(name, training, device)
        detector.forward_model = _told(detector.forward_model, on_epoch)
        detector.fit(data)
    scores = detector.decision_score_.double().numpy()
    odd = int((~np.isfinite(scores)).sum())
    if odd:
        raise ValueError(
            f"{DETECTORS[name]} of PyGOD gave no number to {odd} of {len(scores)} nodes: scale the features, or lower the "
            "learning rate"
        )
    return np.asarray(scores)


def _detector(name: str, training: Training, device: torch.device) -> Any:
    from pygod import detector  # noqa: PLC0415

    settings: dict[str, Any] = {
        "hid_dim": training.hidden,
        "epoch": training.epochs,
        "dropout": training.dropout,
        "lr": training.learning_rate,
        "weight_decay": training.weight_decay,
        "gpu": (device.index or 0) if device.type == "cuda" else -1,
        "verbose": 0,
    }
    if name in ("dominant", "conad"):
        settings["weight"] = training.alpha
    if name == "anomalydae":  # whose alpha is the weight of the links
        settings |= {"alpha": 1 - training.alpha, "emb_dim": training.hidden}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Backbone and num_layers")  # its own defaults
        return getattr(detector, DETECTORS[name])(**settings)


@contextmanager
def _one_batch() -> Iterator[None]:
    """Have PyGOD make our loader where it would make its own; its class stays as it was afterwards."""
    from pygod.detector import base  # noqa: PLC0415  optional, and takes seconds to import

    before = base.NeighborLoader
    base.NeighborLoader = _OneBatch
    try:
        yield
    finally:
        base.NeighborLoader = before


def _told(forward: Callable[[Any], Any], on_epoch: Callable[[int, float], None]) -> Any:
    """`forward`, which is called once an epoch, and says so."""
    done = 0

    def told(batch: Any) -> Any:
        nonlocal done
        loss, score = forward(batch)
        done += 1
        on_epoch(done, float(loss.detach()))
        return loss, score

    return told


class _OneBatch:
    """What stands in for the neighbour loader: the whole graph as the only batch."""

    def __init__(self, data: Any, _neighbours: Any, batch_size: int) -> None:
        self.data = data.clone()
        self.data.batch_size = batch_size
        self.data.n_id = torch.arange(batch_size)
        if "s" in self.data:  # made from the links alone: it ends at the last node that has one
            short = batch_size - len(self.data.s)
            self.data.s = torch.nn.functional.pad(self.data.s, (0, short, 0, short))

    def __iter__(self) -> Iterator[Any]:
        yield self.data
