"""Files that people bring: of another kind, damaged, huge, packed to burst, or made to run something."""

from __future__ import annotations

import csv
import io
import pickle
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from backend import uploads
from backend.services import files
from methods import row_files
from methods.archives import MAX_READ, Archive
from methods.local import LocalContext
from tests.fewshot.files import picture_bytes


class Trap:
    """What runs when a pickle of it is opened: it leaves a file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return Path.touch, (self.marker,)


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "it ran"


def zipped(*members: tuple[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def npz(array: Any) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, mu=array, features=array, x=array, edge_index=array)
    return buffer.getvalue()


def png_of(width: int, height: int) -> bytes:
    """The head of a picture with as many pixels as it says, and none of them."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


Send = Callable[[str, bytes, str], Any]


@pytest.fixture
def send(client: TestClient) -> Send:
    return lambda name, content, kind: client.post(
        "/api/v1/uploads", files={"file": (name, content)}, data={"kind": kind}
    )


KIND_OF = {
    suffix: kind for kind, suffixes in reversed(files.kinds().items()) for suffix in suffixes
}
"""A kind that takes each suffix."""


@pytest.mark.parametrize("suffix", sorted(KIND_OF))
def test_a_pickle_is_taken_by_no_name(
    send: Send, client: TestClient, marker: Path, suffix: str
) -> None:
    bare = pickle.dumps(Trap(marker), protocol=2)
    old = pickle.dumps(Trap(marker), protocol=0)
    objects = npz(np.array([Trap(marker)], dtype=object))
    archive = zipped(("evil.pkl", bare), ("a.json", b"{}"))
    for content in (bare, old, archive, objects):
        answer = send(f"a{suffix}", content, KIND_OF[suffix])
        if suffix == ".npz" and content is objects:
            continue  # an archive by its look: its readers refuse it, in `test_no_reader_opens_a_pickle`
        if suffix in (".txt", ".csv", ".tsv", ".vec") and content is old:
            continue  # text, as such files are
        assert answer.status_code == 400, (suffix, answer.text)
        assert answer.json()["error"]["type"] == "ServiceError"
    assert not marker.exists()


def test_no_reader_opens_a_pickle(tmp_path: Path, marker: Path) -> None:
    """As it lies in the store, without a name that says more. torch's own archives: `tests.caching` and `tests.anomaly`."""
    from methods.alignment.hallucination.vectors import vector_similarity
    from methods.anomaly.graphs.reading import read_graph
    from methods.fewshot.regularising.npz import read_features

    readers: list[Callable[[Path], Any]] = [
        lambda path: vector_similarity(path, frozenset({"cat"})),
        read_graph,
        read_features,
    ]
    objects = np.array([Trap(marker)], dtype=object)
    plain = io.BytesIO()
    np.save(plain, objects, allow_pickle=True)
    traps = [
        pickle.dumps(Trap(marker), 2),
        pickle.dumps(Trap(marker), 0),
        npz(objects),
        plain.getvalue(),
        struct.pack("<Q", 2) + b"{}" + pickle.dumps(Trap(marker)),
    ]
    file = tmp_path / "stored"
    for content in traps:
        file.write_bytes(content)
        for read in readers:
            with pytest.raises(ValueError):  # noqa: PT011  each says it in its own words
                read(file)
    assert not marker.exists()
    pickle.loads(traps[0])
    assert marker.exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.png", b"GIF89a" + b"\0" * 20),
        ("a.png", picture_bytes(0, form="PNG")[:40]),
        ("a.png", png_of(100_000, 100_000)),
        ("a.png", png_of(2**31 - 1, 2**31 - 1)),
        ("a.jpg", b"\xff\xd8\xff\xe0" + b"\0" * 100),
        ("a.webp", b"RIFF\xff\xff\xff\xffWEBPVP8 "),
        ("a.png", b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>"),
        ("a.zip", zipped(("a.png", picture_bytes(0)))[:-10]),
        ("a.zip", b"PK\x05\x06" + b"\xff" * 18),
        ("a.zip", zipped(("/etc/passwd", b"x"))),
        ("a.zip", zipped(("C:\\a\\..\\b.png", b"x"))),
        ("a.zip", zipped(("a/../../b.png", b"x"))),
        ("a.zip", zipped(("a.png", b"0" * 20_000_000))),
        ("a.zip", zipped(*[(f"{i}.png", b"0" * 2_000_000) for i in range(10)])),
    ],
    # Not by content: a zip tells the time, and each process that collects the tests would name it differently.
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_pictures_and_archives_that_lie_are_refused(send: Send, name: str, content: bytes) -> None:
    answer = send(name, content, "pictures")
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["type"] == "ServiceError"


def refused(content: bytes, tmp_path: Path, why: str) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=why):
        Archive(path)


def test_an_archive_with_a_name_twice_or_a_link_is_refused(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = zipped(("a.json", b"1"), ("a.json", b"2"))
    refused(twice, tmp_path, "is in it twice")
    link = zipfile.ZipInfo("a.json")
    link.external_attr = 0o120777 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    refused(buffer.getvalue(), tmp_path, "is a link")


def test_members_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    """A flat bomb: a hundred entries of the directory point to one member."""
    content = zipped(("a" * 8, np.random.default_rng(0).bytes(50_000)))
    start = content.index(b"PK\x01\x02")
    end = content.index(b"PK\x05\x06")
    entry = content[start:end]
    entries = b"".join(entry.replace(b"a" * 8, b"%08d" % i) for i in range(100))
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 100, 100, len(entries), start, 0)
    refused(content[:start] + entries + tail, tmp_path, "share bytes")


def test_a_bomb_in_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    """Nested archives are members like others: nobody unpacks what is in them without looking again."""
    inner = zipped(("a.json", b"0" * 3_000_000))
    path = tmp_path / "a.zip"
    path.write_bytes(zipped(*[(f"{i}.zip", inner) for i in range(20)]))
    assert {Archive(path).read(name) for name in Archive(path).members} == {inner}
    refused(inner, tmp_path, "times its size")


@pytest.mark.parametrize("suffix", [".npz", ".pt"])
def test_arrays_that_unpack_to_gigabytes_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.setattr(uploads, "DENSE", 10**6)  # a thousandth of it, for a quick test
    path = tmp_path / "a"
    name = "x.npy" if suffix == ".npz" else "a/data.pkl"
    path.write_bytes(zipped((name, b"0" * 3_000_000)))
    with pytest.raises(ValueError, match="times its size"):
        uploads.check_content(path, f"a{suffix}")


def test_a_parquet_of_a_billion_equal_values_is_not_read(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "a.parquet"
    one = pa.table({"a": pa.DictionaryArray.from_arrays(pa.array([0] * 100_000, pa.int8()), ["x"])})
    with pq.ParquetWriter(path, one.schema) as writer:
        for _ in range(10):
            writer.write_table(one)
    assert path.stat().st_size < 100_000
    assert len(row_files.ParquetRows(path)) == 10**6
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_files, "MAX_VALUES", 10**6 - 1)
        with pytest.raises(
            ValueError, match="1,000,000 rows of 1 columns; 999,999 values are read"
        ):
            row_files.ParquetRows(path)


def test_a_member_that_fills_the_memory_is_not_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped(("a.json", b"x" * 1000)))
    archive = Archive(path)
    archive.members["a.json"].file_size = MAX_READ + 1
    with pytest.raises(ValueError, match="are read at once"):
        archive.read("a.json")


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'[{"a": 1' + b"0" * 100_000 + b"}]",
        b'{"a": "\\ud800"}',
        b"[NaN, Infinity, 1e999]",
        b"{",
    ],
    ids=["lists", "objects", "number", "surrogate", "no numbers", "cut off"],
)
@pytest.mark.parametrize("kind", ["pairs", "data", "decisions", "request", "answers_after"])
def test_json_of_any_depth_breaks_nothing(
    send: Send, client: TestClient, content: bytes, kind: str
) -> None:
    answer = send("a.json", content, kind)
    assert answer.status_code in (201, 400)
    if answer.status_code == 201:
        setting = answer.json()["sha256"]
        for method, name in (("alignment.pairs", "pairs"), ("unlearning.train", "data")):
            values = {"config": {name: setting}}
            assert client.post(f"/api/v1/methods/{method}/check", json=values).status_code < 500
        preview = client.post("/api/v1/pairs/preview", json={"pairs": setting})
        assert preview.status_code < 500


def test_an_entity_that_grows_is_not_expanded(tmp_path: Path) -> None:
    from methods.anomaly.graphs.reading import read_graph

    levels = "".join(f'<!ENTITY e{i + 1} "{f"&e{i};" * 10}">' for i in range(9))
    outside = '<!ENTITY out SYSTEM "file:///etc/passwd">'
    for entity, name in ((f'<!ENTITY e0 "lol">{levels}', "e9"), (outside, "out")):
        file = tmp_path / "a"
        file.write_text(
            f'<?xml version="1.0"?><!DOCTYPE graphml [{entity}]><graphml><graph edgedefault="directed">'
            f'<node id="&{name};"/></graph></graphml>'
        )
        with pytest.raises(ValueError):  # noqa: PT011
            read_graph(file)


def test_no_table_of_ours_computes(tmp_path: Path) -> None:
    context = LocalContext(tmp_path)
    hostile = ("=cmd|' /C calc'!A0", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1")
    context.save_table("a.csv", [{"text": each, "number": -1.5} for each in hostile])
    rows = list(csv.DictReader((tmp_path / "a.csv").open(newline="")))
    assert [row["text"] for row in rows] == [f"'{each}" for each in hostile]
    assert {row["number"] for row in rows} == {"-1.5"}


def test_an_upload_over_the_limit_is_refused(studio: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "large"
    with file.open("wb") as out:
        out.truncate(201 * 10**6)  # no disk is filled
    with pytest.raises(studio.TooLarge, match="201 MB; up to 200 MB"):
        studio.upload("a.json", file, "pairs")
