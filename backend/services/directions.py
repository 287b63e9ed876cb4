"""Which way a metric is better, told by the words of its name; and which metrics are counts."""

from __future__ import annotations

import re

LOWER = frozenset(
    "seconds time error fid frechet distance macs gmacs flop memory mse mae l2 lpips loss forwards overhead chair "
    "hallucination hal".split()
)
HIGHER = frozenset(
    "right speedup psnr ssim accuracy precision recall score is auc gain cosine reached".split()
)
EXACT = frozenset("flop macs gmacs forwards".split())
NEITHER = frozenset({"token_accuracy"})  # of what is to be forgotten


def better(metric: str) -> int:
    """1 where more is better, -1 where less is, 0 where neither is or nobody knows.

    What is to be forgotten shall go as far as a retrain would take it and no further, so neither way is better there.
    """
    words = _words(metric)
    if metric in NEITHER or {"forget", "mia"} & set(words):
        return 0
    if HIGHER.intersection(words):
        return 1
    return -1 if LOWER.intersection(words) else 0


def is_exact(metric: str) -> bool:
    """Whether it counts what the settings alone decide: no chance is in it."""
    return bool(EXACT.intersection(_words(metric)))


def _words(metric: str) -> list[str]:
    return re.split(r"[_.\s]", metric.lower())
