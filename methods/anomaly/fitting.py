"""What both detectors share: checks, progress, resuming, and the attributes that PyGOD's users know."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from methods.anomaly.outcome import Outcome, View, percentiles_of
from methods.anomaly.prepared import Prepared, prepare
from methods.anomaly.saving import Checkpoint, Saved
from methods.anomaly.scaling import FeatureScale
from methods.anomaly.settings import AutoencoderSettings

Progress = Callable[[float, float, str], None]
Log = Callable[[int, str, float], None]

SMALL = 1 << 18
"""Values of one layer below which a second thread saves nothing."""


class Fit:
    """One fit on its way: how far it is, and what is kept of it.

    Args:
        total: work of all stages.
        progress: gets work done, all work, and what is being done.
        log: gets the step, the name and the value of each loss.
    """

    def __init__(
        self, total: float, progress: Progress | None, saved: Saved, log: Log | None = None
    ) -> None:
        self.saved, self._log = saved, log
        self._total, self._progress, self._done = total, progress, 0.0

    @classmethod
    def unheard(cls) -> Fit:
        """One that nobody follows and nothing is kept of."""
        return cls(0.0, None, Saved(None, None, torch.zeros(0), 0.0))

    def tick(self, work: float, message: str) -> None:
        """Some work was done, or turned out not to be needed."""
        self._done += work
        if self._progress is not None:
            self._progress(min(self._done, self._total), self._total, message)

    def log(self, step: int, name: str, value: float) -> None:
        """A point of a curve; steps are counted over all repeats."""
        if self._log is not None:
            self._log(step, name, value)


class Detector(ABC):
    """A detector in PyGOD's manner: `fit`, `decision_score_`, `predict`; reads x and edges, never labels.

    Attributes:
        outcome_: everything, after `fit`.
    """

    settings: AutoencoderSettings

    def __init__(self, seed: int, device: str | torch.device) -> None:
        if seed < 0:
            raise ValueError(f"seed: {seed} is below 0")
        self.seed, self.device = seed, torch.device(device)
        self._outcome: Outcome | None = None
        self._scale: FeatureScale | None = None

    @abstractmethod
    def _work(self, graph: Prepared) -> float:
        """All work of a fit, in multiply-adds."""

    @abstractmethod
    def _train_and_score(self, graph: Prepared, fit: Fit) -> Outcome: ...

    @abstractmethod
    def _score_again(self, graph: Prepared) -> Outcome:
        """Score another graph by what was trained."""

    def fit(
        self,
        data: Any,
        *,
        progress: Progress | None = None,
        checkpoint: Checkpoint | None = None,
        resume: Mapping[str, Any] | None = None,
        log: Log | None = None,
        checkpoint_every: float = 60.0,
    ) -> Self:
        """Train on a graph and score its nodes.

        Args:
            data: a `Graph`, or a PyTorch Geometric `Data` of which x and edge_index are read.
            progress: gets work done, all work (multiply-adds, roughly) and what is being done; what it raises ends the
                fit.
            checkpoint: gets a flat dict of tensors from time to time.
            resume: what `checkpoint` got last from a fit of the same data and settings: it then ends with the same
                numbers as if it had not been interrupted.
            log: gets (step, name, value) of "autoencoder_loss", "denoiser_loss" and "conditional_loss", steps counted over
                repeats; what it has not had before a checkpoint comes after resuming.
            checkpoint_every: seconds between two checkpoints, at least.

        Raises:
            ValueError: the data can't be read, or `resume` belongs to another fit.
            FloatingPointError: the training diverged.
        """
        graph = prepare(data, self.settings, self.device)
        saved = Saved(checkpoint, resume, self._mark(graph), checkpoint_every)
        fit = Fit(self._work(graph), progress, saved, log)
        with _threads_for(graph):
            self._outcome = self._train_and_score(graph, fit)
        self._scale = graph.scale
        return self

    def _mark(self, graph: Prepared) -> torch.Tensor:
        """(32,) uint8 of the settings, the seed and the graph."""
        digest = hashlib.sha256(repr((self.seed, asdict(self.settings))).encode())
        links = graph.links
        for array in (graph.features.cpu().numpy(), links.indptr, links.indices, links.weights):
            digest.update(np.ascontiguousarray(array).data)
        return torch.tensor(list(digest.digest()), dtype=torch.uint8)

    def decision_function(self, data: Any) -> NDArray[np.float64]:
        """Scores (n,) of another graph with the same features, by what was trained; ranks are among its own nodes."""
        if self._scale is None:
            raise ValueError(f"{type(self).__name__}: not fitted yet; call fit first")
        graph = prepare(data, self.settings, self.device, self._scale)
        with _threads_for(graph):
            return self._score_again(graph).score

    def predict(
        self,
        data: Any = None,
        *,
        contamination: float = 0.1,
        return_pred: bool = True,
        return_score: bool = False,
        return_prob: bool = False,
    ) -> NDArray[Any] | tuple[NDArray[Any], ...]:
        """Which nodes to look at, of the graph that was fitted or of another one.

        Args:
            data: another graph; None is the fitted one.
            contamination: share of nodes flagged, above 0 to 0.5; at least one is.
            return_pred: (n,) int64, 1 where flagged.
            return_score: (n,) float64 scores.
            return_prob: (n,) float64 percentile of the score, 0 to 1: a rank, no probability of being anomalous.

        Returns:
            what was asked for, in this order; alone where it is one.

        Raises:
            ValueError: nothing was asked for, the contamination is out of bounds, or there was no fit.
        """
        if not 0 < contamination <= 0.5:
            raise ValueError(f"contamination: {contamination} is not above 0 and at most 0.5")
        scores = self.decision_score_ if data is None else self.decision_function(data)
        flagged = np.zeros(len(scores), np.int64)
        count = max(1, round(contamination * len(scores)))
        flagged[np.argsort(-scores, kind="stable")[:count]] = 1
        given: list[NDArray[Any]] = []
        if return_pred:
            given.append(flagged)
        if return_score:
            given.append(scores)
        if return_prob:
            given.append(percentiles_of(scores))
        if not given:
            raise ValueError("predict: return_pred, return_score and return_prob are all False")
        return given[0] if len(given) == 1 else tuple(given)

    @property
    def outcome_(self) -> Outcome:
        if self._outcome is None:
            raise ValueError(f"{type(self).__name__}: not fitted yet; call fit first")
        return self._outcome

    @property
    def decision_score_(self) -> NDArray[np.float64]:
        """(n,) float64, higher is more anomalous."""
        return self.outcome_.score

    @property
    def attribute_error_(self) -> NDArray[np.float64]:
        """(n,) float64, what the attributes weigh in with: a, mean over the views; its evidence, nats, where `combine`
        is evidence. Both errors are as in `Outcome`: alpha * this + (1 - alpha) * structure_error_ is `Outcome.error`."""
        return _given(self.outcome_.attribute)

    @property
    def structure_error_(self) -> NDArray[np.float64]:
        """(n,) float64, what the structure weighs in with: b, mean over the views; where `combine` is evidence, its evidence
        and that of discordance, nats."""
        return _given(self.outcome_.structure)

    @property
    def plain_attribute_error_(self) -> NDArray[np.float64]:
        """(n,) float64, `attribute_error_` of the autoencoder without diffusion."""
        return _given(self.outcome_.plain_attribute)

    @property
    def plain_structure_error_(self) -> NDArray[np.float64]:
        """(n,) float64, `structure_error_` of the autoencoder without diffusion."""
        return _given(self.outcome_.plain_structure)

    @property
    def percentiles_(self) -> NDArray[np.float32]:
        """(views, n) float32 of each view's error, 0 to 1."""
        percentiles = self.outcome_.percentiles
        assert percentiles is not None
        return percentiles

    @property
    def views_(self) -> tuple[View, ...]:
        """What each row of `percentiles_` is."""
        return tuple(self.outcome_.views)

    @property
    def notes_(self) -> tuple[str, ...]:
        """What must be known before the scores are believed."""
        return self.outcome_.notes


@contextmanager
def _threads_for(graph: Prepared) -> Iterator[None]:
    """One thread for a small graph, and as many as before afterwards.

    Each of thousands of tiny operations would end by waiting for a second thread: on a machine whose cores are taken, forty
    times the processor's time was measured. It also makes scores equal whatever the number of cores.
    """
    before = torch.get_num_threads()
    if graph.nodes * graph.hidden < SMALL:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _given(values: NDArray[np.float64] | None) -> NDArray[np.float64]:
    assert values is not None  # both detectors have parts
    return values
