"""Rows of JSON files, with errors that say where something is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_SHOWN = 60


@dataclass(frozen=True)
class Row:
    """One object of a file; `number` counts from 1."""

    file: str
    number: int
    values: Mapping[str, Any]

    def text(self, *names: str) -> str:
        """The first of these fields that the row has, which must be text."""
        name = self._name(names)
        value = self.values[name]
        if not isinstance(value, str):
            raise self.error(f"`{name}` must be text, got {_shown(value)}")
        return value

    def id(self, *names: str) -> str:
        """The first of these fields that the row has, which must be a whole number or text, as text."""
        name = self._name(names)
        value = self.values[name]
        if isinstance(value, bool) or not isinstance(value, (int, str)) or value == "":
            raise self.error(f"`{name}` must be a whole number or text, got {_shown(value)}")
        return str(value)

    def choice(self, name: str, *allowed: str) -> str:
        """A field that must be one of some words, in any case."""
        value = self.text(name)
        if value.strip().lower() not in allowed:
            raise self.error(f"`{name}` must be {' or '.join(allowed)}, got {_shown(value)}")
        return value.strip().lower()

    def texts(self, name: str) -> tuple[str, ...]:
        """A field that must be a list of texts."""
        value = self.values[self._name((name,))]
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.error(f"`{name}` must be a list of texts, got {_shown(value)}")
        return tuple(value)

    def error(self, message: str) -> ValueError:
        """What is wrong with this row."""
        return ValueError(f"{self.file}, row {self.number}: {message}")

    def _name(self, names: tuple[str, ...]) -> str:
        for name in names:
            if name in self.values:
                return name
        expected = " or ".join(f"`{name}`" for name in names)
        has = ", ".join(map(str, list(self.values)[:8])) or "nothing"
        raise self.error(f"{expected} is missing; it has {has}")


def parse_json(
    content: bytes, file: str, hook: Callable[[dict[str, Any]], Any] | None = None
) -> Any:
    """The value of a JSON file.

    Raises:
        ValueError: it is no JSON, or no UTF-8.
    """
    try:
        return json.loads(content, object_hook=hook)
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is one
        raise ValueError(f"{file} is no JSON: {error}") from error


def read_rows(content: bytes, file: str) -> list[Row]:
    """Rows of a JSON list of objects, or of JSON lines.

    Raises:
        ValueError: it is neither; a row is no object; there are none.
    """
    if content.lstrip()[:1] == b"[":
        values = parse_json(content, file)
    else:
        lines = content.splitlines()
        values = [
            parse_json(line, f"{file}, line {number}")
            for number, line in enumerate(lines, 1)
            if line.strip()
        ]
    for number, value in enumerate(values, 1):
        if not isinstance(value, dict):
            raise ValueError(f"{file}, row {number}: an object is needed, got {_shown(value)}")
    if not values:
        raise ValueError(f"{file} holds no rows")
    return [Row(file, number, value) for number, value in enumerate(values, 1)]


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
