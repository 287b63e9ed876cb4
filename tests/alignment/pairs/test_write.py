"""What is written is read again as the same pairs, in every format and container."""

from __future__ import annotations

import json
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from methods.alignment import read_pairs, write_pairs
from methods.alignment.pairs.formats import FORMATS
from methods.alignment.pairs.formats.format import RESERVED, SCORES
from methods.alignment.pairs.pair import Picture, Turn, make_pair
from methods.alignment.pairs.placeholders import MARK
from methods.alignment.pairs.problems import PairError
from tests.alignment.pairs.conftest import a_pair, picture

COLOURS = ("red", "blue", "green")
words = st.text(alphabet='ab <image>\n"\\é\u2028,{', max_size=8).filter(lambda t: MARK not in t)
answers = words.map(lambda text: f"x{text}")
numbers = st.floats(allow_nan=False, allow_infinity=False)
extra = st.none() | st.booleans() | st.integers() | numbers | words | st.lists(numbers, max_size=2)
names = st.text(alphabet="ab_é", min_size=1, max_size=3).filter(lambda n: n not in RESERVED)


@st.composite
def metas(draw):
    meta = draw(st.dictionaries(names, extra.filter(lambda value: value is not None), max_size=3))
    if draw(st.booleans()):
        lists = st.lists(numbers, min_size=1, max_size=3)
        meta |= {name: draw(lists) for name in SCORES}
    if draw(st.booleans()):
        meta["nested"] = {"a": [1, {"b": None}]}
    return meta


@st.composite
def chats(draw):
    """Turns in their order, with pictures anywhere in the user's."""
    turns = [Turn("system", draw(words))] if draw(st.booleans()) else []
    for _ in range(draw(st.integers(0, 1))):
        turns += [draw(asked()), Turn("assistant", draw(words))]
    return [*turns, draw(asked())]


@st.composite
def asked(draw):
    text = draw(words)
    places = draw(st.lists(st.integers(0, len(text)), max_size=2))
    return Turn("user", text, tuple(sorted(places)))


@st.composite
def questions(draw):
    return [Turn("user", draw(words), draw(st.sampled_from([(), (0,)])))]


@st.composite
def sets(draw, turns):
    """Several pairs, as the rows of one file."""
    pairs = []
    for position in range(draw(st.integers(1, 4))):
        said = draw(turns)
        count = sum(len(turn.places) for turn in said)
        images = [picture(COLOURS[k % 3]) for k in range(count)]
        chosen, rejected = draw(answers), draw(answers)
        pairs.append(make_pair(position, said, chosen, rejected, images, draw(metas())))
    return pairs


def content(pairs):
    """All that must survive; the name of a picture may not."""
    return [
        (each.position, each.id, each.turns, each.chosen, each.rejected, dict(each.meta))
        for each in pairs
    ]


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    return tmp_path_factory.mktemp("written")


@pytest.mark.parametrize("suffix", [".parquet", ".zip", ".jsonl"])
@pytest.mark.parametrize("format", ["trl", "llamafactory", "ms_swift"])
@settings(max_examples=12, deadline=None)
@given(pairs=sets(chats()))
def test_chats_are_written_and_read_exactly(there, format, suffix, pairs):
    path = there / f"{format}{suffix}"
    write_pairs(pairs, path, format)
    assert content(read_pairs(path, format)) == content(pairs)


@pytest.mark.parametrize("suffix", [".parquet", ".zip"])
@settings(max_examples=12, deadline=None)
@given(pairs=sets(questions()))
def test_questions_go_through_every_format_one_after_the_other(there, suffix, pairs):
    first = content(pairs)
    for format in (*FORMATS, *reversed(FORMATS)):
        path = there / f"chain-{format}{suffix}"
        write_pairs(pairs, path, format)
        pairs = read_pairs(path, format)
        assert content(pairs) == first, format


def test_what_is_written_is_recognised_without_being_told(tmp_path):
    for name in FORMATS:
        for images in (0, 1):
            path = tmp_path / f"{name}{images}.parquet"
            write_pairs([a_pair(images=images, level="easy")], path, name)
            assert read_pairs(path).format.name == name


def test_writing_twice_gives_the_same_bytes(tmp_path):
    for suffix in (".parquet", ".zip"):
        for name in ("a", "b"):
            write_pairs([a_pair(level="x"), a_pair(1, "Yes.")], tmp_path / f"{name}{suffix}", "trl")
        files = [(tmp_path / f"{name}{suffix}").read_bytes() for name in ("a", "b")]
        assert files[0] == files[1], suffix


def test_a_zip_holds_each_picture_once_and_what_llamafactory_needs(tmp_path):
    written = write_pairs([a_pair(0), a_pair(1, "Yes.")], tmp_path / "a.zip", "llamafactory")
    assert (written.pairs, len(written.images)) == (2, 1)
    with zipfile.ZipFile(tmp_path / "a.zip") as file:
        (image,) = [name for name in file.namelist() if name.startswith("images/")]
        assert image.endswith(".png")
        assert file.read(image) == picture().read()
        info = json.loads(file.read("dataset_info.json"))["pairs"]
    assert info["ranking"] is True
    assert info["columns"] == {
        "messages": "conversations",
        "chosen": "chosen",
        "rejected": "rejected",
        "images": "images",
    }


def test_a_pair_that_the_format_cannot_hold_is_named_and_nothing_is_left(tmp_path):
    long = make_pair(4, [Turn("user", "a"), Turn("assistant", "b"), Turn("user", "c")], "x", "y")
    two = a_pair(5, images=2)
    for pair, message in (
        (long, "row 4.*hold one question; this pair has 3 turns"),
        (two, "row 5.*hold one image, in front of the question"),
    ):
        for name in ("a.parquet", "a.zip"):
            with pytest.raises(PairError, match=message):
                write_pairs([a_pair(), pair], tmp_path / name, "rlaif_v")
    assert list(tmp_path.iterdir()) == []


def test_other_formats_and_suffixes_are_refused(tmp_path):
    with pytest.raises(ValueError, match="'csv': allowed are"):
        write_pairs([a_pair()], tmp_path / "a.zip", "csv")
    with pytest.raises(ValueError, match=r"a\.csv: written are \.parquet, \.zip, \.jsonl files"):
        write_pairs([a_pair()], tmp_path / "a.csv", "trl")
    with pytest.raises(ValueError, match="give a list, not an iterator"):
        write_pairs(iter([a_pair()]), tmp_path / "a.zip", "trl")
    assert list(tmp_path.iterdir()) == []


def test_a_path_in_the_name_of_a_picture_does_not_leave_the_house(tmp_path):
    named = Picture("/home/somebody/a.png", picture().read)
    pair = make_pair(0, [Turn("user", "What?", (0,))], "x", "y", [named])
    for suffix in (".parquet", ".zip"):
        path = tmp_path / f"a{suffix}"
        write_pairs([pair], path, "trl")
        assert b"somebody" not in path.read_bytes()


def test_datasets_reads_the_parquet_with_its_images_decoded(tmp_path):
    """TRL gets its rows from `datasets`: what it needs are PIL images and messages as dicts."""
    from datasets import Dataset
    from PIL import Image

    path = tmp_path / "a.parquet"
    write_pairs([a_pair(level="easy"), a_pair(1, images=0)], path, "trl")
    rows = Dataset.from_parquet(str(path), cache_dir=str(tmp_path / "cache"))
    assert isinstance(rows[0]["images"][0], Image.Image)
    assert rows[0]["prompt"][0]["role"] == "user"
    assert [part["type"] for part in rows[0]["prompt"][0]["content"]] == ["image", "text"]
    assert rows[1]["images"] == []
