"""The numbers of many pairs, in a few bytes each: 100,000 pairs of ten sub-sentences take some 6 MB."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch


@dataclass
class Numbers:
    """What was measured so far, pair by pair in the order of the source.

    Attributes:
        delta: of each pair.
        chosen, rejected: how many sub-sentences each answer has.
        cos: of all sub-sentences, the chosen answer's first, pair after pair; empty where scores were given.
        cut: for each of them whether its text did not fit into CLIP's text window.
    """

    delta: array[float] = field(default_factory=lambda: array("d"))
    chosen: array[int] = field(default_factory=lambda: array("i"))
    rejected: array[int] = field(default_factory=lambda: array("i"))
    cos: array[float] = field(default_factory=lambda: array("f"))
    cut: array[int] = field(default_factory=lambda: array("b"))

    def __len__(self) -> int:
        return len(self.delta)

    def deltas(self) -> npt.NDArray[np.float64]:
        """Delta of every pair, (N,)."""
        return np.array(self.delta, dtype=np.float64)

    def state(self) -> dict[str, torch.Tensor]:
        """What a checkpoint has to remember."""
        return {
            f"numbers.{name}": torch.from_numpy(np.array(values)) for name, values in self._parts()
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up what `state` gave."""
        for name, values in self._parts():
            del values[:]
            values.frombytes(state[f"numbers.{name}"].numpy().tobytes())

    def _parts(self) -> list[tuple[str, array[Any]]]:
        return [
            (name, getattr(self, name)) for name in ("delta", "chosen", "rejected", "cos", "cut")
        ]
