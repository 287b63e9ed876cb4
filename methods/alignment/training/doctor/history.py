"""What the doctor reads, and what it finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Literal

from methods.alignment.training.pair_step import PairStep

Severity = Literal["info", "warning", "error"]
WINDOW = 10
"""Steps over which a curve is averaged."""
SHOWN = 12
"""Pairs that a diagnosis names."""


@dataclass(frozen=True)
class Diagnosis:
    """What a rule found.

    Attributes:
        pairs: ids of the pairs that cause it, the worst first; maybe none.
    """

    rule: str
    severity: Severity
    title: str
    text: str
    pairs: tuple[str, ...] = ()


@dataclass(frozen=True)
class History:
    """What is known of a training so far.

    Attributes:
        curves: values by name, one a step from the first, as TRL names them.
        recent: what the last steps did with each pair.
        ids: of pairs, by row.
        beta: the base beta.
        min_beta: the floor of a pair's beta; 0 where the objective has none.
        filters: the objective drops pairs.
        width: standard deviation of its filter, None where it is not 1 nat.
        uses_hardness: the objective scales beta by hardness.
        length_gaps: words of the chosen answer less those of the rejected one, by row.
        never_kept: rows that were seen several times and never kept.
    """

    curves: Mapping[str, Sequence[float]]
    recent: Sequence[PairStep]
    ids: Mapping[int, str]
    beta: float = 0.1
    min_beta: float = 0.0
    filters: bool = False
    width: float | None = 1.0
    uses_hardness: bool = False
    length_gaps: Mapping[int, int] = field(default_factory=dict)
    never_kept: Sequence[int] = ()

    @property
    def step(self) -> int:
        return len(self.curves.get("loss", ()))

    def last(self, name: str, window: int = WINDOW) -> float | None:
        """Mean of a curve over the last steps; None while it is shorter."""
        values = self.curves.get(name, ())
        return fmean(values[-window:]) if len(values) >= window else None

    def first(self, name: str, window: int = WINDOW) -> float:
        return fmean(self.curves[name][:window])

    def column(self, name: str) -> list[float]:
        """A number of all recent pairs, in the order of `rows`."""
        return [value for step in self.recent for value in getattr(step, name)]

    def rows(self) -> list[int]:
        return [row for step in self.recent for row in step.position]

    def worst(self, values: Sequence[float], most: int = SHOWN) -> tuple[str, ...]:
        """Ids of the recent pairs with the largest values, each once."""
        order = sorted(zip(values, self.rows(), strict=True), reverse=True)
        return tuple(dict.fromkeys(self.ids[row] for _, row in order))[:most]
