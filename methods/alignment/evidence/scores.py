"""Hardness of a preference pair: from CLIP's cosines, or given scores, to delta and the data factor.

With S_w and S_l the sub-sentences of the chosen and the rejected answer, s_j the score of a sub-sentence and sigma the
logistic function:

    delta = sum of s_j over S_w - sum of s_j over S_l
    data factor = sigma(delta) / sigma(mean of delta over the data)

A large delta is an easy pair: CLIP agrees with the label. A negative one is contested: CLIP prefers the rejected answer.

The paper (Lu et al., "DAMO", arXiv:2502.01943) does not say what the score is: its figure calls it a probability, its code
reads sums from a file. "joint_softmax" is our reading: the only one in which the scores of both answers are probabilities
and their difference is not zero by construction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from methods.alignment.evidence.split import Piece, Splitter, split_text

if TYPE_CHECKING:
    from PIL import Image

    from methods.clip_encoder import ClipEncoder

Score = Literal["joint_softmax", "mean_cos", "sum_cos", "precomputed"]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Hardness:
    """What is known of one pair.

    Attributes:
        pieces: sub-sentences of the chosen answer, then those of the rejected one.
        chosen: how many of the pieces are of the chosen answer.
        cos: cosine between the image and each piece, -1 to 1.
        share: of the softmax over all pieces, whatever the score: 0 to 1, sum 1.
        delta: by the score; positive where the image speaks for the chosen answer.
    """

    pieces: tuple[Piece, ...]
    chosen: int
    cos: tuple[float, ...]
    share: tuple[float, ...]
    delta: float


def hardness(
    image: Image.Image,
    chosen: str,
    rejected: str,
    scorer: ClipEncoder,
    *,
    score: Score = "joint_softmax",
    splitter: Splitter = "sentences",
) -> Hardness:
    """Ask CLIP about every sub-sentence of a pair.

    Args:
        image: what both answers are about.
        scorer: of `load_scorer`.
        score: any but "precomputed", which needs no image.

    Raises:
        ValueError: score is "precomputed", or unknown.
    """
    of_chosen, of_rejected = split_text(chosen, splitter), split_text(rejected, splitter)
    pieces = (*of_chosen, *of_rejected)
    texts = scorer.text_features([piece.text for piece in pieces])  # (n, D)
    cos = (texts @ scorer.image_features([image])[0]).astype(np.float64)
    return Hardness(
        pieces=pieces,
        chosen=len(of_chosen),
        cos=tuple(cos.tolist()),
        share=tuple(shares(cos, scorer.tau).tolist()),
        delta=pair_delta(cos, len(of_chosen), score, scorer.tau),
    )


def shares(cos: npt.ArrayLike, tau: float) -> Floats:
    """Softmax of tau * cos over all sub-sentences of a pair, (n,).

    Args:
        cos: cosines of both answers, (n,).
        tau: CLIP's factor of a cosine, exp(logit_scale); 100 for OpenAI's.
    """
    logits = tau * np.asarray(cos, dtype=np.float64)
    weights = np.exp(logits - logits.max())
    found: Floats = weights / weights.sum()
    return found


def pair_delta(cos: npt.ArrayLike, chosen: int, score: Score, tau: float) -> float:
    """Delta of one pair from cosines (n,), of which the first `chosen` are the chosen answer's.

    "joint_softmax": P(S_w) - P(S_l), from -1 to 1, P being the sum of `shares`. "mean_cos": difference of means, within some
    0.2. "sum_cos": difference of sums, which grows with the number of sub-sentences. An answer that repeats the other's
    sub-sentences and adds false ones loses by the mean only: shares and (positive) cosines of what it adds count for it. The mean, in turn,
    hardly sees what an answer leaves out.

    Raises:
        ValueError: an answer has no sub-sentence, or the score is not one of the three.
    """
    values = np.asarray(cos, dtype=np.float64)
    if not 0 < chosen < len(values):
        raise ValueError(
            f"both answers need a sub-sentence: {chosen} of {len(values)} are the chosen one's"
        )
    if score == "joint_softmax":
        values = shares(values, tau)
    elif score not in ("mean_cos", "sum_cos"):
        raise ValueError(f"score must be joint_softmax, mean_cos or sum_cos; got {score!r}")
    of_chosen, of_rejected = values[:chosen], values[chosen:]
    if score == "mean_cos":
        return float(of_chosen.mean() - of_rejected.mean())
    return float(of_chosen.sum() - of_rejected.sum())


def precomputed_delta(chosen: Sequence[float], rejected: Sequence[float]) -> float:
    """Sum of the chosen answer's scores less that of the rejected one's, as the published code has it.

    Raises:
        ValueError: a list is empty or holds a number that is not finite.
    """
    for name, scores in (("chosen", chosen), ("rejected", rejected)):
        if len(scores) == 0 or not np.isfinite(scores).all():
            raise ValueError(f"{name} scores must be one or more finite numbers, got {scores}")
    return float(np.sum(chosen, dtype=np.float64) - np.sum(rejected, dtype=np.float64))


def data_factor(delta: npt.ArrayLike, mean: float) -> Floats:
    """sigma(delta) / sigma(mean): 1 for a pair of mean hardness, above 0 and below 1 / sigma(mean); shape of `delta`."""
    found: Floats = _sigmoid(np.asarray(delta, dtype=np.float64)) / _sigmoid(np.float64(mean))
    return found


def _sigmoid(x: npt.NDArray[np.float64] | np.float64) -> Floats:
    # exp of a negative number only, so that nothing overflows
    small = np.exp(-np.abs(x))
    found: Floats = np.where(x >= 0, 1 / (1 + small), small / (1 + small))
    return found
