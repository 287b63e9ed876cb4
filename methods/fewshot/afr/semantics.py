"""Semantic vectors of classes, which say what is related to what; from word vectors, or from a matrix of similarities.

CLIP's text features need nothing of this: their rows are semantic vectors already.
"""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

Vectors = NDArray[np.float64]

LONGEST_LINE = 1 << 20
"""Bytes of a line of a text file; 2000 numbers need a tenth of it."""
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


def word_vectors(path: Path, names: Sequence[str], told: str = "") -> Vectors:
    """Semantic vectors of class names from a file of word vectors.

    A text file has a word and its numbers a line, apart by blanks, with or without word2vec's first line (count and width); GloVe's
    files and fastText's are such. An npz has `words` (n,) and `vectors` (n, S); nothing pickled is opened. Synonyms in a
    name are apart by commas and averaged ("robin, American robin"); a synonym is its words joined by _ or - where the file has that
    entry, else the mean of its words. Capital letters are tried as they are, then small.

    Args:
        path: of the file.
        names: of the classes; _ counts as a blank.
        told: what to call the file in errors; empty is its own name.

    Returns:
        (W, S).

    Raises:
        ValueError: the file is no such file (names the line), or lacks words for a class (names them all).
    """
    wanted = {entry for name in names for entry in _entries(name)}
    told = told or path.name
    found = _read(path, wanted, told)
    vectors, missing = [], []
    for name in names:
        parts = [_phrase(synonym, found) for synonym in synonyms(name)]
        known = [part for part in parts if part is not None]
        if known:
            vectors.append(np.mean(known, axis=0))
        else:
            absent = [
                word for word in _WORD.findall(name.replace("_", " ")) if _of(word, found) is None
            ]
            missing.append(f"{name!r} ({', '.join(absent) or 'no word at all'})")
    if missing:
        raise ValueError(f"{told} has no vectors for {'; '.join(missing)}")
    return np.stack(vectors)


def similarity_vectors(similarity: ArrayLike) -> Vectors:
    """Vectors whose cosines are a given matrix, so that a matrix (WordNet's, for one) serves wherever vectors do.

    Args:
        similarity: (n, n) cosines of all classes, base and novel: symmetric, 1 on the diagonal, no negative eigenvalue.

    Returns:
        (n, n), row i for class i: V with V V' = similarity, from its eigenvectors.

    Raises:
        ValueError: it is no such matrix.
    """
    matrix = np.asarray(similarity, np.float64)
    if matrix.ndim != 2 or len(matrix) != matrix.shape[1] or len(matrix) == 0:
        raise ValueError(f"a similarity matrix must be (n, n), got {matrix.shape}")
    if not np.isfinite(matrix).all():
        row, column = np.argwhere(~np.isfinite(matrix))[0]
        raise ValueError(f"similarity[{row}, {column}] is not finite")
    if np.abs(matrix - matrix.T).max() > TOLERANCE:
        row, column = np.unravel_index(np.abs(matrix - matrix.T).argmax(), matrix.shape)
        raise ValueError(
            f"similarity[{row}, {column}] is {matrix[row, column]:.4g}, but [{column}, {row}] is {matrix[column, row]:.4g}; it must be symmetric"
        )
    if np.abs(np.diag(matrix) - 1).max() > TOLERANCE:
        row = int(np.abs(np.diag(matrix) - 1).argmax())
        raise ValueError(f"similarity[{row}, {row}] must be 1, got {matrix[row, row]:.4g}")
    values, axes = np.linalg.eigh((matrix + matrix.T) / 2)
    if values[0] < -TOLERANCE * len(matrix):
        raise ValueError(
            f"the matrix is not one of cosines: its smallest eigenvalue is {values[0]:.4g}, and none may be negative"
        )
    return np.asarray(axes * np.sqrt(values.clip(min=0)), np.float64)


def check_names(base: Sequence[str], novel: Sequence[str]) -> None:
    """Refuse class names that come twice, among the novel ones, the base ones or across; letters' size and _ do not matter.

    Raises:
        ValueError: names them.
    """
    for kind, names in (("base", base), ("novel", novel)):
        twice = sorted(name for name, count in Counter(map(plain, names)).items() if count > 1)
        if twice:
            raise ValueError(f"{kind} classes are named twice: {', '.join(twice)}")
    both = sorted(set(map(plain, base)) & set(map(plain, novel)))
    if both:
        raise ValueError(
            f"base and novel classes of the same name: {', '.join(both)}; what is known of the base class would give the answer away"
        )


TOLERANCE = 1e-4
"""Rounding that a matrix of cosines in float16 or a few decimals may have."""


def plain(name: str) -> str:
    """A name as it is compared: blanks for _, single, small letters."""
    return " ".join(name.replace("_", " ").split()).casefold()


def synonyms(name: str) -> list[list[str]]:
    """The words of each synonym in a name, which commas part."""
    parts = [_WORD.findall(part.replace("_", " ")) for part in name.split(",")]
    return [words for words in parts if words]


def _entries(name: str) -> Iterator[str]:
    """All that a file might have of a name."""
    for words in synonyms(name):
        for entry in (*words, "_".join(words), "-".join(words)):
            yield from (entry, entry.lower())


def _of(entry: str, found: dict[str, Vectors]) -> Vectors | None:
    exact = found.get(entry)
    return found.get(entry.lower()) if exact is None else exact


def _phrase(words: list[str], found: dict[str, Vectors]) -> Vectors | None:
    """None where a word is missing: half a name may mean another thing."""
    for joined in ("_".join(words), "-".join(words)):
        whole = _of(joined, found)
        if whole is not None:
            return whole
    parts = [_of(word, found) for word in words]
    known = [part for part in parts if part is not None]
    return np.mean(known, axis=0) if len(known) == len(parts) else None


def _read(path: Path, wanted: set[str], told: str) -> dict[str, Vectors]:
    """The wanted entries of a file; the first of two of the same word counts."""
    found = (
        _read_npz(path, wanted, told)
        if zipfile.is_zipfile(path)
        else _read_text(path, wanted, told)
    )
    for word, vector in found.items():
        if not np.isfinite(vector).all():
            raise ValueError(f"{told}: the vector of {word!r} is not finite")
    return found


def _read_npz(path: Path, wanted: set[str], told: str) -> dict[str, Vectors]:
    try:
        with np.load(path, allow_pickle=False) as file:
            words, vectors = file["words"], file["vectors"]
    except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{told} must hold words (n,) of text and vectors (n, S) of numbers: {error}"
        ) from error
    if (
        words.ndim != 1
        or words.dtype.kind != "U"
        or vectors.shape[:1] != words.shape
        or vectors.ndim != 2
    ):
        raise ValueError(
            f"{told}: words must be (n,) of text and vectors (n, S), got {words.dtype} {words.shape} and {vectors.shape}"
        )
    found: dict[str, Vectors] = {}
    for place, word in enumerate(words.tolist()):
        if word in wanted and word not in found:
            found[word] = np.asarray(vectors[place], np.float64)
    return found


def _read_text(path: Path, wanted: set[str], told: str) -> dict[str, Vectors]:
    found: dict[str, Vectors] = {}
    width = 0
    with path.open("rb") as file:
        if b"\0" in file.read(4096):
            raise ValueError(
                f"{told} is neither text nor npz; word2vec's binary form must be converted"
            )
        file.seek(0)
        for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE), b""), start=1):
            word, _, rest = line.strip().partition(b" ")
            if number == 1 and len(rest.split()) == 1 and word.isdigit():
                continue  # word2vec: how many, how wide
            name = word.decode("utf-8", errors="replace")
            if name not in wanted or name in found:
                continue
            try:
                vector = np.array(rest.split(), np.float64)
            except ValueError as error:
                raise ValueError(
                    f"{told}, line {number}: {name!r} is not followed by numbers"
                ) from error
            width = width or len(vector)
            if len(vector) != width or width < 2:
                raise ValueError(
                    f"{told}, line {number}: {name!r} has {len(vector)} numbers, others {width}; 2 or more are allowed"
                )
            found[name] = vector
    return found
