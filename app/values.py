"""What a person types for a setting becomes the value that the setting wants."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Fields = Mapping[str, Mapping[str, Any]]
"""The JSON schema of each setting of a method."""


def settings_from(fields: Fields, texts: Sequence[str]) -> dict[str, Any]:
    """What --set gave, as the settings want it.

    Raises:
        ValueError: one is no NAME=VALUE, or a name is given twice.
    """
    return pairs_of("--set", texts, lambda name, text: setting_of(fields.get(name, {}), text))


def pairs_of(option: str, texts: Sequence[str], read: Callable[[str, str], Any]) -> dict[str, Any]:
    """What was given as NAME=VALUE, each name once, its value as `read` reads it."""
    found: dict[str, Any] = {}
    for text in texts:
        name, given, value = text.partition("=")
        if not given or not name:
            raise ValueError(f"NAME=VALUE is allowed, got {text!r}")
        if name in found:
            raise ValueError(f"{option} {name}: give it once, with all its values, got it twice")
        found[name] = read(name, value)
    return found


def setting_of(field: Mapping[str, Any], text: str) -> Any:
    """One value, as the JSON schema of its setting wants it: words of a list "a,b", text as it stands, else JSON."""
    kinds = _kinds(field)
    if "array" in kinds:
        return _words(text)
    return text if "string" in kinds and text != "null" else value_of(text)


def axis_of(field: Mapping[str, Any], text: str) -> list[Any]:
    """Several values of a setting; text that looks like a number stays text where the setting is text.

    Values of a list are joined by plus: "sigmoid,sigmoid+sft".
    """
    kinds = _kinds(field)
    if "array" in kinds and not text.startswith("["):
        return [word.split("+") for word in _words(text)]
    if "string" in kinds and not text.startswith("["):
        return [None if word == "null" else word for word in _words(text)]
    return values_of(text)


def _kinds(field: Mapping[str, Any]) -> set[Any]:
    return {part.get("type") for part in (field, *field.get("anyOf", ()))}


def _words(text: str) -> list[str]:
    if text.startswith("["):
        return [str(value) for value in values_of(text)]
    return [part.strip() for part in text.split(",") if part.strip()]


def value_of(text: str) -> Any:
    """JSON where it is that, a number such as .3, else the text itself."""
    for read in (json.loads, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text


def values_of(text: str) -> list[Any]:
    """ "a,.3,null" or a JSON list."""
    if text.startswith("["):
        found = value_of(text)
        return found if isinstance(found, list) else [found]
    return [value_of(part.strip()) for part in text.split(",") if part.strip()]
