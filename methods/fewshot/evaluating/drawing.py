"""Which pictures are learnt from, tuned on and tested: drawn once for everything that is compared, without torch.

What is tested is drawn without regard to its labels. The same shots, tuning and test pictures meet every classifier and
refinement, and the test pictures are the same in every draw of shots.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from methods.base import MethodError
from methods.fewshot.evaluating.config import EvaluateConfig
from methods.fewshot.sets.labelled import Item, LabelledSet, Part

ALL_SHOTS = "every class gives all the shots it has, so that all support draws would be the same: one is made"


@dataclass(frozen=True, eq=False)
class Drawn:
    """Pictures by what they are for.

    Attributes:
        train: all that are in some draw.
        supports: for each draw the places in `train` of its shots.
        seeds: of the draws.
        val: what alpha and beta are tuned on; empty where the shots themselves serve.
        notes: what people should know, in sentences.
    """

    train: tuple[Item, ...]
    supports: tuple[tuple[int, ...], ...]
    seeds: tuple[int, ...]
    val: tuple[Item, ...]
    test: tuple[Item, ...]
    notes: tuple[str, ...]

    @property
    def items(self) -> tuple[Item, ...]:
        return (*self.train, *self.val, *self.test)


def draw(found: LabelledSet, config: EvaluateConfig, seed: int) -> Drawn:
    """Draw from a set.

    Raises:
        MethodError: there is nothing to learn from though shots are asked for, or no validation picture though they are to be tuned on.
    """
    parts = found.parts if found.divided else _divided(found, config, seed)
    pool, tested = parts.get("train", ()), parts["test"]
    if config.shots and not pool:
        raise MethodError(
            f"shots: {found.name} has no picture to learn from: give it a folder train, or more pictures a class, or take 0 shots"
        )
    tuned = parts.get("val", ()) if config.validation == "val" else ()
    if config.validation == "val" and not tuned:
        raise MethodError(
            f"validation: {found.name} has no validation pictures: give it a folder val, or choose on the shots (loo)"
        )
    test = _ordered(tested, f"test {seed}")[: config.test_pictures]
    seeds = tuple(range(seed, seed + (config.draws if config.shots else 1)))
    supports = [_support(pool, config.shots, each) for each in seeds]
    notes = _uneven(supports[0], found, config.shots)
    if len(supports) > 1 and len({frozenset(map(id, each)) for each in supports}) == 1:
        supports, seeds = supports[:1], seeds[:1]
        notes.append(ALL_SHOTS)
    used = list({id(item): item for support in supports for item in support}.values())
    place_of = {id(item): place for place, item in enumerate(used)}
    return Drawn(
        tuple(used),
        tuple(tuple(place_of[id(item)] for item in support) for support in supports),
        seeds,
        tuple(_ordered(tuned, f"val {seed}")[: config.val_pictures]),
        tuple(test),
        (*notes, *_untested(test, found)),
    )


def _divided(
    found: LabelledSet, config: EvaluateConfig, seed: int
) -> Mapping[Part, Sequence[Item]]:
    """Half of each class to learn from (more where the shots need it, but never all); the rest is tested, or shared with validation."""
    parts: dict[Part, list[Item]] = {"train": [], "val": [], "test": []}
    for items in _by_class(found.parts["all"]).values():
        order = _ordered(items, f"part {seed}")
        pool = min(len(order) - 1, max(len(order) // 2, config.shots))
        tuned = (len(order) - pool) // 2 if config.validation == "val" else 0
        parts["train"] += order[:pool]
        parts["val"] += order[pool : pool + tuned]
        parts["test"] += order[pool + tuned :]
    return parts


def _support(pool: Sequence[Item], shots: int, seed: int) -> list[Item]:
    """Up to so many of each class."""
    by_class = sorted(_by_class(pool).items())
    return [item for _, items in by_class for item in _ordered(items, f"shots {seed}")[:shots]]


def _by_class(items: Iterable[Item]) -> dict[int, list[Item]]:
    found: dict[int, list[Item]] = {}
    for item in items:
        found.setdefault(item.label, []).append(item)
    return found


def _ordered(items: Iterable[Item], purpose: str) -> list[Item]:
    """In an order that depends on purpose and marks only."""

    def key(item: Item) -> bytes:
        return hashlib.sha256(f"{purpose} {item.mark}".encode()).digest()

    return sorted(items, key=key)


def _uneven(support: Sequence[Item], found: LabelledSet, shots: int) -> list[str]:
    counts = {label: len(items) for label, items in _by_class(support).items()}
    fewer = [
        f"{name} ({counts.get(label, 0)})"
        for label, name in enumerate(found.classes)
        if counts.get(label, 0) < shots
    ]
    if not fewer:
        return []
    some = ", ".join(fewer[:3]) + (f" and {len(fewer) - 3} more" if fewer[3:] else "")
    return [f"classes with fewer than {shots} shots: {some}"]


def _untested(test: Sequence[Item], found: LabelledSet) -> list[str]:
    missing = set(range(len(found.classes))) - {item.label for item in test}
    if not missing:
        return []
    names = [found.classes[label] for label in sorted(missing)]
    some = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if names[3:] else "")
    return [f"classes without a test picture, which can only be answered wrongly: {some}"]
