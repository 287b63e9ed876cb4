"""Where an answer is cut, and that nothing of it is lost on the way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from methods.alignment.evidence.split import Piece, split_text, splitter_id


def texts(text, splitter="sentences"):
    return [piece.text for piece in split_text(text, splitter)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "There is a red circle. There is a blue star!",
            ["There is a red circle.", "There is a blue star!"],
        ),
        ("A dog?  Yes.\n\nIt runs", ["A dog?", "Yes.", "It runs"]),
        ("The pole is 3.5 m high. It is grey.", ["The pole is 3.5 m high.", "It is grey."]),
        (
            "Dr. Smith, e.g. here, meets J. Doe. They talk.",
            ["Dr. Smith, e.g. here, meets J. Doe.", "They talk."],
        ),
        ('He says "stop." She stops...', ['He says "stop."', "She stops..."]),
        ("一只狗。两只猫！", ["一只狗。", "两只猫！"]),
        ("1. A dog\n2. A cat\n- a mat", ["A dog", "A cat", "a mat"]),
        ("yes", ["yes"]),
        ("A dog. ... 12. !", ["A dog."]),
    ],
)
def test_sentences_end_at_enders_and_newlines(text, expected):
    assert texts(text) == expected


def test_clauses_are_cut_finer_and_lose_their_connective():
    text = "There is a dog, and a cat; it sleeps. The hand and arm are red."
    assert texts(text) == ["There is a dog, and a cat; it sleeps.", "The hand and arm are red."]
    finer = ["There is a dog", "a cat", "it sleeps.", "The hand and arm are red."]
    assert texts(text, "clauses") == finer


@pytest.mark.parametrize("text", ["42", " 3. ", "?!"])
def test_a_text_without_a_word_is_one_piece(text):
    whole = text.strip()
    start = text.index(whole)
    assert split_text(text) == (Piece(whole, start, start + len(whole)),)


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_text_is_one_empty_piece(text):
    [piece] = split_text(text)
    assert piece.text == ""


@given(
    st.text(alphabet="ab .,;!?\n-1é。and", max_size=60), st.sampled_from(["sentences", "clauses"])
)
def test_pieces_lie_in_order_where_they_say_and_no_letter_is_lost(text, splitter):
    pieces = split_text(text, splitter)
    assert all(text[piece.start : piece.end] == piece.text for piece in pieces)
    ends = [0, *(piece.end for piece in pieces)]
    assert all(end <= piece.start for end, piece in zip(ends, pieces, strict=False))
    if splitter == "sentences":
        kept = "".join(piece.text for piece in pieces)
        assert [c for c in kept if c.isalpha()] == [c for c in text if c.isalpha()]


def test_the_splitter_is_named_with_its_version():
    assert splitter_id("sentences") == "sentences-1"
    assert splitter_id("clauses") == "clauses-1"
