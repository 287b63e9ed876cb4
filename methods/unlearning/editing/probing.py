"""Which rows an edit is looked at on: those of the request, those whose prompts resemble theirs, and a sample of all others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from methods.unlearning.influence.stepping import drawn
from methods.unlearning.request import Request
from methods.unlearning.rows.row import Row

ANY_WORD = r"(?u)\b\w+\b"
"""Also words of one letter, which may be all that tells two prompts apart."""


@dataclass(frozen=True)
class Neighbour:
    """A row outside the request whose prompt resembles that of a row in it.

    Attributes:
        position: of the neighbour.
        of: position of the row that it resembles.
        similarity: cosine of the TF-IDF vectors of both prompts, in (0, 1].
    """

    position: int
    of: int
    similarity: float


@dataclass(frozen=True)
class Probe:
    """Positions of the rows that are looked at.

    Attributes:
        marked: rows of the request, ascending.
        retained: a sample of the other rows, or all of them, ascending.
        neighbours: each row at most once, beside the marked row that it resembles most.
    """

    marked: tuple[int, ...]
    retained: tuple[int, ...]
    neighbours: tuple[Neighbour, ...]

    @property
    def others(self) -> tuple[int, ...]:
        """Retained rows and neighbours, ascending, each once."""
        return tuple(sorted({*self.retained, *(each.position for each in self.neighbours)}))


def choose_probe(
    rows: Sequence[Row], request: Request, retained: int, neighbours: int, seed: int
) -> Probe:
    """Choose what is looked at.

    Args:
        request: over `rows`.
        retained: how many other rows to draw, as the search for a step length draws them; all where there are fewer.
        neighbours: how many to find for each marked row.
    """
    return Probe(
        marked=request.marked,
        retained=tuple(drawn(request.retained(len(rows)), retained, seed)),
        neighbours=find_neighbours([row.prompt for row in rows], request.marked, neighbours),
    )


def find_neighbours(
    prompts: Sequence[str], marked: Sequence[int], count: int
) -> tuple[Neighbour, ...]:
    """For each marked prompt the `count` most similar others, in the order of the marked ones, best first.

    A prompt that resembles several marked ones stands once, beside the one it resembles most; prompts that share no word with
    any are left out.
    """
    if not count or not marked or len(marked) == len(prompts):
        return ()
    try:
        vectors = TfidfVectorizer(token_pattern=ANY_WORD).fit_transform(prompts)
    except ValueError:  # not a single word in any prompt
        return ()
    best: dict[int, Neighbour] = {}
    inside = set(marked)
    for row in marked:
        cosines = (vectors @ vectors[row].T).toarray().ravel()
        cosines[list(inside)] = 0.0
        for position in np.argsort(-cosines, kind="stable")[:count]:
            found = Neighbour(int(position), row, min(float(cosines[position]), 1.0))
            earlier = best.get(found.position)
            if found.similarity > 0 and (earlier is None or earlier.similarity < found.similarity):
                best[found.position] = found
    order = {row: place for place, row in enumerate(marked)}
    return tuple(
        sorted(best.values(), key=lambda each: (order[each.of], -each.similarity, each.position))
    )
