"""What is asked of an adapter: which training samples go, and which are replaced by a corrected form.

The three tasks of the paper are one thing here (arXiv:2412.00383): a removed sample has no successor (instance removal), a
replaced one has a successor with another prompt (query modification) or another answer (response correction).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import index as as_index
from typing import Any


@dataclass(frozen=True)
class Request:
    """Changes to a training set, by the position of the sample in it.

    Attributes:
        remove: positions of the samples to forget, counted from 0.
        replace: position -> the sample that takes its place, in the form that the data set has.

    Raises:
        ValueError: a position is no whole number, is given twice, or is removed and replaced at once.
    """

    remove: tuple[int, ...] = ()
    replace: Mapping[int, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        removed = tuple(_position(each, "remove") for each in self.remove)
        replaced = {_position(key, "replace"): value for key, value in self.replace.items()}
        twice = _first_repeated(removed)
        if twice is not None:
            raise ValueError(f"remove: sample {twice} is given twice; name each sample once")
        both = sorted(set(removed) & set(replaced))
        if both:
            raise ValueError(f"sample {both[0]} is to be removed and replaced; ask for one of them")
        object.__setattr__(self, "remove", removed)
        object.__setattr__(self, "replace", replaced)

    def __len__(self) -> int:
        """How many samples are marked."""
        return len(self.remove) + len(self.replace)

    @property
    def marked(self) -> tuple[int, ...]:
        """Positions of all samples that are removed or replaced, in order."""
        return tuple(sorted((*self.remove, *self.replace)))

    def check(self, count: int) -> None:
        """Raise `ValueError` where a position lies outside a data set of `count` samples, or nothing would be left."""
        for position in self.marked:
            if not 0 <= position < count:
                raise ValueError(
                    f"sample {position} does not exist: the data set has {count} samples, 0 to {count - 1}"
                )
        if count and len(self.remove) == count:
            raise ValueError(f"all {count} samples are to be removed: nothing would be left")

    def retained(self, count: int) -> list[int]:
        """Positions of the samples that stay as they are, in order."""
        marked = {*self.remove, *self.replace}
        return [position for position in range(count) if position not in marked]

    def edited(self, data: Sequence[Any]) -> list[Any]:
        """The data set as it is after the request: the removed gone, the replaced in their old places."""
        removed = set(self.remove)
        return [
            self.replace[position] if position in self.replace else data[position]
            for position in range(len(data))
            if position not in removed
        ]


def _position(value: Any, where: str) -> int:
    try:
        if isinstance(value, bool):
            raise TypeError
        return as_index(value)
    except TypeError:
        raise ValueError(
            f"{where}: a sample is named by its position, a whole number from 0; got {value!r}"
        ) from None


def _first_repeated(values: Iterable[int]) -> int | None:
    seen: set[int] = set()
    for value in values:
        if value in seen:
            return value
        seen.add(value)
    return None
