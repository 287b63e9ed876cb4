"""Settings that a page's address names, such as /alignment?preset=damo&pairs=scenes: other pages lead to a panel filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.form import Field
from app.launching import Panel

PRESET = "preset"


def asked(panel: Panel, address: Mapping[str, str]) -> dict[str, Any]:
    """The settings in the address that the panel has for every run; what it cannot read stays out.

    Whether a value is allowed is for the check to say, which the person reads on the panel.
    """
    fields = [field for name in ("main", "files", "more") for field in panel.group(name)]
    read = {
        field.name: _value(field, address[field.name]) for field in fields if field.name in address
    }
    return {name: value for name, value in read.items() if value is not None}


def chosen(panel: Panel, address: Mapping[str, str]) -> list[str]:
    """The policies in the address, "preset=dpo,damo", that there are."""
    return [key for key in address.get(PRESET, "").split(",") if key in panel.policies]


def _value(field: Field, text: str) -> Any:
    if field.kind == "text":
        return text
    if field.kind == "choice":
        return next((choice for choice in field.choices if str(choice) == text), None)
    if field.kind == "whole" and text.lstrip("-").isdigit():
        return int(text)
    return None
