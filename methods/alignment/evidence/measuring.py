"""From pairs to their numbers: many at a time, each picture and each sub-sentence looked at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from PIL import Image

from methods.alignment.evidence.needs import check_picture, given_scores
from methods.alignment.evidence.numbers import Numbers
from methods.alignment.evidence.scores import Score, pair_delta, precomputed_delta
from methods.alignment.evidence.split import Splitter, split_text
from methods.alignment.pairs.pair import Pair
from methods.base import MethodError
from methods.clip_encoder import ClipEncoder, Features
from methods.feature_cache import FeatureCache, picture_key, text_key

CHUNK = 256
"""Pairs at a time: enough for full batches, few enough to hold their texts and features."""


def measure(
    source: Sequence[Pair],
    scorer: ClipEncoder,
    cache: FeatureCache,
    *,
    score: Score = "joint_softmax",
    splitter: Splitter = "sentences",
    numbers: Numbers | None = None,
    tell: Callable[[Numbers], None] = lambda _: None,
) -> Numbers:
    """CLIP's evidence for all pairs of a source, of which no more than `CHUNK` are in memory.

    Args:
        source: every pair has a picture; of several the first is looked at.
        score: any but "precomputed".
        numbers: of an earlier attempt, to go on from.
        tell: called after each chunk with all numbers so far.

    Raises:
        MethodError: a pair has no picture, or it cannot be read: with its row.
    """
    numbers = Numbers() if numbers is None else numbers
    for start in range(len(numbers), len(source), CHUNK):
        pairs = [source[place] for place in range(start, min(start + CHUNK, len(source)))]
        _measure_chunk(pairs, scorer, cache, score, splitter, numbers)
        tell(numbers)
    return numbers


def take_given(
    source: Sequence[Pair],
    *,
    splitter: Splitter = "sentences",
    tell: Callable[[Numbers], None] = lambda _: None,
) -> Numbers:
    """Numbers of pairs that bring their scores, `chosen_logits` and `rejected_logits` in `meta`.

    Raises:
        MethodError: a pair has none: with its row.
    """
    numbers = Numbers()
    for place, pair in enumerate(source):
        chosen, rejected = given_scores(pair)
        numbers.delta.append(precomputed_delta(chosen, rejected))
        numbers.chosen.append(len(split_text(pair.chosen, splitter)))
        numbers.rejected.append(len(split_text(pair.rejected, splitter)))
        if place % CHUNK == CHUNK - 1:
            tell(numbers)
    tell(numbers)
    return numbers


def _measure_chunk(
    pairs: Sequence[Pair],
    scorer: ClipEncoder,
    cache: FeatureCache,
    score: Score,
    splitter: Splitter,
    numbers: Numbers,
) -> None:
    for pair in pairs:
        check_picture(pair)
    answers = [
        [
            [piece.text for piece in split_text(text, splitter)]
            for text in (pair.chosen, pair.rejected)
        ]
        for pair in pairs
    ]
    texts = list(dict.fromkeys(text for both in answers for answer in both for text in answer))
    ids, too_long = scorer.tokens(texts)
    cut = dict(zip(texts, too_long, strict=True))
    keys = {text: text_key(text) for text in texts}

    def look(places: list[int]) -> Features:
        return scorer.image_features([partial(_opened, pairs[place]) for place in places])

    def read(places: list[int]) -> Features:
        return scorer.token_features(ids[places])

    seen = cache.features([picture_key(pair.images[0].sha256) for pair in pairs], look)
    known = cache.features(list(keys.values()), read)
    for pair, (chosen, rejected) in zip(pairs, answers, strict=True):
        both = [*chosen, *rejected]
        features = np.stack([known[keys[text]] for text in both])  # (n, D)
        cos = features @ seen[picture_key(pair.images[0].sha256)]
        numbers.delta.append(pair_delta(cos, len(chosen), score, scorer.tau))
        numbers.chosen.append(len(chosen))
        numbers.rejected.append(len(rejected))
        numbers.cos.extend(cos.tolist())
        numbers.cut.extend(cut[text] for text in both)


def _opened(pair: Pair) -> Image.Image:
    try:
        return pair.images[0].open()
    except ValueError as error:
        raise MethodError(
            f"row {pair.position}, {pair.images[0].name or 'its image'}: {error}"
        ) from error
