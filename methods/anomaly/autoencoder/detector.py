"""The graph autoencoder as a detector of its own: the control beside DiffGAD."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import torch

from methods.anomaly.autoencoder.model import GraphAutoencoderModel
from methods.anomaly.autoencoder.training import epoch_work, train_autoencoder
from methods.anomaly.closing import close, deviation
from methods.anomaly.fitting import Detector, Fit
from methods.anomaly.gathering import Gathering
from methods.anomaly.outcome import Outcome, View
from methods.anomaly.prepared import Prepared
from methods.anomaly.settings import AutoencoderSettings


class GraphAutoencoder(Detector):
    """DOMINANT's autoencoder with the exact structure error.

    Args:
        seed: whole number >= 0; the same seed gives the same scores on a CPU.
        device: where to compute.
        settings: fields of `AutoencoderSettings`.

    Raises:
        ValueError: a setting is out of bounds.
        TypeError: there is no such setting.
    """

    def __init__(
        self, seed: int = 0, *, device: str | torch.device = "cpu", **settings: Any
    ) -> None:
        super().__init__(seed, device)
        self.settings = AutoencoderSettings(**settings)
        self._models: list[GraphAutoencoderModel] = []

    def _work(self, graph: Prepared) -> float:
        return self.settings.repeats * self.settings.epochs * epoch_work(graph)

    def _train_and_score(self, graph: Prepared, fit: Fit) -> Outcome:
        self._models = []
        return self._score(graph, self._trained(graph, fit))

    def _score_again(self, graph: Prepared) -> Outcome:
        return self._score(graph, self._models)

    def _trained(self, graph: Prepared, fit: Fit) -> Iterator[GraphAutoencoderModel]:
        for repeat in range(self.settings.repeats):
            self._models.append(train_autoencoder(graph, self.settings, self.seed, repeat, fit))
            yield self._models[-1]

    def _score(self, graph: Prepared, models: Iterable[GraphAutoencoderModel]) -> Outcome:
        views = [View(repeat, None, 0) for repeat in range(self.settings.repeats)]
        gathered = Gathering(graph, self.settings, views, reasons=True)
        deviations = []
        for model in models:
            latents = model.encode(graph.spread, graph.propagate)
            deviations.append(deviation(latents))
            gathered.add(model, latents)
        return close(graph, self.settings, gathered, gathered, deviations)
