"""Rows that people read: every pair with its evidence, picture and warnings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from methods.alignment.evidence.needs import given_scores
from methods.alignment.evidence.numbers import Numbers
from methods.alignment.evidence.scores import Floats, Score, shares
from methods.alignment.evidence.split import Piece, Splitter, split_text
from methods.alignment.pairs.pair import Pair
from methods.clip_encoder import ClipEncoder

ANSWERS = ("chosen", "rejected")
REPEATED = (
    "the rejected answer repeats every sub-sentence of the chosen one: whatever it adds, this score cannot speak for the "
    "chosen answer"
)


@dataclass(frozen=True)
class Evidence:
    """Pieces of both answers, the chosen one's first, and what each scores.

    Attributes:
        cos: None where scores were given.
        share: of the softmax over all pieces; the given score of a piece where scores were given.
    """

    pieces: tuple[Piece, ...]
    chosen: int
    cos: tuple[float, ...] | None
    share: tuple[float, ...]
    warnings: tuple[str, ...]

    @property
    def by_form(self) -> bool:
        """Whether the pair is contested only because its rejected answer repeats the chosen one and goes on."""
        return REPEATED in self.warnings

    def rows(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """One row a piece, of the chosen and of the rejected answer."""
        cos = self.cos or (None,) * len(self.pieces)
        rows = [
            {
                "text": piece.text,
                "start": piece.start,
                "end": piece.end,
                "cos": value,
                "share": share,
            }
            for piece, value, share in zip(self.pieces, cos, self.share, strict=True)
        ]
        return rows[: self.chosen], rows[self.chosen :]


class Teller:
    """Puts together what was measured of a pair and what the pair itself says, which is read again."""

    def __init__(
        self,
        numbers: Numbers,
        delta: Floats,
        factor: Floats,
        splitter: Splitter,
        score: Score,
        scorer: ClipEncoder | None,
    ) -> None:
        """Take what was measured.

        Args:
            numbers: of all pairs.
            delta, factor: of all pairs, (N,), scaled.
            scorer: what measured them; None where scores were given.
        """
        self._numbers, self._delta, self._factor = numbers, delta, factor
        self._splitter, self._score, self._scorer = splitter, score, scorer
        counts = np.array(numbers.chosen) + np.array(numbers.rejected)
        self._starts = np.concatenate([[0], counts.cumsum()])  # of each pair's pieces among all

    def evidence(self, place: int, pair: Pair) -> Evidence:
        """What was found of the pair at a place of the source."""
        if self._scorer is None:
            return given_evidence(pair, self._splitter)
        pieces = [
            *split_text(pair.chosen, self._splitter),
            *split_text(pair.rejected, self._splitter),
        ]
        first, last = self._starts[place : place + 2].tolist()
        cos = self._numbers.cos[first:last]
        cut = [
            piece.text
            for piece, is_cut in zip(pieces, self._numbers.cut[first:last], strict=True)
            if is_cut
        ]
        warnings = [
            f"longer than CLIP's text window of {self._scorer.window} tokens, so that its end was not read: {text:.80}"
            for text in cut
        ]
        if (
            self._delta[place] < 0
            and self._score != "mean_cos"
            and repeats(pieces, self._numbers.chosen[place])
        ):
            warnings.append(REPEATED)
        if len(pair.images) > 1:
            warnings.append(f"only the first of {len(pair.images)} images was looked at")
        return Evidence(
            pieces=tuple(pieces),
            chosen=self._numbers.chosen[place],
            cos=tuple(cos),
            share=tuple(shares(np.array(cos), self._scorer.tau).tolist()),
            warnings=tuple(warnings),
        )

    def row(
        self, place: int, pair: Pair, evidence: Evidence, image: str, origin: str
    ) -> dict[str, Any]:
        """A row of the kind "pair".

        Args:
            image: where its picture is, "archive/member"; "" for none.
            origin: the data set, where the row itself does not name it.
        """
        chosen, rejected = evidence.rows()
        words = [len(text.split()) for text in (pair.chosen, pair.rejected)]
        return {
            "position": pair.position,
            "pair_id": pair.id,
            "delta": float(self._delta[place]),
            "data_factor": float(self._factor[place]),
            "contested": bool(self._delta[place] < 0),
            "by_form": evidence.by_form,
            "chosen_words": words[0],
            "rejected_words": words[1],
            "length_gap": words[0] - words[1],
            "pieces": len(evidence.pieces),
            "level": str(pair.meta.get("level") or ""),
            "origin": str(pair.meta.get("origin_dataset") or origin),
            "image": image,
            "prompt": pair.prompt,
            "chosen": pair.chosen,
            "rejected": pair.rejected,
            "chosen_pieces": chosen,
            "rejected_pieces": rejected,
            "warnings": list(evidence.warnings),
        }

    def file_row(self, place: int, pair: Pair, evidence: Evidence) -> dict[str, Any]:
        """A row of `hardness.parquet`."""
        return {
            "position": pair.position,
            "pair_id": pair.id,
            "delta": float(self._delta[place]),
            "data_factor": float(self._factor[place]),
            "chosen_pieces": evidence.chosen,
            "pieces": [piece.text for piece in evidence.pieces],
            "cos": evidence.cos,
            "share": evidence.share,
        }


def repeats(pieces: Sequence[Piece], chosen: int) -> bool:
    """Whether every sub-sentence of the chosen answer, the first ones, also stands in the rejected one."""
    texts = [piece.text for piece in pieces]
    return Counter(texts[:chosen]) <= Counter(texts[chosen:])


def given_evidence(pair: Pair, splitter: Splitter) -> Evidence:
    """Given scores on the sub-sentences that they are of: those that the row names, else ours, where their number fits.

    Where it does not, the whole answer is one piece that scores their sum, and a warning says so.
    """
    pieces: list[Piece] = []
    share: list[float] = []
    warnings: list[str] = []
    counts = []
    for name, scores in zip(ANSWERS, given_scores(pair), strict=True):
        text = getattr(pair, name)
        found = _named(text, pair.meta.get(f"{name}_pieces")) or split_text(text, splitter)
        if len(found) == len(scores):
            share += scores
        else:
            warnings.append(
                f"{len(scores)} scores for {len(found)} sub-sentences of the {name} answer: shown as their sum"
            )
            found = (Piece(text, 0, len(text)),)
            share.append(sum(scores))
        pieces += found
        counts.append(len(found))
    return Evidence(tuple(pieces), counts[0], None, tuple(share), tuple(warnings))


def _named(text: str, names: Any) -> tuple[Piece, ...]:
    """Sub-sentences that a row names, where all of them stand in its answer in their order; else none."""
    pieces: list[Piece] = []
    for name in names if isinstance(names, list) else ():
        start = text.find(name, pieces[-1].end if pieces else 0) if isinstance(name, str) else -1
        if start < 0:
            return ()
        pieces.append(Piece(name, start, start + len(name)))
    return tuple(pieces)
