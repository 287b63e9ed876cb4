"""Answers in the format of each benchmark's own scripts: read to be scored here, written to be scored there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from methods.alignment.hallucination.readers.rows import Row, parse_json, read_rows


@dataclass(frozen=True)
class Item:
    """What is asked of one image.

    Attributes:
        image: its name among the pictures.
        row: fields that an answer file repeats.
    """

    id: str
    image: str
    question: str
    row: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class AnswerFormat:
    """The fields of an answer file.

    Attributes:
        key: fields that may name the item; none where answers stand in the order of the items.
        text: fields that may hold the answer; the first is written.
        lines: a row a line, else one JSON list.
    """

    key: tuple[str, ...]
    text: tuple[str, ...]
    lines: bool


FORMATS = {
    "scenes": AnswerFormat(("item",), ("answer",), lines=True),
    "scenes_questions": AnswerFormat(("item",), ("answer",), lines=True),
    "chair": AnswerFormat(("image_id",), ("caption", "answer", "text"), lines=False),
    "object_halbench": AnswerFormat(("image_id",), ("answer", "text"), lines=True),
    "amber_generative": AnswerFormat(("id",), ("response",), lines=False),
    "amber_discriminative": AnswerFormat(("id",), ("response",), lines=False),
    "pope": AnswerFormat((), ("answer", "text"), lines=True),
    "mmhal": AnswerFormat((), ("model_answer",), lines=False),
}


def read_answers(
    content: bytes, file: str, benchmark: str, items: Sequence[Item]
) -> dict[str, str]:
    """The answer to each item, by its id; where the file names items, it may hold some of them only.

    Raises:
        ValueError: a row is malformed, answers an unknown item or one twice; of answers in order, there are not as many as
            items, or one answers another question.
    """
    form = FORMATS[benchmark]
    rows = _rows(content, file)
    if not form.key:
        return _in_order(rows, form, items, file)
    known = {item.id for item in items}
    found: dict[str, str] = {}
    for row in rows:
        key = row.id(*form.key)
        if key not in known:
            raise row.error(
                f"answers item {key!r}, which is not among the {len(known)} of {benchmark}"
            )
        if key in found:
            raise row.error(f"answers item {key!r} a second time")
        found[key] = row.text(*form.text)
    return found


def write_answers(
    benchmark: str, items: Sequence[Item], answers: Mapping[str, str]
) -> tuple[str, bytes]:
    """The suffix and content of an answer file."""
    form = FORMATS[benchmark]
    rows = [{**item.row, form.text[0]: answers[item.id]} for item in items]
    if form.lines:
        return ".jsonl", "".join(
            json.dumps(row, ensure_ascii=False) + "\n" for row in rows
        ).encode()
    return ".json", json.dumps(rows, ensure_ascii=False, indent=1).encode()


def _rows(content: bytes, file: str) -> list[Row]:
    if (
        content.lstrip()[:1] == b"{" and b'"imgToEval"' in content
    ):  # what the captioning toolkit writes
        table = parse_json(content, file)["imgToEval"]
        return [Row(file, number, value) for number, value in enumerate(table.values(), 1)]
    return read_rows(content, file)


def _in_order(
    rows: Sequence[Row], form: AnswerFormat, items: Sequence[Item], file: str
) -> dict[str, str]:
    if len(rows) != len(items):
        raise ValueError(
            f"{file} holds {len(rows)} answers to {len(items)} questions: one each is needed, in their order"
        )
    for row, item in zip(rows, items, strict=True):
        said = row.values.get("question")
        if isinstance(said, str) and said.strip() != item.question.strip():
            raise row.error(f"answers {said!r}, but question {row.number} is {item.question!r}")
    return {item.id: row.text(*form.text) for row, item in zip(rows, items, strict=True)}
