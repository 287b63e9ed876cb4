"""The description of REST as a page to read, with a curl for each operation; it loads nothing from elsewhere."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup, escape

from app.shown import linked_head, templates
from backend.settings import settings

router = APIRouter(include_in_schema=False)

Schema = Mapping[str, Any]
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; frame-ancestors 'none'"
}
PLAIN = {"string": "...", "integer": 1, "number": 0.5, "boolean": True, "null": None}


@dataclass(frozen=True)
class Operation:
    """One operation as the page shows it.

    Attributes:
        parameters: name, where it goes, whether it is required, what values it takes, what it is.
        answer: what comes back, in a word.
    """

    id: str
    method: str
    path: str
    summary: str
    text: str
    parameters: list[tuple[str, str, bool, str, str]]
    curl: str
    answer: str


@router.get("/api/docs")
def page(request: Request) -> HTMLResponse:
    """Every operation, group by group."""
    described = request.app.openapi()
    base = f"{request.url.scheme}://{request.url.netloc}{settings().root_path}"
    groups: dict[str, list[Operation]] = {tag["name"]: [] for tag in described["tags"]}
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            groups[operation["tags"][0]].append(
                _operation(described, base, path, method, operation)
            )
    content = templates.get_template("api.html").render(
        head=linked_head(settings().root_path),
        root=settings().root_path,
        about=described["info"]["description"].split("\n\n"),
        texts={tag["name"]: tag["description"] for tag in described["tags"]},
        groups={name: found for name, found in groups.items() if found},
        coded=_coded,
    )
    return HTMLResponse(content, headers=HEADERS)


def _coded(text: str) -> Markup:
    """Plain text, with what stands between backticks as code."""
    parts = enumerate(text.split("`"))
    return Markup("").join(
        Markup("<code>{}</code>").format(p) if n % 2 else escape(p) for n, p in parts
    )


def _operation(whole: Schema, base: str, path: str, method: str, found: Schema) -> Operation:
    parameters = found.get("parameters", [])
    return Operation(
        id=found["operationId"],
        method=method.upper(),
        path=path,
        summary=found["summary"],
        text=found.get("description", ""),
        parameters=[
            (
                each["name"],
                each["in"],
                each["required"],
                _kind(each["schema"]),
                each["description"],
            )
            for each in parameters
        ],
        curl=_curl(whole, base, path, method, found),
        answer=_answer(found["responses"]),
    )


def _curl(whole: Schema, base: str, path: str, method: str, found: Schema) -> str:
    needed = [
        f"{each['name']}={each['name'].upper()}"
        for each in found.get("parameters", [])
        if each["in"] == "query" and each["required"]
    ]
    there = (
        re.sub(r"\{(\w+)\}", lambda name: name[1].upper(), path)
        + "?" * bool(needed)
        + "&".join(needed)
    )
    words = [
        "curl",
        *([] if method == "get" else ["-X", method.upper()]),
        shlex.quote(base + there),
    ]
    if "security" in whole:
        words += ["-H", '"Authorization: Bearer $VITRINE_TOKEN"']
    for kind, body in found.get("requestBody", {}).get("content", {}).items():
        given = _example(whole, body["schema"])
        if kind == "multipart/form-data":
            schema = _resolved(whole, body["schema"])["properties"]
            words += [
                w for name, value in given.items() for w in ("-F", _part(name, schema[name], value))
            ]
        else:
            words += ["--json", shlex.quote(json.dumps(given))]
    return " ".join(words)


def _part(name: str, schema: Schema, value: Any) -> str:
    return f"{name}=@FILE" if "contentMediaType" in json.dumps(schema) else f"{name}={value}"


def _resolved(whole: Schema, schema: Schema) -> Schema:
    while "$ref" in schema:
        schema = whole["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    return schema


def _example(whole: Schema, schema: Schema) -> Any:
    """A value that such a schema allows: its own example, else what is required and no more."""
    schema = _resolved(whole, schema)
    if schema.get("examples"):
        return schema["examples"][0]
    for choices in ("anyOf", "oneOf", "allOf"):
        if choices in schema:
            return _example(whole, schema[choices][0])
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "object":
        fields = schema.get("properties", {})
        return {name: _example(whole, fields[name]) for name in schema.get("required", ())}
    if schema.get("type") == "array":
        return [_example(whole, schema["items"])]
    return schema.get("const", PLAIN.get(str(schema.get("type"))))


def _kind(schema: Schema) -> str:
    """A schema in a few words."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(map(_kind, schema["anyOf"])))
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"any number of {_kind(schema['items'])}"
    bounds = [
        f"{word} {schema[key]}"
        for key, word in (("minimum", "from"), ("maximum", "to"))
        if key in schema
    ]
    return " ".join([str(schema.get("type", "any")), *bounds])


def _answer(responses: Schema) -> str:
    status = next(each for each in responses if each.startswith("2"))
    for kind, content in responses[status].get("content", {}).items():
        schema = content.get("schema", {})
        of = schema if "$ref" in schema else schema.get("items", {})
        name = of.get("$ref", "").rsplit("/", 1)[-1]
        many = "list of " if "items" in schema else ""
        return f"{status} {many}{name}" if name else f"{status} {kind}"
    return f"{status} nothing"
