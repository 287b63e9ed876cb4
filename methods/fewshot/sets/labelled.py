"""Labelled pictures in parts, of which none is read before it is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from methods.fewshot.clip.images import Picture

Part = Literal["train", "val", "test", "all"]


@dataclass(frozen=True, eq=False)
class Item:
    """A picture and its class.

    Attributes:
        name: as the set calls it, unique in it.
        label: place of its class.
        mark: what draws are ordered by; says nothing of the label.
        picture: reads it; raises `ValueError` that names the file.
    """

    name: str
    label: int
    mark: str
    picture: Callable[[], Picture] = field(repr=False)


@dataclass(frozen=True, eq=False)
class LabelledSet:
    """A set to learn from and to be tested on.

    Attributes:
        name: for people.
        classes: names by label, two or more, as CLIP is to read them.
        parts: "train" and "test", maybe "val", items in any order; or "all" alone, for a set that came undivided.
        notes: what was made of it, in sentences.
    """

    name: str
    classes: tuple[str, ...]
    parts: Mapping[Part, Sequence[Item]]
    notes: tuple[str, ...] = ()

    @property
    def divided(self) -> bool:
        return "all" not in self.parts
