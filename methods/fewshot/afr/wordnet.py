"""Semantic vectors of classes from WordNet's own files: which ancestors classes have in common.

Fellbaum (ed.), "WordNet: An Electronic Lexical Database", MIT Press 1998; the files are those of its `dict` folder (wndb(5WN)).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from methods.archives import Archive
from methods.fewshot.afr.semantics import synonyms

INDEX, DATA = "index.noun", "data.noun"
HYPERNYMS = ("@", "@i")
"""Pointers to what a thing is a kind, or an instance, of."""
_WNID = re.compile(r"\bn(\d{8})\b")
Ancestors = dict[str, tuple[str, ...]]


def wordnet_vectors(path: Path, names: Sequence[str], told: str = "") -> NDArray[np.float64]:
    """Semantic vectors of classes: an axis an ancestor in WordNet, itself included, that some class has.

    An axis weighs log(n / how many of the n classes are below it), so that what all have in common counts nothing and the cosine
    of two classes is their share of rare ancestors (our reading; WordNet has no vectors of its own).

    Args:
        path: a zip or folder that holds index.noun and data.noun.
        names: of the classes: words, whose first noun sense is taken, synonyms apart by commas; an id such as n01440764 in a name says
            which sense is meant (the first one of "slug" is a projectile).
        told: what to call the zip or folder in errors; empty is its own name.

    Returns:
        (W, ancestors).

    Raises:
        ValueError: the files are missing or no WordNet files (names the line), or lack classes (names them all).
    """
    told = told or path.name
    read = _reader(path, told)
    senses, parents = _senses(read(INDEX)), _parents(read(DATA))
    found = [_sense(name, senses, parents) for name in names]
    missing = [name for name, sense in zip(names, found, strict=True) if sense is None]
    if missing:
        raise ValueError(f"{told} has no noun for {', '.join(map(repr, missing))}")
    above = [_closure(sense, parents) for sense in found if sense is not None]
    shared = Counter(each for ancestors in above for each in ancestors)
    axes = {each: axis for axis, each in enumerate(sorted(shared))}
    vectors = np.zeros((len(names), len(axes)))
    for row, ancestors in enumerate(above):
        for each in ancestors:
            vectors[row, axes[each]] = math.log(len(names) / shared[each])
    return vectors


def _reader(path: Path, told: str) -> Callable[[str], list[str]]:
    """What gives the lines of one of the files."""
    if path.is_dir():
        files = {each.name: each for each in sorted(path.rglob("*.noun"))}
        _check_present(files, told)
        return lambda name: files[name].read_text("utf-8", "replace").splitlines()
    archive = Archive(path, told)
    _check_present(archive.by_last_name, told)
    return lambda name: (
        archive.read(archive.by_last_name[name][0]).decode("utf-8", "replace").splitlines()
    )


def _check_present(held: Iterable[str], told: str) -> None:
    absent = [name for name in (INDEX, DATA) if name not in set(held)]
    if absent:
        raise ValueError(f"{told} has no {' and no '.join(absent)}; WordNet's dict folder has both")


def _senses(text: Iterable[str]) -> dict[str, str]:
    """Lemma -> offset of its first sense, the most frequent one."""
    found: dict[str, str] = {}
    for number, line in enumerate(text, 1):
        if line.startswith("  ") or not line.strip():
            continue  # the licence
        try:
            lemma, _, count, pointers, *rest = line.split()
            offset = rest[int(pointers) + 2]
            if int(count) < 1 or not offset.isdigit():
                raise ValueError
        except (ValueError, IndexError):
            raise ValueError(f"{INDEX}, line {number} is no line of a WordNet index") from None
        found[lemma] = offset
    return found


def _parents(text: Iterable[str]) -> Ancestors:
    """Offset of a synset -> those that it is a kind or an instance of."""
    found: Ancestors = {}
    for number, line in enumerate(text, 1):
        if line.startswith("  ") or not line.strip():
            continue
        try:
            offset, _, _, words, *rest = line.partition(" | ")[0].split()
            begin = 2 * int(words, 16)
            pointers = rest[begin + 1 : begin + 1 + 4 * int(rest[begin])]
        except (ValueError, IndexError):
            raise ValueError(f"{DATA}, line {number} is no line of WordNet's data") from None
        symbols, targets = pointers[::4], pointers[1::4]
        found[offset] = tuple(
            target for symbol, target in zip(symbols, targets, strict=True) if symbol in HYPERNYMS
        )
    return found


def _sense(name: str, senses: dict[str, str], parents: Ancestors) -> str | None:
    known = _WNID.search(name.replace("_", " "))
    if known:
        return known[1] if known[1] in parents else None
    for words in synonyms(name):
        for lemma in ("_".join(words).lower(), "-".join(words).lower()):
            if senses.get(lemma) in parents:
                return senses[lemma]
    return None


def _closure(sense: str, parents: Ancestors) -> set[str]:
    """A synset and all above it."""
    found, waiting = {sense}, [sense]
    while waiting:
        for parent in parents.get(waiting.pop(), ()):
            if parent not in found:
                found.add(parent)
                waiting.append(parent)
    return found
