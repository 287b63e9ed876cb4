"""The artefact store with a bucket: what one machine puts another gets, whole, and says what is wrong."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import buckets
from storage.artefacts import ArtefactStore, StorageError
from tests import servers
from tests.disks import files

URL = "s3://artefacts/some/prefix"


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A store of this module's own, which this process finds by AWS's variables."""
    folder = tmp_path_factory.mktemp("s3")
    with (
        servers.bucket(folder, servers.free_port()) as variables,
        pytest.MonkeyPatch.context() as p,
    ):
        for name, value in variables.items():
            p.setenv(name, value)
        buckets.bucket.cache_clear()
        yield variables
    buckets.bucket.cache_clear()


@pytest.fixture
def here(s3: dict[str, str], tmp_path: Path) -> ArtefactStore:
    store = ArtefactStore(tmp_path / "here", URL)
    for stored in list(store.files()):
        store.delete(stored.name)
    return store


@pytest.fixture
def there(s3: dict[str, str], tmp_path: Path) -> ArtefactStore:
    return ArtefactStore(tmp_path / "there", URL)


def test_what_one_machine_puts_another_gets(
    here: ArtefactStore, there: ArtefactStore, s3: dict[str, str]
) -> None:
    content = os.urandom(6 << 20)  # more than one part
    sha256, size = here.put(content)
    assert (sha256, size) == (hashlib.sha256(content).hexdigest(), len(content))
    assert not there.path(sha256).exists()
    assert there.local(sha256).read_bytes() == content
    assert there.get(sha256) == content
    key = f"some/prefix/{sha256[:2]}/{sha256}"
    listed = servers.client(s3).list_objects_v2(Bucket="artefacts")["Contents"]
    assert [(item["Key"], item["Size"]) for item in listed] == [(key, size)]
    [stored] = there.files()
    assert (stored.name, stored.size) == (sha256, size)
    assert abs(stored.touched_at - time.time()) < 60
    assert there.touched_at(sha256) == stored.touched_at


def test_a_copy_is_fetched_once(
    here: ArtefactStore, there: ArtefactStore, s3: dict[str, str]
) -> None:
    sha256, _ = here.put(b"kept")
    there.local(sha256)
    here.delete(sha256)
    assert there.local(sha256).read_bytes() == b"kept"  # its own copy
    there.delete(sha256)
    assert list(there.files()) == []
    assert there.touched_at(sha256) is None
    with pytest.raises(FileNotFoundError):
        there.local(sha256)
    with pytest.raises(StorageError, match="cannot be read"):
        there.get(sha256)
    there.delete(sha256)  # deleting it is no error: it is gone


def test_content_that_is_not_what_its_name_says_is_refused_and_not_kept(
    here: ArtefactStore, there: ArtefactStore, s3: dict[str, str]
) -> None:
    sha256, _ = here.put(b"right")
    key = f"some/prefix/{sha256[:2]}/{sha256}"
    servers.client(s3).put_object(Bucket="artefacts", Key=key, Body=b"wrong")
    with pytest.raises(StorageError, match="has another content"):
        there.local(sha256)
    assert files(there.folder) == []


def test_copies_that_were_not_used_for_longest_go_first(here: ArtefactStore) -> None:
    names = [here.put(bytes([n]) * 100)[0] for n in range(4)]
    for age, name in enumerate(names):
        os.utime(here.path(name), (time.time() - 5000 + age,) * 2)
    here.local(names[0])  # used just now
    (here.folder / ".new-left").write_bytes(b"half")
    os.utime(here.folder / ".new-left", (1, 1))
    here.trim(room=1000, spare_s=600)
    assert [here.path(name).exists() for name in names] == [True] * 4
    assert not (here.folder / ".new-left").exists()
    here.trim(room=250, spare_s=600)
    assert [here.path(name).exists() for name in names] == [True, False, False, True]
    here.trim(room=0, spare_s=600)
    assert [here.path(name).exists() for name in names] == [True, False, False, False]
    assert {stored.name for stored in here.files()} == set(names), "the bucket keeps them all"
    assert here.get(names[1]) == bytes([1]) * 100


def test_a_bucket_that_is_not_there_is_said(s3: dict[str, str], tmp_path: Path) -> None:
    store = ArtefactStore(tmp_path / "here", "s3://nowhere/prefix")
    with pytest.raises(StorageError, match="s3://nowhere/prefix is not there"):
        store.put(b"abc")
    with pytest.raises(buckets.BucketAway, match="VITRINE_ARTEFACTS_URL"):
        buckets.Bucket("s3://nowhere/prefix").check()
    buckets.Bucket(URL).check()


def test_a_store_that_does_not_answer_is_said(
    s3: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{servers.free_port()}")
    monkeypatch.setattr(buckets, "TRIES", 1)
    buckets.bucket.cache_clear()
    try:
        with pytest.raises(StorageError, match="cannot be used: Could not connect"):
            ArtefactStore(tmp_path / "here", URL).put(b"abc")
        with pytest.raises(StorageError, match="cannot be used: Could not connect"):
            ArtefactStore(tmp_path / "here", URL).local("0" * 64)
    finally:
        buckets.bucket.cache_clear()
