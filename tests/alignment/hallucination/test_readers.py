"""The benchmarks' own files, and what is said of those that are wrong."""

from __future__ import annotations

import json
import zipfile

import pytest

from methods.alignment.hallucination.readers.amber import (
    read_annotations,
    read_queries,
    read_words,
)
from methods.alignment.hallucination.readers.coco import read_synonyms, read_truth
from methods.alignment.hallucination.readers.files import Files, Pictures
from methods.alignment.hallucination.readers.judged import read_extractions, read_judgements
from methods.alignment.hallucination.readers.questions import (
    read_halbench,
    read_mmhal,
    read_pope,
    row_picture,
)
from tests.alignment.hallucination import official


@pytest.fixture(params=["folder", "zip"])
def opened(request, tmp_path):
    """Makes a benchmark's files, and opens the folder or a zip of it."""

    def make(fill):
        folder = fill(tmp_path / "files")
        if request.param == "zip":
            return Files(official.zipped(folder, tmp_path / "files.zip"))
        return Files(folder)

    return make


def test_cocos_truth_is_instances_and_captions_together(opened):
    files = opened(official.coco)
    synonyms = read_synonyms(files)
    truth, names = read_truth(files, synonyms)
    assert truth == {"1": {"person", "dog", "train"}, "2": {"car"}, "3": set()}
    assert names["2"] == "COCO_val2014_000000000002.jpg"
    some, _ = read_truth(files, synonyms, {"2"})
    assert some == {"2": {"car"}}


def test_truth_of_ones_own_images(tmp_path):
    official.write(tmp_path, "synonyms.txt", official.SYNONYMS)
    official.write(tmp_path, "truth.json", {"kitchen.jpg": ["man", "seat"]})
    files = Files(tmp_path)
    truth, names = read_truth(files, read_synonyms(files))
    assert truth == {"kitchen.jpg": {"person", "chair"}}
    assert names == {"kitchen.jpg": "kitchen.jpg"}
    official.write(tmp_path, "truth.json", {"kitchen.jpg": ["unicorn"]})
    with pytest.raises(ValueError, match=r"truth.json, image 'kitchen.jpg': 'unicorn' is not in"):
        read_truth(files, read_synonyms(files))


def spoil(path, change):
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda c: c["annotations"][1].pop("category_id"),
            "annotation 2: `image_id` and `category_id`",
        ),
        (
            lambda c: c["annotations"][0].update(category_id=99),
            "annotation 1: no category has the id 99",
        ),
        (
            lambda c: c["categories"][0].update(name="ghost"),
            "category 'ghost' is not among the synonyms",
        ),
        (lambda c: c.pop("images"), "has no list `images`: it is no COCO file"),
        (
            lambda c: c["images"][2].pop("file_name"),
            "images, row 3: `file_name` is missing; it has id",
        ),
    ],
)
def test_a_broken_coco_file_is_named(tmp_path, change, message):
    files = Files(official.coco(tmp_path))
    spoil(tmp_path / "annotations/instances_val2014.json", change)
    with pytest.raises(ValueError, match=message) as caught:
        read_truth(files, read_synonyms(files))
    assert "instances_val2014.json" in str(caught.value)


def test_missing_files_are_named_with_what_is_there(tmp_path):
    official.write(tmp_path, "synonyms.txt", official.SYNONYMS)
    files = Files(tmp_path)
    synonyms = read_synonyms(files)
    with pytest.raises(ValueError, match=r"no instances_\*.json .COCO's instances."):
        read_truth(files, synonyms)
    with pytest.raises(
        ValueError, match=r"exactly one file annotations.json .* it holds synonyms.txt"
    ):
        read_annotations(Files(tmp_path))
    official.write(tmp_path, "more/synonyms_refine.txt", official.SYNONYMS)
    with pytest.raises(ValueError, match="exactly one file"):
        read_synonyms(Files(tmp_path))


def test_object_halbench(opened):
    rows = read_halbench(opened(official.halbench))
    assert [row.id("image_id") for row in rows] == ["1", "2"]
    assert row_picture(rows[0]).size == (6, 6)


def test_a_picture_that_is_none_is_named(tmp_path):
    path = official.write(
        tmp_path, "obj_halbench.jsonl", [{"image_id": 1, "question": "?", "image": "bm8="}]
    )
    (row,) = read_halbench(Files(path))
    with pytest.raises(
        ValueError, match=r"obj_halbench.jsonl, row 1: `image`: its 2 bytes are no picture"
    ):
        row_picture(row)


def test_amber(opened):
    files = opened(official.amber)
    annotations = read_annotations(files)
    assert annotations[0].imagined == ("dog",)
    assert annotations[2].truth == ("yes",)
    assert read_words(files).vocabulary == {"tree", "wood", "man", "dog", "car"}
    assert len(read_queries(files, generative=True)) == 2
    assert len(read_queries(files, generative=False)) == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows[0].pop("hallu"), "row 1: `hallu` is missing; it has id, type, truth"),
        (
            lambda rows: rows[1].update(truth="car"),
            "row 2: `truth` must be a list of texts, got 'car'",
        ),
        (
            lambda rows: rows[3].update(truth="maybe"),
            "row 4: `truth` must be yes or no, got 'maybe'",
        ),
        (
            lambda rows: rows[2].update(type="new"),
            "row 3: `type` must be generative, .*; got 'new'",
        ),
        (
            lambda rows: rows[0].update(id=True),
            "row 1: `id` must be a whole number or text, got True",
        ),
        (lambda rows: rows.append(3), "row 6: an object is needed, got 3"),
    ],
)
def test_a_broken_row_of_amber_is_named(tmp_path, change, message):
    official.amber(tmp_path)
    spoil(tmp_path / "annotations.json", change)
    with pytest.raises(ValueError, match=f"annotations.json, {message}"):
        read_annotations(Files(tmp_path))


def test_pope_knows_its_splits_by_the_files_names(opened):
    found = read_pope(opened(official.pope))
    assert [(each.split, each.id, each.label) for each in found] == [
        ("random", "1", "yes"),
        ("random", "2", "no"),
        ("adversarial", "1", "yes"),
        ("adversarial", "2", "no"),
    ]


def test_a_single_file_of_pope_has_no_split(tmp_path):
    official.pope(tmp_path)
    found = read_pope(Files(tmp_path / "coco_pope_random.json"))
    assert [each.split for each in found] == ["", ""]
    row = {"question_id": 1, "image": "a", "text": "?", "label": "no"}
    path = official.write(tmp_path, "pope.jsonl", [row, row])
    with pytest.raises(ValueError, match=r"pope.jsonl, row 2: `question_id` 1 stands twice"):
        read_pope(Files(path))
    path.write_text('{"question_id": 1}\n{"question_id"')
    with pytest.raises(ValueError, match=r"pope.jsonl, line 2 is no JSON"):
        read_pope(Files(path))
    path.write_text("\n")
    with pytest.raises(ValueError, match=r"pope.jsonl holds no rows"):
        read_pope(Files(path))


def test_mmhal(opened):
    records, rows = read_mmhal(opened(official.mmhal))
    assert (records[1].type, records[1].image, records[1].truth) == ("counting", "1.jpg", "a dog")
    assert rows[0].values["image_content"] == ["dog"]


def test_judgements_come_in_three_ways():
    completion = {"model": "gpt-4", "choices": [{"message": {"content": "Rating: 4"}}]}
    rows = [completion, {"judgement": "Rating: 2, poor"}, {"rating": 6}]
    found = read_judgements(json.dumps(rows).encode(), "judged.json")
    assert found == ["Rating: 4", "Rating: 2, poor", "Rating: 6"]
    for bad in ({"rating": 7}, {"rating": 4.5}, {}, {"choices": []}, {"judgement": 3}):
        with pytest.raises(ValueError, match=r"judged.json, row 1: "):
            read_judgements(json.dumps([bad]).encode(), "judged.json")


def test_extractions_come_in_two_ways():
    table = json.dumps({"1": ["dog"], "2": []}).encode()
    rows = b'{"image_id": 1, "extract_objs": ["dog"]}\n{"image_id": 2, "objects": []}'
    assert read_extractions(table, "x") == read_extractions(rows, "x") == {"1": ("dog",), "2": ()}
    with pytest.raises(ValueError, match="x, row 1: `2` must be a list of texts"):
        read_extractions(b'{"2": "dog"}', "x")
    with pytest.raises(ValueError, match="row 2: `image_id` 1 stands twice"):
        read_extractions(b'{"image_id": 1, "objects": []}\n{"image_id": 1, "objects": []}', "x")


def test_pictures_are_found_by_path_name_or_stem(tmp_path):
    official.picture(tmp_path, "val2014/COCO_7.jpg")
    official.write(tmp_path, "val2014/notes.txt", "no picture")
    for files in (Files(tmp_path), Files(official.zipped(tmp_path, tmp_path / "p.zip"))):
        pictures = Pictures(files)
        for name in ("val2014/COCO_7.jpg", "COCO_7.jpg", "COCO_7", "elsewhere/COCO_7.png"):
            assert pictures.open(name).size == (12, 8)
        assert pictures.place("notes") is None
        with pytest.raises(ValueError, match=r"no picture '8.jpg' among its 1"):
            pictures.open("8.jpg")


def test_a_picture_that_cannot_be_read_is_named(tmp_path):
    official.write(tmp_path, "a.jpg", "not a picture")
    with pytest.raises(ValueError, match=r"a.jpg: its 13 bytes are no picture in a known format"):
        Pictures(Files(tmp_path)).open("a.jpg")


def test_a_damaged_or_harmful_zip_is_refused(tmp_path):
    official.write(tmp_path / "in", "synonyms.txt", "dog, puppy")
    path = official.zipped(tmp_path / "in", tmp_path / "files.zip")
    files = Files(path)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"puppy", b"Puppy", 1))  # its checksum is another
    with pytest.raises(ValueError, match=r"synonyms.txt in files.zip is damaged"):
        read_synonyms(files)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../synonyms.txt", "dog")
    with pytest.raises(ValueError, match="leaves the archive"):
        Files(path)
