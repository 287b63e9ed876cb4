"""What OpenAPI says of REST beyond what FastAPI reads from the code: errors, ways to prove who one is, names, groups."""

from __future__ import annotations

import re
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from app.api.parameters import about
from app.errors import Error
from app.login import cookie_name
from backend.settings import settings

ABOUT = """\
Everything the pages of the studio can do, for scripts.

Lists come page by page: `limit` items, and a `cursor` that asks for the next ones until it is null. A POST that makes
something takes an `Idempotency-Key`: the same key with the same body gives the same answer again, for a day. Every error is
`{"error": {"type", "message"}}`, its message meant for people. Times are UTC epoch seconds. A studio that asks for a login
takes a token: `Authorization: Bearer TOKEN`.
"""
GROUPS = {
    "runs": "Launch, find, follow, change and end runs.",
    "library": "What runs are made of, and what is made of them: methods, files, bundles.",
    "comparisons": "Runs side by side, and the comparisons that people keep.",
    "accounts": "Who may use the studio, and what they did.",
    "shares": "Links that show one thing, and of it what was chosen, to whoever holds them.",
    "sweeps": "Many runs that are launched, followed and concluded from as one.",
    "pairs": "Preference pairs: before anything runs on them, and as runs measured and trained on them.",
    "anomaly": "Nodes that detectors ranked, and why.",
    "reviews": "What people decided about pairs and nodes.",
    "unlearning": "Requests that an adapter forget rows, from marks to a certificate.",
    "fewshot": "Pictures for few shots.",
    "catalogue": "The catalogue of work on preference alignment.",
    "system": "Queue, workers, disk and health.",
}
ERRORS = {
    400: ("Refused", "A value is not allowed, or a cursor is none of this list."),
    401: ("LoginNeeded", "This studio asks for a token, or the one given does not hold."),
    403: ("Forbidden", "Whoever asks may not do this."),
    404: ("NotFound", "There is no such thing; it may have been deleted."),
    405: ("MethodNotAllowed", "The address is there, and does not take this method."),
    409: ("Conflict", "It is in a state that does not allow this."),
    410: ("Gone", "It was there, and has ended."),
    413: ("TooLarge", "More than this studio takes in."),
    421: ("UnknownHost", "The studio is not known by this name."),
    422: ("Invalid", "A field of the body or the query, or a setting of a method, does not hold."),
    429: ("TooMany", "Too many requests: try again after the seconds in Retry-After."),
    507: ("Full", "There is no room for what it would make; /house says what takes it."),
    503: ("Unavailable", "The studio cannot do this at the moment, such as when its disk is full."),
}
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Any text of your own, best a UUID: sent again with the same body, nothing is made twice.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
}


def operation_id(route: APIRoute) -> str:
    """A name for clients that are generated, such as `runs_submit`."""
    return f"{route.tags[0]}_{route.name}" if route.tags else route.name


def describe(app: FastAPI) -> None:
    """Have `app` serve the whole description."""

    def openapi() -> dict[str, Any]:
        if not app.openapi_schema:
            app.openapi_schema = described(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's documentation has it


def described(app: FastAPI) -> dict[str, Any]:
    found = get_openapi(
        title="Vitrine",
        version=app.version,
        description=ABOUT,
        routes=app.routes,
        tags=[{"name": name, "description": text} for name, text in GROUPS.items()],
    )
    parts = found["components"]
    for name in ("HTTPValidationError", "ValidationError"):
        parts["schemas"].pop(name, None)
    parts["schemas"] |= _schemas()
    parts["responses"] = {name: _response(text) for name, text in ERRORS.values()}
    parts["securitySchemes"] = security = _security()
    for methods in found["paths"].values():
        for method, operation in methods.items():
            _complete(method, operation)
    if settings().auth != "none":
        found["security"] = [{name: []} for name in security]
    return found


def _security() -> dict[str, Any]:
    token = "A token of `vitrine accounts`."
    login = {"type": "apiKey", "in": "cookie", "name": cookie_name()}
    return {
        "bearer": {"type": "http", "scheme": "bearer", "description": token},
        "cookie": {**login, "description": "What the login page leaves in a browser."},
    }


def _schemas() -> dict[str, Any]:
    schema = Error.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs"), "Error": schema}


def _response(text: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Error"}
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _complete(method: str, operation: dict[str, Any]) -> None:
    """The first sentence of its description as a summary, what its parameters are, errors, and the key of what makes something."""
    text = operation.get("description", "")
    operation["summary"] = re.split(r"[:;.] |\n", text)[0].rstrip(".")
    for status, (name, _) in ERRORS.items():
        operation["responses"][str(status)] = {"$ref": f"#/components/responses/{name}"}
    for each in operation.get("parameters", ()):
        many = each["schema"].get("type") == "array"
        told = about(operation["operationId"], operation["tags"][0], each["name"], many=many)
        each.setdefault("description", told)
    if method == "post" and "201" in operation["responses"]:  # as `app.api.once` has it
        operation.setdefault("parameters", []).append(KEY)
