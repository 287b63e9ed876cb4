"""The artefact store: whole files or none, named by their content."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.artefacts import CHUNK, ArtefactStore, StorageError
from tests.disks import files, read_only, small_disk


@pytest.fixture
def store(tmp_path: Path) -> ArtefactStore:
    return ArtefactStore(tmp_path / "artefacts")


def test_a_file_is_named_by_its_content(store: ArtefactStore) -> None:
    sha256, size = store.put(b"abc")
    assert (sha256, size) == (hashlib.sha256(b"abc").hexdigest(), 3)
    assert store.path(sha256) == store.folder / sha256[:2] / sha256
    assert store.get(sha256) == b"abc"


def test_bytes_and_a_file_of_many_chunks_are_kept_alike(
    store: ArtefactStore, tmp_path: Path
) -> None:
    content = os.urandom(2 * CHUNK + 7)
    (tmp_path / "given").write_bytes(content)
    assert store.put(tmp_path / "given") == store.put(content)
    assert (tmp_path / "given").read_bytes() == content  # a copy was kept, not the file itself
    assert len(files(store.folder)) == 1


def test_the_same_content_is_kept_once_and_becomes_young_again(store: ArtefactStore) -> None:
    sha256, _ = store.put(b"abc")
    os.utime(store.path(sha256), (1, 1))
    store.put(b"abc")
    assert files(store.folder) == [store.path(sha256)]
    assert store.path(sha256).stat().st_mtime > 1  # the clean-up looks at the age


@given(name=st.one_of(st.text(), st.from_regex(r"[0-9a-f]{63}.?[./]*")))
def test_only_a_sha256_is_ever_joined_to_the_folder(name: str) -> None:
    store = ArtefactStore(Path("/nowhere"))
    if len(name) == 64 and set(name) <= set("0123456789abcdef"):
        assert store.path(name).parent.parent == store.folder
        return
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        store.path(name)


def test_what_is_not_there_is_said(store: ArtefactStore) -> None:
    with pytest.raises(StorageError, match="cannot be read"):
        store.get("0" * 64)
    store.delete("0" * 64)  # deleting it is no error: it is gone


def test_a_source_that_breaks_off_leaves_no_half_file(store: ArtefactStore, tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        store.put(tmp_path / "missing")
    assert files(store.folder) == []


def test_a_full_disk_is_said_and_leaves_no_half_file(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", megabytes=1) as disk:
        store = ArtefactStore(disk / "artefacts")
        kept, _ = store.put(b"small")
        with pytest.raises(StorageError, match=r"the disk is full: .* has \d\.\d MB left"):
            store.put(bytes(3_000_000))
        assert files(disk) == [store.path(kept)]
        assert store.get(kept) == b"small"


def test_a_disk_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", megabytes=1) as disk, read_only(disk):
        with pytest.raises(StorageError, match=r"cannot be written \(Read-only file system\)"):
            ArtefactStore(disk / "artefacts").put(b"abc")
        assert files(disk) == []


def test_a_folder_below_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StorageError, match="set VITRINE_DATA_DIR"):
        ArtefactStore(tmp_path / "file" / "artefacts").put(b"abc")


def test_writers_of_the_same_content_do_not_disturb_each_other(store: ArtefactStore) -> None:
    content = bytes(200_000)
    forking = multiprocessing.get_context("fork")

    def put_often() -> None:
        for _ in range(20):
            sha256, _ = store.put(content)
            assert store.get(sha256) == content

    writers = [forking.Process(target=put_often) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    assert len(files(store.folder)) == 1
