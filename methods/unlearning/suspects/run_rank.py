"""The run of `unlearning.rank`: every row's loss and self-influence, block by block."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from methods.base import Context, MethodError, Result
from methods.unlearning.influence.losses import Losses, second_order
from methods.unlearning.influence.stepping import drawn
from methods.unlearning.models.loading import Adapted, load_adapter
from methods.unlearning.rows.language import Sample, collate, per_sample_loss
from methods.unlearning.rows.opening import open_rows
from methods.unlearning.rows.records import KIND, instruction
from methods.unlearning.rows.row import Row, table_sha
from methods.unlearning.suspects.check import check_ekfac
from methods.unlearning.suspects.config import RankConfig
from methods.unlearning.suspects.diagonal import damped_diagonal, figures
from methods.unlearning.suspects.ekfac import PASSES, ekfac_scores
from methods.unlearning.suspects.per_sample import PerSample, most_at_once
from methods.unlearning.suspects.telling import SCORES, areas, metrics_of, summary_of
from methods.unlearning.training.again import encode_all

BLOCK = 256
"""Rows between two records."""
CHECKPOINT_SECONDS = 20.0
FIGURES = ("loss", "gradient_norm", "self_influence")

Measure = Callable[[int, Sequence[Sample]], dict[str, Tensor]]
"""(first row, block) -> figure -> (B,) float64."""


def run(config: RankConfig, context: Context) -> Result:
    """Rank the rows that an adapter was trained on.

    Raises:
        MethodError: settings, adapter, model or rows that do not fit; a row that is too long; kronfluence is missing.
        Cancelled: the run was asked to stop.
    """
    check_ekfac(config.influence)
    adapted = load_adapter(
        config.model, config.adapter, context.device, config.precision, context.open
    )
    table = open_rows(config, context.open, adapted.files)
    samples = encode_all(adapted.encoder(config.template), table.rows)
    size = most_at_once(
        config.batch_size, sum(value.numel() for value in adapted.parameters.values())
    )
    losses = Losses(adapted.model, per_sample_loss, collate, size)
    ranking = _Ranking(config, context, adapted, table.rows, samples, losses)
    try:
        with second_order(adapted.model):
            return ranking.run()
    except ValueError as error:
        raise MethodError(str(error)) from error


@dataclass
class _Ranking:
    """A ranking on its way.

    Attributes:
        found: figure -> (done,) float64, of the rows so far.
        scores: (N,) float64, EK-FAC's, which are taken of all rows at once; None for the others or before.
    """

    config: RankConfig
    context: Context
    adapted: Adapted
    rows: Sequence[Row]
    samples: Sequence[Sample]
    losses: Losses
    found: dict[str, Tensor] = field(default_factory=dict)
    scores: Tensor | None = None
    done: int = 0
    seconds: float = 0.0
    passed: int = 0

    def run(self) -> Result:
        self._resume()
        begun = kept_at = time.monotonic()
        begun -= self.seconds
        self.losses.on_batch = self._tick
        measure = self._prepare()
        for start in range(self.done, len(self.rows), BLOCK):
            block = self.samples[start : start + BLOCK]
            for name, values in measure(start, block).items():
                self.found[name] = torch.cat([self.found.get(name, values[:0]), values])
            self.done = start + len(block)
            self.context.record(KIND, self._records(start))
            self.seconds = time.monotonic() - begun
            if time.monotonic() - kept_at >= CHECKPOINT_SECONDS:
                self._keep()
                kept_at = time.monotonic()
        return self._result()

    def _resume(self) -> None:
        state = self.context.resume()
        if state is None:
            return
        if state["rows"] != table_sha(self.rows):
            raise MethodError(
                "the rows are not those that this ranking began with, so it cannot go on from its last checkpoint: launch it anew"
            )
        self.done, self.seconds, self.scores = state["done"], state["seconds"], state.get("scores")
        self.found = {name: state[name] for name in FIGURES if name in state}
        self.context.event("info", f"going on after {self.done} rows")

    def _keep(self) -> None:
        scores = {} if self.scores is None else {"scores": self.scores}
        state = {"rows": table_sha(self.rows), "done": self.done, "seconds": self.seconds}
        self.context.checkpoint({**state, **self.found, **scores})

    def _prepare(self) -> Measure:
        """What gives a block's figures; what they are measured against comes first."""
        config, theta = self.config, self.losses.flat.values()
        if config.influence == "gradient":
            gradients = PerSample(self.losses, theta)
            diagonal = damped_diagonal(
                gradients, [self.samples[i] for i in self._drawn()], config.damping
            )
            return lambda _, block: by_diagonal(gradients, block, diagonal)
        if config.influence == "ekfac" and self.scores is None:
            self.scores = ekfac_scores(
                self.adapted.model,
                self.losses,
                per_sample_loss,
                self.samples,
                collate,
                config.batch_size,
            )
            self._keep()
        return self._by_loss

    def _by_loss(self, start: int, block: Sequence[Sample]) -> dict[str, Tensor]:
        found = {"loss": self.losses.values(self.losses.flat.values(), block)}
        if self.scores is not None:
            found["self_influence"] = self.scores[start : start + len(block)]
        return found

    def _drawn(self) -> list[int]:
        return drawn(range(len(self.samples)), self.config.fisher_rows, self.context.seed)

    def _tick(self, samples: int) -> None:
        before = {"none": 0, "gradient": len(self._drawn()), "ekfac": PASSES * len(self.rows)}
        total = before[self.config.influence] + len(self.rows)
        self.passed = min(self.passed + samples, total)
        self.context.progress(
            self.passed, total + 1, f"{self.done} of {len(self.rows)} rows ranked"
        )

    def _records(self, start: int) -> Iterator[dict[str, Any]]:
        for place in range(start, self.done):
            figures = {name: float(values[place]) for name, values in self.found.items()}
            tokens = self.samples[place].answer_tokens
            yield instruction(self.rows[place], place, tokens, **figures)

    def _result(self) -> Result:
        scores = {name: values.numpy() for name, values in self.found.items() if name in SCORES}
        found = areas(scores, [str(row.meta.get("kind", "")) for row in self.rows])
        by = scores.get("self_influence", scores["loss"])
        order = np.argsort(-by, kind="stable")
        table = (
            {"rank": rank, "position": int(place), "row_id": self.rows[place].id}
            | {name: float(values[place]) for name, values in self.found.items()}
            for rank, place in enumerate(order, start=1)
        )
        self.context.save_table("suspects.csv", table, role="ranking")
        self.context.progress(1, 1, "done")
        metrics = {
            "rows": float(len(self.rows)),
            "loss": float(scores["loss"].mean()),
            "worst_loss": float(scores["loss"].max()),
            "rank_seconds": self.seconds,
            **metrics_of(found),
        }
        return Result(metrics, summary_of(scores["loss"], found))


def by_diagonal(
    gradients: PerSample, block: Sequence[Sample], diagonal: Tensor
) -> dict[str, Tensor]:
    """The figures of a block by name, each (B,)."""
    parts = list(figures(gradients, block, diagonal))
    return {name: torch.cat([getattr(part, name) for part in parts]) for name in FIGURES}
