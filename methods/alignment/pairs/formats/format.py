"""What a format is made of, and what reading rows has in common."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from methods.alignment.pairs.pair import Pair, Turn
from methods.alignment.pairs.problems import PairError

RESERVED = frozenset(
    "prompt chosen rejected image images image_path file_name question text conversations messages instruction input "
    "output history system query response rejected_response rejected_messages rejected_images ds_name tools "
    "chat_template_kwargs".split()
)
"""Columns that belong to one of the formats: none of them is kept as meta, so that none is in the way of another format."""
SCORES = ("chosen_logits", "rejected_logits")
UNREAD = ("videos", "video", "audios", "audio")
"""What a pair may be about elsewhere: without it, the answers would be about nothing."""


@dataclass(frozen=True)
class Draft:
    """A row as its format has it, with images not looked for yet.

    Attributes:
        turns: with the places that were marked; none marked means in front of the user's first turn.
        images: names, encoded bytes, {"bytes", "path"} or PIL images.
    """

    turns: list[Turn]
    chosen: str
    rejected: str
    images: list[Any]
    meta: dict[str, Any]


@dataclass(frozen=True)
class Format:
    """One of the formats.

    Attributes:
        columns: all that are read.
        needs: the columns without which a row is not of it, in words.
        text: what a newcomer must know, in a few sentences.
        examples: minimal valid rows, by what is special about each.
        recognise: the reason why a row is of this format, or "".
        read: a row's parts; raises `PairError`.
        write: from a pair and its images, as their column holds them (None in a set where no pair has any), to a row
            without meta; raises `ValueError` where the format cannot hold the pair.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    needs: str
    text: str
    examples: Mapping[str, Mapping[str, Any]]
    recognise: Callable[[Mapping[str, Any]], str]
    read: Callable[[Mapping[str, Any]], Draft]
    write: Callable[[Pair, Sequence[Any] | None], dict[str, Any]]


def text_of(row: Mapping[str, Any], column: str) -> str:
    """A column that holds text; None is "".

    Raises:
        PairError: it is missing or holds something else.
    """
    if column not in row:
        raise PairError(column, "columns", f"there is no {column}")
    value = row[column]
    if value is None:
        return ""
    if not isinstance(value, str):
        raise PairError(column, "columns", f"{column} is text; got {type(value).__name__}")
    return value


def images_of(row: Mapping[str, Any], *columns: str) -> list[Any]:
    """What the first of these columns that is there holds, as a list."""
    for column in columns:
        value = row.get(column)
        if value is None or value == "":
            continue
        if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
            return list(value)
        return [value]
    return []


def meta_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of no format, as JSON has them; precomputed scores as lists of floats.

    Raises:
        PairError: the scores are not two lists of finite numbers of the right length; the row is about a video or sound.
    """
    for name in UNREAD:
        if row.get(name):
            raise PairError(
                name, "columns", f"{name} are not read: a pair is about pictures or text"
            )
    meta = {
        str(name): kept
        for name, value in row.items()
        if name not in RESERVED
        and not isinstance(value, bytes)
        and (kept := plain(value)) is not None
    }
    for name in SCORES:
        if name in meta:
            meta[name] = _scores(row[name], name)
    if sum(name in meta for name in SCORES) == 1:
        raise PairError(
            SCORES[0], "scores", f"{' and '.join(SCORES)} come together; only one is there"
        )
    for answer in ("chosen", "rejected"):
        pieces, scores = meta.get(f"{answer}_pieces"), meta.get(f"{answer}_logits")
        if pieces is not None and scores is not None and len(pieces) != len(scores):
            message = f"{len(scores)} numbers for {len(pieces)} sub-sentences"
            raise PairError(f"{answer}_logits", "scores", message)
    return meta


def _scores(value: Any, name: str) -> list[float]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise PairError(name, "scores", f"no JSON list: {value!r:.80}") from None
    numbers = isinstance(value, list) and all(
        isinstance(item, (int, float)) and not isinstance(item, bool) and math.isfinite(item)
        for item in value
    )
    if not numbers or not value:
        raise PairError(name, "scores", f"a list of finite numbers, not empty; got {value!r:.80}")
    return [float(item) for item in value]


def plain(value: Any) -> Any:
    """A value as JSON has it: dates become text, NaN and infinity nothing."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def check_roles(turns: Sequence[Turn], field: str) -> None:
    """Refuse turns in another order than system (maybe), user, assistant, user, ..., user.

    Raises:
        PairError: with the order that was found.
    """
    roles = [turn.role for turn in turns]
    spoken = roles[1:] if roles[:1] == ["system"] else roles
    wanted = ["user" if k % 2 == 0 else "assistant" for k in range(len(spoken))]
    if not spoken or spoken != wanted or spoken[-1] != "user":
        raise PairError(
            field,
            "roles",
            f"got {', '.join(roles) or 'no turn'}; allowed is system (maybe), user, assistant, ..., user, then the answers",
        )


def as_list(value: Any, field: str) -> list[Any]:
    """A list, or what parquet makes of one.

    Raises:
        PairError: it is none.
    """
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping)):
        return list(value)
    raise PairError(field, "columns", f"{field} is a list; got {type(value).__name__}")
