"""How right a detection is, by the labels of its graph or by what people decided. Computed only when somebody asks."""

from __future__ import annotations

from dataclasses import asdict
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from backend.services.errors import ServiceError
from backend.services.node_results import Hashes, as_service_errors, cut_of, hashes_of
from backend.services.nodes import NodeCut
from backend.settings import settings
from methods.anomaly.evaluation.judge import delong, judge, point
from methods.anomaly.results.cut import Cut
from methods.anomaly.results.mapped import Array, Mapped
from methods.anomaly.results.writing import BESIDE
from methods.intervals import wilson_interval
from storage import db
from storage.node_verdicts import verdicts_of

Against = Literal["labels", "reviews"]

KEPT = 16
VERDICTS = {"confirm": 1, "dismiss": 0}
"""What a verdict says of a node; "unsure" says nothing."""
LOOKED_AT = "reviews are of nodes that somebody looked at, most of them flagged: recall, AUC and AP hold among these nodes only"
TUNED = "a weight or a number of flagged nodes that is chosen by these figures must be judged on other labels"
MASKED = "the graph's labels are read here and by nothing that scores"


def judge_nodes(asked: NodeCut, against: Against) -> dict[str, Any]:
    """How right the flagged nodes, and the whole order, are.

    Args:
        against: "labels" of the graph, or "reviews": confirmed is anomalous, dismissed is not, all others are left out.

    Returns:
        against, top (flagged), judged, positives (of all nodes), flagged_judged and flagged_positives (of the flagged ones);
        precision (of the flagged nodes that are judged), recall, auc, ap: {value, low, high} with 95 % intervals, None where one
        of the two groups is empty; chance: the AP of a random order. controls: the scores beside, each {name, auc, ap,
        precision, recall, difference: AUC of the detector minus its own, {value, low, high} by DeLong}. notes.

    Raises:
        NotFound: there is no such run, or it has not saved a detection.
        ServiceError: the graph has no labels, nothing is reviewed, or the weight or the top is not allowed.
    """
    hashes = hashes_of(asked.run_id)
    if against == "labels" and not hashes[-1]:
        raise ServiceError(
            "against: the graph of this run has no labels; reviews is allowed once nodes are confirmed and dismissed"
        )
    verdicts: tuple[tuple[int, int], ...] = ()
    if against == "reviews":
        with db.reading(settings().database_url) as session:
            said = verdicts_of(session, asked.run_id)
        verdicts = tuple(
            sorted(
                (position, VERDICTS[verdict])
                for position, verdict in said.items()
                if verdict in VERDICTS
            )
        )
        if not verdicts:
            raise ServiceError("against: no node of this graph has been confirmed or dismissed yet")
    with as_service_errors():
        return _judged(hashes, asked.weight, asked.top, against, verdicts)


@lru_cache(maxsize=KEPT)
def _judged(
    hashes: Hashes,
    weight: float | None,
    top: int,
    against: Against,
    verdicts: tuple[tuple[int, int], ...],
) -> dict[str, Any]:
    cut = cut_of(hashes, weight, top)
    labels = _labels(cut, against, verdicts)
    flagged = labels[cut.flags]
    shown, right = int((flagged >= 0).sum()), int((flagged == 1).sum())
    positives, judged = int((labels == 1).sum()), int((labels >= 0).sum())
    found: dict[str, Any] = {
        "against": against,
        "top": cut.top,
        "judged": judged,
        "positives": positives,
        "flagged_judged": shown,
        "flagged_positives": right,
        "precision": _share(right, shown),
        "recall": _share(right, positives),
        "auc": None,
        "ap": None,
        "chance": positives / judged if judged else None,
        "controls": [],
    }
    notes = [LOOKED_AT if against == "reviews" else MASKED]
    if 0 < positives < judged:
        said = judge(cut.values, labels, shown)
        found |= {name: asdict(getattr(said, name)) for name in ("auc", "ap", "recall")}
        found["precision"] = said.precision and asdict(said.precision)
        found["controls"] = _controls(cut, labels, shown)
        notes += said.notes
    else:
        missing = "anomalous" if not positives else "normal"
        notes.append(
            f"no judged node is known to be {missing}: without both kinds there is no AUC and no AP"
        )
    return found | {"notes": [*notes, TUNED]}


def _labels(cut: Cut, against: Against, verdicts: tuple[tuple[int, int], ...]) -> Array:
    """1, 0, or -1 where nobody knows, (n,)."""
    results = cut.results
    if against == "labels":
        assert results.labels is not None
        return np.asarray(Mapped(results.labels)["anomalous"])
    labels = np.full(results.graph.nodes, -1, dtype=np.int8)
    for position, value in verdicts:
        labels[position] = value
    return labels


def _controls(cut: Cut, labels: Array, budget: int) -> list[dict[str, Any]]:
    found = []
    for name in BESIDE:
        scores = cut.results.scores.get(f"{name}_percentile")
        if scores is not None:
            gap = delong(cut.values, scores, labels)
            figures = asdict(point(scores, labels, budget))
            found.append({"name": name, **figures, "difference": asdict(gap)})
    return found


def _share(part: int, whole: int) -> dict[str, float] | None:
    """A share with its 95 % interval (Wilson), None of nothing."""
    if not whole:
        return None
    low, high = wilson_interval(part, whole)
    return {"value": part / whole, "low": low, "high": high}
