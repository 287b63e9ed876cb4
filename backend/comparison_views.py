"""What runs side by side differ by: plain frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from backend.views import RunView
from methods.intervals import Mean

Verdict = Literal["better", "worse", "differs", "unclear"]


@dataclass(frozen=True)
class Difference:
    """By how much a run, or a group of runs, differs from the baseline in one metric.

    Attributes:
        mean: of the pairs' differences: this less the baseline.
        low, high: its 95 % interval by Student's t; None for a single pair, and for less than six that all differ by the same.
        n: pairs.
        over: what is paired: "seeds", the items' noun, or "exact" for a count, in which there is no chance.
        verdict: "better" or "worse" where the interval excludes zero and it is known which way is better, "differs" where that
            is not known, "unclear" where the interval does not exclude zero or there is none.
    """

    mean: float
    low: float | None
    high: float | None
    n: int
    over: str
    verdict: Verdict


@dataclass(frozen=True)
class RunDifference:
    """A run against the baseline.

    Attributes:
        apart: titles of what makes both measurements of different things, such as the data set; nothing is compared then.
        other_seed: the items depend on the seed, and it is another one: none of them pair.
        unlike: metrics that mean something else here.
        best: metrics in which it is better than every other run of the comparison that they can be told of.
    """

    run: str
    apart: list[str]
    other_seed: bool
    unlike: list[str]
    differences: dict[str, Difference]
    best: list[str]


@dataclass(frozen=True)
class Group:
    """Runs of the same settings over several seeds, against the group of the baseline.

    Attributes:
        means: of each metric over the seeds, with its interval.
        apart, unlike, differences, best: as in `RunDifference`; pairs are runs of the same seed.
    """

    title: str
    runs: list[str]
    seeds: list[int]
    means: dict[str, Mean]
    apart: list[str]
    unlike: list[str]
    differences: dict[str, Difference]
    best: list[str]


@dataclass(frozen=True)
class Differences:
    """Runs measured against one of them.

    Attributes:
        baseline: that run.
        runs: one each, in their order; of the baseline itself there is nothing to say but in what it is best.
        groups: the baseline's first; empty where no settings were run with two seeds or more.
        directions: 1 where more of a metric is better, -1 where less is, 0 where neither is or nobody knows.
    """

    baseline: str
    runs: list[RunDifference]
    groups: list[Group]
    directions: dict[str, int]


@dataclass(frozen=True)
class ListedRow:
    """A row that all runs have.

    Attributes:
        shown: the texts that tell what it is, in the order of the columns.
        values: its number in each run.
        ranks: its place in each run among the rows that all have, 1 for the largest number.
    """

    shown: list[str]
    values: list[float]
    ranks: list[int]


@dataclass(frozen=True)
class RowsBeside:
    """Rows that several runs have, those first on which they differ most.

    Attributes:
        noun: what a row is, in the plural.
        value: what its number is called.
        columns: what its texts are called.
        runs: whose rows these are, in their order.
        shared: rows that all of them have.
        agreement: Spearman's rank correlation of each run with the first over these; None where it is not defined.
        by_rank: they differ most by their places, as their numbers are of different sizes; else by the numbers.
        rows: the first of them.
    """

    noun: str
    value: str
    columns: list[str]
    runs: list[str]
    shared: int
    agreement: list[float | None]
    by_rank: bool
    rows: list[ListedRow]


@dataclass(frozen=True)
class Companion:
    """A run that it makes sense to compare another one with, and why."""

    reason: str
    run: RunView
