"""The run of `anomaly.detect`: read the graph, score it, write what explains the scores, record every node."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import torch

from methods.anomaly.detection.check import check_settings, check_size
from methods.anomaly.detection.config import DetectConfig, settings_of
from methods.anomaly.detection.estimate import estimate_graph, parts_of, size_of
from methods.anomaly.detection.figures import figures_of
from methods.anomaly.detection.telling import summary_of, warnings_of
from methods.anomaly.detectors.scoring import Beside, Hooks, score, trivial_scores
from methods.anomaly.detectors.table import DETECTORS
from methods.anomaly.graphs.graph import Graph, Labels
from methods.anomaly.graphs.opening import open_graph
from methods.anomaly.outcome import Outcome
from methods.anomaly.results.files import open_results
from methods.anomaly.results.ranks import default_top
from methods.anomaly.results.rows import node_rows
from methods.anomaly.results.writing import write_results
from methods.base import Context, MethodError, Result
from methods.stages import Stages

KIND = "node"
"""Of the rows that are recorded."""
SECONDS = "detect.seconds"
"""In a checkpoint: how long the attempts before took."""


def run(config: DetectConfig, context: Context) -> Result:
    """Score the nodes of a graph.

    Raises:
        MethodError: settings or a graph that do not fit, a missing package, a training that diverged.
        Cancelled: the run was asked to stop.
    """
    check_settings(config)
    opened = open_graph(config, context.open)
    check_size(config, size_of(opened.graph))
    run = _Detection(config, context, opened.graph)
    outcome, beside = run.scored()
    return run.told(outcome, beside, opened.labels)


class _Detection:
    """A detection on its way; until `told` it knows of no labels."""

    def __init__(self, config: DetectConfig, context: Context, graph: Graph) -> None:
        self.config, self.context, self.graph = config, context, graph
        self.title = DETECTORS[config.detector].title
        self.stages = Stages(context, parts_of(config, size_of(graph)))
        self.top = config.top or default_top(graph.nodes)
        self.begun = time.monotonic()

    def scored(self) -> tuple[Outcome, Beside]:
        """What the detector says, and what stands beside it."""
        state = dict(self.context.resume() or {})
        self.begun -= float(state.pop(SECONDS, 0.0))
        if state:
            self.context.event("info", "going on from the last checkpoint")
        beside = trivial_scores(self.graph, self.context.seed, self.stages.part("beside"))
        hooks = Hooks(self.stages.part("score"), self._log, self._keep, state or None)
        try:
            outcome = score(
                self.config.detector,
                settings_of(self.config),
                self.graph,
                beside,
                seed=self.context.seed,
                device=self.context.device,
                hooks=hooks,
            )
        except (ValueError, FloatingPointError) as error:
            raise MethodError(f"{self.title}: {error}") from error
        except (MemoryError, torch.OutOfMemoryError) as error:
            raise MethodError(self._too_large()) from error
        return outcome, beside

    def told(self, outcome: Outcome, beside: Beside, labels: Labels | None) -> Result:
        """Write and record all that was found, and put it in words."""
        figures = figures_of(self.config.detector, self.graph, outcome, beside, self.top)
        warnings = warnings_of(self.config.detector, outcome, figures)
        for text in self.graph.notes:
            self.context.event("info", text)
        for text in (*outcome.notes, *warnings):
            self.context.event("warning", text)
        self._write(outcome, beside, labels, warnings)
        self._record(labels)
        self.context.progress(1, 1, "done")
        metrics = figures.metrics | {"seconds": self._seconds()}
        return Result(metrics, summary_of(self.title, figures))

    def _write(
        self, outcome: Outcome, beside: Beside, labels: Labels | None, notes: list[str]
    ) -> None:
        told = self.stages.part("write")
        told(0, 1, "writing scores and their parts")
        written = write_results(
            self.context.workdir,
            self.graph,
            outcome,
            detector=self.config.detector,
            top=self.top,
            beside=beside,
            labels=None if labels is None else labels.anomalous,
            notes=notes,
        )
        for path in written:
            self.context.save_file(path.name, path, role=path.stem)
        told(1, 1, "scores are written")

    def _record(self, labels: Labels | None) -> None:
        told, nodes, done = self.stages.part("record"), self.graph.nodes, 0
        for shard in self._rows(labels):
            self.context.record(KIND, shard)
            done += len(shard)
            told(done, nodes, f"{done} of {nodes} nodes recorded")

    def _rows(self, labels: Labels | None) -> Iterator[list[dict[str, Any]]]:
        results = open_results(self.context.workdir)
        if labels is None:
            return node_rows(results)
        return node_rows(results, labels.anomalous, labels.kinds)

    def _too_large(self) -> str:
        size = size_of(self.graph)
        needed = estimate_graph(self.config, size).memory_mb / 1024
        return (
            f"{self.title}: out of memory on {self.context.device}: {size.nodes:,} nodes, {size.links:,} links and {size.features} "
            f"features need about {needed:,.1f} GB; take fewer nodes or features, or a trivial detector"
        )

    def _log(self, step: int, name: str, value: float) -> None:
        self.context.log(step, **{name: value})

    def _keep(self, state: Mapping[str, Any]) -> None:
        self.context.checkpoint({**state, SECONDS: self._seconds()})

    def _seconds(self) -> float:
        return time.monotonic() - self.begun
