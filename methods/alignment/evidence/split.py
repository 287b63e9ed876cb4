"""Sub-sentences of an answer: the pieces that CLIP is asked about one by one.

The paper splits answers with an LLM, whose name and prompt are not published. Here the text itself is cut, at the ends of
sentences and at newlines, so that the same answer gives the same pieces on every machine.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Splitter = Literal["sentences", "clauses"]
"""How an answer is cut: at the ends of sentences, or also at ", and" and ";"."""

VERSION = 1
"""Rises when the same text would be cut otherwise: scores of two versions are not comparable."""

SENTENCE_END = re.compile(r"""[.!?…]+["'”’)\]]*(?=\s|$)|[。！？]+["'”’」』）]*|\n""")
"""Enders count where a blank follows, so that 3.5 stays whole; those of Chinese and Japanese always do."""
CLAUSE_END = re.compile(r",\s+and\s+|;\s*", re.IGNORECASE)
BULLET = re.compile(r"[-*•–]\s+|\(?\d{1,3}[.)]\s+")
ABBREVIATION = re.compile(
    r"(?:^|[\s(\"'])(?:[a-z]|mr|mrs|ms|dr|st|vs|approx|e\.g|i\.e|[a-z]\.[a-z])$",
    re.IGNORECASE,
)
"""What stands before a full stop that ends no sentence: a single letter, a title, "e.g."."""
LONGEST_ABBREVIATION = 8
"""Characters, the blank in front included."""


@dataclass(frozen=True)
class Piece:
    """A part of an answer: `text` equals answer[start:end]."""

    text: str
    start: int
    end: int


def splitter_id(splitter: Splitter) -> str:
    """Name of a way to cut, with its version, kept beside every score: "sentences-1"."""
    return f"{splitter}-{VERSION}"


def split_text(text: str, splitter: Splitter = "sentences") -> tuple[Piece, ...]:
    """Cut an answer into sub-sentences, in order and without overlap.

    A piece keeps the punctuation that ends it, but no blanks around it, no bullet and no number of a list in front. Pieces
    without a letter are left out; where none has one, the whole text is one piece, and an empty text is one empty piece.

    Args:
        text: one answer, as it is.
        splitter: "sentences" cuts at . ! ? and newlines; "clauses" also at ", and" and ";", which belong to no piece then.

    Returns:
        At least one piece; positions are those in `text`, in characters.
    """
    pieces = [
        piece
        for start, end in _sentences(text)
        for first, last in (_clauses(text, start, end) if splitter == "clauses" else [(start, end)])
        if (piece := _trimmed(text, first, last)) is not None
    ]
    if pieces:
        return tuple(pieces)
    whole = text.strip()
    start = text.index(whole)
    return (Piece(whole, start, start + len(whole)),)


def _sentences(text: str) -> list[tuple[int, int]]:
    spans, start = [], 0
    for match in SENTENCE_END.finditer(text):
        before = text[max(start, match.start() - LONGEST_ABBREVIATION) : match.start()]
        if match[0].startswith(".") and ABBREVIATION.search(before):
            continue
        spans.append((start, match.end()))
        start = match.end()
    return [*spans, (start, len(text))]


def _clauses(text: str, start: int, end: int) -> list[tuple[int, int]]:
    spans = []
    for match in CLAUSE_END.finditer(text, start, end):
        spans.append((start, match.start()))
        start = match.end()
    return [*spans, (start, end)]


def _trimmed(text: str, start: int, end: int) -> Piece | None:
    """The piece without blanks and bullet; None where no letter is left."""
    while start < end and text[start].isspace():
        start += 1
    bullet = BULLET.match(text, start, end)
    start = bullet.end() if bullet else start
    piece = text[start:end].rstrip()
    if not any(character.isalpha() for character in piece):
        return None
    return Piece(piece, start, start + len(piece))
