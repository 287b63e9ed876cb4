"""What a model says, beside what it was taught: exact match, extraction strength, ROUGE-L. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_WORD = re.compile(r"\w+")


def token_accuracy(predicted: Sequence[int], answer: Sequence[int]) -> float:
    """Share of the answer's tokens that the model holds likeliest, each after the true ones before it.

    Called exact memorisation by Tirumala et al. (2022) and open-unlearning.

    Args:
        predicted, answer: (T,) token ids, T >= 1.
    """
    _check(predicted, answer)
    return sum(a == b for a, b in zip(predicted, answer, strict=True)) / len(answer)


def extraction_strength(predicted: Sequence[int], answer: Sequence[int]) -> float:
    """1 - k / T, k the fewest tokens of the answer from which greedy decoding regenerates all the rest.

    1: the prompt alone brings the whole answer. 0: even all but the last token do not bring the last. The rest is regenerated
    from k just where each later token is the likeliest after the true ones before it, so no decoding is needed.
    Carlini et al. (2021) measure memorisation so; as a figure in Wang et al., ICLR 2025, arXiv:2406.09179. (open-unlearning
    gives 1 / T where we give 0.)

    Args:
        predicted: (T,), the likeliest token id after the prompt and the first t tokens of the answer.
        answer: (T,) token ids, end token included; T >= 1.
    """
    _check(predicted, answer)
    needed = len(answer)
    while needed and predicted[needed - 1] == answer[needed - 1]:
        needed -= 1
    return 1 - needed / len(answer)


def matched(predicted: Sequence[int], answer: Sequence[int]) -> int:
    """How many tokens of the answer greedy decoding repeats from the prompt alone."""
    _check(predicted, answer)
    pairs = zip(predicted, answer, strict=True)
    return next((place for place, (a, b) in enumerate(pairs) if a != b), len(answer))


@dataclass(frozen=True)
class Rouge:
    """ROUGE-L; each in 0..1.

    Attributes:
        recall: share of the reference's words in the longest common subsequence: what TOFU and open-unlearning report.
        precision: the same of the candidate's words.
        f1: their harmonic mean.
    """

    recall: float
    precision: float
    f1: float


def rouge_l(reference: str, candidate: str) -> Rouge:
    """ROUGE-L by words (Lin 2004): lower case, runs of letters and digits, no stemming; two empty texts agree."""
    words, others = (_WORD.findall(text.lower()) for text in (reference, candidate))
    if not words or not others:
        same = float(words == others)
        return Rouge(same, same, same)
    common = common_length(words, others)
    recall, precision = common / len(words), common / len(others)
    return Rouge(recall, precision, 2 * common / (len(words) + len(others)))


def common_length(first: Sequence[str], second: Sequence[str]) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(second) + 1)
    for word in first:
        diagonal = 0
        for place, other in enumerate(second, 1):
            above = row[place]
            row[place] = diagonal + 1 if word == other else max(above, row[place - 1])
            diagonal = above
    return row[-1]


def _check(predicted: Sequence[int], answer: Sequence[int]) -> None:
    if not len(answer) or len(predicted) != len(answer):
        raise ValueError(
            f"need as many predicted tokens as the answer has, and one at least: got {len(predicted)} and {len(answer)}"
        )
