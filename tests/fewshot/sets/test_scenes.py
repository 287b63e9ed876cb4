"""Generated scenes: enough of every class and kind, none in two parts, the same for the same seed."""

from __future__ import annotations

from collections import Counter

import pytest

from methods.fewshot.sets.scenes import scenes_set


def test_every_class_and_kind_has_its_share_and_no_picture_is_in_two_parts():
    found = scenes_set(("small", "tiny"), train=1, val=10, test=10, seed=4)
    assert len(found.classes) == 48
    assert found.divided
    each = {part: Counter(item.label for item in items) for part, items in found.parts.items()}
    assert set(each["train"].values()) == {2}  # one of each kind
    assert set(each["val"].values()) == {2}
    assert set(each["test"].values()) == {2}
    marks = [item.mark for items in found.parts.values() for item in items]
    assert len(set(marks)) == len(marks) == 48 * 6
    kinds = Counter(item.name.split("/")[2].rsplit(" ", 1)[0] for item in found.parts["train"])
    assert kinds == {"small": 48, "tiny": 48}


def test_the_seed_says_which():
    first, again, other = (
        [
            item.mark
            for item in scenes_set(("tiny",), train=0, val=0, test=1, seed=seed).parts["test"]
        ]
        for seed in (1, 1, 2)
    )
    assert first == again
    assert not set(first) & set(other)
    [item, *_] = scenes_set(("tiny",), train=0, val=0, test=1, seed=1).parts["test"]
    assert item.picture().sha256 == item.mark
    with pytest.raises(ValueError, match="task must be one of"):
        scenes_set(("huge",), train=1, val=0, test=1)
