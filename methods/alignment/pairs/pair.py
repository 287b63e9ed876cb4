"""A preference pair: what was asked, about which pictures, the answer that was preferred and the one that was not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from PIL import Image, ImageOps

from methods.image_files import opened

Role = Literal["system", "user", "assistant"]
SWAPPED = (("chosen_logits", "rejected_logits"), ("chosen_pieces", "rejected_pieces"))
"""Columns beside a pair that belong to one of its answers."""


@dataclass(frozen=True)
class Turn:
    """What one side says before the answer.

    Attributes:
        text: without image placeholders.
        places: where in the text its pictures stand, as rising offsets in characters; 0 is in front.
    """

    role: Role
    text: str
    places: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Picture:
    """An image of a pair, read when it is asked for.

    Attributes:
        name: as the source calls it; "" where it has none.
        load: gives the encoded bytes (PNG, JPEG, ...); raises `ValueError` where there are none.
    """

    name: str
    load: Callable[[], bytes] = field(repr=False)

    def read(self) -> bytes:
        """The file as it is, encoded.

        Raises:
            ValueError: it is missing or too large.
        """
        return self.load()

    @cached_property
    def sha256(self) -> str:
        """Of the encoded bytes."""
        return hashlib.sha256(self.read()).hexdigest()

    def open(self) -> Image.Image:
        """The decoded picture, RGB, turned upright as its EXIF says.

        Raises:
            ValueError: it is missing, no picture, damaged or larger than `image_files.MAX_PIXELS`.
        """
        with opened(self.read()) as image:
            return ImageOps.exif_transpose(image).convert("RGB")

    def kind(self) -> str:
        """PIL's name of the file's format, such as "JPEG", from its header alone.

        Raises:
            ValueError: as `open`, but for damage behind the header.
        """
        with opened(self.read()) as image:
            return image.format or "PNG"


@dataclass(frozen=True)
class Pair:
    """One preference.

    Attributes:
        id: 16 hexadecimal digits of the content: pictures, turns and both answers; equal in every run and format.
        position: row in its source, from 0.
        turns: what stands before the answer; the last is the user's.
        chosen, rejected: the answers, as the assistant would say them.
        images: in the order of their places in the turns.
        meta: other columns of the row as JSON has them; `chosen_logits` and `rejected_logits` are lists of floats.
    """

    id: str
    position: int
    turns: tuple[Turn, ...]
    chosen: str
    rejected: str
    images: tuple[Picture, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def prompt(self) -> str:
        """Text of the user's last turn."""
        return self.turns[-1].text


def make_pair(
    position: int,
    turns: Sequence[Turn],
    chosen: str,
    rejected: str,
    images: Sequence[Picture] = (),
    meta: Mapping[str, Any] | None = None,
) -> Pair:
    """A pair with its id, for which every picture is read once.

    Raises:
        ValueError: a picture is missing.
    """
    content = [
        [image.sha256 for image in images],
        [[turn.role, turn.text, list(turn.places)] for turn in turns],
        chosen,
        rejected,
    ]
    digest = hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()
    return Pair(
        digest[:16], position, tuple(turns), chosen, rejected, tuple(images), dict(meta or {})
    )


def swapped(pair: Pair) -> Pair:
    """The pair with its answers, and the scores that belong to them, changed over; it has another id."""
    meta = dict(pair.meta)
    for one, other in SWAPPED:
        pieces = {one: pair.meta.get(other), other: pair.meta.get(one)}
        meta.update({name: value for name, value in pieces.items() if value is not None})
    return make_pair(pair.position, pair.turns, pair.rejected, pair.chosen, pair.images, meta)


def messages(pair: Pair, answer: str | None = None) -> list[dict[str, Any]]:
    """The pair as chat messages whose content is a list of parts, as transformers' processors take them.

    Args:
        answer: the assistant's last message; None leaves it out.
    """
    chat = [{"role": turn.role, "content": parts(turn)} for turn in pair.turns]
    if answer is not None:
        chat.append({"role": "assistant", "content": [{"type": "text", "text": answer}]})
    return chat


def parts(turn: Turn) -> list[dict[str, str]]:
    """A turn's text and pictures in their order: {"type": "image"} and {"type": "text", "text": ...}."""
    found: list[dict[str, str]] = []
    start = 0
    for place in turn.places:
        if place > start:
            found.append({"type": "text", "text": turn.text[start:place]})
            start = place
        found.append({"type": "image"})
    if start < len(turn.text) or not found:
        found.append({"type": "text", "text": turn.text[start:]})
    return found
