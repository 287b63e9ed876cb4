"""DiffGAD: an autoencoder's latents, sampled again away from what is common to them, and decoded.

Paper: Li et al., "DiffGAD: A Diffusion-based Unsupervised Graph Anomaly Detector", ICLR 2025, arXiv:2410.06549.

The autoencoder is trained first and scores by itself (the plain control). A denoiser then learns the distribution of its latents,
and a second one learns it told their common feature. Each node's latent is noised to a level and sampled again, pushed
from the second towards the first; the node's errors are those of what the decoder makes of it. Views are all levels, draws of the
noise and repeats of everything; nothing chooses among them. `combine` says how their errors become the score.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from methods.anomaly.autoencoder.model import GraphAutoencoderModel
from methods.anomaly.autoencoder.training import epoch_work, train_autoencoder
from methods.anomaly.closing import close, deviation
from methods.anomaly.diffusion.edm import SIGMA_DATA
from methods.anomaly.diffusion.sampling import resample
from methods.anomaly.diffusion.training import Denoisers, call_work, step_work, train_denoisers
from methods.anomaly.fitting import Detector, Fit
from methods.anomaly.gathering import Gathering
from methods.anomaly.outcome import Outcome, View
from methods.anomaly.prepared import Prepared
from methods.anomaly.settings import DiffGADSettings


@dataclass(frozen=True)
class LatentScale:
    """Latents to where the diffusion expects them: scaled = (z - centre) * factor."""

    centre: Tensor
    factor: float

    @classmethod
    def of(cls, latents: Tensor, rescale: bool) -> LatentScale:
        """Measure latents; without rescaling nothing is changed."""
        if not rescale:
            return cls(torch.zeros_like(latents[0]), 1.0)
        spread = deviation(latents)
        return cls(latents.mean(0), SIGMA_DATA / spread if spread > 0 else 1.0)


@dataclass(frozen=True)
class Trained:
    """All networks of one repeat."""

    autoencoder: GraphAutoencoderModel
    scale: LatentScale
    denoisers: Denoisers


class DiffGAD(Detector):
    """Scores nodes by how badly they are rebuilt once their latents lost the common content.

    Args:
        seed: whole number >= 0; the same seed gives the same scores on a CPU, whatever `block` is in sampling.
        device: where to compute.
        settings: fields of `DiffGADSettings`.

    Raises:
        ValueError: a setting is out of bounds.
        TypeError: there is no such setting.
    """

    settings: DiffGADSettings

    def __init__(
        self, seed: int = 0, *, device: str | torch.device = "cpu", **settings: Any
    ) -> None:
        super().__init__(seed, device)
        self.settings = DiffGADSettings(**settings)
        self._trained: list[Trained] = []

    def _work(self, graph: Prepared) -> float:
        settings = self.settings
        epochs = settings.epochs * epoch_work(graph)
        rows = min(graph.nodes, settings.block)
        steps = 2 * settings.denoiser_steps * step_work(rows, graph.hidden)
        views = len(settings.levels) * settings.draws
        return settings.repeats * (epochs + steps + views * self._view_work(graph.nodes, graph))

    def _view_work(self, rows: int, graph: Prepared) -> float:
        calls = (2 * self.settings.sampler_steps - 1) * (2 if self.settings.guidance else 1)
        return calls * call_work(rows, graph.hidden)

    def _train_and_score(self, graph: Prepared, fit: Fit) -> Outcome:
        self._trained = []
        return self._score(graph, self._training(graph, fit), fit)

    def _score_again(self, graph: Prepared) -> Outcome:
        return self._score(graph, self._trained, Fit.unheard())

    def _training(self, graph: Prepared, fit: Fit) -> Iterator[Trained]:
        """Each repeat's networks, trained when they are asked for."""
        for repeat in range(self.settings.repeats):
            autoencoder = train_autoencoder(graph, self.settings, self.seed, repeat, fit)
            latents = autoencoder.encode(graph.spread, graph.propagate)
            scale = LatentScale.of(latents, self.settings.rescale_latent)
            scaled = (latents - scale.centre) * scale.factor
            denoisers = train_denoisers(scaled, self.settings, self.seed, repeat, fit)
            self._trained.append(Trained(autoencoder, scale, denoisers))
            yield self._trained[-1]

    def _score(self, graph: Prepared, trained: Iterable[Trained], fit: Fit) -> Outcome:
        settings = self.settings
        views = [
            View(repeat, level, draw)
            for repeat in range(settings.repeats)
            for draw in range(settings.draws)
            for level in settings.levels
        ]
        plain_views = [View(repeat, None, 0) for repeat in range(settings.repeats)]
        gathered = Gathering(graph, settings, views, reasons=True)
        gathered.load(fit.saved.get("views"))
        plain = Gathering(graph, settings, plain_views, reasons=False)
        deviations = []
        for repeat, networks in enumerate(trained):
            latents = networks.autoencoder.encode(graph.spread, graph.propagate)
            deviations.append(deviation(latents))
            plain.add(networks.autoencoder, latents)
            scaled = (latents - networks.scale.centre) * networks.scale.factor
            for index, view in enumerate(views):
                if view.repeat == repeat:
                    self._add(graph, gathered, index, networks, scaled, fit)
        return close(graph, settings, gathered, plain, deviations)

    def _add(
        self,
        graph: Prepared,
        gathered: Gathering,
        index: int,
        networks: Trained,
        scaled: Tensor,
        fit: Fit,
    ) -> None:
        """Sample and gather one view, unless an earlier attempt has done so."""
        view = gathered.views[index]
        assert view.level is not None
        if index < gathered.added:
            fit.tick(self._view_work(graph.nodes, graph), "views")
            return
        message = f"view {index + 1} of {len(gathered.views)}: noise level {view.level}"
        sampled = resample(
            scaled,
            networks.denoisers,
            self.settings,
            view.level,
            (self.seed, view.repeat, view.draw),
            lambda rows: fit.tick(self._view_work(rows, graph), message),
        )
        sampled = sampled / networks.scale.factor + networks.scale.centre
        gathered.add(networks.autoencoder, sampled)
        if fit.saved.due:
            fit.saved.put("views", gathered.state)
