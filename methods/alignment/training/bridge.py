"""Between transformers' training loop and a run: progress, curves, diagnoses, checkpoints, and stopping when asked to."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from methods.alignment.training.doctor import Diagnosis, History, examine
from methods.alignment.training.log import PairLog
from methods.base import Context
from methods.packing import packed

CHECKPOINT_S = 30.0
"""At least so long between two checkpoints."""
CHECKPOINT_SHARE = 0.05
"""Share of the time that checkpoints may take: those of a large model are far apart."""
EXAMINED = 5
"""The doctor looks at the curves every so many steps."""
SILENT = ("epoch", "total_flos", "num_tokens", "num_input_tokens_seen")
"""What transformers logs and nobody draws."""


@dataclass
class Progress:
    """How far the whole run is: training steps and what stands before and after them, in one unit."""

    context: Context
    total: int
    done: int = 0

    def tell(self, message: str, more: int = 0) -> None:
        self.done = min(self.done + more, self.total)
        self.context.progress(self.done, self.total, message)


def record_diagnoses(context: Context, step: int, found: list[Diagnosis]) -> None:
    """Keep diagnoses with the run, and say those that are no mere information."""
    context.record(
        "diagnosis",
        [
            {
                "step": step,
                "rule": each.rule,
                "severity": each.severity,
                "title": each.title,
                "text": each.text,
                "pairs": list(each.pairs),
            }
            for each in found
        ],
    )
    for each in found:
        context.event(each.severity, f"{each.title}. {each.text}", step=step, rule=each.rule)


@dataclass
class Bridge(TrainerCallback):
    """Watches a trainer for a run.

    Attributes:
        history: what the doctor reads, given the curves so far.
        kept: what else a checkpoint has to remember.
        said: rules that have spoken.
        curves: each metric's values, one a step.
    """

    context: Context
    log: PairLog
    progress: Progress
    steps: int
    history: Callable[[Mapping[str, list[float]]], History]
    kept: Mapping[str, Any]
    said: set[str] = field(default_factory=set)
    curves: dict[str, list[float]] = field(default_factory=dict)
    seconds: float = 0.0
    _begun: float = 0.0
    _saved: float = field(default_factory=time.monotonic)
    _interval: float = field(default_factory=lambda: CHECKPOINT_S)

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:  # noqa: ARG002
        for entry in state.log_history:  # of the attempt that is continued
            self._take(entry)
        self.progress.tell(f"training: step {state.global_step} of {self.steps}", state.global_step)

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:  # noqa: ARG002
        self._begun = time.perf_counter()

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:  # noqa: ARG002
        took = time.perf_counter() - self._begun
        self.seconds += took
        self.progress.tell(
            f"training: step {state.global_step} of {self.steps}, {took:.2g} s a step", 1
        )
        due = time.monotonic() - self._saved >= self._interval
        control.should_save = due or state.global_step >= self.steps

    def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:  # noqa: ARG002
        logs = kwargs.get("logs")
        if not logs or "loss" not in logs:  # the summary at the end, or an evaluation
            return
        self._take(logs)
        self.context.log(
            state.global_step,
            **{name: value for name, value in logs.items() if _drawn(name, value)},
        )
        if state.global_step % EXAMINED == 0 or state.global_step >= self.steps:
            found = examine(self.history(self.curves), self.said)
            record_diagnoses(self.context, state.global_step, found)

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:  # noqa: ARG002
        folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        begun = time.monotonic()
        self.log.flush()
        self.context.checkpoint(
            {
                **self.kept,
                **self.log.state(),
                "said": sorted(self.said),
                "seconds": self.seconds,
                "trainer": packed(folder),
            }
        )
        shutil.rmtree(folder)
        self._saved = time.monotonic()
        if CHECKPOINT_S > 0:
            self._interval = max(CHECKPOINT_S, (self._saved - begun) / CHECKPOINT_SHARE)

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up what a checkpoint remembered."""
        self.log.restore(state)
        self.said.update(state["said"])
        self.seconds = state["seconds"]

    def _take(self, logs: Mapping[str, Any]) -> None:
        if "loss" not in logs:
            return
        for name, value in logs.items():
            if _drawn(name, value):
                self.curves.setdefault(name, []).append(float(value))


def _drawn(name: str, value: Any) -> bool:
    return name not in SILENT and isinstance(value, (int, float)) and math.isfinite(value)
