"""What AMBER is made of: annotations, word lists, and the two steps that find its words in a text."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

from methods.alignment.hallucination.words import Word, known_form, tokenise

GENERATIVE = "generative"
KINDS = {
    "discriminative-hallucination": "existence",
    "discriminative-attribute-state": "state",
    "discriminative-attribute-number": "number",
    "discriminative-attribute-action": "action",
    "discriminative-relation": "relation",
    "relation": "relation",
}
"""Kind of question by the type in the annotations."""
NO_VERBS_AFTER = (
    *("can", "could", "may", "might", "must", "shall", "should", "will", "would", "cannot"),
    *("i", "you", "he", "she", "it", "we", "they", "who"),
)
"""Words before which a noun does not stand: "people can park" names no park."""


@dataclass(frozen=True)
class Annotation:
    """The truth of one item.

    Attributes:
        type: `GENERATIVE`, or one of `KINDS`.
        truth: of a description, the objects there; of a question, ("yes",) or ("no",).
        imagined: of a description, objects that people would imagine there.
    """

    id: str
    type: str
    truth: tuple[str, ...]
    imagined: tuple[str, ...] = ()


@dataclass(frozen=True)
class Words:
    """AMBER's word lists.

    Attributes:
        associated: words that stand for a word of the annotations.
        safe: words that are never counted as hallucinated.
    """

    associated: Mapping[str, tuple[str, ...]]
    safe: frozenset[str]

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """The only nouns that count."""
        return frozenset(self.associated) | {
            word for words in self.associated.values() for word in words
        }


@dataclass(frozen=True)
class NounStep:
    """Finds the nouns of a vocabulary in a text: (place, singular), in order and with repeats."""

    name: str
    find: Callable[[str, Collection[str]], list[tuple[Word, str]]]


@dataclass(frozen=True)
class SimilarityStep:
    """Says whether two words mean the same."""

    name: str
    similar: Callable[[str, str], bool]


def rule_nouns(text: str, vocabulary: Collection[str]) -> list[tuple[Word, str]]:
    """Words whose singular is in the vocabulary, but not after a modal verb or a pronoun."""
    found, before = [], ""
    for word in tokenise(text):
        noun = known_form(word.text, vocabulary)
        if noun in vocabulary and before not in NO_VERBS_AFTER:
            found.append((word, noun))
        before = word.text
    return found


RULE_NOUNS = NounStep("rule-based nouns", rule_nouns)
EXACT = SimilarityStep("exact match", str.__eq__)


def percent(above: float, below: float) -> float:
    """The script counts from .001 below the line, which spares it a division by zero and shows on tiny sets."""
    return round(above / (below + 0.001) * 100, 1)
