"""A detection, opened: its graph, its scores and its reasons, as `writing` wrote them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from methods.anomaly.outcome import View
from methods.anomaly.results.mapped import Array, Mapped
from methods.anomaly.results.stored import StoredGraph
from methods.anomaly.results.writing import GRAPH, LABELS, REASONS, SCORES

UNTRAINED = "evidence"
"""The detector with reasons and without a model."""


@dataclass(frozen=True)
class Results:
    """A detection, opened.

    Attributes:
        scores: the arrays of `SCORES`.
        reasons: those of `REASONS`; None of a detector whose error has no parts.
        labels: the path of `LABELS`; None where the graph had none. Nothing here opens it.
    """

    graph: StoredGraph
    scores: Mapped
    reasons: Mapped | None
    labels: Path | None

    @cached_property
    def detector(self) -> str:
        return str(self.scores.facts["detector"])

    @cached_property
    def alpha(self) -> float:
        """The weight of the attributes in the run's own error."""
        return float(self.scores.facts["alpha"])

    @property
    def measure(self) -> str:
        """What the parts are of: "error", or "evidence" in nats."""
        return str(self.scores.facts["measure"])

    @property
    def modelled(self) -> bool:
        """Whether a model says what is expected; without one it is the mean of all nodes, and nothing of links."""
        return self.detector != UNTRAINED

    @cached_property
    def top(self) -> int:
        return int(self.scores.facts["top"])

    @cached_property
    def views(self) -> list[View]:
        return [View(*each) for each in self.scores.facts["views"]]

    @cached_property
    def warnings(self) -> list[str]:
        """What must be known of the scores."""
        found: list[str] = self.scores.facts["notes"]
        return found

    @cached_property
    def surprise(self) -> float:
        """How far a link must exceed what was expected to be called surprising; see `SURPRISE`."""
        return float(self.reasons.facts["surprise"]) if self.reasons is not None else math.inf

    @property
    def has_parts(self) -> bool:
        """Whether the error is a weighted sum of an attribute and a structure part."""
        return "attribute" in self.scores and "structure" in self.scores

    def weight(self, weight: float | None) -> float:
        """The weight that explanations use: the one that was asked for, else the run's own."""
        return self.alpha if weight is None else weight

    def order(self, weight: float | None = None) -> Array:
        """The values that rank the nodes: the run's scores, or the error at another weight. (n,).

        Raises:
            ValueError: a weight is asked for that is not between 0 and 1, or of a detector that has no parts.
        """
        if weight is None:
            return self.scores["score"]
        return self.weighted("attribute", "structure", weight)

    def weighted(self, attribute: str, structure: str, weight: float) -> Array:
        """weight * attribute + (1 - weight) * structure of two of the arrays. (n,)."""
        self.check_weight(weight)
        found: Array = weight * self.scores[attribute] + (1 - weight) * self.scores[structure]
        return found

    def check_weight(self, weight: float) -> None:
        """Refuse a weight outside 0..1, and any where there is nothing to weigh.

        Raises:
            ValueError: for either.
        """
        if not 0 <= weight <= 1:
            raise ValueError(f"weight: 0 to 1 is allowed, got {weight:g}")
        if not self.has_parts:
            raise ValueError(
                f"weight: the scores of {self.detector} have no attribute and structure parts to weigh"
            )

    def check(self, position: int) -> int:
        """The position, if there is such a node.

        Raises:
            ValueError: there is none.
        """
        if not 0 <= position < self.graph.nodes:
            raise ValueError(f"node: 0 to {self.graph.nodes - 1} are allowed, got {position}")
        return position


def open_results(folder: Path | str) -> Results:
    """Open what `write_results` wrote into a folder."""
    place = Path(folder)
    optional = {name: place / name for name in (REASONS, LABELS) if (place / name).exists()}
    return open_files(place / GRAPH, place / SCORES, optional.get(REASONS), optional.get(LABELS))


def open_files(
    graph: Path, scores: Path, reasons: Path | None = None, labels: Path | None = None
) -> Results:
    """Open the files of a run wherever they lie.

    Raises:
        ValueError: one is no such file.
    """
    try:
        opened = Mapped(reasons) if reasons else None
        return Results(StoredGraph(Mapped(graph)), Mapped(scores), opened, labels)
    except KeyError as error:
        raise ValueError(
            f"the files of this run lack {error}: they are not a detection's"
        ) from None
