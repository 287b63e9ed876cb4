"""What is in COCO's images: instance categories and the objects of the captions, as CHAIR takes them together."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from methods.alignment.hallucination.readers.files import Files
from methods.alignment.hallucination.readers.rows import Row, parse_json
from methods.alignment.hallucination.synonyms import Synonyms

SYNONYMS = ("synonyms*.txt",)
INSTANCES = ("instances_*.json",)
CAPTIONS = ("captions_*.json",)
TRUTH = ("truth.json",)
"""Truth of one's own images: {image id: [objects]}, in place of COCO's files."""


def read_synonyms(files: Files) -> Synonyms:
    """CHAIR's synonym file: a line an object, words separated by commas, the first standing for all.

    Raises:
        ValueError: there is no such file, or a line without a word.
    """
    name = files.one("CHAIR's synonyms", *SYNONYMS)
    text = files.read(name).decode("utf-8", "replace")
    lines = []
    for number, line in enumerate(text.splitlines(), 1):
        words = tuple(word.strip().lower() for word in line.split(",") if word.strip())
        if not words and line.strip():
            raise ValueError(f"{name}, line {number}: no word in {line!r}")
        if words:
            lines.append(words)
    if not lines:
        raise ValueError(f"{name} holds no words")
    return Synonyms(tuple(lines))


def check_truth_files(files: Files) -> None:
    """Refuse files that lack what `read_truth` needs, without reading them.

    Raises:
        ValueError: a file is missing.
    """
    files.one("CHAIR's synonyms", *SYNONYMS)
    if files.matching(*TRUTH):
        return
    for what, patterns in (("COCO's instances", INSTANCES), ("COCO's captions", CAPTIONS)):
        if not files.matching(*patterns):
            raise ValueError(
                f"{files.label}: no {patterns[0]} ({what}); CHAIR's truth is both instances and captions, or {TRUTH[0]} with "
                "{image id: [objects]}"
            )


def read_truth(
    files: Files, synonyms: Synonyms, images: Collection[str] | None = None
) -> tuple[dict[str, frozenset[str]], dict[str, str]]:
    """Objects of each image, and the name of its picture, by image id.

    Args:
        images: ids to keep; None keeps all.

    Raises:
        ValueError: a file is missing or malformed, or names a category that the synonyms lack.
    """
    check_truth_files(files)
    if files.matching(*TRUTH):
        return _own_truth(files, synonyms, images)
    truth: dict[str, set[str]] = {}
    names: dict[str, str] = {}
    for name in files.matching(*INSTANCES):
        _add_instances(
            parse_json(files.read(name), name, _slim), name, synonyms, images, truth, names
        )
    for name in files.matching(*CAPTIONS):
        _add_captions(parse_json(files.read(name), name), name, synonyms, truth)
    return {image: frozenset(nodes) for image, nodes in truth.items()}, names


def _add_instances(
    content: Any,
    name: str,
    synonyms: Synonyms,
    images: Collection[str] | None,
    truth: dict[str, set[str]],
    names: dict[str, str],
) -> None:
    nodes = {}
    for number, entry in enumerate(_list(content, "categories", name), 1):
        row = Row(f"{name}, categories", number, entry)
        nodes[row.id("id")] = _node(row.text("name"), name, synonyms)
    for number, entry in enumerate(_list(content, "images", name), 1):
        row = Row(f"{name}, images", number, entry)
        image = row.id("id")
        if images is None or image in images:
            names[image] = row.text("file_name")
            truth.setdefault(image, set())
    for number, entry in enumerate(_list(content, "annotations", name), 1):
        if not isinstance(entry, tuple):
            raise ValueError(
                f"{name}, annotation {number}: `image_id` and `category_id` are needed"
            )
        image, category = entry
        if category not in nodes:
            raise ValueError(f"{name}, annotation {number}: no category has the id {category}")
        if image in truth:
            truth[image].add(nodes[category])


def _add_captions(content: Any, name: str, synonyms: Synonyms, truth: dict[str, set[str]]) -> None:
    for number, entry in enumerate(_list(content, "annotations", name), 1):
        row = Row(f"{name}, annotations", number, entry)
        image = row.id("image_id")
        if image in truth:
            truth[image].update(found.node for found in synonyms.find(row.text("caption")))


def _slim(value: dict[str, Any]) -> Any:
    """Of an instance only image and category: its outline would take gigabytes."""
    if "category_id" in value and "image_id" in value:
        return str(value["image_id"]), str(value["category_id"])
    return value


def _own_truth(
    files: Files, synonyms: Synonyms, images: Collection[str] | None
) -> tuple[dict[str, frozenset[str]], dict[str, str]]:
    name = files.one("truth", *TRUTH)
    content = parse_json(files.read(name), name)
    if not isinstance(content, dict):
        raise ValueError(f"{name} must map image ids to lists of objects")
    truth = {}
    for image, words in content.items():
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise ValueError(f"{name}, image {image!r}: a list of objects is needed, got {words!r}")
        if images is None or image in images:
            try:
                truth[image] = synonyms.nodes(words)
            except ValueError as error:
                raise ValueError(f"{name}, image {image!r}: {error}") from error
    return truth, {image: image for image in truth}


def _list(content: Any, key: str, name: str) -> list[Any]:
    found = content.get(key) if isinstance(content, dict) else None
    if not isinstance(found, list):
        raise ValueError(f"{name} has no list `{key}`: it is no COCO file")
    return found


def _node(category: Any, name: str, synonyms: Synonyms) -> str:
    if category not in synonyms.node_of:
        raise ValueError(f"{name}: its category {category!r} is not among the synonyms")
    return synonyms.node_of[category]
