"""Semantic vectors of the classes, from whatever source is chosen, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from methods.base import MethodError, Open
from methods.fewshot.afr.semantics import plain, word_vectors
from methods.fewshot.afr.settings import AFRSettings
from methods.fewshot.afr.wordnet import wordnet_vectors
from methods.fewshot.regularising.classes import Classes
from methods.fewshot.regularising.config import SCENES, RegulariseConfig
from methods.fewshot.regularising.sources import Source
from methods.worlds.scenes import COLOURS, SHAPES

Vectors = NDArray[np.float64]
LEAK = AFRSettings().leak


def stored_vectors(
    config: RegulariseConfig, source: Source, classes: Classes, open_file: Open
) -> Vectors | None:
    """Semantic vectors (C, S) from a file; None where they are CLIP's texts. Rows of classes that are neither base nor novel are zeros.

    Raises:
        MethodError: nothing is there, it can't be read, it lacks words for a class, or two classes are one in it.
    """
    if config.semantics == "clip_text":
        if config.model == SCENES:
            _check_readable(classes)
        return None
    used = [*classes.base, *classes.novel]
    if config.semantics == "matrix":
        if source.semantics is None:
            raise MethodError(
                "semantics: matrix needs semantic_cosine (C, C) or semantics (C, S) in the npz of the features"
            )
        found = source.semantics[used]
    elif not config.vectors:
        what = "WordNet's files" if config.semantics == "wordnet" else "word vectors"
        raise MethodError(f"vectors: {config.semantics} needs a file of {what}")
    else:
        read = wordnet_vectors if config.semantics == "wordnet" else word_vectors
        try:
            path, told = open_file(config.vectors), config.vectors.rpartition("/")[2]
            found = read(path, [source.names[place] for place in used], told)
        except (ValueError, OSError) as error:
            raise MethodError(f"vectors: {error}") from error
    vectors = np.zeros((len(source.names), found.shape[1]))
    vectors[used] = found
    check_vectors(vectors, classes)
    return vectors


def _check_readable(classes: Classes) -> None:
    """Raise `MethodError` for a class of which the small world's CLIP knows no word."""
    known = {*COLOURS, *SHAPES}
    for place in (*classes.base, *classes.novel):
        if known.isdisjoint(plain(classes.names[place]).split()):
            raise MethodError(
                f"semantics: the small world's CLIP reads only of coloured shapes, and {classes.names[place]!r} is none: name another CLIP, or take "
                "vectors, a matrix or WordNet"
            )


def check_vectors(vectors: Vectors, classes: Classes) -> None:
    """Raise `MethodError` for a class without a direction, and a novel class that is a base class by its vector."""
    for place in (*classes.base, *classes.novel):
        if not vectors[place].any():
            raise MethodError(
                f"semantics: the vector of {classes.names[place]!r} is all zeros and has no direction"
            )
    similarity = cosines(vectors, classes.novel, classes.base)
    if (similarity > LEAK).any():
        novel, base = np.argwhere(similarity > LEAK)[0]
        raise MethodError(
            f"semantics: novel class {classes.novel_names[novel]!r} and base class {classes.base_names[base]!r} have a cosine above {LEAK}: "
            "they are the same class, and what is known of the base class would give the answer away; or the source of semantics does not tell "
            "them apart, and another one would"
        )


def cosines(vectors: Vectors, rows: Sequence[int], columns: Sequence[int]) -> Vectors:
    """(rows, columns) cosines of classes by their places."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.where(lengths == 0, 1, lengths)
    return np.clip(unit[list(rows)] @ unit[list(columns)].T, -1, 1)
