"""The formats that instruction rows come in: Alpaca, prompt and completion, chat messages, ShareGPT conversations.

Alpaca is the format of Stanford Alpaca (`instruction`, `input`, `output`), of TALLRec's files and, with `system` and `history`, of
LLaMA-Factory. Prompt and completion is TRL's, with the names that question-answer sets such as TOFU use. `messages` is
the hub's chat format, `conversations` that of ShareGPT.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from methods.row_files import RowError
from methods.unlearning.rows.row import ROLES, Turn

NAMES = {"human": "user", "gpt": "assistant", "bing": "assistant", "chatgpt": "assistant"}
"""ShareGPT's names of our roles."""
PROMPTS = ("prompt", "question", "query")
ANSWERS = ("completion", "answer", "response")
Draft = tuple[list[Turn], str]
"""Turns and answer."""


@dataclass(frozen=True)
class Format:
    """A layout of rows.

    Attributes:
        wanted: a row has one column of each of these.
        kept: columns that are read, and yet stay in `meta`.
        others: further columns that are read.
    """

    name: str
    title: str
    read: Callable[[Mapping[str, Any]], Draft]
    wanted: tuple[tuple[str, ...], ...]
    others: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def columns(self) -> frozenset[str]:
        """What it reads, and what does therefore not go into `meta`."""
        read = {name for names in self.wanted for name in names} | set(self.others)
        return frozenset(read - set(self.kept))

    def fits(self, row: Mapping[str, Any]) -> bool:
        return all(any(row.get(name) is not None for name in names) for names in self.wanted)


def recognise(row: Mapping[str, Any]) -> Format:
    """The format of a row, by its columns.

    Raises:
        ValueError: it is none.
    """
    for format in FORMATS.values():
        if format.fits(row):
            return format
    wanted = "; ".join(
        f"{each.title}: {', '.join('/'.join(names) for names in each.wanted)}"
        for each in FORMATS.values()
    )
    raise ValueError(
        f"the columns {', '.join(sorted(map(str, row))[:12]) or '(none)'} are of no known format; expected {wanted}"
    )


def _alpaca(row: Mapping[str, Any]) -> Draft:
    turns = _system(row)
    for index, said in enumerate(_list(row.get("history") or [], "history")):
        field = f"history[{index}]"
        pair = _list(said, field)
        if len(pair) != 2:
            raise RowError(field, "columns", f"an exchange is [question, answer]; got {len(pair)}")
        turns += [Turn("user", _text(pair[0], field)), Turn("assistant", _text(pair[1], field))]
    instruction = _text(row.get("instruction"), "instruction")
    given = row.get("input")
    further = "" if given is None else _text(given, "input")
    parts = [part for part in (instruction, further) if part]
    return [*turns, Turn("user", "\n".join(parts))], _text(row.get("output"), "output")


def _completion(row: Mapping[str, Any]) -> Draft:
    prompt, answer = (_first(row, names) for names in (PROMPTS, ANSWERS))
    turns = _system(row)
    if isinstance(row[prompt], str):
        turns.append(Turn("user", row[prompt]))
    else:
        turns += _messages(row[prompt], prompt, "role", "content")
    if isinstance(row[answer], str):
        return turns, row[answer]
    said = list(_messages(row[answer], answer, "role", "content"))
    if len(said) != 1 or said[0].role != "assistant":
        raise RowError(answer, "roles", "an answer is one message of the assistant")
    return turns, said[0].text


def _chat(row: Mapping[str, Any]) -> Draft:
    return _split(
        [*_system(row), *_messages(row.get("messages"), "messages", "role", "content")], "messages"
    )


def _sharegpt(row: Mapping[str, Any]) -> Draft:
    said = _messages(row.get("conversations"), "conversations", "from", "value")
    return _split([*_system(row), *said], "conversations")


def _split(turns: list[Turn], field: str) -> Draft:
    if not turns or turns[-1].role != "assistant":
        last = turns[-1].role if turns else "nobody"
        raise RowError(field, "roles", f"the last turn is the assistant's answer; got {last}")
    return turns[:-1], turns[-1].text


def _system(row: Mapping[str, Any]) -> list[Turn]:
    text = row.get("system")
    return [Turn("system", _text(text, "system"))] if text else []


def _messages(value: Any, field: str, role: str, text: str) -> Iterator[Turn]:
    for index, message in enumerate(_list(value, field)):
        place = f"{field}[{index}]"
        if not isinstance(message, Mapping):
            raise RowError(
                place, "columns", f"a message is an object; got {type(message).__name__}"
            )
        named = message.get(role)
        known = NAMES.get(named, named) if isinstance(named, str) else named
        if known not in ROLES:
            allowed = ", ".join((*ROLES, *NAMES) if role == "from" else ROLES)
            raise RowError(place, "roles", f"{role} {named!r:.40}; allowed are {allowed}")
        yield Turn(known, _said(message.get(text), f"{place}.{text}"))


def _said(value: Any, field: str) -> str:
    """A text, or the hub's list of parts of type text."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return _text(value, field)
    parts = [part.get("text") if isinstance(part, Mapping) else None for part in value]
    if any(not isinstance(part, str) for part in parts):
        raise RowError(field, "columns", "only parts of type text are supported")
    return "".join(str(part) for part in parts)


def _first(row: Mapping[str, Any], names: Sequence[str]) -> str:
    for name in names:
        if row.get(name) is not None:
            return name
    raise RowError(names[0], "columns", f"there is none of {', '.join(names)}")


def _text(value: Any, field: str) -> str:
    if not isinstance(value, str):
        got = "nothing" if value is None else type(value).__name__
        raise RowError(field, "columns", f"{field} is text; got {got}")
    return value


def _list(value: Any, field: str) -> Sequence[Any]:
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return value
    raise RowError(field, "columns", f"{field} is a list; got {type(value).__name__}")


FORMATS = {
    format.name: format
    for format in (
        Format("chat", "chat messages", _chat, (("messages",),), ("system",)),
        Format("sharegpt", "ShareGPT", _sharegpt, (("conversations",),), ("system",)),
        Format(
            "alpaca",
            "Alpaca",
            _alpaca,
            (("instruction",), ("output",)),
            ("input", "system", "history"),
            ("instruction", "input"),
        ),
        Format("completion", "prompt and completion", _completion, (PROMPTS, ANSWERS), ("system",)),
    )
}
"""By name, in the order in which they are looked for."""
