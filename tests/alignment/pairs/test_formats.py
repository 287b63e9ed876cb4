"""Rows of each format, written by hand, and the pair that they mean."""

from __future__ import annotations

import base64
import json

import pytest

from methods.alignment import read_pairs
from methods.alignment.pairs.formats import FORMATS, recognise
from methods.alignment.pairs.pair import Turn
from methods.alignment.pairs.problems import PairError
from tests.alignment.pairs.conftest import encoded, jsonl

GOOD = {"prompt": "What?", "chosen": "A dog.", "rejected": "A cat."}
EXAMPLES = [(name, key) for name, each in FORMATS.items() for key in each.examples]


@pytest.mark.parametrize(("name", "key"), EXAMPLES)
def test_every_example_on_the_page_is_recognised_and_sound(folder, name, key):
    source = read_pairs(jsonl(folder / "rows.jsonl", FORMATS[name].examples[key]))
    assert source.format.name == name
    assert source.reason
    assert source.problems(decode=True).counts == {}


def test_the_same_pair_has_the_same_id_in_every_format(folder):
    with_image = {
        name: next(row for key, row in each.examples.items() if "image" in key)
        for name, each in FORMATS.items()
    }
    ids = {read_pairs(jsonl(folder / "rows.jsonl", row))[0].id for row in with_image.values()}
    assert len(ids) == 1


def only(path, row, **settings):
    return read_pairs(jsonl(path / "rows.jsonl", row), **settings)[0]


def chat(*said):
    return [{"role": role, "content": text} for role, text in said]


ASKED = ("user", "What is it?")


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "What is it?", "chosen": "A dog.", "rejected": "A cat."},
        {
            "prompt": chat(ASKED),
            "chosen": chat(("assistant", "A dog.")),
            "rejected": chat(("assistant", "A cat.")),
        },
        {
            "chosen": chat(ASKED, ("assistant", "A dog.")),
            "rejected": chat(ASKED, ("assistant", "A cat.")),
        },
        {
            "prompt": "What is it?",
            "chosen": chat(ASKED, ("assistant", "A dog.")),
            "rejected": chat(ASKED, ("assistant", "A cat.")),
        },
        {"instruction": "What is it?", "input": "", "chosen": "A dog.", "rejected": "A cat."},
        {
            "messages": chat(ASKED),
            "chosen": chat(("assistant", "A dog."))[0],
            "rejected": chat(("assistant", "A cat."))[0],
        },
        {"messages": chat(ASKED, ("assistant", "A dog.")), "rejected_response": "A cat."},
        {
            "messages": chat(ASKED, ("assistant", "A dog.")),
            "rejected_messages": chat(ASKED, ("assistant", "A cat.")),
        },
        {"query": "What is it?", "response": "A dog.", "rejected_response": "A cat."},
        {"text": json.dumps({"question": "What is it?", "chosen": "A dog.", "rejected": "A cat."})},
    ],
)
def test_every_way_to_write_a_question_and_two_answers_is_read(tmp_path, row):
    pair = only(tmp_path, row)
    assert pair.turns == (Turn("user", "What is it?"),)
    assert (pair.prompt, pair.chosen, pair.rejected) == ("What is it?", "A dog.", "A cat.")


def test_earlier_turns_and_the_system_turn_are_kept(tmp_path):
    turns = (
        Turn("system", "Be short."),
        Turn("user", "Hello"),
        Turn("assistant", "Hello!"),
        Turn("user", "What is it?\nA hint."),
    )
    alpaca = {
        "instruction": "What is it?",
        "input": "A hint.",
        "system": "Be short.",
        "history": [["Hello", "Hello!"]],
        "chosen": "A dog.",
        "rejected": "A cat.",
    }
    assert only(tmp_path, alpaca).turns == turns
    said = [(turn.role, turn.text) for turn in turns]
    swift = {"messages": chat(*said, ("assistant", "A dog.")), "rejected_response": "A cat."}
    assert only(tmp_path, swift).turns == turns
    names = {"system": "system", "user": "human", "assistant": "gpt"}
    sharegpt = {
        "conversations": [{"from": names[role], "value": text} for role, text in said],
        "chosen": {"from": "gpt", "value": "A dog."},
        "rejected": {"from": "gpt", "value": "A cat."},
    }
    assert only(tmp_path, sharegpt).turns == turns


def test_an_implicit_prompt_of_text_is_cut_at_a_word_where_trl_cuts_at_a_letter(tmp_path):
    row = {"chosen": "The sky is blue.", "rejected": "The sky is black."}
    pair = only(tmp_path, row)
    assert (pair.prompt, pair.chosen, pair.rejected) == ("The sky is", "blue.", "black.")
    with pytest.raises(PairError, match="do not begin with the same words"):
        only(tmp_path, {"chosen": "Blue", "rejected": "Black"})


def test_rlaif_v_rows_carry_bytes_a_path_and_scores(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    row = {
        "ds_name": "x",
        "image": {"bytes": encoded("blue"), "path": None},
        "question": "What colour?",
        "chosen": "Blue.",
        "rejected": "Red.",
        "origin_dataset": "coco",
        "idx": 7,
        "image_path": "coco/7.jpg",
        "chosen_logits": "[0.5, 0.25]",
        "rejected_logits": [0.25],
    }
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "rows.parquet")
    pair = read_pairs(tmp_path / "rows.parquet")[0]
    assert pair.images[0].name == "coco/7.jpg"
    assert pair.images[0].open().getpixel((0, 0)) == (0, 0, 255)
    assert pair.meta == {
        "origin_dataset": "coco",
        "idx": 7,
        "chosen_logits": [0.5, 0.25],
        "rejected_logits": [0.25],
    }


def test_renamed_columns_and_tags_are_followed_where_dataset_info_names_them(tmp_path):
    row = {
        "talk": [{"who": "me", "says": "<image>What?"}],
        "good": {"who": "bot", "says": "A dog."},
        "bad": {"who": "bot", "says": "A cat."},
        "pics": ["a.png"],
        "level": "easy",
    }
    (tmp_path / "a.png").write_bytes(encoded())
    path = jsonl(tmp_path / "rows.jsonl", row)
    with pytest.raises(ValueError, match="no known format"):
        read_pairs(path)
    entry = {
        "file_name": "rows.jsonl",
        "ranking": True,
        "formatting": "sharegpt",
        "columns": {"messages": "talk", "chosen": "good", "rejected": "bad", "images": "pics"},
        "tags": {
            "role_tag": "who",
            "content_tag": "says",
            "user_tag": "me",
            "assistant_tag": "bot",
        },
    }
    info = {"mine": entry, "other": {"file_name": "sft.json"}}
    (tmp_path / "dataset_info.json").write_text(json.dumps(info))
    for given in (path, tmp_path):
        pair = read_pairs(given)[0]
        assert pair.turns == (Turn("user", "What?", (0,)),)
        assert (pair.chosen, pair.rejected, pair.meta) == ("A dog.", "A cat.", {"level": "easy"})


@pytest.mark.parametrize(
    ("part", "names"),
    [
        ("columns", ["talk"]),
        ("columns", {"messages": ["talk"]}),
        ("tags", "me"),
        ("tags", {"a": 1}),
    ],
)
def test_a_dataset_info_whose_names_are_none_is_refused(tmp_path, part, names):
    jsonl(
        tmp_path / "rows.jsonl", {"instruction": "What?", "chosen": "A dog.", "rejected": "A cat."}
    )
    entry = {"file_name": "rows.jsonl", "ranking": True, part: names}
    (tmp_path / "dataset_info.json").write_text(json.dumps({"mine": entry}))
    with pytest.raises(
        ValueError, match=f"dataset_info.json: {part} of mine is an object of names"
    ):
        read_pairs(tmp_path)
    entry[part] = None
    (tmp_path / "dataset_info.json").write_text(json.dumps({"mine": entry}))
    assert read_pairs(tmp_path)[0].prompt == "What?"


def test_a_picture_may_be_base64_in_place_of_a_name(tmp_path):
    text = base64.b64encode(encoded()).decode()
    source = read_pairs(jsonl(tmp_path / "rows.jsonl", GOOD | {"image": text}))
    assert source.problems(decode=True).sound
    assert source[0].images[0].read() == encoded()


def test_pictures_inside_of_messages_are_not_read_and_that_is_said(tmp_path):
    turn = {"role": "user", "content": [{"type": "image", "image": "a.png"}]}
    answers = {name: [{"role": "assistant", "content": name}] for name in ("chosen", "rejected")}
    source = read_pairs(jsonl(tmp_path / "rows.jsonl", {"prompt": [turn]} | answers))
    with pytest.raises(PairError, match="belong into the column image or images"):
        source[0]


def test_numbers_that_json_lacks_are_no_meta(tmp_path):
    row = GOOD | {"quality": float("nan"), "more": [1.5, float("inf")], "level": "easy"}
    source = read_pairs(jsonl(tmp_path / "rows.jsonl", row))
    assert source[0].meta == {"more": [1.5, None], "level": "easy"}


@pytest.mark.parametrize(
    ("change", "field", "rule"),
    [
        ({"chosen": 3}, "chosen", "columns"),
        ({"chosen": [{"role": "assistant", "content": "x"}]}, "chosen", "columns"),
        ({"prompt": [{"role": "tool", "content": "x"}]}, "prompt[0]", "roles"),
        ({"prompt": [{"role": "user", "content": 3}]}, "prompt[0]", "columns"),
        ({"prompt": [{"role": "user", "content": [{"type": "video"}]}]}, "prompt[0]", "columns"),
        ({"prompt": ["What?"]}, "prompt[0]", "columns"),
        ({"image": "no.png"}, "image", "image_missing"),
        ({"images": ["a.png", "no.png"]}, "images[1]", "image_missing"),
        ({"image": "https://example.org/a.png"}, "image", "image_missing"),
        ({"image": "../b.png"}, "image", "image_outside"),
        ({"image": "/etc/hostname"}, "image", "image_outside"),
        ({"image": 3}, "image", "columns"),
        ({"videos": ["a.mp4"]}, "videos", "columns"),
        ({"audio": {"path": "a.wav"}}, "audio", "columns"),
        ({"image": "data:image/png;base64,***"}, "image", "image_unreadable"),
        ({"image": "a.png", "prompt": "<image><image>What?"}, "images", "placeholders"),
        ({"prompt": "<image>What?"}, "images", "placeholders"),
        ({"chosen_logits": "[1.0]"}, "chosen_logits", "scores"),
        ({"chosen_logits": [], "rejected_logits": [1.0]}, "chosen_logits", "scores"),
        ({"chosen_logits": "[NaN]", "rejected_logits": [1.0]}, "chosen_logits", "scores"),
        ({"chosen_logits": "no", "rejected_logits": [1.0]}, "chosen_logits", "scores"),
        (
            {"chosen_logits": [1], "rejected_logits": [1, 2], "rejected_pieces": ["a"]},
            "rejected_logits",
            "scores",
        ),
    ],
)
def test_a_row_that_is_no_pair_says_which_field_breaks_which_rule(tmp_path, change, field, rule):
    (tmp_path / "a.png").write_bytes(encoded())
    source = read_pairs(jsonl(tmp_path / "rows.jsonl", GOOD, GOOD | change), format="trl")
    with pytest.raises(PairError) as caught:
        source[1]
    problem = caught.value.problem
    assert (problem.row, problem.field, problem.rule) == (1, field, rule)
    assert source.problems().counts == {rule: 1}


def test_pairs_about_two_images_and_rejected_answers_to_other_questions_are_refused(tmp_path):
    base = {"messages": chat(ASKED, ("assistant", "A dog.")), "images": []}
    other = base | {"rejected_messages": chat(("user", "Who?"), ("assistant", "A cat."))}
    with pytest.raises(PairError, match="two answers to the same"):
        only(tmp_path, other)
    with pytest.raises(PairError, match="pairs about two images"):
        only(tmp_path, base | {"rejected_response": "A cat.", "rejected_images": ["b.png"]})


def test_columns_of_no_format_are_named_with_what_each_format_needs():
    with pytest.raises(ValueError, match=r"columns answer, question are of no known.*TRL: chosen"):
        recognise({"question": "a", "answer": "b"})


def test_an_unknown_format_is_refused_with_those_there_are(tmp_path):
    with pytest.raises(ValueError, match="allowed are auto, ms_swift, llamafactory, rlaif_v, trl"):
        read_pairs(jsonl(tmp_path / "rows.jsonl", GOOD), format="csv")


def test_columns_of_other_formats_that_are_not_read_are_said(tmp_path):
    source = read_pairs(jsonl(tmp_path / "rows.jsonl", GOOD | {"response": "A dog.", "n": 1}))
    assert source.notes == ("not read: response",)
    assert source[0].meta == {"n": 1}
