"""One progress over several stages, and one checkpoint that grows with each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from methods.base import Context

Tell = Callable[[float, float, str], None]


class Stages:
    """Shares a run's progress, told as a part of 1, out among its stages, in the order in which they are given.

    Args:
        context: whose progress is told; what is kept is kept there.
        shares: work of each stage, in any unit, above 0.
    """

    def __init__(self, context: Context, shares: Mapping[str, float]) -> None:
        self._context = context
        self._begins: dict[str, float] = {}
        self._shares = dict(shares)
        total = 0.0
        for name, share in shares.items():
            self._begins[name] = total
            total += share
        self._total = total
        self._done = 0.0

    def teller(self, name: str, message: str) -> Tell:
        """A function (done, total, what) for one stage; what it is told first is that the stage begins.

        Raises:
            KeyError: there is no such stage.
        """
        begin, share = self._begins[name], self._shares[name]

        def tell(done: float, total: float, what: str = "") -> None:
            reached = begin + share * min(done / total, 1.0) if total > 0 else begin
            self._done = max(self._done, reached)
            said = f"{message}: {what}" if what else message
            self._context.progress(min(self._done / self._total, 1.0), 1, said)

        tell(0, 1, "")
        return tell

    def finish(self) -> None:
        """All is done."""
        self._done = self._total
        self._context.progress(1, 1, "done")


class Kept:
    """What a run has finished so far, as its checkpoint: named sets of tensors, and JSON values.

    A run that was lost finds its finished stages here and goes on with the next one.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._state: dict[str, Any] = dict(context.resume() or {})

    @property
    def resumed(self) -> bool:
        """An earlier attempt has left something."""
        return bool(self._state)

    def __contains__(self, name: str) -> bool:
        return f"{name}/facts" in self._state

    def add(self, name: str, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
        """Keep a finished stage.

        Args:
            tensors: by parameter name.
            facts: JSON values.
        """
        self._state |= {f"{name}/tensor/{key}": value for key, value in tensors.items()}
        self._state[f"{name}/facts"] = dict(facts)
        self._context.checkpoint(self._state)

    def tensors(self, name: str) -> dict[str, Tensor]:
        """The tensors of a finished stage, on the CPU where an earlier attempt left them."""
        prefix = f"{name}/tensor/"
        return {
            key.removeprefix(prefix): value
            for key, value in self._state.items()
            if key.startswith(prefix)
        }

    def facts(self, name: str) -> dict[str, Any]:
        """The JSON values of a finished stage."""
        facts: dict[str, Any] = self._state[f"{name}/facts"]
        return facts
