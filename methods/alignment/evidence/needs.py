"""What a pair must have for its hardness to be measured."""

from __future__ import annotations

from contextlib import suppress

from methods.alignment.pairs.pair import Pair
from methods.base import MethodError


def given_scores(pair: Pair) -> tuple[list[float], list[float]]:
    """The scores that a row brings, of its chosen and of its rejected answer.

    Raises:
        MethodError: it brings none.
    """
    with suppress(KeyError):
        return pair.meta["chosen_logits"], pair.meta["rejected_logits"]
    raise MethodError(
        f"row {pair.position} has no chosen_logits and rejected_logits: precomputed scores are two lists of numbers, one "
        "number a sub-sentence; without them choose a score that asks CLIP"
    )


def check_picture(pair: Pair) -> None:
    """Refuse a pair that CLIP cannot look at.

    Raises:
        MethodError: it has no picture.
    """
    if not pair.images:
        raise MethodError(
            f"row {pair.position} has no image: CLIP's evidence needs one for every pair; leave such rows out, or bring "
            "precomputed scores"
        )
