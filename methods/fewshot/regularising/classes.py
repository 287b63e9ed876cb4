"""Which classes are base, which are novel, and which base classes are struck out for which novel one. No torch."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from methods.base import MethodError
from methods.fewshot.afr.semantics import check_names, plain
from methods.fewshot.regularising.config import lines

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Classes:
    """All classes of a source by name; `base` and `novel` are places among them."""

    names: tuple[str, ...]
    base: tuple[int, ...]
    novel: tuple[int, ...]

    @property
    def base_names(self) -> list[str]:
        return [self.names[place] for place in self.base]

    @property
    def novel_names(self) -> list[str]:
        return [self.names[place] for place in self.novel]


def split_classes(names: Sequence[str], base: Collection[int] | None, novel: str) -> Classes:
    """Part classes into base and novel ones.

    Args:
        names: of all classes.
        base: places of the source's own base classes; None where it does not say.
        novel: names, one a line, that episodes are drawn from; base are then the source's others, or all others. Empty: the source says.

    Raises:
        MethodError: nobody says which are novel, a name is unknown or comes twice, base and novel have one in common, or either is empty.
    """
    everything = range(len(names))
    asked = [_place(name, names) for name in lines(novel)]
    if not asked and base is None:
        raise MethodError(
            "novel: name the novel classes, one a line: the features do not say which are base classes. It has: "
            f"{_some(names)}"
        )
    known = set(everything if base is None else base)
    drawn = asked or [place for place in everything if place not in known]
    rest = sorted(known - set(asked))
    if len(set(drawn)) < len(drawn):
        twice = next(place for place in drawn if drawn.count(place) > 1)
        raise MethodError(f"novel: {names[twice]!r} is named twice")
    if not rest or len(drawn) < 2:
        raise MethodError(
            f"features: {len(rest)} base and {len(drawn)} novel classes; 1 or more and 2 or more are needed"
        )
    classes = Classes(tuple(names), tuple(rest), tuple(drawn))
    try:
        check_names(classes.base_names, classes.novel_names)
    except ValueError as error:
        raise MethodError(f"features: {error}") from error
    return classes


def read_vetoes(text: str, classes: Classes) -> Mask:
    """(C, B) bool: True strikes a base class, by its place among them, out for a class.

    Args:
        text: "novel: base, base" a line; what stands behind the colon is tried as one name first.

    Raises:
        MethodError: a line has no colon, or names a class that is not novel, or not base; names the line.
    """
    struck = np.zeros((len(classes.names), len(classes.base)), np.bool_)
    novel = {plain(classes.names[place]): place for place in classes.novel}
    base = {plain(name): place for place, name in enumerate(classes.base_names)}
    for number, line in enumerate(lines(text), 1):
        cuts = [place for place, mark in enumerate(line) if mark == ":"]
        told = f"vetoes, line {number}"
        if not cuts:
            raise MethodError(f"{told}: {line[:80]!r} is not “novel: base, base”")
        # A name may have a colon itself: the longest that is known counts.
        cut = next((at for at in reversed(cuts) if plain(line[:at]) in novel), cuts[0])
        row = novel.get(plain(line[:cut]))
        if row is None:
            raise MethodError(
                f"{told}: {line[:cut].strip()[:80]!r} is no novel class; there are: {_some(classes.novel_names)}"
            )
        rest = line[cut + 1 :].strip()
        for name in [rest] if plain(rest) in base else rest.split(","):
            if plain(name) not in base:
                raise MethodError(
                    f"{told}: {name.strip()[:80]!r} is no base class; there are: {_some(classes.base_names)}"
                )
            struck[row, base[plain(name)]] = True
    return struck


def check_left(struck: Mask, classes: Classes, related: int) -> None:
    """Raise `MethodError` where fewer base classes are left than are to be mixed in."""
    for place in classes.novel:
        left = int((~struck[place]).sum())
        if left < related:
            raise MethodError(
                f"related: {related} base classes are asked for, and {classes.names[place]!r} has {left} left"
                + (" after the vetoes" if struck[place].any() else "")
            )


def _place(name: str, names: Sequence[str]) -> int:
    wanted = plain(name)
    found = [place for place, each in enumerate(names) if plain(each) == wanted]
    if not found:
        raise MethodError(
            f"novel: there is no class {name[:80]!r} among the features; there are: {_some(names)}"
        )
    return found[0]


def _some(names: Sequence[str], most: int = 8) -> str:
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")
