"""From the JSON schema of a method's `Config` to widgets, and from what they hold back to values.

A field's place on the page is its `json_schema_extra`: "group" is "main", "policy" or "more", "widget" asks for a widget
that its type does not imply. Values go to `services.validate` as they are: bounds and choices are checked there, once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import gradio as gr
from pydantic import BaseModel

Kind = Literal[
    "choice", "choices", "whole", "number", "switch", "numbers", "strings", "text", "json"
]
SLIDER_STEPS = 200
OFFERED = ("model", "artefact", "upload")
"""Widgets for text of which the page knows some values that would do; any other may be typed."""


@dataclass(frozen=True)
class Field:
    """One setting as a form shows it."""

    name: str
    kind: Kind
    title: str
    description: str
    default: Any
    group: str
    nullable: bool
    widget: str = ""
    suffix: str = ""
    choices: tuple[Any, ...] = ()
    examples: tuple[Any, ...] = ()
    minimum: float | None = None
    maximum: float | None = None


def fields_of(config: type[BaseModel]) -> list[Field]:
    """The settings of `config` in the order they were written."""
    schema = config.model_json_schema()
    defaults = {
        name: field.get_default(call_default_factory=True)
        for name, field in config.model_fields.items()
    }
    return [
        _field(name, _resolve(entry, schema.get("$defs", {})), defaults[name])
        for name, entry in schema["properties"].items()
    ]


def _resolve(entry: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """The entry with its reference followed and the branch that is not null taken up."""
    entry = dict(entry)
    for reference in [
        entry.pop("$ref", ""),
        *[item.get("$ref", "") for item in entry.get("allOf", ())],
    ]:
        if reference:
            entry = {**definitions[reference.rsplit("/", 1)[-1]], **entry}
    branches = entry.pop("anyOf", None)
    if branches:
        kinds = [_resolve(item, definitions) for item in branches if item.get("type") != "null"]
        first = kinds[0] if len(kinds) == 1 else {"type": "mixed"}
        entry = {**first, **entry, "nullable": len(kinds) < len(branches)}
    return entry


def _field(name: str, entry: Mapping[str, Any], default: Any) -> Field:
    items = entry.get("items", {})
    choices = tuple(entry.get("enum", items.get("enum", ())))
    return Field(
        name=name,
        kind=_kind(entry),
        title=entry.get("title", name.replace("_", " ").capitalize()),
        description=entry.get("description", ""),
        default=default,
        group=entry.get("group", "more"),
        nullable=entry.get("nullable", False),
        widget=entry.get("widget", ""),
        suffix=entry.get("suffix", ""),
        choices=choices,
        examples=tuple(entry.get("examples", ())),
        minimum=entry.get("minimum", entry.get("exclusiveMinimum")),
        maximum=entry.get("maximum", entry.get("exclusiveMaximum")),
    )


def _kind(entry: Mapping[str, Any]) -> Kind:
    kind = entry.get("type")
    if kind == "array":
        items = entry.get("items", {})
        if "enum" in items:
            return "choices"
        lists: dict[Any, Kind] = {"integer": "numbers", "number": "numbers", "string": "strings"}
        return lists.get(items.get("type"), "json")
    if "enum" in entry or "const" in entry:
        return "choice"
    kinds: dict[Any, Kind] = {
        "integer": "whole",
        "number": "number",
        "boolean": "switch",
        "string": "text",
    }
    return kinds.get(kind, "json")


def component(field: Field, value: Any, elem_id: str) -> gr.components.Component:
    """The widget of a field, holding `value`."""
    common = {
        "label": field.title,
        "info": field.description,
        "value": shown(field, value),
        "elem_id": elem_id,
        "interactive": True,
    }
    if field.kind == "choice":
        choices = [(_label(choice), choice) for choice in field.choices]
        if field.nullable:
            choices.insert(0, ("automatic", ""))
        few = len(choices) <= 3 and all(len(label) <= 14 for label, _ in choices)
        return (
            gr.Radio(choices, **common)
            if few
            else gr.Dropdown(choices, filterable=len(choices) > 8, **common)
        )
    if field.kind == "choices":
        return gr.Dropdown(
            [(_label(choice), choice) for choice in field.choices], multiselect=True, **common
        )
    if field.kind == "switch":
        return gr.Checkbox(**common)
    if field.kind in ("whole", "number") and not field.nullable:
        return _numeric(field, common)
    if field.widget in OFFERED:
        return gr.Dropdown([field.default or ""], allow_custom_value=True, **common)
    if field.widget == "lines":
        return gr.Textbox(placeholder="one a line", lines=3, max_lines=8, **common)
    return gr.Textbox(placeholder=_hint(field), max_lines=1, **common)


def _numeric(field: Field, common: dict[str, Any]) -> gr.components.Component:
    whole = field.kind == "whole"
    low, high = field.minimum, field.maximum
    if field.widget == "slider" and low is not None and high is not None:
        step = 1 if whole else round((high - low) / SLIDER_STEPS, 6)
        return gr.Slider(low, high, step=step, **common)
    # No bounds of Gradio's own: it answers a number beyond them with a bare "Error"; our check says what is allowed.
    return gr.Number(
        precision=0 if whole else None,
        step=1 if whole else 0.01,
        **common,
    )


def _label(choice: Any) -> str:
    return str(choice).replace("_", " ")


def _hint(field: Field) -> str:
    if field.kind == "numbers":
        return "numbers and ranges: 0, 2, 5-9" + ("; empty: automatic" if field.nullable else "")
    if field.kind == "strings":
        return "all, or some: a, b"
    return "empty: automatic" if field.nullable else ""


def shown(field: Field, value: Any) -> Any:
    """A value as the field's widget holds it."""
    if field.kind in ("numbers", "strings"):
        return "" if value is None else ", ".join(str(item) for item in value)
    if field.kind == "json":
        return "" if value is None else json.dumps(value)
    if field.kind == "choices":
        return list(value or ())
    if value is None:
        return ""
    return str(value) if field.nullable and field.kind in ("whole", "number") else value


def given(field: Field, raw: Any) -> Any:
    """What a widget holds as a value of the config; what cannot be read is left for `validate` to refuse."""
    if isinstance(raw, str):
        raw = raw.strip()
    if raw in ("", None):
        empty: dict[Kind, Any] = {"text": "", "numbers": [], "strings": [], "choices": []}
        return None if field.nullable else empty.get(field.kind)
    if field.kind == "numbers":
        return numbers(raw)
    if field.kind == "strings":
        return [part.strip() for part in raw.split(",") if part.strip()]
    if field.kind in ("whole", "number"):
        return _number(raw)
    if field.kind == "json":
        try:
            return json.loads(raw)
        except ValueError:
            return raw
    return raw


def _number(raw: Any) -> Any:
    try:
        value = float(raw)
    except ValueError:
        return raw
    return int(value) if value.is_integer() else value


def numbers(text: str) -> list[Any]:
    """ "0, 2, 5-9" as [0, 2, 5, 6, 7, 8, 9]; a part that is no number is kept as text."""
    found: list[Any] = []
    for part in re.split(r"[,;\s]+", text.strip()):
        span = re.fullmatch(r"(\d+)(?:-|\.\.)(\d+)", part)
        if span and 0 <= int(span[2]) - int(span[1]) <= 10_000:
            found.extend(range(int(span[1]), int(span[2]) + 1))
        elif part:
            found.append(_number(part))
    return found


def values_of(fields: list[Field], raw: list[Any]) -> dict[str, Any]:
    """What the widgets of `fields` hold, in their order, as values of the config."""
    return {field.name: given(field, item) for field, item in zip(fields, raw, strict=True)}
