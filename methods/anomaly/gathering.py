"""From decoded latents to scores and reasons, one view at a time: no (views, n, d) is ever held."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from methods.anomaly.autoencoder.model import GraphAutoencoderModel
from methods.anomaly.autoencoder.structure import TINY, gram
from methods.anomaly.evidence import combined
from methods.anomaly.outcome import Reasons, View, percentiles_of
from methods.anomaly.prepared import Prepared
from methods.anomaly.saving import State
from methods.anomaly.settings import AutoencoderSettings

Array = NDArray[np.float64]
ROWS = 65536
"""Links, or nodes with their factors, whose float64 terms are held at a time."""
VALUES = 1 << 22
"""Features whose float64 residuals are held at a time."""
FACTORS = 4
"""Views whose factors are kept for absent links, if they fit."""
FACTORS_BYTES = 1 << 28


class Gathering:
    """Means over views of the errors and of what they are made of.

    Args:
        views: all that will be added, in their order.
        reasons: whether to keep what the errors are made of.
    """

    def __init__(
        self,
        graph: Prepared,
        settings: AutoencoderSettings,
        views: Sequence[View],
        reasons: bool,
    ) -> None:
        self._graph, self._alpha, self.views = graph, settings.alpha, tuple(views)
        nodes, hidden, count = graph.nodes, graph.hidden, len(self.views)
        fitting = max(1, FACTORS_BYTES // (4 * nodes * hidden))
        kept = min(count, FACTORS, fitting)
        self._chosen = [int(each) for each in np.linspace(0, count - 1, kept).round()]
        device = graph.features.device
        self._sums: State = {
            "added": torch.zeros((), dtype=torch.int64),
            "attribute": torch.zeros(nodes, dtype=torch.float64, device=device),
            "structure": torch.zeros(nodes, dtype=torch.float64, device=device),
            "percentiles": torch.zeros(count, nodes),
        }
        if reasons:
            self._sums |= {
                "feature": torch.zeros_like(graph.features),
                "expected": torch.zeros_like(graph.features),
                "link": torch.zeros(len(graph.links.indices), device=device),
                "expected_link": torch.zeros(len(graph.links.indices), device=device),
                "factors": torch.zeros(kept, nodes, hidden),
                "structure_of": torch.zeros(kept, nodes),
            }

    @property
    def added(self) -> int:
        """Views so far; the next is `views[added]`."""
        return int(self._sums["added"])

    @property
    def state(self) -> State:
        """All that has been gathered (not copies)."""
        return self._sums

    def load(self, state: State | None) -> None:
        """Go on from what `state` gave; None changes nothing."""
        for name, value in (state or {}).items():
            self._sums[name].copy_(value)

    @torch.no_grad()
    def add(self, model: GraphAutoencoderModel, latents: Tensor) -> None:
        """Score latents (n, h) as the next view."""
        last, factors = model.decode(latents, self._graph.propagate)
        attribute = self._attribute(model, last)
        structure = self._structure(factors)
        index = self.added
        self._sums["attribute"] += attribute
        self._sums["structure"] += structure
        ranks = percentiles_of(self._score(attribute.cpu().numpy(), structure.cpu().numpy()))
        self._sums["percentiles"][index] = torch.from_numpy(ranks)
        if "factors" in self._sums and index in self._chosen:
            place = self._chosen.index(index)
            self._sums["factors"][place] = factors.cpu()
            self._sums["structure_of"][place] = structure.cpu()
        self._sums["added"] += 1

    def _score(self, attribute: Array, structure: Array) -> Array:
        """What ranks the nodes in one view."""
        unlike = self._graph.discordance
        if unlike is not None:
            return combined(attribute, structure, unlike.evidence, self._alpha)
        return self._alpha * attribute + (1 - self._alpha) * structure

    def _attribute(self, model: GraphAutoencoderModel, last: Tensor) -> Tensor:
        """a (n,) float64 of a view; its parts are added."""
        errors = torch.empty(len(last), dtype=torch.float64, device=last.device)
        count = max(1, VALUES // self._graph.features.shape[1])
        for start in range(0, len(last), count):
            rows = slice(start, start + count)
            expected = model.reconstruct(last[rows])
            squares = (self._graph.features[rows].double() - expected.double()) ** 2
            lengths = squares.sum(1).sqrt()
            errors[rows] = lengths
            if "feature" in self._sums:
                self._sums["feature"][rows] += squares / lengths.clamp_min(TINY)[:, None]
                self._sums["expected"][rows] += expected
        return errors

    def _structure(self, factors: Tensor) -> Tensor:
        """b (n,) float64 of a view; its parts are added.

        Equal to `structure_errors`, but each link's term is made by itself, and what rounding would leave of b below
        the links' own share is mended.
        """
        matrix = self._graph.counts.matrix
        sources, targets, counts = self._graph.sources, matrix.col_indices(), matrix.values()
        expected = torch.empty(len(targets), dtype=torch.float64, device=factors.device)
        for start in range(0, len(targets), ROWS):
            part = slice(start, start + ROWS)
            pairs = factors[sources[part]].double() * factors[targets[part]].double()
            expected[part] = pairs.sum(1)
        squares = (counts - expected) ** 2
        present = self._of_sources(squares)
        # all pairs' expectations, without those of the links, which stand in `squares`
        squared = present - self._of_sources(expected**2)
        products = gram(factors)
        for start in range(0, len(factors), ROWS):
            rows = slice(start, start + ROWS)
            wide = factors[rows].double()
            squared[rows] += (wide * (wide @ products)).sum(1)
        errors = torch.maximum(squared, present).clamp_min(TINY).sqrt()
        if "link" in self._sums:
            self._sums["link"] += squares / errors[sources]
            self._sums["expected_link"] += expected
        return errors

    def _of_sources(self, values: Tensor) -> Tensor:
        """Sums over the links of each source."""
        places = self._graph.counts.matrix.crow_indices()
        return torch.segment_reduce(values, "sum", offsets=places, initial=0.0)

    def mean(self, name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """Of attribute or structure, (n,) float64."""
        result: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
        result = (self._sums[name] / self.added).cpu().numpy()
        return result

    def percentiles(self) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        """(views, n) float32."""
        result: np.ndarray[tuple[int, ...], np.dtype[np.float32]]
        result = self._sums["percentiles"].numpy()
        return result

    def reasons(self) -> Reasons | None:
        """The means of all parts; hands the sums over, so nothing can be added afterwards."""
        if "feature" not in self._sums:
            return None
        for name in ("feature", "expected", "link", "expected_link"):
            self._sums[name] /= self.added
        arrays = {name: value.cpu().numpy() for name, value in self._sums.items()}
        scale = self._graph.scale
        return Reasons(
            feature=scale.spread_out(arrays["feature"]),
            expected=scale.restore(arrays["expected"]),
            link=arrays["link"],
            expected_link=arrays["expected_link"],
            factors=arrays["factors"],
            structure_of=arrays["structure_of"],
        )
