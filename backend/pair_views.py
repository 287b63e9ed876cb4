"""What leaves the backend about preference pairs, and about reviews of anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ReviewView:
    """What a person decided about one thing. `updated_at` is None for a thing without a review."""

    kind: str
    subject: str
    verdict: str | None
    tags: list[str]
    note: str
    created_at: float | None
    updated_at: float | None


@dataclass(frozen=True)
class ReviewPage:
    """Reviews of a kind, newest change first.

    Attributes:
        total: how many match what was asked for.
        verdicts, tags: how many of all reviews of the kind have each.
        cursor: asks for the next page; None at the end.
    """

    rows: list[ReviewView]
    total: int
    verdicts: dict[str, int]
    tags: dict[str, int]
    cursor: str | None


@dataclass(frozen=True)
class PairPage:
    """One page of pairs.

    Attributes:
        rows: what was recorded of each pair; gap, beta, weight, loss, hardness, factor, seen and kept_share of the
            training run, each None where there is none; and its review or None.
        total: how many pairs match.
        reviews: of all pairs of the run: how many have each verdict, how many have any ("reviewed"), and how many
            there are ("pairs").
    """

    rows: list[dict[str, Any]]
    total: int
    reviews: dict[str, int]


@dataclass(frozen=True)
class PairPoints:
    """One point a pair, in columns of equal length.

    Attributes:
        by_form: true for a pair that is contested only because its rejected answer repeats the chosen one.
        gap: None without a training run; null for a pair that it has not seen.
        total: how many pairs match; with more than were asked for, `sampled` is true.
    """

    position: list[int]
    pair_id: list[str]
    delta: list[float | None]
    gap: list[float | None] | None
    length_gap: list[int | None]
    level: list[str | None]
    by_form: list[bool | None]
    verdict: list[str | None]
    total: int
    sampled: bool


@dataclass(frozen=True)
class Histogram:
    """How often a number falls between two edges; the last interval includes its upper edge.

    Attributes:
        edges: one more than counts; both empty where no pair has the number.
        quantiles: by share: "0.05", "0.25", "0.5", "0.75", "0.95".
        mean: None where no pair has the number.
        count: pairs that have the number.
        missing: pairs that match and lack it.
    """

    field: str
    edges: list[float]
    counts: list[int]
    quantiles: dict[str, float]
    mean: float | None
    count: int
    missing: int


@dataclass(frozen=True)
class PairRun:
    """A run that recorded pairs, or steps with pairs; `pairs` says how many."""

    id: str
    title: str
    method: str
    status: str
    created_at: float
    seed: int
    config: dict[str, Any]
    pairs: int


@dataclass(frozen=True)
class Picture:
    """A WebP picture; `etag` changes only with its content."""

    content: bytes
    etag: str
