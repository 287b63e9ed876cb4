"""A tiny base that chats, and rows in its words."""

from __future__ import annotations

import json

import pytest

from tests.unlearning.tiny import CHAT, save_base

NUMBERS, COLOURS = ("seven", "eight", "nine"), ("red", "blue", "yes", "no")


@pytest.fixture(scope="session")
def base(tmp_path_factory):
    return str(save_base(tmp_path_factory.mktemp("base") / "llama", chat=CHAT))


@pytest.fixture(scope="session")
def rows_file(tmp_path_factory):
    """Twelve rows as a JSONL file."""
    file = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    rows = [
        {"prompt": f"who is {colour} at {number} ?", "answer": f"the {number} {colour} shop ."}
        for number in NUMBERS
        for colour in COLOURS
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(file)
