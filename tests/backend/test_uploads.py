"""The content of what people bring: what its name says, and nothing that could do harm."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import pytest

from backend.services import files
from backend.uploads import CHECKS, check_content
from tests.fewshot.files import picture_bytes


def zipped(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name.replace("__", "."), data)
    return path


def test_every_file_that_a_setting_takes_has_a_check_of_its_content() -> None:
    suffixes = {suffix for each in files.kinds().values() for suffix in each}
    assert suffixes <= {*CHECKS, ".zip"}
    assert files.kinds()["pairs"] == (".jsonl", ".json", ".parquet", ".zip")
    assert files.kinds()["adapter"] == (".zip",)  # whole names end so, "adapter.zip"
    assert "cache" not in files.kinds()  # a folder


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", b'{"a": "\xc3\xa9"}\n'),
        ("a.JSON", b"\xef\xbb\xbf [1]"),
        ("a.txt", "wörter".encode()),
        ("a.parquet", b"PAR1....PAR1"),
        ("a.tsv", b"name\tlabel\n"),
        ("a.graphml", b"\xef\xbb\xbf <graphml/>"),
        ("a.gexf", b"<?xml version='1.0'?><gexf/>"),
        ("a.mat", b"MATLAB 5.0 MAT-file, Platform: GLNXA64"),
        ("a.vec", b"2 3\ncat 0 0 1\n"),
        ("a.JPG", picture_bytes(0, form="PNG")),  # what it is, not how it is packed, must be true
    ],
)
def test_files_that_are_what_they_are_called_are_taken(
    tmp_path: Path, name: str, content: bytes
) -> None:
    file = tmp_path / "any"
    file.write_bytes(content)
    check_content(file, name)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.jsonl", pickle.dumps({"a": 1}), "JSON begins with"),
        ("a.json", b"", "it is empty"),
        ("a.json", b"PAR1", "JSON begins with"),
        ("a.json", b'{"a": "\xff"}', "no UTF-8 text"),
        ("a.jsonl", b'{"a": 1}\n' * 200_000 + b"\0", "it is no text"),
        ("a.jsonl", b'{"a": 1}\xc3', "no UTF-8 text"),
        ("a.txt", pickle.dumps({"a": 1}), "no UTF-8 text|no text"),
        ("a.parquet", b"PAR1", "neither begins nor ends"),
        ("a.graphml", b"", "it is empty"),
        ("a.gexf", pickle.dumps({"a": 1}), "XML begins with <"),
        ("a.graphml", b"<graphml>\0", "it is no text"),
        ("a.mat", pickle.dumps({"a": 1}), "MATLAB"),
        ("a.parquet", b"PAR1 cut off", "neither begins nor ends"),
        ("a.parquet", b"", "neither begins nor ends"),
    ],
)
def test_files_that_are_something_else_are_refused(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    file = tmp_path / "any"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=reason) as caught:
        check_content(file, name)
    assert "its content is not" in str(caught.value)
    assert "pickles are never read" in str(caught.value)


def test_a_zip_may_hold_rows_and_pictures_but_no_pickle_and_no_bomb(tmp_path: Path) -> None:
    check_content(zipped(tmp_path / "good", a__jsonl=b"{}", a__png=b"picture"), "a.zip")
    for member in ("a__pkl", "data/a__PT", "b__npy"):
        with pytest.raises(ValueError, match=r"^a\.zip holds .*; pickles are never read"):
            check_content(zipped(tmp_path / "bad", **{member: b"x"}), "a.zip")
    with pytest.raises(ValueError, match=r"^a\.zip: a\.jsonl unpacks to .* times its size"):
        check_content(zipped(tmp_path / "bomb", a__jsonl=b"0" * 10_000_000), "a.zip")
    for content in (b"PK\x03\x04 no zip", pickle.dumps({"a": 1})):
        (tmp_path / "none").write_bytes(content)
        with pytest.raises(ValueError, match=r"^a\.zip is no zip file"):
            check_content(tmp_path / "none", "a.zip")
