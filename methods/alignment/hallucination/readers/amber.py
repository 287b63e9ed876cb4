"""AMBER's annotations, word lists and queries, as its repository lays them out."""

from __future__ import annotations

from methods.alignment.hallucination.amber_parts import GENERATIVE, KINDS, Annotation, Words
from methods.alignment.hallucination.readers.files import Files
from methods.alignment.hallucination.readers.rows import Row, parse_json, read_rows


def read_annotations(files: Files) -> list[Annotation]:
    """The truth of every item.

    Raises:
        ValueError: no annotations.json, or a row of it is malformed.
    """
    name = files.one("AMBER's truth", "annotations.json")
    return [_annotation(row) for row in read_rows(files.read(name), name)]


def read_words(files: Files) -> Words:
    """Associated and safe words.

    Raises:
        ValueError: relation.json or safe_words.txt is missing or malformed.
    """
    name = files.one("AMBER's associated words", "relation.json")
    content = parse_json(files.read(name), name)
    if not isinstance(content, dict):
        raise ValueError(f"{name} must map each word to a list of words")
    row = Row(name, 1, content)
    associated = {word: row.texts(word) for word in content}
    name = files.one("AMBER's safe words", "safe_words.txt")
    safe = files.read(name).decode("utf-8", "replace").splitlines()
    return Words(associated, frozenset(word.strip() for word in safe if word.strip()))


def read_queries(files: Files, generative: bool) -> list[Row]:
    """Rows {id, image, query} of the generative, or of the discriminative, half.

    Raises:
        ValueError: the file is missing, or a row lacks a field.
    """
    half = "generative" if generative else "discriminative"
    name = files.one(f"AMBER's {half} queries", f"query_{half}.json")
    rows = read_rows(files.read(name), name)
    for row in rows:
        row.id("id")
        row.text("image")
        row.text("query")
    return rows


def _annotation(row: Row) -> Annotation:
    kind = row.text("type")
    if kind == GENERATIVE:
        return Annotation(row.id("id"), kind, row.texts("truth"), row.texts("hallu"))
    if kind not in KINDS:
        raise row.error(f"`type` must be {GENERATIVE}, {', '.join(KINDS)}; got {kind!r}")
    return Annotation(row.id("id"), kind, (row.choice("truth", "yes", "no"),))
