"""Chat messages as rows have them: {"role", "content"}, or {"from", "value"} in the manner of ShareGPT."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from methods.alignment.pairs.pair import Role, Turn
from methods.alignment.pairs.placeholders import turn_of
from methods.alignment.pairs.problems import PairError

ROLES: dict[str, Role] = {
    "system": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
}


def turns_of(found: Sequence[Any], field: str) -> list[Turn]:
    """Messages as turns.

    Raises:
        PairError: one is no message, or its role is none of ours (tools are not supported).
    """
    return [_turn(message, f"{field}[{index}]") for index, message in enumerate(found)]


def _turn(message: Any, field: str) -> Turn:
    if not isinstance(message, Mapping):
        raise PairError(field, "columns", f"a message is an object; got {type(message).__name__}")
    role = message.get("role", message.get("from"))
    if role not in ROLES:
        raise PairError(field, "roles", f"role {role!r:.40}; allowed are {', '.join(ROLES)}")
    if message.get("tool_calls"):
        raise PairError(field, "roles", "calls of tools are not supported")
    return turn_of(ROLES[role], message.get("content", message.get("value")), field)


def answer_of(value: Any, field: str) -> str:
    """The text of an answer: text, one message of the assistant, or a list of one.

    Raises:
        PairError: it is none of these.
    """
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, Sequence):
        if len(value) != 1:
            raise PairError(field, "roles", f"an answer is one message; got {len(value)}")
        value = value[0]
    turn = _turn(value, field)
    if turn.role != "assistant":
        raise PairError(field, "roles", f"an answer is the assistant's; got one of the {turn.role}")
    return turn.text
