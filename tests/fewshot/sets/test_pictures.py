"""Loose pictures are sorted by their folders; what is wrong with them is named by its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from methods.fewshot.sets import pictures
from methods.fewshot.sets.pictures import read_pictures
from tests.fewshot.files import picture_bytes, zipped

ONE, TWO, THREE = (picture_bytes(seed) for seed in range(3))


def test_folders_say_what_a_picture_is_for(tmp_path: Path) -> None:
    files = {
        "mine/queries/dog/b.png": TWO,
        "mine/queries/a.png": ONE,
        "mine/support/cat/c.png": THREE,
        "mine/support/cat/readme.txt": b"a cat",
        "mine/.hidden.png": b"",
        "__MACOSX/mine/a.png": b"",
    }
    found = read_pictures(zipped(tmp_path / "mine.zip", files))
    assert [(each.picture.name, each.label) for each in found.asked] == [
        ("queries/a.png", ""),
        ("queries/dog/b.png", "dog"),
    ]
    assert [each.name for each in found.support["cat"]] == ["support/cat/c.png"]
    assert found.asked[0].picture.open().size == (40, 30)
    assert found.notes == ("what is no picture was left out: support/cat/readme.txt",)


def test_a_folder_reads_as_its_zip_does(tmp_path: Path) -> None:
    files = {"a.png": ONE, "support/cat/c.png": TWO}
    folder = tmp_path / "mine"
    for place, content in files.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_bytes(content)
    one, other = read_pictures(folder), read_pictures(zipped(tmp_path / "mine.zip", files))
    assert [each.picture.sha256 for each in one.asked] == [
        each.picture.sha256 for each in other.asked
    ]
    assert one.support.keys() == other.support.keys()


def test_a_picture_by_itself_needs_no_suffix(tmp_path: Path) -> None:
    path = tmp_path / "3f2a"  # an upload is stored by its hash
    path.write_bytes(ONE)
    [asked] = read_pictures(path).asked
    assert (asked.picture.name, asked.label, asked.picture.open().size) == ("3f2a", "", (40, 30))


def test_a_picture_without_a_known_suffix_is_told_by_its_content(tmp_path: Path) -> None:
    found = read_pictures(zipped(tmp_path / "a.zip", {"queries/from phone": ONE, "b.txt": b"no"}))
    assert [each.picture.name for each in found.asked] == ["queries/from phone"]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "bad.zip has no picture to ask about"),
        ({"support/cat/a.png": ONE}, "bad.zip has no picture to ask about"),
        ({"a.png": ONE, "support/b.png": TWO}, "support/b.png in bad.zip is of no class"),
        ({"a.png": ONE, "support/cat/b.txt": b"b"}, "support/cat in bad.zip has no picture"),
        ({"a.png": ONE, "support/cat/": b""}, "support/cat in bad.zip has no picture"),
        (
            {"a.png": ONE, "support/cat/b.png": TWO, "support/dog/c.png": TWO},
            "support/dog/c.png is the same picture as support/cat/b.png",
        ),
        ({"../a.png": ONE}, "'../a.png' leaves the archive"),
        ({"a.png": bytes(10**7)}, "a.png unpacks to"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, files: dict[str, bytes], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_pictures(zipped(tmp_path / "bad.zip", files))


def test_a_damaged_archive_and_too_many_pictures_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "half.zip"
    path.write_bytes(zipped(tmp_path / "whole.zip", {"a.png": ONE}).read_bytes()[:60])
    with pytest.raises(ValueError, match=r"half.zip is no zip file that can be read"):
        read_pictures(path)
    monkeypatch.setattr(pictures, "MOST_ASKED", 1)
    with pytest.raises(ValueError, match="2 pictures to ask about; up to 1"):
        read_pictures(zipped(tmp_path / "two.zip", {"a.png": ONE, "b.png": TWO}))
