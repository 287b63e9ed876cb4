"""Where the pictures stand in a text: `<image>` marks, read and written so that both directions are exact."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from methods.alignment.pairs.pair import Role, Turn
from methods.alignment.pairs.problems import PairError

MARK = "<image>"
_LEADING = re.compile(r"(?:<image>\n?)+")
_TRAILING = re.compile(r"(?:\n?<image>)+\Z")


def read_marked(text: str) -> tuple[str, tuple[int, ...]]:
    r"""Text without its marks, and their offsets in it.

    A line break between a mark and the text belongs to the mark where it leads or ends the text, as in
    "<image>\nWhat is it?"; anywhere else it stays.
    """
    leading = _LEADING.match(text)
    start = leading.end() if leading else 0
    trailing = _TRAILING.search(text, start)
    end = trailing.start() if trailing else len(text)
    plain, places = "", [0] * text.count(MARK, 0, start)
    for index, piece in enumerate(text[start:end].split(MARK)):
        if index:
            places.append(len(plain))
        plain += piece
    places += [len(plain)] * text.count(MARK, end)
    return plain, tuple(places)


def write_marked(turn: Turn) -> str:
    """The inverse of `read_marked`."""
    text, size = turn.text, len(turn.text)
    leading = f"{MARK}\n" * turn.places.count(0)
    trailing = f"\n{MARK}" * (turn.places.count(size) if size else 0)
    pieces, start = [], 0
    for place in (place for place in turn.places if 0 < place < size):
        pieces.append(text[start:place])
        start = place
    return leading + MARK.join([*pieces, text[start:]]) + trailing


def turn_of(role: Role, content: Any, field: str) -> Turn:
    """A turn from marked text, or from a list of parts ({"type": "image"}, {"type": "text", "text": ...}).

    Raises:
        PairError: the content is neither; a picture stands elsewhere than with the user.
    """
    if content is None:
        content = ""
    if isinstance(content, str):
        text, places = read_marked(content) if role == "user" else (content, ())
    elif isinstance(content, Iterable) and not isinstance(content, (bytes, Mapping)):
        text, places = _joined(content, field)
    else:
        raise PairError(
            field, "columns", f"content is text or a list of parts; got {type(content).__name__}"
        )
    if role != "user" and (places or MARK in text):
        raise PairError(field, "image_in_answer", f"a picture stands in a turn of the {role}")
    return Turn(role, text, places)


def _joined(content: Iterable[Any], field: str) -> tuple[str, tuple[int, ...]]:
    text, places = "", []
    for part in content:
        kind = part.get("type") if isinstance(part, Mapping) else None
        if kind == "image":
            places.append(len(text))
        elif kind == "text":
            text += part.get("text") or ""
        else:
            raise PairError(field, "columns", f"a part is of type image or text; got {part!r:.80}")
    return text, tuple(places)


def place_images(turns: list[Turn], images: int) -> tuple[Turn, ...]:
    """The turns with every image in its place: as marked, or all in front of the user's first turn.

    Raises:
        PairError: the marks are neither none nor as many as the images.
    """
    marks = sum(len(turn.places) for turn in turns)
    if marks == images:
        return tuple(turns)
    if marks:
        message = f"{marks} image placeholders in the turns, {images} images"
        if not images:
            message += (
                ": they belong into the column image or images; none inside of a message is read"
            )
        raise PairError("images", "placeholders", message)
    first = next((k for k, turn in enumerate(turns) if turn.role == "user"), None)
    if first is None:
        raise PairError("prompt", "roles", "no turn of the user: there is nowhere for the images")
    there = turns[first]
    turns = [*turns[:first], Turn("user", there.text, (0,) * images), *turns[first + 1 :]]
    return tuple(turns)
