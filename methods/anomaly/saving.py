"""What a fit keeps on its way, so that a lost one goes on to the same numbers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

Checkpoint = Callable[[Mapping[str, Any]], None]
State = dict[str, Tensor]


class Saved:
    """The state of each stage that is worth keeping, under "stage/name".

    Args:
        checkpoint: gets the whole of it, at most every `every` seconds.
        resume: what an earlier attempt's `checkpoint` got last.
        mark: of the graph and the settings; what was kept of others is refused.

    Raises:
        ValueError: `resume` belongs to another fit.
    """

    def __init__(
        self,
        checkpoint: Checkpoint | None,
        resume: Mapping[str, Any] | None,
        mark: Tensor,
        every: float,
    ) -> None:
        self._checkpoint, self._every = checkpoint, every
        self._last = time.monotonic()
        self._state: State = dict(resume or {})
        if resume and not mark.equal(self._state.get("fit/mark", mark[:0])):
            raise ValueError("resume: the state was kept by a fit of other data or settings")
        self._state["fit/mark"] = mark

    @property
    def due(self) -> bool:
        """Whether it is time to keep something."""
        return self._checkpoint is not None and time.monotonic() - self._last >= self._every

    def get(self, stage: str) -> State | None:
        """What was last kept of a stage, or None."""
        start = f"{stage}/"
        found = {
            name[len(start) :]: value
            for name, value in self._state.items()
            if name.startswith(start)
        }
        return found or None

    def put(self, stage: str, state: Mapping[str, Tensor]) -> None:
        """Replace what is kept of a stage; writes when it is due."""
        self.drop(stage)
        self._state |= {f"{stage}/{name}": value.detach() for name, value in state.items()}
        if self.due and self._checkpoint is not None:
            self._checkpoint({name: value.cpu().clone() for name, value in self._state.items()})
            self._last = time.monotonic()

    def drop(self, stage: str) -> None:
        """Forget a stage that nothing needs any more."""
        start = f"{stage}/"
        self._state = {
            name: value for name, value in self._state.items() if not name.startswith(start)
        }
