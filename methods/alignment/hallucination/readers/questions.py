"""Questions of Object HalBench, POPE and MMHal-Bench."""

from __future__ import annotations

import base64
import binascii
from pathlib import PurePosixPath

from PIL import Image

from methods.alignment.hallucination.mmhal import Record
from methods.alignment.hallucination.pope import Question
from methods.alignment.hallucination.readers.files import Files, picture
from methods.alignment.hallucination.readers.rows import Row, read_rows

SPLITS = ("random", "popular", "adversarial")
HALBENCH = ("*hal*bench*.jsonl", "questions*.jsonl")
MMHAL = ("*response_template*.json", "*mmhal*.json", "*mmhal*.jsonl")


def read_halbench(files: Files) -> list[Row]:
    """Rows of Object HalBench: `image_id`, `question` or `prompt`, and mostly `image` in base64.

    Raises:
        ValueError: the file is missing, or a row lacks a field.
    """
    name = files.one("Object HalBench's questions", *HALBENCH)
    rows = read_rows(files.read(name), name)
    for row in rows:
        row.id("image_id")
        row.text("question", "prompt")
    return rows


def row_picture(row: Row) -> Image.Image:
    """The picture that a row carries in base64.

    Raises:
        ValueError: it carries none, it is no base64, or no picture.
    """
    try:
        content = base64.b64decode(row.text("image"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise row.error(f"`image` is no base64: {error}") from error
    try:
        return picture(content, "`image`")
    except ValueError as error:
        raise row.error(str(error)) from error


def read_pope(files: Files) -> list[Question]:
    """Questions of every POPE file, random, popular and adversarial ones after each other.

    Raises:
        ValueError: there is no file, a row is malformed, or two have the same id in one split.
    """
    names = files.matching("*pope*.json", "*pope*.jsonl")
    if not names:
        names = [files.one("POPE's questions", "*pope*.json", "*pope*.jsonl")]
    found: list[Question] = []
    for name in sorted(names, key=lambda name: _order(_split(name))):
        split = _split(name) if len(names) > 1 else ""
        seen = set[str]()
        for row in read_rows(files.read(name), name):
            key = row.id("question_id")
            if key in seen:
                raise row.error(f"`question_id` {key} stands twice")
            seen.add(key)
            label = row.choice("label", "yes", "no")
            found.append(
                Question(
                    key,
                    row.text("image"),
                    row.text("text"),
                    "yes" if label == "yes" else "no",
                    split,
                )
            )
    return found


def read_mmhal(files: Files) -> tuple[list[Record], list[Row]]:
    """Questions of MMHal-Bench, and the rows they stand in; the published file has 96.

    Raises:
        ValueError: the file is missing, or a row lacks a field.
    """
    name = files.one("MMHal-Bench's questions", *MMHAL)
    rows = read_rows(files.read(name), name)
    records = [
        Record(
            id=str(row.number - 1),
            image=row.text("image_src").rpartition("/")[2]
            if "image_src" in row.values
            else row.id("image_id"),
            type=row.text("question_type"),
            question=row.text("question"),
            truth=row.text("gt_answer"),
        )
        for row in rows
    ]
    return records, rows


def _split(name: str) -> str:
    stem = PurePosixPath(name).stem
    return next((split for split in SPLITS if split in stem.lower()), stem)


def _order(split: str) -> tuple[int, str]:
    return (SPLITS.index(split) if split in SPLITS else len(SPLITS)), split
