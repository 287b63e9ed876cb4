"""COCO's objects in running text: the synonym list of CHAIR and its rules for words that belong together.

Follows Rohrbach et al. 2018 as their evaluation and that of Object HalBench apply it. Departs in how a plural becomes a
singular: by our rules and the synonym list, where they take `pattern` or WordNet.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from methods.alignment.hallucination.words import Word, forms, known_form, tokenise

ANIMALS = (
    *("bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe"),
    *("animal", "cub"),
)
"""A "baby" or "adult" one of these is no person."""
VEHICLES = ("jet", "train")
"""A "passenger" one of these is no person."""
NO_OBJECTS = ("home plate", "train track")
"""Joined so that "plate" and "train" in them count for nothing."""
JOINED = {"bow tie": "tie", "toilet seat": "toilet"}


@dataclass(frozen=True)
class Found:
    """A COCO object in a text: text[start:end], the word of the list it is, the node that word belongs to."""

    start: int
    end: int
    word: str
    node: str


@dataclass(frozen=True)
class Synonyms:
    """The words of each object, the first of which, the node, stands for all.

    Attributes:
        lines: one line an object, as in the published file: ("person", "girl", "boy", ...).
    """

    lines: tuple[tuple[str, ...], ...]

    @cached_property
    def node_of(self) -> Mapping[str, str]:
        """The node of each word; of a word on two lines the later, as in the published code."""
        return {word: line[0] for line in self.lines for word in line}

    @cached_property
    def pairs(self) -> Mapping[str, str]:
        """Two words that are read as one, and the word they count as."""
        found = {word: word for word in self.node_of if " " in word}
        found |= {pair: pair for pair in NO_OBJECTS}
        found |= {f"{age} {animal}": animal for animal in ANIMALS for age in ("baby", "adult")}
        found |= {f"passenger {vehicle}": vehicle for vehicle in VEHICLES}
        return found | JOINED

    def nodes(self, names: Iterable[str]) -> frozenset[str]:
        """Nodes of words.

        Raises:
            ValueError: a word is not in the list.
        """
        known = self.node_of
        names = list(names)
        unknown = [name for name in names if name not in known]
        if unknown:
            raise ValueError(
                f"{unknown[0]!r} is not in the synonym list of {len(self.lines)} objects"
            )
        return frozenset(known[name] for name in names)

    def find(self, text: str) -> list[Found]:
        """Every object that a text names, in order and with repeats."""
        found = self._join(tokenise(text))
        words = {word for _, _, word in found}
        seat_of_toilet = {"toilet", "seat"} <= words  # "the seat of the toilet" is no chair
        known = self.node_of
        return [
            Found(start, end, word, known[word])
            for start, end, word in found
            if word in known and not (seat_of_toilet and word == "seat")
        ]

    def match(self, phrase: str) -> list[str]:
        """Words of the list in one extracted object: two-word objects first, else the whole phrase."""
        joined = [word for _, _, word in self._join(tokenise(phrase)) if word in self._paired]
        if joined:
            return joined
        words = " ".join(known_form(word.text, self.node_of) for word in tokenise(phrase))
        return [words] if words in self.node_of else []

    @cached_property
    def _paired(self) -> Collection[str]:
        return set(self.pairs.values()) & self.node_of.keys()

    def _join(self, words: Sequence[Word]) -> list[tuple[int, int, str]]:
        """Start, end and singular of each word, pairs joined from left to right."""
        found, index = [], 0
        while index < len(words):
            first = words[index]
            pair = self._pair(words[index : index + 2])
            if pair is not None:
                found.append((first.start, words[index + 1].end, pair))
            else:
                found.append((first.start, first.end, known_form(first.text, self.node_of)))
            index += 1 if pair is None else 2
        return found

    def _pair(self, words: Sequence[Word]) -> str | None:
        if len(words) < 2:
            return None
        names = (f"{a} {b}" for a in forms(words[0].text) for b in forms(words[1].text))
        return next((self.pairs[name] for name in names if name in self.pairs), None)
