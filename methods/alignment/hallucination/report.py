"""From scores to what a run keeps: metrics, a table of figures, a row an answer."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from methods.alignment.hallucination.answer_files import Item
from methods.alignment.hallucination.naming import better, divides, title_of
from methods.alignment.hallucination.rates import Change, Rate
from methods.alignment.hallucination.scores import ALL, Scored, Scores, changes

Variant = Literal["before", "after", "answers"]
EVERYTHING = "all"
"""The type of a figure that is over all items."""

Row = dict[str, Any]


def metrics(variants: Mapping[Variant, Scores]) -> dict[str, float]:
    """Rates by name with `_low` and `_high`; those before training end in `_before`, their differences in `_change`.

    What is not defined, such as a share of no mentions, is left out.
    """
    found: dict[str, float | None] = {}
    for variant, scores in reversed(list(variants.items())):  # what training made first
        ending = "_before" if variant == "before" else ""
        for name, rate in scores.rates.items():
            found |= _named(f"{name}{ending}", rate)
    if len(variants) == 2:
        for name, change in changes(variants["before"], variants["after"])[ALL].items():
            found |= _named(f"{name}_change", change)
    return {
        name: value for name, value in found.items() if value is not None and math.isfinite(value)
    }


def figure_rows(variants: Mapping[Variant, Scores]) -> list[Row]:
    """A row a figure: over all items, then by type; differences after less before last.

    Columns: benchmark, metric, title, type, variant (or "difference"), numerator, denominator, value, low, high (95 %),
    official (as the benchmark's own script prints it), unit ("share" or "mean"), better ("less", "more" or ""), divides (what
    stands above and below the line), extractor, judge, answers.
    """
    rows = [row for variant, scores in variants.items() for row in _figures(variant, scores)]
    if len(variants) < 2:
        return rows
    before, after = variants["before"], variants["after"]
    for kind, part in changes(before, after).items():
        for name, change in part.items():
            rows.append(
                {
                    **_head(after, name, kind, "difference"),
                    "numerator": None,
                    "denominator": None,
                    "value": change.value,
                    "low": change.low,
                    "high": change.high,
                    "official": None,
                    **_foot(after, name, kind),
                }
            )
    return rows


def answer_rows(
    items: Sequence[Item],
    texts: Mapping[Variant, Mapping[str, str]],
    variants: Mapping[Variant, Scores],
    places: Mapping[str, str],
) -> Iterator[Row]:
    """A row an answer, those to one item after each other.

    Args:
        texts: the answers of each variant, by item id.
        variants: their scores; none for answers that nobody could score.
        places: where the picture of each item is kept, by item id.
    Yields:
        item, image, question, variant, text, type, label, correct, mentions, missed, hallucinated (mentions that are not
        there), change (`change_of`), and the numbers of the item.
    """
    scored = {
        variant: {each.item: each for each in scores.items} for variant, scores in variants.items()
    }
    for item in items:
        entries = [found.get(item.id) for found in scored.values()]
        change = change_of([entry for entry in entries if entry is not None])
        for variant, answers in texts.items():
            entry = scored.get(variant, {}).get(item.id) or Scored(item.id, item.image)
            mentions = [
                {
                    "start": each.start,
                    "end": each.end,
                    "text": each.text,
                    "node": each.node,
                    "correct": each.correct,
                }
                for each in entry.mentions
            ]
            yield {
                "item": item.id,
                "image": places.get(item.id, ""),
                "question": item.question,
                "variant": variant,
                "text": answers[item.id],
                "type": entry.type,
                "label": entry.label,
                "correct": entry.correct,
                "mentions": mentions,
                "missed": list(entry.missed),
                "hallucinated": sum(not each.correct for each in entry.mentions),
                "change": change,
                **entry.numbers,
            }


def change_of(entries: Sequence[Scored]) -> str:
    """What became of an item: "fixed", "broken", "still" (hallucinates before and after) or "clean" (in neither); of one set
    of answers "hallucinates" or "clean"; "" where nothing was scored."""
    wrong = [entry.hallucinates for entry in entries]
    if not wrong:
        return ""
    if len(wrong) == 1:
        return "hallucinates" if wrong[0] else "clean"
    return {(True, False): "fixed", (False, True): "broken", (True, True): "still"}.get(
        (wrong[0], wrong[1]), "clean"
    )


def _named(name: str, figure: Rate | Change) -> dict[str, float | None]:
    return {name: figure.value, f"{name}_low": figure.low, f"{name}_high": figure.high}


def _figures(variant: Variant, scores: Scores) -> Iterator[Row]:
    for kind, part in {ALL: scores.rates, **scores.by_type}.items():
        for name, rate in part.items():
            yield {
                **_head(scores, name, kind, variant),
                "numerator": rate.numerator,
                "denominator": rate.denominator,
                "value": rate.value,
                "low": rate.low,
                "high": rate.high,
                "official": _official(scores, name, kind),
                **_foot(scores, name, kind),
            }


def _head(scores: Scores, name: str, kind: str, variant: str) -> Row:
    return {
        "benchmark": scores.benchmark,
        "metric": name,
        "title": title_of(name),
        "type": kind or EVERYTHING,
        "variant": variant,
    }


def _foot(scores: Scores, name: str, kind: str) -> Row:
    divided = divides(scores.benchmark, name)
    if scores.averaged and kind == ALL:
        divided = (
            f"mean of {len(scores.by_type)} types: sum of their figures / {len(scores.by_type)}"
        )
    return {
        "unit": "share" if scores.columns[name].share else "mean",
        "better": better(name),
        "divides": divided,
        "extractor": scores.extractor,
        "judge": scores.judge,
        "answers": len(scores.items),
    }


def _official(scores: Scores, name: str, kind: str) -> float | None:
    """The script's figure by ours: "chair" is its "CHAIR", "f1" of a type "existence F1"."""
    wanted = f"{kind} {name}".strip().lower()
    return next((value for key, value in scores.official.items() if key.lower() == wanted), None)
