"""One progress for a run of several parts, whose lengths are guessed beforehand."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from methods.base import Context

Told = Callable[[float, float, str], None]


class Stages:
    """Turns how far each part is into how far the run is.

    Args:
        context: whose progress is told; what it raises is let pass.
        lengths: of each part in the order they come, in any unit, above 0.
    """

    def __init__(self, context: Context, lengths: Mapping[str, float]) -> None:
        self._context, self._lengths = context, dict(lengths)
        self._total = sum(self._lengths.values())
        self._reached = 0.0

    def part(self, name: str) -> Told:
        """What takes the progress of one part: (done, total, message)."""
        before = 0.0
        for each, length in self._lengths.items():
            if each == name:
                break
            before += length
        length = self._lengths[name]

        def told(done: float, total: float, message: str) -> None:
            share = (before + length * (done / total if total else 1.0)) / self._total
            self._reached = max(self._reached, min(share, 1.0))
            self._context.progress(self._reached, 1.0, message)

        return told
