"""ms-swift's rows: `messages` that end with the chosen answer, and `rejected_response` or `rejected_messages`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from methods.alignment.pairs.formats.chat import answer_of, turns_of
from methods.alignment.pairs.formats.format import (
    Draft,
    Format,
    as_list,
    images_of,
    meta_of,
    text_of,
)
from methods.alignment.pairs.pair import Pair, Turn
from methods.alignment.pairs.placeholders import turn_of, write_marked
from methods.alignment.pairs.problems import PairError


def recognise(row: Mapping[str, Any]) -> str:
    refused = next((n for n in ("rejected_response", "rejected_messages") if n in row), "")
    asked = next((name for name in ("messages", "query") if name in row), "")
    return f"columns {asked} and {refused}" if refused and asked else ""


def read(row: Mapping[str, Any]) -> Draft:
    """A row of messages, or of query and response."""
    turns, chosen = _messages(row) if row.get("messages") is not None else _query(row)
    images = images_of(row, "images", "image")
    if row.get("rejected_messages") is not None:
        other = as_list(row["rejected_messages"], "rejected_messages")
        if turns_of(other[:-1], "rejected_messages") != turns:
            message = "differ from messages before the answer: a pair is two answers to the same"
            raise PairError("rejected_messages", "roles", message)
        rejected = answer_of(other[-1:], "rejected_messages")
    else:
        rejected = answer_of(row.get("rejected_response"), "rejected_response")
    if row.get("rejected_images") and images_of(row, "rejected_images") != images:
        message = "are others than images: pairs about two images are not supported"
        raise PairError("rejected_images", "columns", message)
    return Draft(turns, chosen, rejected, images, meta_of(row))


def _messages(row: Mapping[str, Any]) -> tuple[list[Turn], str]:
    found = as_list(row["messages"], "messages")
    return turns_of(found[:-1], "messages"), answer_of(found[-1:], "messages")


def _query(row: Mapping[str, Any]) -> tuple[list[Turn], str]:
    turns = [Turn("system", text_of(row, "system"))] if row.get("system") else []
    for index, exchange in enumerate(as_list(row.get("history") or [], "history")):
        field = f"history[{index}]"
        said = as_list(exchange, field)
        if len(said) != 2:
            raise PairError(field, "columns", f"an exchange is [question, answer]; got {len(said)}")
        turns += [turn_of("user", said[0], field), turn_of("assistant", said[1], field)]
    turns.append(turn_of("user", text_of(row, "query"), "query"))
    return turns, text_of(row, "response")


def write(pair: Pair, images: Sequence[Any] | None) -> dict[str, Any]:
    """Messages with `<image>` in the text, and the rejected answer as text."""
    row: dict[str, Any] = {} if images is None else {"images": list(images)}
    turns = [{"role": turn.role, "content": write_marked(turn)} for turn in pair.turns]
    return row | {
        "messages": [*turns, {"role": "assistant", "content": pair.chosen}],
        "rejected_response": pair.rejected,
    }


FORMAT = Format(
    name="ms_swift",
    title="ms-swift",
    columns=(
        "messages",
        "rejected_messages",
        "rejected_response",
        "rejected_images",
        "query",
        "response",
        "history",
        "system",
        "image",
        "images",
        "file_name",
    ),
    needs="messages with rejected_response (or rejected_messages)",
    text="The last message is the chosen answer; the rejected one is rejected_response as text, or rejected_messages as a "
    "whole conversation (with rejected_images where there are images). Every image has an <image> in the text. A column "
    "called rejected is not read by ms-swift: it must be rejected_response.",
    examples={
        "an image": {
            "messages": [
                {"role": "user", "content": "<image>What colour is the circle?"},
                {"role": "assistant", "content": "It is red."},
            ],
            "rejected_response": "It is blue.",
            "images": ["circle.png"],
        },
        "text only": {
            "messages": [
                {"role": "user", "content": "Name a colour."},
                {"role": "assistant", "content": "Red."},
            ],
            "rejected_response": "A circle.",
        },
    },
    recognise=recognise,
    read=read,
    write=write,
)
