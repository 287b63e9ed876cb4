"""What a set of answers scores on a benchmark, and how two sets of answers to the same items differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from methods.alignment.hallucination.rates import (
    Array,
    Change,
    Column,
    Rate,
    change,
    counted,
    exact,
    interval,
    rate,
    resample,
)

ALL = ""
"""The type under which all items stand together."""


@dataclass(frozen=True)
class Mention:
    """An object that an answer names: text[start:end] in the answer, its canonical name, and whether it is there."""

    start: int
    end: int
    text: str
    node: str
    correct: bool


@dataclass(frozen=True)
class Scored:
    """One answer, scored.

    Attributes:
        item: id of the item, unique within a benchmark.
        image: id of the image; intervals are over images.
        mentions: objects that the answer names, in order.
        missed: objects of the image that it does not name.
        correct: of a question with one right answer, whether this is it; None otherwise.
        label: that right answer; of a description, what is there.
        type: kind of question, where the benchmark has several.
        numbers: what else is known of it.
    """

    item: str
    image: str
    mentions: tuple[Mention, ...] = ()
    missed: tuple[str, ...] = ()
    correct: bool | None = None
    label: str = ""
    type: str = ALL
    numbers: Mapping[str, float] = field(default_factory=dict)

    @property
    def hallucinates(self) -> bool:
        """It names an object that is not there, or answers a question wrongly."""
        return self.correct is False or any(not mention.correct for mention in self.mentions)


@dataclass(frozen=True)
class Scores:
    """A benchmark's figures for one set of answers.

    Attributes:
        benchmark: its name.
        extractor: what found the objects in the answers; "" where nothing had to. Figures of different extractors do not
            compare.
        judge: who judged the answers; "" where nobody had to.
        items: one entry an answer.
        columns: what each rate divides, one contribution an item.
        rates: over all items; where `averaged`, the mean of the types' rates.
        by_type: the same for each type of item, where there are several.
        official: figures as the benchmark's own script prints them, where its arithmetic differs from a plain ratio.
    """

    benchmark: str
    extractor: str
    judge: str
    items: tuple[Scored, ...]
    columns: Mapping[str, Column]
    rates: Mapping[str, Rate]
    by_type: Mapping[str, Mapping[str, Rate]]
    official: Mapping[str, float]
    averaged: bool
    seed: int

    def __getitem__(self, name: str) -> Rate:
        return self.rates[name]


def make_scores(
    benchmark: str,
    items: Sequence[Scored],
    columns: Mapping[str, Column],
    *,
    extractor: str = "",
    judge: str = "",
    official: Mapping[str, float] | None = None,
    averaged: bool = False,
    seed: int = 0,
) -> Scores:
    """Turn contributions of items into rates with intervals, over all and by type.

    Raises:
        ValueError: there are no items, or two with the same id.
    """
    if not items:
        raise ValueError(f"{benchmark}: there are no answers to score")
    repeated = {item.item for item in items}
    if len(repeated) < len(items):
        raise ValueError(f"{benchmark}: an item is answered twice")
    parts = _parts(items, columns)
    averaged = averaged and len(parts) > 1
    resampled = _resample(items, parts, columns, averaged, seed)
    images = [item.image for item in items]
    found = {
        key: {name: rate(images, column, resampled[key][name]) for name, column in part.items()}
        for key, part in parts.items()
    }
    overall = found.pop(ALL)
    if averaged:
        overall = {
            name: _mean(items, found, name, column, resampled[ALL][name])
            for name, column in columns.items()
        }
    return Scores(
        benchmark,
        extractor,
        judge,
        tuple(items),
        columns,
        overall,
        found,
        official or {},
        averaged,
        seed,
    )


def changes(before: Scores, after: Scores) -> dict[str, dict[str, Change]]:
    """After less before of every rate, by type and name; all items stand under the type "".

    Raises:
        ValueError: the two are not of the same items.
    """
    names = [[(item.item, item.image) for item in scores.items] for scores in (before, after)]
    if names[0] != names[1]:
        raise ValueError("a paired difference needs answers to the same items in the same order")
    parts = [_parts(scores.items, scores.columns) for scores in (before, after)]
    draws = [
        _resample(scores.items, part, scores.columns, scores.averaged, before.seed)
        for scores, part in zip((before, after), parts, strict=True)
    ]
    tables = [{ALL: scores.rates, **scores.by_type} for scores in (before, after)]
    images = [item.image for item in before.items]

    def one(key: str, name: str) -> Change:
        columns = [part[key][name] for part in parts]
        return change(
            tables[0][key][name],
            tables[1][key][name],
            draws[1][key][name] - draws[0][key][name],
            counted(images, *columns) if columns[0].share else 0,
        )

    return {key: {name: one(key, name) for name in table} for key, table in tables[0].items()}


def _parts(items: Sequence[Scored], columns: Mapping[str, Column]) -> dict[str, dict[str, Column]]:
    """The columns of all items, and of each type with zeros for the items of others."""
    types = list(dict.fromkeys(item.type for item in items))
    parts = {ALL: dict(columns)}
    if len(types) < 2:
        return parts
    for kind in types:
        mask = np.array([item.type == kind for item in items], float)
        parts[kind] = {
            name: Column(
                np.asarray(column.numerators, float) * mask,
                np.asarray(column.denominators, float) * mask,
                column.share,
            )
            for name, column in columns.items()
        }
    return parts


def _resample(
    items: Sequence[Scored],
    parts: Mapping[str, Mapping[str, Column]],
    columns: Mapping[str, Column],
    averaged: bool,
    seed: int,
) -> dict[str, dict[str, Array]]:
    """Resampled values (draws,) by type and name, all from the same draws."""
    flat = {(key, name): column for key, part in parts.items() for name, column in part.items()}
    labels = {str(index): column for index, column in enumerate(flat.values())}
    drawn = resample([item.image for item in items], labels, seed)
    found: dict[str, dict[str, Array]] = {key: {} for key in parts}
    for (key, name), values in zip(flat, drawn.values(), strict=True):
        found[key][name] = values
    if averaged:
        types = [key for key in parts if key != ALL]
        found[ALL] = {
            name: np.mean([found[key][name] for key in types], axis=0) for name in columns
        }
    return found


def _mean(
    items: Sequence[Scored],
    by_type: Mapping[str, Mapping[str, Rate]],
    name: str,
    column: Column,
    resampled: Array,
) -> Rate:
    """The mean of the types' rates: their sum over their number; not defined where one of them is not."""
    values = [part[name].value for part in by_type.values()]
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return Rate(sum(known), len(values), None, None, None)
    value = sum(known) / len(known)
    low, high = interval(resampled)
    if column.share and value in (0, 1) and low is not None:
        low, high = exact(value, len({item.image for item in items}))
    return Rate(sum(known), len(known), value, low, high)
