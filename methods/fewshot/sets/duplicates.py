"""The same picture twice: harmless in one class, a leak between parts, a contradiction between classes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from methods.fewshot.sets.files import FoundFile


@dataclass(frozen=True)
class Placed:
    """A picture, the part that it lies in ("all" if there are none) and its class folder."""

    part: str
    label: str
    file: FoundFile


def without_duplicates(placed: Sequence[Placed]) -> tuple[list[Placed], tuple[str, ...]]:
    """Pictures of which each content is there once, and notes on what was left out.

    Only files that may be equal, by size and check, are read. A picture that was saved anew is another file.

    Raises:
        ValueError: two files in different parts or classes are the same picture; names both.
    """
    alike: dict[tuple[int, int], list[Placed]] = {}
    for each in placed:
        alike.setdefault((each.file.size, each.file.check), []).append(each)
    dropped: set[int] = set()
    for some in alike.values():
        first: dict[bytes, Placed] = {}
        for each in some if len(some) > 1 else ():
            known = first.setdefault(hashlib.sha256(each.file.read()).digest(), each)
            if known is not each:
                _refuse(known, each)
                dropped.add(id(each))
    kept = [each for each in placed if id(each) not in dropped]
    if not dropped:
        return kept, ()
    one = next(each.file.place for each in placed if id(each) in dropped)
    return kept, (f"{len(dropped)} pictures stand twice in their class and count once: {one}",)


def _refuse(one: Placed, other: Placed) -> None:
    same = f"{one.file.place} and {other.file.place} are the same picture"
    if one.label != other.label:
        raise ValueError(f"{same}, under two classes: remove one of them")
    if one.part != other.part:
        raise ValueError(
            f"{same}: what is learnt from, or tuned on, cannot be tested; remove one of them"
        )
