"""Reads the curves of a training as somebody who has seen many would, and says it in plain words with the pairs that cause it.

Pure rules over a `History`; each gives a `Diagnosis` or None. Thresholds are ours, chosen so that a rule names what an
experienced person would point at; they change nothing in the training.

history.py    what the doctor reads, and what it finds
rewards.py    does the model learn, and what becomes of the chosen answers
betas.py      each pair's beta, its hardness, and the filter
answers.py    ends and lengths of answers
"""

from __future__ import annotations

from collections.abc import Callable

from methods.alignment.training.doctor.answers import follows_length
from methods.alignment.training.doctor.betas import (
    beta_at_its_floor,
    far_from_the_mean,
    hardness_is_flat,
    keeps_all,
    never_kept,
)
from methods.alignment.training.doctor.history import Diagnosis, History
from methods.alignment.training.doctor.rewards import (
    both_fall,
    learnt_at_once,
    nothing_moves,
    saturated,
)

__all__ = ["RULES", "Diagnosis", "History", "Rule", "examine"]

Rule = Callable[[History], Diagnosis | None]

RULES: tuple[Rule, ...] = (
    both_fall,
    saturated,
    learnt_at_once,
    nothing_moves,
    beta_at_its_floor,
    far_from_the_mean,
    never_kept,
    keeps_all,
    hardness_is_flat,
    follows_length,
)
"""Those that are asked while it trains."""


def examine(history: History, said: set[str]) -> list[Diagnosis]:
    """What the rules find that was not said before; `said` takes up the new ones by rule and severity."""
    found = []
    for rule in RULES:
        diagnosis = rule(history)
        if diagnosis is None or f"{diagnosis.rule}:{diagnosis.severity}" in said:
            continue
        said.add(f"{diagnosis.rule}:{diagnosis.severity}")
        found.append(diagnosis)
    return found
