"""The rows that a run records, from its figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from methods.fewshot.evaluating.naming import Choice, Integers, Named
from methods.fewshot.evaluating.records import (
    MOST_CLASSES,
    MOST_PAIRS,
    MOST_PICTURES,
    MOST_RIGHT,
    Answers,
    ClassScore,
    Confusion,
    Map,
    Outcome,
    Pair,
    Score,
)
from methods.fewshot.evaluating.scoring import GLOBAL, VCR, Scored
from methods.fewshot.settings import REFINEMENTS

COMPARED = {"global": GLOBAL, "vcr": VCR}
OUTCOMES: tuple[Outcome, ...] = ("fixed", "broken", "both_wrong", "both_right")


def score_rows(scored: Scored) -> Iterator[Score]:
    """A row a refinement."""
    for place, refinement in enumerate(REFINEMENTS):
        accuracy, change = scored.accuracy[refinement], scored.change.get(refinement)
        yield {
            "classifier": scored.classifier,
            "refinement": refinement,
            "accuracy": accuracy.mean,
            "low": accuracy.low,
            "high": accuracy.high,
            "seeds": scored.right[:, place].mean(axis=1).tolist(),
            "difference": change.difference.mean if change else None,
            "difference_low": change.difference.low if change else None,
            "difference_high": change.difference.high if change else None,
            "fixed": change.fixed if change else 0,
            "broken": change.broken if change else 0,
            "p": change.p if change else None,
        }


def class_rows(
    scored: Scored, labels: Integers, classes: Sequence[str], shots: Sequence[int]
) -> Iterator[ClassScore]:
    """A row a class that is tested."""
    right = scored.right.mean(axis=0)  # (R, M)
    for label, name in enumerate(classes):
        of_class = labels == label
        if of_class.any():
            yield {
                "classifier": scored.classifier,
                "class": name,
                "n": int(of_class.sum()),
                "shots": shots[label],
                "before": float(right[GLOBAL, of_class].mean()),
                "after": float(right[VCR, of_class].mean()),
            }


def confusion_rows(named: Named, labels: Integers, classes: Sequence[str]) -> Iterator[Confusion]:
    """A row for the whole picture and one for VCR."""
    count = len(classes)
    for refinement, place in COMPARED.items():
        answers = named.answers[:, place]  # (S, M)
        flat = np.broadcast_to(labels, answers.shape) * count + answers
        pairs, n = np.unique(flat, return_counts=True)
        matrix = np.zeros((count, count), np.int64) if count <= MOST_CLASSES else None
        if matrix is not None:
            matrix.flat[pairs] = n
        yield {
            "classifier": named.classifier,
            "refinement": refinement,
            "classes": list(classes) if matrix is not None else [],
            "counts": matrix.tolist() if matrix is not None else [],
            "pairs": _confused(pairs, n, classes),
        }


def _confused(pairs: Integers, n: Integers, classes: Sequence[str]) -> list[Pair]:
    """The most frequent of wrong answers."""
    wrong = pairs // len(classes) != pairs % len(classes)
    order = np.argsort(-n[wrong], kind="stable")[:MOST_PAIRS]
    return [
        {
            "label": classes[pair // len(classes)],
            "answer": classes[pair % len(classes)],
            "n": int(times),
        }
        for pair, times in zip(pairs[wrong][order].tolist(), n[wrong][order], strict=True)
    ]


def map_rows(choices: Sequence[Choice], classifier: str, seeds: Sequence[int]) -> Iterator[Map]:
    """A row a draw in which something was tried; of several refinements VCR's."""
    for choice in choices:
        chosen = choice.chosen
        if choice.refinement not in ("", "vcr") or chosen.map is None or chosen.accuracy is None:
            continue
        row = chosen.betas.index(chosen.beta) if chosen.beta in chosen.betas else 0
        yield {
            "classifier": classifier,
            "seed": seeds[choice.draw],
            "refinement": choice.refinement,
            "tuned_on": chosen.tuned_on,
            "alphas": list(chosen.alphas),
            "betas": list(chosen.betas),
            "accuracy": chosen.map.tolist(),
            "chosen": [row, chosen.alphas.index(chosen.alpha)],
            "alpha": chosen.alpha,
            "beta": chosen.beta,
            "best": chosen.accuracy,
            "ties": chosen.ties,
            "at_the_end": list(chosen.at_the_end),
        }


def pictures_shown(scored: Scored, labels: Integers) -> list[tuple[int, Outcome, int]]:
    """(picture, outcome, draw) of the pictures that are told, in the order of the outcomes.

    Fixed is right in more draws with VCR than without, broken in fewer. The draw is the first one in which it came out so.
    """
    before, after = scored.right[:, GLOBAL], scored.right[:, VCR]  # (S, M)
    gain = after.astype(int).sum(axis=0) - before.sum(axis=0)
    found: dict[Outcome, list[tuple[int, Outcome, int]]] = {each: [] for each in OUTCOMES}
    of_class: dict[int, int] = {}
    for place in range(len(labels)):
        pairs = list(zip(before[:, place].tolist(), after[:, place].tolist(), strict=True))
        outcome = _outcome(int(gain[place]), pairs)
        if outcome is None:
            continue
        if outcome == "both_right":
            label = int(labels[place])
            of_class[label] = of_class.get(label, 0) + 1
            if of_class[label] > MOST_RIGHT:
                continue
        if len(found[outcome]) < MOST_PICTURES:
            found[outcome].append((place, outcome, pairs.index(PAIR_OF[outcome])))
    return [each for outcome in OUTCOMES for each in found[outcome]]


PAIR_OF: dict[Outcome, tuple[bool, bool]] = {
    "fixed": (False, True),
    "broken": (True, False),
    "both_wrong": (False, False),
    "both_right": (True, True),
}
"""Right before, right after."""


def _outcome(gain: int, pairs: Sequence[tuple[bool, bool]]) -> Outcome | None:
    if gain:
        return "fixed" if gain > 0 else "broken"
    if (False, False) in pairs:
        return "both_wrong"
    return "both_right" if (True, True) in pairs else None


def answers_of(
    named: Named, draw: int, refinement: int, picture: int, classes: Sequence[str]
) -> Answers:
    """The most probable classes of a picture."""
    top = named.top[draw, refinement, picture].tolist()
    chances = named.chances[draw, refinement, picture].tolist()
    return [(classes[each], chance) for each, chance in zip(top, chances, strict=True)]
