"""What is refused before a run is queued, and what is estimated."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from methods.base import Finished, MethodError
from methods.fewshot.evaluating.estimate import passes_of, size_of
from methods.fewshot.evaluating.opening import renamed
from methods.fewshot.evaluating.presets import DEMO
from methods.fewshot.evaluating.sweep import remark_evaluate, simplify_evaluate
from tests.fewshot.evaluating.conftest import EVALUATE


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"pictures": "nowhere.zip"}, "pictures: .*nowhere.zip"),
        ({"kinds": ("tiny", "tiny")}, "kinds: tiny stands there twice"),
        ({"classifiers": ("tip", "tip")}, "classifiers: tip stands there twice"),
        ({"scales": (0.5, 0.5)}, "scales: 0.5 stands there 2 times"),
        ({"scales": (1.5,)}, "scales: a scale is a share of the area"),
        ({"template": "a photo"}, "template: the template 'a photo' must have"),
        ({"model": "nobody"}, "there is no CLIP 'nobody'"),
    ],
)
def test_wrong_settings_are_named(settings, words):
    with pytest.raises(MethodError, match=words):
        EVALUATE.check(EVALUATE.config(**settings), Path)


def test_a_broken_picture_is_named(copy_of_toys):
    config = EVALUATE.config(pictures=str(copy_of_toys), shots=1)
    EVALUATE.check(config, Path)
    file = next((copy_of_toys / "test" / "red_circle").iterdir())
    file.write_bytes(b"no picture at all")
    with pytest.raises(MethodError, match=f"pictures: test/red_circle/{file.name}: its 17 bytes"):
        EVALUATE.check(config, Path)


def test_checking_costs_no_torch(toys):
    code = (
        "import sys; from pathlib import Path; from methods.fewshot import EVALUATE as e; "
        f"e.check(e.config(pictures={str(toys)!r}, shots=1), Path); e.check(e.config(), Path); "
        "e.estimate(e.config()); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_passes_are_counted_as_they_are_made():
    config = EVALUATE.config(shots=2, draws=3, test_pictures=10, scales=(0.5, 1.0), views=4)
    # 48 x 2 x 3 shots, whole and in ten views; ten pictures, whole and in four crops.
    assert passes_of(config, size_of(config)) == 48 * 6 * 11 + 10 * 5


def test_the_demo_is_small():
    for run in DEMO.runs:
        assert EVALUATE.estimate(EVALUATE.config(**run.values)).seconds < 25


def test_class_names_are_read_line_by_line(toys):
    assert renamed("a: b c\n\n d_1 :e: f ") == {"a": "b c", "d_1": "e: f"}
    for lines, words in (
        ("a: b\nc", "classes: line 2, 'c', is not"),
        ("a: b\na: c", "classes: line 2 names the folder 'a' again"),
    ):
        with pytest.raises(MethodError, match=words):
            renamed(lines)
    config = EVALUATE.config(pictures=str(toys), classes="nobody: x")
    with pytest.raises(MethodError, match="pictures: there is no class folder 'nobody' in toys"):
        EVALUATE.check(config, Path)


def test_runs_side_by_side_compare_on_the_same_pictures_only():
    def run(title, seed=0, tip=0.5, **config):
        metrics = {"zero_shot_accuracy": 0.4, "tip_accuracy_vcr": tip, "classes": 48.0}
        return Finished(title, config, seed, metrics)

    text = remark_evaluate([run("one", shots=1), run("four", shots=4, tip=0.75, val_pictures=9)])
    assert "“one” 50.0 % (Tip-Adapter with VCR); “four” 75.0 %" in text
    for other in (run("x", seed=1), run("x", kinds=["tiny", "small"]), run("x", test_pictures=5)):
        assert "do not compare" in remark_evaluate([run("one"), other])
    own = {"pictures": "a.zip"}
    assert "do not compare" in remark_evaluate([run("a", shots=1, **own), run("b", shots=2, **own)])
    assert remark_evaluate([run("one")]) == ""


def test_settings_that_are_not_read_make_no_other_run():
    values = {"pictures": "x.zip", "set_seed": 3, "alpha": 2.0, "classifiers": ("gda",), "shots": 1}
    assert simplify_evaluate(values) == {"pictures": "x.zip", "classifiers": ("gda",), "shots": 1}
    kept = {"set_seed": 3, "alpha": 2.0}
    assert simplify_evaluate(kept | {"classes": "a: b"}) == kept
