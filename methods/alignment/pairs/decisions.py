"""What people decided about pairs while reading them: keep, flip, drop."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from methods.alignment.pairs.pair import Pair, swapped
from methods.alignment.pairs.source import PairSource

VERDICTS = ("keep", "flip", "drop")
MAX_BYTES = 500_000_000


def read_decisions(path: Path) -> dict[str, str]:
    """Verdicts by pair id, from JSON of {id: {"verdict": ..., "tags": [...], "note": ...}}; without those that are null.

    Raises:
        ValueError: it is no such JSON, or a verdict is none of `VERDICTS`.
    """
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"reviews: more than {MAX_BYTES / 1e6:.0f} MB")
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"reviews: {path.name} is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise ValueError("reviews: an object of {id: {verdict, tags, note}} is needed")
    return {key: verdict for key, each in found.items() if (verdict := _verdict(key, each))}


def _verdict(key: str, review: Any) -> str:
    verdict = review.get("verdict") if isinstance(review, Mapping) else review
    if verdict is not None and verdict not in VERDICTS:
        raise ValueError(f"reviews: {key:.40}: {verdict!r:.40}; allowed are {', '.join(VERDICTS)}")
    return verdict or ""


@dataclass
class Reviewed:
    """Pairs as they are after the review, in their order.

    Attributes:
        only: leave out what nobody decided on.
        counts: pairs by verdict ("" is none), of the last time they were gone through.
        unknown: ids with a verdict that are no pair's, of that time too.
    """

    source: PairSource
    decisions: Mapping[str, str]
    only: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    unknown: set[str] = field(default_factory=set)

    def __iter__(self) -> Iterator[Pair]:
        self.counts.clear()
        self.unknown = set(self.decisions)
        for pair in self.source:
            verdict = self.decisions.get(pair.id, "")
            self.counts[verdict] += 1
            self.unknown.discard(pair.id)
            if verdict == "drop" or (self.only and not verdict):
                continue
            yield swapped(pair) if verdict == "flip" else pair
