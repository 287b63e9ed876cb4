"""No part of an address, of a body or of an archive leads to a file: traversal in every parameter of every route."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from backend.settings import settings
from tests.security.wire import Answer, ask, routes_of

SEGMENTS = (
    "..%2f..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e%2fvitrine.db",
    "%2e%2e%5c%2e%2e%5cvitrine.db",
    "%252e%252e%252fvitrine.db",
    "%2fetc%2fpasswd",
    "file:%2f%2f%2fetc%2fpasswd",
    "..",
    "%c0%ae%c0%ae%2fvitrine.db",
    "%e2%80%a5%e2%88%95vitrine.db",
    "%ef%bc%8e%ef%bc%8e%ef%bc%8fvitrine.db",
    "a" * 5000,
    "%0d%0aset-cookie:%20a=b",
    "secret",
)
"""Traversal plain, encoded, doubly encoded, over-long UTF-8, by characters that look like dots and slashes; lines of headers."""
ROOTS = ("/a/", "/static/", "/s/", "/r/", "/c/", "/assets/", "/svelte/", "/gradio_api/file=")
CLIMBS = ("../" * 8 + "etc/passwd", "..%2f" * 8 + "etc%2fpasswd", "/etc/passwd", "%2fetc%2fpasswd")


@pytest.fixture
def secret() -> str:
    return settings().signing_secret()


def check(answer: Answer, secret: str) -> None:
    """Nothing that lies on this machine is told, and nothing broke."""
    assert answer.status < 500
    for told in (b"root:x:", b"SQLite format", secret.encode(), b"Traceback (most recent"):
        assert told not in answer.body
    assert "set-cookie" not in answer.headers


def filled(path: str, hostile: str) -> str:
    """A route's path with something hostile as every parameter."""
    return re.sub(r"\{[^}]+\}", lambda _: hostile, path)


def test_no_parameter_of_any_path_leads_to_a_file(
    web: FastAPI, client: TestClient, secret: str
) -> None:
    routes = [
        (method, path)
        for method, path in routes_of(web)
        if "{" in path and "heartbeat" not in path  # a stream, whose name leads to nothing
    ]
    assert len(routes) > 90
    for method, path in routes:
        for hostile in SEGMENTS:
            body = b"{}" if method not in ("GET", "HEAD") else b""
            headers = {"content-type": "application/json"}
            answer = ask(web, method, filled(path, hostile), headers=headers, pieces=[body])
            check(answer, secret)
            assert str(settings().root).encode() not in answer.body


@pytest.mark.parametrize("root", ROOTS)
def test_climbing_out_of_a_folder_of_the_address_ends_nowhere(
    web: FastAPI, client: TestClient, secret: str, root: str
) -> None:
    places = (f"..{settings().root}/secret", f"{settings().root}/vitrine.db")
    for climb in (*CLIMBS, *places):
        answer = ask(web, "GET", root + climb)
        check(answer, secret)
        assert answer.status in (307, 400, 403, 404, 422)


def test_no_parameter_of_any_query_leads_to_a_file(
    web: FastAPI, client: TestClient, secret: str
) -> None:
    paths = client.get("/api/openapi.json").json()["paths"]
    tried = 0
    for path, methods in paths.items():
        names = [each["name"] for each in methods.get("get", {}).get("parameters", ())]
        for name in names if "get" in methods else ():
            for hostile in (SEGMENTS[0], "%00" + "a" * 5000):
                check(ask(web, "GET", f"{filled(path, 'x')}?{name}={hostile}"), secret)
                tried += 1
    assert tried > 100


def leaves(schema: dict[str, Any], known: dict[str, Any], hostile: str) -> Any:
    """A body as a schema has it, with `hostile` wherever a text may stand."""
    if "$ref" in schema:
        return leaves(known[schema["$ref"].rpartition("/")[2]], known, hostile)
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return leaves(schema[several][0], known, hostile)
    kind = schema.get("type")
    if kind == "object":
        parts = schema.get("properties") or {"any": {"type": "string"}}
        return {name: leaves(part, known, hostile) for name, part in parts.items()}
    if kind == "array":
        return [leaves(schema.get("items", {}), known, hostile)]
    if kind in ("integer", "number"):
        return max(1, schema.get("minimum", 1))
    if kind == "boolean":
        return False
    return schema["enum"][0] if "enum" in schema else schema.get("const", hostile)


@pytest.mark.parametrize("hostile", ["../../../../etc/passwd", "/etc/passwd", "a" * 5000, "‥∕x"])
def test_no_text_of_any_body_leads_to_a_file(
    web: FastAPI, client: TestClient, secret: str, hostile: str
) -> None:
    document = client.get("/api/openapi.json").json()
    known = document["components"]["schemas"]
    tried = 0
    for path, methods in document["paths"].items():
        for method, route in methods.items():
            content = route.get("requestBody", {}).get("content", {})
            if "application/json" not in content:
                continue
            body = leaves(content["application/json"]["schema"], known, hostile)
            headers = {"content-type": "application/json"}
            pieces = [json.dumps(body).encode()]
            target = filled(path, "x" * 12)
            check(ask(web, method.upper(), target, headers=headers, pieces=pieces), secret)
            tried += 1
    assert tried > 20


@pytest.mark.parametrize(
    "name",
    [
        "../../evil.json",
        "/etc/evil.json",
        "..\\evil.json",
        "a\0.json",
        "a" * 300 + ".json",
        ".json",
        "‥∕e.json",
    ],
)
def test_the_name_of_an_upload_is_never_a_path(
    client: TestClient, tmp_path: Path, name: str
) -> None:
    before = {path for path in tmp_path.rglob("*") if "evil" in path.name}
    answer = client.post(
        "/api/v1/uploads", files={"file": (name, b'{"a": 1}')}, data={"kind": "pairs"}
    )
    assert answer.status_code in (201, 400, 422)
    kept = [each["name"] for each in client.get("/api/v1/datasets").json()["items"]]
    assert all("/" not in each and "\\" not in each and "\0" not in each for each in kept)
    assert {path for path in tmp_path.rglob("*") if "evil" in path.name} == before
