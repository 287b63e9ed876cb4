"""What became of every pair: rows written a few hundred at a time, and a tally that stays small however long it trains."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from typing import Any

import torch

from methods.alignment.training.pair_step import PairStep
from methods.base import Context, MethodError

KIND = "pair_step"
BATCH = 400
"""Rows that are written together, where steps are quick."""
PATIENCE_S = 2.0
"""No row waits longer, where they are not: people watch which pairs train the model now."""
RECENT = 20
"""Steps that are remembered in full, for the doctor."""


class PairLog:
    """Keeps and writes what each training step did with each pair.

    Attributes:
        ids: id of every training pair, in the order of the data set.
        recent: the last steps.
        seen, kept: (N,), how often each pair was trained on, and how often the filter kept it.
        gap: (N,), its last gap in nats; NaN before its first.
    """

    def __init__(self, context: Context, rows: Sequence[int], ids: Sequence[str]) -> None:
        """Args:
        rows: row in the source of every training pair.
        """
        self._context = context
        self.rows, self.ids = list(rows), list(ids)
        self._place = {row: place for place, row in enumerate(self.rows)}
        self.recent: deque[PairStep] = deque(maxlen=RECENT)
        self.seen = torch.zeros(len(self.ids), dtype=torch.int64)
        self.kept = torch.zeros(len(self.ids), dtype=torch.int64)
        self.gap = torch.full((len(self.ids),), float("nan"))
        self.beta_sum = 0.0
        self._waiting: list[dict[str, Any]] = []
        self._written_at = time.monotonic()

    def add(self, step: PairStep) -> None:
        """Take up one step."""
        self.recent.append(step)
        places = torch.tensor([self._place[row] for row in step.position])
        self.seen.index_add_(0, places, torch.ones_like(places))
        self.kept.index_add_(0, places, torch.tensor(step.kept, dtype=torch.int64))
        self.gap[places] = torch.tensor(step.gap)
        self.beta_sum += sum(step.beta)
        self._waiting += _records(step, [self.ids[place] for place in places.tolist()])
        if len(self._waiting) >= BATCH or time.monotonic() - self._written_at > PATIENCE_S:
            self.flush()

    def flush(self) -> None:
        """Write what is waiting."""
        rows, self._waiting = self._waiting, []
        self._written_at = time.monotonic()
        if rows:
            self._context.record(KIND, rows)

    def _digest(self) -> str:
        """Of every training pair and its row, in their order."""
        pairs = "\n".join(f"{row} {each}" for row, each in zip(self.rows, self.ids, strict=True))
        return sha256(pairs.encode()).hexdigest()

    def id_of(self, row: int) -> str:
        return self.ids[self._place[row]]

    def name_of(self, row: int) -> str:
        """A pair in words, for errors."""
        return f"row {row} (pair {self.id_of(row)})"

    @property
    def kept_share(self) -> float:
        """Of all pairs that were trained on, counted every time; 1 before the first."""
        seen = int(self.seen.sum())
        return int(self.kept.sum()) / seen if seen else 1.0

    @property
    def beta_mean(self) -> float:
        seen = int(self.seen.sum())
        return self.beta_sum / seen if seen else 0.0

    def state(self) -> dict[str, Any]:
        """What a checkpoint has to remember."""
        recent = [asdict(step) for step in self.recent]
        tensors = {f"pairs.{name}": getattr(self, name) for name in ("seen", "kept", "gap")}
        return {
            **tensors,
            "pairs.beta_sum": self.beta_sum,
            "pairs.recent": recent,
            "pairs.digest": self._digest(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up what `state` gave.

        Raises:
            MethodError: it is of other pairs, or of others held out: the file has changed since.
        """
        if state.get("pairs.digest") != self._digest():
            raise MethodError(
                f"the pairs are not those that this training began with ({len(state['pairs.seen'])} training pairs then, "
                f"{len(self.ids)} now, and not the same): it cannot go on from its last checkpoint. Launch it anew"
            )
        self.seen, self.kept = state["pairs.seen"], state["pairs.kept"]
        self.gap, self.beta_sum = state["pairs.gap"], state["pairs.beta_sum"]
        self.recent.extend(PairStep(**step) for step in state["pairs.recent"])


def _records(step: PairStep, ids: list[str]) -> Iterator[dict[str, Any]]:
    for index, pair_id in enumerate(ids):
        yield {
            "step": step.step,
            "position": step.position[index],
            "pair_id": pair_id,
            "hardness": step.hardness[index],
            "factor": step.factor[index],
            "gap": step.gap[index],
            "kept": step.kept[index],
            "beta": step.beta[index],
            "loss": step.loss[index],
            "weight": step.weight[index],
        }
