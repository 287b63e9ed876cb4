"""What is wrong is said before a run is queued, and without torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from methods.base import MethodError
from methods.fewshot.regularising.check import check_regularise, open_all
from methods.fewshot.regularising.config import RegulariseConfig
from tests.fewshot.regularising.pictured import of_pictures


def wrong(config):
    with pytest.raises(MethodError) as error:
        check_regularise(config, Path)
    return str(error.value)


def test_the_defaults_hold_and_need_no_torch():
    code = (
        "import sys; from pathlib import Path\n"
        "from methods import METHODS\n"
        "method = METHODS['fewshot.regularise']\n"
        "method.check(method.config(), Path); method.estimate(method.config())\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_of_the_scenes_every_shape_and_colour_is_among_the_base_classes_too():
    classes = open_all(RegulariseConfig(), Path).classes
    assert (len(classes.base), len(classes.novel)) == (32, 16)
    words = {word for name in classes.base_names for word in name.split()}
    assert {word for name in classes.novel_names for word in name.split()} <= words


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"ways": 9}, "ways: 9 classes an episode, and there are 8 novel classes"),
        ({"queries": 12}, "the novel class 'novel 0' has 12 rows, and an episode takes 13"),
        ({"related": 25}, "related: 25 base classes are asked for, and 'novel 0' has 24 left"),
        ({"shown": 60}, "shown: there are 60 episodes, 0 to 59; got 60"),
        ({"vetoes": "novel 0: base 99"}, "vetoes, line 1: 'base 99' is no base class"),
        ({"novel": "novel 0\nunicorn"}, "novel: there is no class 'unicorn'"),
        ({"semantics": "vectors"}, "vectors: vectors needs a file of word vectors"),
        ({"semantics": "wordnet"}, "vectors: wordnet needs a file of WordNet's files"),
        ({"semantics": "clip_text"}, "reads only of coloured shapes, and 'base 0' is none"),
        ({"semantics": "clip_text", "model": "nothing here"}, "there is no CLIP"),
        ({"semantics": "clip_text", "template": "a photo"}, "template"),
    ],
)
def test_settings_that_do_not_fit_the_features_are_named(config, values, told):
    assert told in wrong(config(**values))


def test_a_base_class_without_rows_is_named(config, write, held):
    made, kept = config(), held["labels"] != 3
    write(features=held["features"][kept], labels=held["labels"][kept])
    assert "the base class 'base 3' has no row" in wrong(made)


def test_base_and_novel_classes_of_one_name_are_refused(config, write, held):
    made, names = config(), held["names"].copy()
    names[30] = "Base_4"
    write(names=names)
    assert "base and novel classes of the same name: base 4" in wrong(made)


def test_a_novel_class_that_is_a_base_class_by_its_vector_is_named(config, write, held):
    made, vectors = config(), held["semantics"].copy()
    vectors[30] = 2 * vectors[4]
    write(semantics=vectors)
    assert "novel class 'novel 6' and base class 'base 4'" in wrong(made)


def test_a_vector_without_direction_is_named(config, write, held):
    made, vectors = config(), held["semantics"].copy()
    vectors[30] = 0
    write(semantics=vectors)
    assert "the vector of 'novel 6' is all zeros" in wrong(made)


def test_features_without_a_matrix_cannot_take_it(config, write):
    made = config()
    write(semantics=None)
    assert "matrix needs semantic_cosine" in wrong(made)


def test_words_that_the_vectors_lack_are_named_with_the_file(config, tmp_path):
    vectors = tmp_path / "glove.txt"
    numbers = "\n".join(f"{place} 1 1 {place}" for place in range(24))
    vectors.write_text(f"base 10 0 0\nnovel 0 10 0\n{numbers}\n")
    made = config(semantics="vectors", vectors=str(vectors))
    check_regularise(made, Path)
    vectors.write_text(vectors.read_text().replace("novel 0 10 0\n", "").replace("23 1 1 23", ""))
    told = wrong(made)
    assert "glove.txt has no vectors for 'base 23' (23)" in told
    assert "'novel 7' (novel)" in told


def test_a_file_that_is_not_there_is_named(config):
    with pytest.raises((MethodError, FileNotFoundError), match="gone"):
        check_regularise(config(features="gone.npz"), Path)


def test_folders_say_which_classes_are_novel(pictures):
    opened = open_all(of_pictures(pictures), Path)
    assert opened.classes.base_names == ["blue star", "red circle"]
    assert opened.classes.novel_names == ["blue circle", "red star"]
    named = [picture.name for picture in opened.source.pictures()]
    labels = opened.source.labels
    assert all(
        opened.classes.names[label].replace(" ", "_") in name.replace(" ", "_")
        for name, label in zip(named, labels, strict=True)
    )


def test_flat_folders_need_the_novel_classes_named(pictures):
    for folder in [*pictures.glob("*/*")]:
        folder.rename(pictures / folder.name)
    (pictures / "base").rmdir()
    (pictures / "novel").rmdir()
    assert "novel: name the novel classes" in wrong(of_pictures(pictures))
    opened = open_all(of_pictures(pictures, novel="red star\nblue circle"), Path)
    assert opened.classes.base_names == ["blue star", "red circle"]


def test_one_picture_in_two_classes_is_named(pictures):
    content = (pictures / "base/red_circle/0.png").read_bytes()
    (pictures / "novel/red star/0.png").write_bytes(content)
    told = wrong(of_pictures(pictures))
    assert "red_circle/0.png" in told
    assert "red star/0.png" in told


def test_an_upload_is_called_by_its_name_not_by_its_hash(write, tmp_path):
    stored = tmp_path / ("0" * 64)
    write(names=None).rename(stored)
    config = RegulariseConfig(features="0" * 64 + "/mine.npz", semantics="matrix")
    with pytest.raises(MethodError, match=r"^features: mine\.npz has no names") as error:
        check_regularise(config, lambda _: stored)
    assert "0000" not in str(error.value)
