"""TRL's preference rows: `prompt`, `chosen`, `rejected`, with `image` or `images`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from methods.alignment.pairs.formats.chat import answer_of, turns_of
from methods.alignment.pairs.formats.format import Draft, Format, as_list, images_of, meta_of
from methods.alignment.pairs.pair import Pair, Turn, parts
from methods.alignment.pairs.placeholders import turn_of
from methods.alignment.pairs.problems import PairError

QUESTION = "What colour is the circle?"
ASKED = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": QUESTION}]}


def recognise(row: Mapping[str, Any]) -> str:
    if "chosen" not in row or "rejected" not in row:
        return ""
    if "prompt" in row:
        return "columns prompt, chosen and rejected"
    return "columns chosen and rejected, which begin with the same prompt"


def read(row: Mapping[str, Any]) -> Draft:
    """A row whose prompt is a column of its own, or what both answers begin with."""
    turns, chosen, rejected = _split(row)
    return Draft(turns, chosen, rejected, images_of(row, "images", "image"), meta_of(row))


def _split(row: Mapping[str, Any]) -> tuple[list[Turn], str, str]:
    prompt, chosen, rejected = row.get("prompt"), row.get("chosen"), row.get("rejected")
    chats = [item for item in (chosen, rejected) if _is_chat(item)]
    if len(chats) == 1:
        got = " and ".join(
            f"{name} {_kind(value)}" for name, value in (("chosen", chosen), ("rejected", rejected))
        )
        raise PairError(
            "chosen", "columns", f"chosen and rejected are both text or both messages; got {got}"
        )
    if prompt is not None and not isinstance(prompt, str):
        turns = turns_of(as_list(prompt, "prompt"), "prompt")
        return turns, answer_of(chosen, "chosen"), answer_of(rejected, "rejected")
    if chats and (prompt is None or len(chats[0]) > 1):
        # As TRL does it: a prompt that is text beside whole conversations only repeats what they begin with.
        return _common_turns(list(chats[0]), list(chats[1]))
    if prompt is not None:
        turns = [turn_of("user", prompt, "prompt")]
        return turns, answer_of(chosen, "chosen"), answer_of(rejected, "rejected")
    return _common_text(answer_of(chosen, "chosen"), answer_of(rejected, "rejected"))


def _kind(value: Any) -> str:
    if value is None:
        return "missing"
    return "as messages" if _is_chat(value) else f"as {type(value).__name__}"


def _is_chat(value: Any) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _common_turns(chosen: list[Any], rejected: list[Any]) -> tuple[list[Turn], str, str]:
    same = 0
    while same < min(len(chosen), len(rejected)) and chosen[same] == rejected[same]:
        same += 1
    if same and same == len(chosen) == len(
        rejected
    ):  # the answers are equal too: for the rules to say
        same -= 1
    turns = turns_of(chosen[:same], "chosen")
    return turns, answer_of(chosen[same:], "chosen"), answer_of(rejected[same:], "rejected")


def _common_text(chosen: str, rejected: str) -> tuple[list[Turn], str, str]:
    """Cut before the first word that differs, where TRL cuts at the first letter, maybe inside a word."""
    same = 0
    while same < min(len(chosen), len(rejected)) and chosen[same] == rejected[same]:
        same += 1
    while same and not chosen[same - 1].isspace():
        same -= 1
    prompt = chosen[:same].rstrip()
    if not prompt:
        message = "there is no prompt, and chosen and rejected do not begin with the same words"
        raise PairError("prompt", "prompt", message)
    return [turn_of("user", prompt, "chosen")], chosen[same:], rejected[same:]


def write(pair: Pair, images: Sequence[Any] | None) -> dict[str, Any]:
    """Messages: content is text in a set without images, else a list of parts."""

    def message(turn: Turn) -> dict[str, Any]:
        return {"role": turn.role, "content": turn.text if images is None else parts(turn)}

    row: dict[str, Any] = {} if images is None else {"images": list(images)}
    return row | {
        "prompt": [message(turn) for turn in pair.turns],
        "chosen": [message(Turn("assistant", pair.chosen))],
        "rejected": [message(Turn("assistant", pair.rejected))],
    }


FORMAT = Format(
    name="trl",
    title="TRL",
    columns=("prompt", "chosen", "rejected", "image", "images", "file_name"),
    needs="chosen and rejected, mostly with prompt",
    text="Text or chat messages. Without prompt, it is what both answers begin with. Images are in image or images; in "
    "messages each has a part of type image, or none has and all stand in front of the first question. DPOTrainer "
    "looks at the first row only to see whether there are images, and silently drops every other column.",
    examples={
        "an image, messages": {
            "images": ["circle.png"],
            "prompt": [ASKED],
            "chosen": [{"role": "assistant", "content": [{"type": "text", "text": "It is red."}]}],
            "rejected": [
                {"role": "assistant", "content": [{"type": "text", "text": "It is blue."}]}
            ],
        },
        "text only": {
            "prompt": "Name a colour.",
            "chosen": "Red.",
            "rejected": "A circle.",
        },
    },
    recognise=recognise,
    read=read,
    write=write,
)
