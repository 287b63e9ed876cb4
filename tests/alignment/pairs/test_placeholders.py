"""Where pictures stand in a text, read and written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from methods.alignment.pairs.pair import Turn, parts
from methods.alignment.pairs.placeholders import (
    MARK,
    place_images,
    read_marked,
    turn_of,
    write_marked,
)
from methods.alignment.pairs.problems import PairError


@pytest.mark.parametrize(
    ("text", "plain", "places"),
    [
        ("What?", "What?", ()),
        ("<image>What?", "What?", (0,)),
        ("<image>\nWhat?", "What?", (0,)),
        ("<image>\n<image>What?", "What?", (0, 0)),
        ("<image>\n\nWhat?", "\nWhat?", (0,)),
        ("What?\n<image>", "What?", (5,)),
        ("Is <image> like\n<image> here?", "Is  like\n here?", (3, 9)),
        ("<image>", "", (0,)),
        ("", "", ()),
    ],
)
def test_marks_become_offsets_in_the_text_without_them(text, plain, places):
    assert read_marked(text) == (plain, places)


@st.composite
def turns(draw):
    text = draw(st.text(alphabet="a <image>\n", max_size=12).filter(lambda t: MARK not in t))
    places = draw(st.lists(st.integers(0, len(text)), max_size=4))
    turn = Turn("user", text, tuple(sorted(places)))
    return turn


@given(turns())
def test_writing_and_reading_a_turn_gives_the_turn(turn):
    assert turn_of("user", write_marked(turn), "prompt") == turn


@given(turns())
def test_parts_and_turn_are_each_others_inverse(turn):
    assert turn_of("user", parts(turn), "prompt") == turn


def test_without_marks_all_images_stand_in_front_of_the_first_question():
    system, first, answer, last = (
        Turn(role, role) for role in ("system", "user", "assistant", "user")
    )
    placed = place_images([system, first, answer, last], 2)
    assert placed == (system, Turn("user", "user", (0, 0)), answer, last)


def test_marks_that_are_not_as_many_as_the_images_are_refused():
    with pytest.raises(PairError, match="1 image placeholders in the turns, 2 images"):
        place_images([turn_of("user", "<image>What?", "prompt")], 2)


def test_a_picture_of_anyone_but_the_user_is_refused():
    with pytest.raises(PairError, match="a turn of the assistant"):
        turn_of("assistant", "<image>so", "prompt")
