"""How far an erasure is, in passes of one sample through the model."""

from __future__ import annotations

from collections.abc import Callable

Report = Callable[[float, float, str], None]
"""(done, total, message); may raise to end the work."""

FORWARD, GRADIENT, PRODUCT = 1, 3, 4
"""What each costs, in forward passes (see the cost model in the docstring of `erase`)."""


class Progress:
    """Parts that follow each other, each with its share of the whole; one that ends early gives its rest at once.

    Args:
        report: called after every batch, with a `done` that never falls.
        total: the sum of all parts' work.
    """

    def __init__(self, report: Report | None, total: float) -> None:
        self._report, self._total = report, total
        self._done = self._ceiling = 0.0
        self._cost, self._message = 1, ""

    def part(self, samples: float, cost: int, message: str) -> None:
        """Begin a part in which `samples` samples go through the model at `cost` each."""
        self._done = self._ceiling
        self._ceiling = min(self._total, self._ceiling + samples * cost)
        self._cost, self._message = cost, message
        self._say()

    def tick(self, samples: int) -> None:
        """So many more samples are done."""
        self._done = min(self._ceiling, self._done + samples * self._cost)
        self._say()

    def end(self) -> None:
        """All is done."""
        self._done = self._total
        self._message = "done"
        self._say()

    def _say(self) -> None:
        if self._report is not None:
            self._report(self._done, self._total, self._message)
