"""Rows as a run records them."""

from __future__ import annotations

from methods.unlearning.rows.records import instruction
from methods.unlearning.rows.row import Row, Turn


def row(answer: str, **meta: str) -> Row:
    return Row("0" * 16, 3, (Turn("user", "What colour is it?"),), answer, meta)


def test_what_the_data_knows_to_be_right_is_recorded_where_the_row_says_otherwise() -> None:
    wrong = instruction(row("White", kind="wrong", right="Black"), 3, 2, 0.5)
    assert (wrong["kind"], wrong["answer"], wrong["right"]) == ("wrong", "White", "Black")
    fine = instruction(row("White", right="White", right_prompt="What colour is it?"), 3, 2, 0.5)
    assert not {"right", "right_prompt"} & set(fine)
    garbled = instruction(row("White", right_prompt="What colour is the mill?"), 3, 2, 0.5)
    assert garbled["right_prompt"] == "What colour is the mill?"
