"""LLaMA-Factory's ranking rows: ShareGPT conversations or alpaca instructions, with `chosen` and `rejected`."""

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

FROM = {"system": "system", "user": "human", "assistant": "gpt"}
COLUMNS = {
    "prompt": "instruction",
    "query": "input",
    "history": "history",
    "messages": "conversations",
    "system": "system",
    "images": "images",
    "chosen": "chosen",
    "rejected": "rejected",
}
"""dataset_info.json's names of columns, and what they are called unless it says otherwise."""
TAGS = {"role_tag": "from", "content_tag": "value"}
ROLE_TAGS = {"user_tag": "human", "assistant_tag": "gpt", "system_tag": "system"}


def recognise(row: Mapping[str, Any]) -> str:
    if "chosen" not in row or "rejected" not in row:
        return ""
    if "instruction" in row:
        return "columns instruction, chosen and rejected (alpaca)"
    one_message = isinstance(row["chosen"], Mapping)
    if "conversations" in row or ("messages" in row and one_message):
        name = "conversations" if "conversations" in row else "messages"
        return f"column {name} with chosen and rejected of one message each (ShareGPT)"
    return ""


def read(row: Mapping[str, Any]) -> Draft:
    """A ShareGPT row (conversations or messages), or an alpaca one (instruction, input, history)."""
    if "instruction" in row:
        turns = _alpaca(row)
    else:
        name = "conversations" if row.get("conversations") is not None else "messages"
        turns = turns_of(as_list(row.get(name), name), name)
    if row.get("system") and not (turns and turns[0].role == "system"):
        turns.insert(0, Turn("system", text_of(row, "system")))
    chosen, rejected = (answer_of(row.get(name), name) for name in ("chosen", "rejected"))
    return Draft(turns, chosen, rejected, images_of(row, "images", "image"), meta_of(row))


def _alpaca(row: Mapping[str, Any]) -> list[Turn]:
    turns: list[Turn] = []
    for index, exchange in enumerate(as_list(row.get("history") or [], "history")):
        field = f"history[{index}]"
        said = as_list(exchange, field)
        if len(said) != 2:
            raise PairError(field, "columns", f"an exchange is [question, answer]; got {len(said)}")
        turns += [turn_of("user", said[0], field), turn_of("assistant", said[1], field)]
    asked = [text_of(row, name) for name in ("instruction", "input") if row.get(name)]
    return [*turns, turn_of("user", "\n".join(asked), "instruction")]


def write(pair: Pair, images: Sequence[Any] | None) -> dict[str, Any]:
    """A ShareGPT row with `<image>` in the text."""
    row: dict[str, Any] = {} if images is None else {"images": list(images)}
    return row | {
        "conversations": [
            {"from": FROM[turn.role], "value": write_marked(turn)} for turn in pair.turns
        ],
        "chosen": {"from": "gpt", "value": pair.chosen},
        "rejected": {"from": "gpt", "value": pair.rejected},
    }


def described(row: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    """A row under the default names, from the names that its entry in dataset_info.json gives.

    Args:
        entry: with "columns" and "tags", both optional.
    """
    renamed = {
        str(own): COLUMNS[key]
        for key, own in (entry.get("columns") or {}).items()
        if key in COLUMNS
    }
    plain = {renamed.get(name, name): value for name, value in row.items()}
    tags = TAGS | ROLE_TAGS | dict(entry.get("tags") or {})
    roles = {tags[tag]: default for tag, default in ROLE_TAGS.items()}

    def message(found: Any) -> Any:
        if not isinstance(found, Mapping) or tags["role_tag"] not in found:
            return found
        role = found[tags["role_tag"]]
        return {"from": roles.get(role, role), "value": found.get(tags["content_tag"])}

    talk = plain.get("conversations")
    if isinstance(talk, list):
        plain["conversations"] = [message(item) for item in talk]
    for name in ("chosen", "rejected"):
        plain[name] = message(plain.get(name))
    return plain


def info(file_name: str, images: bool) -> dict[str, Any]:
    """An entry of dataset_info.json for a file that `write` filled."""
    names = ["messages", "chosen", "rejected", *(["images"] if images else [])]
    return {
        "file_name": file_name,
        "formatting": "sharegpt",
        "ranking": True,
        "columns": {name: COLUMNS[name] for name in names},
    }


FORMAT = Format(
    name="llamafactory",
    title="LLaMA-Factory",
    columns=(
        "conversations",
        "messages",
        "instruction",
        "input",
        "history",
        "system",
        "chosen",
        "rejected",
        "image",
        "images",
        "file_name",
    ),
    needs="conversations (or messages, or instruction) with chosen and rejected",
    text="ShareGPT ranking: the conversation ends with the user, chosen and rejected are one message each, and every "
    "image has an <image> in the text of the user's turns. Or alpaca: instruction, input, history. Needs an entry in "
    'dataset_info.json with "ranking": true; renamed columns and tags in it are followed when it lies beside the data.',
    examples={
        "an image, ShareGPT": {
            "conversations": [{"from": "human", "value": "<image>\nWhat colour is the circle?"}],
            "chosen": {"from": "gpt", "value": "It is red."},
            "rejected": {"from": "gpt", "value": "It is blue."},
            "images": ["circle.png"],
        },
        "text only, alpaca": {
            "instruction": "Name a colour.",
            "input": "",
            "chosen": "Red.",
            "rejected": "A circle.",
        },
    },
    recognise=recognise,
    read=read,
    write=write,
)
