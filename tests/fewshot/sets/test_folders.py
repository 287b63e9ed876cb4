"""A folder a class: parts and classes told apart, copies found, and everything wrong named with its file."""

from __future__ import annotations

import pytest

from methods.fewshot.sets.dividing import PART_OF, folder_set
from methods.fewshot.sets.folders import class_folders
from tests.fewshot.sets.conftest import png


def labelled(items, classes):
    return sorted((item.name, classes[item.label]) for item in items)


def test_an_undivided_set_has_its_classes_and_leaves_out_what_is_no_picture(tree):
    path = tree(
        {
            "pets/small_dogs/1.bmp": png(1),
            "pets/cats/1.bmp": png(2),
            "pets/cats/deep/2.bmp": png(3),
            "pets/read.me": b"hello",
            "pets/.hidden/4.bmp": png(4),
        }
    )
    found = folder_set(path)
    assert found.classes == ("cats", "small dogs")
    assert list(found.parts) == ["all"]
    assert labelled(found.parts["all"], found.classes) == [
        ("cats/1.bmp", "cats"),
        ("cats/deep/2.bmp", "cats"),
        ("small_dogs/1.bmp", "small dogs"),
    ]
    assert found.notes == ("1 files that are no pictures were left out: read.me",)
    [dog] = [item for item in found.parts["all"] if item.label == 1]
    assert dog.picture().open().getpixel((3, 3)) == (1, 1, 1)


def test_parts_are_found_by_any_of_their_names_and_a_class_may_lack_in_one(tree):
    files = {"Training/a/1.bmp": png(1), "valid/b/2.bmp": png(2), "test/a/3.bmp": png(3)}
    found = folder_set(tree(files))
    assert found.classes == ("a", "b")
    assert {part: labelled(items, found.classes) for part, items in found.parts.items()} == {
        "train": [("Training/a/1.bmp", "a")],
        "val": [("valid/b/2.bmp", "b")],
        "test": [("test/a/3.bmp", "a")],
    }


def test_val_is_tested_where_there_is_no_test_and_it_says_so(tree):
    found = folder_set(tree({"train/a/1.bmp": png(1), "val/b/2.bmp": png(2)}))
    assert sorted(found.parts) == ["test", "train"]
    assert "the pictures of val are tested" in found.notes[-1]


def test_a_class_may_be_called_train(tree):
    files = {"train/1.bmp": png(1), "car/2.bmp": png(2), "train/old/3.bmp": png(3)}
    found = folder_set(tree(files))
    assert found.classes == ("car", "train")


def test_a_copy_in_its_class_counts_once(tree):
    path = tree({"a/1.bmp": png(1), "a/copy.bmp": png(1), "b/2.bmp": png(2)})
    found = folder_set(path)
    assert len(found.parts["all"]) == 2
    assert "1 pictures stand twice in their class and count once: a/copy.bmp" in found.notes


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (
            {"train/a/1.bmp": 1, "train/b/2.bmp": 2, "test/a/x.bmp": 1, "test/b/4.bmp": 4},
            r"(train/a/1.bmp|test/a/x.bmp) and .* are the same picture: what is learnt from",
        ),
        ({"a/1.bmp": 1, "b/2.bmp": 1}, "a/1.bmp and b/2.bmp are the same picture, under two"),
        ({"a/1.bmp": 1, "b/2.bmp": 2, "c": None}, r"the class 'c' \(c in .*set.*\) has no picture"),
        ({"x/a/1.bmp": 1, "x/b/2.bmp": 2, "x/c": None}, r"the class 'c' \(x/c in"),
        ({"a/1.bmp": 1}, "two classes or more"),
        ({"1.bmp": 1, "a/2.bmp": 2, "b/3.bmp": 3}, "1.bmp in set.* lies in no folder of a class"),
        ({"train/1.bmp": 1, "test/a/2.bmp": 2}, "train/1.bmp in set.* lies in no folder of a cl"),
        ({"train/a/1.bmp": 1, "train/b/2.bmp": 2}, "nothing to test on in set.*: beside train"),
        ({"red_ring/1.bmp": 1, "Red ring/2.bmp": 2}, "is named already"),
        (
            {"train/a/1.bmp": 1, "test/a/2.bmp": 2, "b/3.bmp": 3},
            "beside test and train there is the folder 'b'",
        ),
        ({"a/x.txt": "text"}, "has no picture"),
    ],
)
def test_what_is_wrong_is_named(tree, files, words):
    made = {
        path: content.encode() if isinstance(content, str) else content and png(content)
        for path, content in files.items()
    }
    with pytest.raises(ValueError, match=words):
        folder_set(tree(made))


def test_what_draws_go_by_says_nothing_of_the_class(tmp_path):
    marks = []
    for first, second in (("a", "b"), ("b", "a")):
        for folder, name, number in ((first, "1.bmp", 1), (second, "2.bmp", 2)):
            target = tmp_path / first / folder / name
            target.parent.mkdir(parents=True)
            target.write_bytes(png(number))
        items = folder_set(tmp_path / first).parts["all"]
        marks.append({item.name.split("/")[-1]: item.mark for item in items})
    assert marks[0] == marks[1]
    assert len(set(marks[0].values())) == 2


def test_other_parts_may_be_asked_for(tree):
    path = tree({"base/a/1.bmp": png(1), "novel/b/2.bmp": png(2)})
    found = class_folders(path, {"base": "base", "novel": "novel"})
    assert {part: list(folders) for part, folders in found.parts.items()} == {
        "base": ["a"],
        "novel": ["b"],
    }
    assert set(PART_OF.values()) == {"train", "val", "test"}


def test_a_folder_may_be_read_as_something_else(tree):
    path = tree({"n02123045/1.bmp": png(1), "n02084071/2.bmp": png(2)})
    found = folder_set(path, renamed={"n02123045": "tabby_cat"})
    assert found.classes == ("n02084071", "tabby cat")
    assert labelled(found.parts["all"], found.classes)[1] == ("n02123045/1.bmp", "tabby cat")
    with pytest.raises(ValueError, match=r"no class folder 'n1' in set.* to be called 'cat'"):
        folder_set(path, renamed={"n1": "cat"})
    with pytest.raises(ValueError, match="is named already"):
        folder_set(path, renamed={"n02123045": "cat", "n02084071": "Cat"})
