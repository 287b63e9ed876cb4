"""AMBER's similarity of words from word vectors that the user brings."""

from __future__ import annotations

from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from methods.alignment.hallucination.amber_parts import SimilarityStep

THRESHOLD = 0.8
"""Cosine above which the published script takes two words for the same."""

Vectors = dict[str, npt.NDArray[np.float32]]


def vector_similarity(
    path: Path, words: frozenset[str], threshold: float = THRESHOLD
) -> SimilarityStep:
    """Words whose vectors have a cosine above `threshold`; a word without a vector is like itself only.

    Args:
        path: text as GloVe's and word2vec's (a word and its numbers, a line each), or an .npz with `words` (n,) and
            `vectors` (n, d).
        words: those to keep.

    Raises:
        ValueError: the file is neither, or knows none of the words.
    """
    with path.open("rb") as file:
        zipped = file.read(2) == b"PK"
    known = _read_npz(path, words) if zipped else _read_text(path, words)
    if not known:
        raise ValueError(f"{path.name}: has a vector for none of the {len(words)} words of AMBER")
    unit = {
        word: vector / max(float(np.linalg.norm(vector)), 1e-12) for word, vector in known.items()
    }

    def similar(first: str, second: str) -> bool:
        if first == second:
            return True
        if first not in unit or second not in unit:
            return False
        return float(unit[first] @ unit[second]) > threshold

    return SimilarityStep(
        f"cosine > {threshold:g} of {path.name} ({len(known)} of {len(words)} words)", similar
    )


def _read_npz(path: Path, words: frozenset[str]) -> Vectors:
    try:
        with np.load(path, allow_pickle=False) as found:
            names, vectors = found["words"], found["vectors"].astype(np.float32)
    except (KeyError, ValueError, BadZipFile) as error:
        raise ValueError(
            f"{path.name}: an .npz of vectors holds `words` (n,) as text and `vectors` (n, d): {error}"
        ) from error
    if vectors.ndim != 2 or names.shape != vectors.shape[:1]:
        raise ValueError(
            f"{path.name}: words {names.shape} and vectors {vectors.shape} do not belong together"
        )
    return {
        str(name): vector for name, vector in zip(names, vectors, strict=True) if str(name) in words
    }


def _read_text(path: Path, words: frozenset[str]) -> Vectors:
    found: Vectors = {}
    width = 0
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            word, _, rest = line.rstrip().partition(" ")
            if number == 1 and rest.isdigit() and word.isdigit():
                continue  # word2vec's header: how many, how wide
            if word not in words:
                continue
            try:
                vector = np.array(rest.split(), dtype=np.float32)
            except ValueError as error:
                raise ValueError(
                    f"{path.name}, line {number}: {word!r} is not followed by numbers"
                ) from error
            width = width or len(vector)
            if not len(vector) or len(vector) != width:
                raise ValueError(
                    f"{path.name}, line {number}: {len(vector)} numbers after {word!r}, expected {width or 'some'}"
                )
            found[word] = vector
    return found
