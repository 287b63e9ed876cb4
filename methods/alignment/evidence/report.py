"""What a finished run is told in: metrics, a table by level, a histogram, a few sentences."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Mapping
from typing import Any

import numpy as np

from methods.alignment.evidence.config import HardnessConfig
from methods.alignment.evidence.diagnostics import correlation, histogram, level_rows
from methods.alignment.evidence.scores import Floats
from methods.alignment.evidence.split import splitter_id
from methods.alignment.evidence.telling import REPEATED
from methods.alignment.pairs.source import PairSource
from methods.base import Context, Result
from methods.clip_encoder import ClipEncoder
from methods.roc import auc

LONG = 0.3
"""Correlation from which a length bias is pointed out."""
NAMED = 3
"""Rows that are named in a warning."""


class Findings:
    """What is gathered over all pairs while their rows are written: a few numbers of each."""

    def __init__(self, delta: Floats, factor: Floats, mean: float) -> None:
        self.delta, self.factor, self.mean = delta, factor, mean
        self.length_gap = array("i")
        self.piece_gap = array("i")
        self.levels: list[str] = []
        self.flipped: list[bool] = []
        self.repeated = 0
        self.warned: list[int] = []

    def add(self, row: Mapping[str, Any], meta: Mapping[str, Any]) -> None:
        """Take a row of the kind "pair" and the other columns of its source row."""
        self.length_gap.append(row["length_gap"])
        self.piece_gap.append(len(row["chosen_pieces"]) - len(row["rejected_pieces"]))
        if row["level"]:
            self.levels.append(sys.intern(row["level"]))
        if isinstance(meta.get("flipped"), bool):
            self.flipped.append(meta["flipped"])
        self.repeated += row["by_form"]
        if row["warnings"] and row["warnings"] != [REPEATED]:
            self.warned.append(row["position"])


def about(
    config: HardnessConfig, scorer: ClipEncoder | None, source: PairSource, findings: Findings
) -> dict[str, Any]:
    """How the numbers of the file came about."""
    said = {
        "mean_delta": findings.mean,
        "data_mean_delta": float(findings.delta.mean()),
        "pairs": len(findings.delta),
        "score": config.score,
        "scale": config.scale,
        "splitter": splitter_id(config.splitter),
        "source": source.name,
    }
    if scorer is not None:
        said |= {"clip": scorer.name, "clip_id": scorer.id, "tau": scorer.tau}
    return said


def result(config: HardnessConfig, found: Findings, context: Context, speed: float) -> Result:
    """Save table and histogram, and put the findings into metrics and words."""
    if len(found.levels) == len(found.delta):
        context.save_table(
            "levels.csv", level_rows(found.levels, found.delta, found.factor), role="table"
        )
    figure = histogram(found.delta, found.mean)
    context.save_figure(
        "deltas.json", figure, role="figure", caption="How many pairs have which delta"
    )
    if found.warned:
        rows = ", ".join(map(str, found.warned[:NAMED]))
        more = " and others" if len(found.warned) > NAMED else ""
        context.event(
            "warning",
            f"{len(found.warned)} pairs have a warning, which their rows show: row {rows}{more}",
            rows=found.warned[:100],
        )
    metrics = _metrics(found) | {"pairs_per_second": speed}
    return Result(metrics, summary(config, metrics))


def _metrics(found: Findings) -> dict[str, float]:
    """Finite numbers by name; correlations only where both sides vary, `flipped_*` only where the truth is known.

    `contested_by_form_share` is of the pairs whose delta is negative only because the rejected answer repeats the chosen one
    and goes on. `flipped_auc` is the chance that a pair with a turned label has a lower delta than one without, `flipped_auc_low` and
    `_high` end its 95 % interval, `flipped_auc_length` is what the lengths alone would find. They are for judging delta:
    nothing is chosen by them.
    """
    delta, factor = found.delta, found.factor
    metrics = {
        "pairs": float(len(delta)),
        "delta_mean": float(delta.mean()),
        "delta_std": float(delta.std()),
        "contested_share": float((delta < 0).mean()),
        "contested_by_form_share": found.repeated / len(delta),
        "factor_min": float(factor.min()),
        "factor_max": float(factor.max()),
    }
    for name, gaps in (("length", found.length_gap), ("pieces", found.piece_gap)):
        value = correlation(delta, gaps)
        if value is not None:
            metrics[f"{name}_correlation"] = value
    if len(found.flipped) == len(delta):
        metrics |= _flipped(found)
    return metrics | {"warned_pairs": float(len(found.warned))}


def _flipped(found: Findings) -> dict[str, float]:
    by_delta = auc(-found.delta, found.flipped)
    by_length = auc(-np.asarray(found.length_gap), found.flipped)
    if by_delta is None or by_length is None:
        return {}
    return {
        "flipped_auc": by_delta.value,
        "flipped_auc_low": by_delta.low,
        "flipped_auc_high": by_delta.high,
        "flipped_auc_length": by_length.value,
        "flipped_share": float(np.mean(found.flipped)),
    }


def summary(config: HardnessConfig, metrics: Mapping[str, float]) -> str:
    """What was found, in plain words, with what limits it."""
    said = [
        f"{metrics['pairs']:.0f} pairs, delta {metrics['delta_mean']:.3f} on average "
        f"(standard deviation {metrics['delta_std']:.3f}). {_who(config)} prefers the rejected answer in "
        f"{metrics['contested_share']:.0%}. Beta would be scaled by {metrics['factor_min']:.2f} to {metrics['factor_max']:.2f}."
    ]
    by_form = metrics["contested_by_form_share"]
    if by_form > 0:
        said.append(
            f"In {by_form:.0%} that follows from form: the rejected answer repeats the chosen one and adds to it, which this "
            "score cannot hold against it (the mean of cosines can)."
        )
    length = metrics.get("length_correlation", 0.0)
    if abs(length) >= LONG:
        longer = "longer" if length > 0 else "shorter"
        said.append(
            f"Delta goes with length (correlation {length:.2f}): part of what looks easy is only a {longer} chosen answer."
        )
    if "flipped_auc" in metrics:
        said.append(
            f"Here the truth is known: delta finds turned labels with an AUC of {metrics['flipped_auc']:.2f} "
            f"({metrics['flipped_auc_low']:.2f} to {metrics['flipped_auc_high']:.2f}; "
            f"lengths alone {metrics['flipped_auc_length']:.2f})."
        )
    if metrics["factor_max"] - metrics["factor_min"] < 0.05:
        said.append(
            "The factors hardly differ, so that training would treat all pairs alike: another score, or the scale by "
            "standard deviation, tells them apart."
        )
    return " ".join(said)


def _who(config: HardnessConfig) -> str:
    return "The given score" if config.score == "precomputed" else "CLIP"
