"""What settings of a look mean for its cost, and which of them mean nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from methods.base import Finished
from methods.fewshot import LOOK, LookConfig
from methods.fewshot.looking.sweep import remark_look, simplify_look
from methods.local import LocalContext


def test_the_passes_that_are_expected_are_those_that_a_first_look_takes(tmp_path: Path) -> None:
    config = LookConfig(
        scene_number=3,
        scene_shots=1,
        augmentations=2,
        scales=(0.1,),
        views=4,
        whole="ten_crop",
        classifiers=("zero_shot",),
    )
    expected = 3 + 48 + 2 * 48 + 3 * (4 + 10)
    assert LOOK.estimate(config).detail == {"passes": expected, "pictures": 3}
    assert LOOK.run(config, LocalContext(tmp_path)).metrics["encoded"] == expected


def test_an_upload_is_taken_to_be_of_some_size_and_says_so() -> None:
    assert LOOK.estimate(LookConfig(pictures="mine.zip")).detail.keys() == {
        "assumed_passes",
        "assumed_pictures",
    }


def test_settings_that_nothing_reads_are_left_out() -> None:
    config = LookConfig(pictures="mine.zip", classifiers=("zero_shot", "gda")).model_dump()
    left = simplify_look(config)
    gone = {"scene_kind", "scene_number", "scene_shots", "scene_seed"}
    gone |= {"alpha", "beta", "balanced", "tip_f_epochs"}
    assert config.keys() - left.keys() == gone
    assert simplify_look(LookConfig(classifiers=("tip_f",)).model_dump()).keys() == config.keys()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"margin": "prob"}, "“plain” changes 25% of the zero-shot answers; “other” changes 50%"),
        ({"scene_seed": 3}, "These looks are at different pictures"),
    ],
)
def test_looks_side_by_side_say_what_they_changed_and_no_more(
    values: dict[str, object], words: str
) -> None:
    runs = [
        Finished("plain", {}, 0, {"changed": 0.25}),
        Finished("other", values, 0, {"changed": 0.5}),
    ]
    assert words in remark_look(runs)
    assert remark_look(runs[:1]) == ""
