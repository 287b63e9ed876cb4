"""Several models' descriptions of the same scenes beside each other: figures, and paired differences from the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from methods.alignment.hallucination.naming import better, divides, title_of
from methods.alignment.hallucination.scenes import score_described
from methods.alignment.hallucination.scores import ALL, Mention, Scored, changes

BENCHMARK = "scenes"


def beside(answers: Sequence[Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """A row a figure.

    Args:
        answers: for each model its rows, as `report.answer_rows` makes them.
    Returns:
        metric, title, unit ("share" or "mean"), better ("less", "more" or ""), divides, and `values`, an entry a model:
        numerator, denominator, value, low, high (95 % over images), and `difference` (value, low, high: this model less the
        first, over the same draws of images; None for the first).
    Raises:
        ValueError: the models did not describe the same scenes.
    """
    order = [row["item"] for row in answers[0]]
    scores = []
    for rows in answers:
        by_item = {row["item"]: row for row in rows}
        if set(by_item) != set(order):
            raise ValueError("the runs did not describe the same scenes")
        scores.append(score_described([_scored(by_item[item]) for item in order]))
    differences = [changes(scores[0], each)[ALL] for each in scores[1:]]
    return [
        {
            "metric": name,
            "title": title_of(name),
            "unit": "share" if scores[0].columns[name].share else "mean",
            "better": better(name),
            "divides": divides(BENCHMARK, name),
            "values": [
                asdict(each[name]) | {"difference": asdict(change[name]) if change else None}
                for each, change in zip(scores, [None, *differences], strict=True)
            ],
        }
        for name in scores[0].rates
    ]


def _scored(row: Mapping[str, Any]) -> Scored:
    return Scored(
        item=row["item"],
        image=row["item"],
        mentions=tuple(Mention(**each) for each in row["mentions"]),
        missed=tuple(row["missed"]),
        numbers={"background_right": row["background_right"]},
    )
