"""Files, folders and zips of rows: what is found in them, and what is refused."""

from __future__ import annotations

import json
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from methods import row_files
from methods.alignment import read_pairs
from methods.alignment.pairs.problems import PairError
from methods.row_files import JsonRows, open_rows
from tests.alignment.pairs.conftest import encoded, jsonl

ROW = {"prompt": "What?", "chosen": "A dog.", "rejected": "A cat."}


def numbered(count, **more):
    return [ROW | {"n": n} | more for n in range(count)]


@pytest.fixture(scope="module")
def list_file(tmp_path_factory):
    return tmp_path_factory.mktemp("rows") / "rows.json"


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.dictionaries(st.text(max_size=4), values, max_size=3), min_size=1, max_size=5),
    st.sampled_from([None, 2]),
)
def test_elements_of_a_json_list_are_found_whatever_stands_in_them(list_file, given, indent):
    path = list_file
    path.write_text(json.dumps(given, indent=indent, ensure_ascii=False), encoding="utf-8")
    found = JsonRows(path, is_list=True)
    assert [found[k] for k in range(len(found))] == given


def test_jsonl_json_and_parquet_give_the_same_pairs(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = numbered(7)
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    jsonl(tmp_path / "rows.jsonl", *rows)
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "rows.parquet", row_group_size=3)
    for name in ("rows.json", "rows.jsonl", "rows.parquet"):
        source = read_pairs(tmp_path / name)
        assert [pair.meta["n"] for pair in source] == list(range(7))
        assert [pair.position for pair in source[5:1:-2]] == [5, 3]
        assert source[-1].meta["n"] == 6
        with pytest.raises(IndexError):
            source[7]


def test_what_a_file_is_is_told_by_its_content(tmp_path):
    path = jsonl(tmp_path / "0123abcd", *numbered(2))
    assert len(read_pairs(path)) == 2
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes() + b"\n\n")
    assert len(read_pairs(path)) == 2


def test_a_row_group_too_large_to_hold_is_mapped_and_gives_the_same_rows(tmp_path, monkeypatch):
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "rows.parquet"
    pq.write_table(pa.Table.from_pylist(numbered(200)), path, row_group_size=150)
    held = open_rows(path)
    monkeypatch.setattr(row_files, "LARGE_GROUP", 10)
    mapped = open_rows(path)
    assert [mapped[k] for k in range(200)] == [held[k] for k in range(200)]
    assert len(mapped._mapped) == 2


def test_shards_follow_each_other_and_only_those_for_training_are_taken(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = numbered(6)
    (tmp_path / "data").mkdir()
    for name, part in (
        ("train-00001-of-00002", rows[2:4]),
        ("train-00000-of-00002", rows[:2]),
        ("test-00000-of-00001", rows[4:]),
    ):
        pq.write_table(pa.Table.from_pylist(part), tmp_path / "data" / f"{name}.parquet")
    source = read_pairs(tmp_path)
    assert [pair.meta["n"] for pair in source] == [0, 1, 2, 3]
    assert source.notes == ("1 files without “train” in their names were left out",)


def test_images_are_found_beside_the_data_in_a_folder_or_zip_and_by_their_last_name(tmp_path):
    (tmp_path / "data" / "pics").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    (tmp_path / "data" / "pics" / "a.png").write_bytes(encoded("red"))
    (tmp_path / "other" / "b.png").write_bytes(encoded("blue"))
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as file:
        file.writestr("deep/b.png", encoded("blue"))
    names = ("pics/a.png", "coco/train/b.png")
    path = jsonl(tmp_path / "data" / "rows.jsonl", *(ROW | {"image": name} for name in names))
    for images in (tmp_path / "other", tmp_path / "other.zip"):
        source = read_pairs(path, images=images)
        colours = [pair.images[0].open().getpixel((0, 0)) for pair in source]
        assert colours == [(255, 0, 0), (0, 0, 255)]
    with pytest.raises(PairError, match=r"row 1, image.*there is no 'coco/train/b.png'"):
        read_pairs(path)[1]
    with pytest.raises(ValueError, match="neither a folder nor a zip"):
        read_pairs(path, images=path)


def test_a_name_that_two_members_of_a_zip_share_is_no_name(tmp_path):
    with zipfile.ZipFile(tmp_path / "rows.zip", "w") as file:
        file.writestr("rows.jsonl", json.dumps(ROW | {"image": "a.png"}))
        file.writestr("one/a.png", encoded("red"))
        file.writestr("two/a.png", encoded("blue"))
    with pytest.raises(PairError, match=r"there is no 'a\.png'"):
        read_pairs(tmp_path / "rows.zip")[0]


def test_an_image_folder_as_datasets_has_it_is_read(tmp_path):
    (tmp_path / "a.png").write_bytes(encoded("blue"))
    jsonl(tmp_path / "metadata.jsonl", ROW | {"file_name": "a.png"})
    assert read_pairs(tmp_path)[0].images[0].open().getpixel((0, 0)) == (0, 0, 255)


def test_a_zip_of_rows_and_images_is_read_without_unpacking_the_images(tmp_path):
    with zipfile.ZipFile(tmp_path / "rows.zip", "w") as file:
        file.writestr("set/rows.json", json.dumps([ROW | {"image": "set/a.png"}]))
        file.writestr("set/a.png", encoded("blue"))
        file.writestr("__MACOSX/set/._rows.jsonl", b"junk")
    source = read_pairs(tmp_path / "rows.zip")
    assert source[0].images[0].open().size == (8, 6)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("a,b\n1,2", "holds no rows that can be read"),
        ("[]", "holds no rows"),
        ("[1, 2", "is cut off"),
        ('[{"a": 1}, ', "is cut off"),
        ('{\n"a": 1\n}', "one JSON object over several lines"),
    ],
)
def test_a_file_without_rows_is_refused(tmp_path, text, message):
    path = tmp_path / "rows"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_pairs(path)


def test_broken_rows_do_not_hide_the_others(tmp_path):
    path = jsonl(tmp_path / "rows.jsonl", "{broken", *numbered(2), "[1]", '{"a": "\xff')
    source = read_pairs(path)
    report = source.problems()
    assert report.counts["json"] == 3
    assert report.broken == [0, 3, 4]
    assert source[1].meta == {"n": 0}


def test_a_damaged_parquet_is_refused(tmp_path):
    path = tmp_path / "rows.parquet"
    path.write_bytes(b"PAR1" + b"x" * 100 + b"PAR1")
    with pytest.raises(ValueError, match="is no parquet file that can be read"):
        read_pairs(path)


def test_a_place_without_rows_says_so(tmp_path):
    with pytest.raises(ValueError, match=r"holds no .parquet, .jsonl, .json file with rows"):
        read_pairs(tmp_path)
    (tmp_path / "data-00000-of-00001.arrow").write_bytes(b"ARROW1")
    with pytest.raises(ValueError, match="save_to_disk; write the set with to_parquet"):
        read_pairs(tmp_path)
    with pytest.raises(ValueError, match="there is no file or folder"):
        read_pairs(tmp_path / "nowhere")
    info = {key: {"file_name": f"{key}.jsonl", "ranking": True} for key in ("a", "b")}
    (tmp_path / "dataset_info.json").write_text(json.dumps(info))
    for key in info:
        jsonl(tmp_path / f"{key}.jsonl", ROW)
    with pytest.raises(ValueError, match=r"names several preference sets \(a, b\)"):
        read_pairs(tmp_path)


def test_large_files_are_not_held_in_memory(tmp_path):
    """What is kept of a row is where it begins and ends."""
    path = jsonl(tmp_path / "rows.jsonl", *numbered(1000, text_of_the_row="x" * 1000))
    found = open_rows(path)
    assert len(found) == 1000
    assert found.starts.itemsize * len(found.starts) * 2 < path.stat().st_size / 50
