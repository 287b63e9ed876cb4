"""Zips that could do harm are refused before anything in them is opened."""

from __future__ import annotations

import zipfile

import pytest

from methods import archives
from methods.archives import Archive


def zipped(path, *members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members:
            file.writestr(name, data)
    return path


@pytest.mark.parametrize("name", ["../a", "a/../../b", "/etc/passwd", "a\\b"])
def test_a_name_that_leaves_the_archive_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match="leaves the archive"):
        Archive(zipped(tmp_path / "a.zip", (name, b"x")))


def test_a_link_is_refused(tmp_path):
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    with pytest.raises(ValueError, match="is a link"):
        Archive(zipped(tmp_path / "a.zip", (link, b"/etc/passwd")))


def test_a_bomb_is_refused_and_text_is_not(tmp_path):
    with pytest.raises(ValueError, match=r"unpacks to .* times its size; 200 is allowed"):
        Archive(zipped(tmp_path / "a.zip", ("a", b"0" * 10_000_000)))
    words = b" ".join(str(n).encode() for n in range(300_000))
    assert Archive(zipped(tmp_path / "b.zip", ("a", words))).read("a") == words


def test_too_many_or_too_large_members_are_refused(tmp_path, monkeypatch):
    path = zipped(tmp_path / "a.zip", ("a", b"1"), ("b", b"2"))
    monkeypatch.setattr(archives, "MAX_BYTES", 1)
    with pytest.raises(ValueError, match="unpacked"):
        Archive(path)
    monkeypatch.setattr(archives, "MAX_MEMBERS", 1)
    with pytest.raises(ValueError, match="has 2 members; 1 are allowed"):
        Archive(path)


def test_what_is_no_zip_or_damaged_is_refused(tmp_path):
    path = tmp_path / "a.zip"
    path.write_bytes(b"PK\x03\x04 no zip")
    with pytest.raises(ValueError, match=r"a\.zip is no zip file that can be read"):
        Archive(path)
    whole = zipped(path, ("a", b"some words, over and over and over")).read_bytes()
    archive = Archive(path)
    path.write_bytes(whole.replace(whole[33:45], b"x" * 12))
    with pytest.raises(ValueError, match=r"a in a\.zip is damaged"):
        archive.read("a")


def test_what_systems_leave_behind_is_passed_over(tmp_path):
    path = zipped(tmp_path / "a.zip", ("a", b"1"), ("__MACOSX/._a", b"2"), ("x/.DS_Store", b"3"))
    archive = Archive(path)
    assert list(archive.members) == ["a"]
    archive.copy("a", tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"1"
