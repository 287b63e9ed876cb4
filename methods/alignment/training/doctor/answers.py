"""Rules on the answers: their ends, their lengths, and what is cut from them."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import correlation

from methods.alignment.training.doctor.history import SHOWN, WINDOW, Diagnosis, History


def follows_length(history: History) -> Diagnosis | None:
    """The gap follows the answers' lengths."""
    rows, gaps = history.rows(), history.column("gap")
    lengths = [float(history.length_gaps.get(row, 0)) for row in rows]
    if len(history.recent) < WINDOW or len(set(lengths)) < 3 or len(set(gaps)) < 3:
        return None
    strength = correlation(lengths, gaps)
    if abs(strength) < 0.6:
        return None
    way = "longer" if strength > 0 else "shorter"
    return Diagnosis(
        "follows_length",
        "warning",
        f"The model learns to prefer {way} answers",
        f"The gap of a pair follows the difference of its answers' lengths (correlation {strength:+.2f}). Log-probabilities are "
        "summed over words, so length is the easiest thing to learn. Balance the lengths of the pairs, or watch the number "
        "of mentions beside the hallucinations.",
        history.worst([abs(length) for length in lengths]),
    )


def no_end_token(added: str) -> Diagnosis:
    """The template does not end answers; said before training, in which the end token is added."""
    return Diagnosis(
        "no_end_token",
        "info",
        "The chat template does not end answers",
        f"With it alone the model would never be taught to stop. We add the end token {added} to every answer; give the same "
        "to whoever trains on this template elsewhere.",
    )


def answer_cut(pairs: Sequence[str], limit: int, total: int) -> Diagnosis:
    """Answers longer than the most tokens."""
    return Diagnosis(
        "answer_cut",
        "warning",
        f"{len(pairs)} of {total} pairs are cut",
        f"Their prompt and answer have more than {limit} tokens, so the end of the answer is not trained on, nor is its end token. "
        "Raise the most tokens, or leave these pairs out.",
        tuple(pairs[:SHOWN]),
    )


def scores_miscounted(pairs: Sequence[str], total: int) -> Diagnosis:
    """Rows bring another number of scores than their answers have sub-sentences."""
    return Diagnosis(
        "scores_miscounted",
        "warning",
        f"{len(pairs)} of {total} pairs bring another number of scores than they have sub-sentences",
        "chosen_logits and rejected_logits should have one number a sub-sentence; only their sums are used, so a list that is too "
        "long or too short makes a pair look easier or harder. If your splitter is another than ours, which ends at full "
        "stops and new lines, this may be as it should.",
        tuple(pairs[:SHOWN]),
    )


def length_drift(before: float, after: float) -> Diagnosis | None:
    """Answers after training are much shorter or longer; mean words of each."""
    if before <= 0 or 0.8 <= after / before <= 1.25:
        return None
    way = "shorter" if after < before else "longer"
    return Diagnosis(
        "length_drift",
        "warning",
        f"Answers have become {way}",
        f"{after:.1f} words on average, {before:.1f} before. Fewer words name fewer things, wrong ones among them: compare recall "
        "and mentions, not hallucinations alone.",
    )
