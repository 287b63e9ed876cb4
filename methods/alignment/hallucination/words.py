"""Words of a text with their places, and what an English plural may be the plural of: rules, no tagger, no download."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

NAME = "rule"
"""How this step is called beside figures."""

_TOKEN = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*|\d+|[^\w\s]")
_IRREGULAR = {
    "children": "child",
    "feet": "foot",
    "geese": "goose",
    "men": "man",
    "mice": "mouse",
    "oxen": "ox",
    "people": "person",
    "policemen": "policeman",
    "teeth": "tooth",
    "women": "woman",
}


@dataclass(frozen=True)
class Word:
    """A word or a punctuation mark: text[start:end], in lower case."""

    text: str
    start: int
    end: int


def tokenise(text: str) -> list[Word]:
    """Words (joined by hyphens where they are), numbers and punctuation marks, in order."""
    return [Word(found.group().lower(), *found.span()) for found in _TOKEN.finditer(text)]


def forms(word: str) -> list[str]:
    """The word itself, then every singular that its ending allows, most likely first.

    Ambiguous endings give several ("ties": "ty", "tie"): which one exists, a vocabulary knows.
    """
    found = [word]
    if word in _IRREGULAR:
        found.append(_IRREGULAR[word])
    elif word.endswith("men") and len(word) > 4:
        found.append(f"{word[:-3]}man")
    if len(word) < 3 or not word.endswith("s") or word.endswith("ss"):
        return found
    if word.endswith("ies"):
        found.append(f"{word[:-3]}y")
    if word.endswith("ves"):
        found += [f"{word[:-3]}f", f"{word[:-3]}fe"]
    found.append(word[:-1])
    if word.endswith("es"):
        found.append(word[:-2])
    return found


def known_form(word: str, vocabulary: Collection[str]) -> str:
    """The first of a word's forms that a vocabulary has; the word itself where it has none."""
    return next((form for form in forms(word) if form in vocabulary), word)
