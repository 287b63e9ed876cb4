"""Tokens of links: made up, cut, of another salt or secret, of another kind, withdrawn."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from itsdangerous import URLSafeSerializer, URLSafeTimedSerializer

from backend.services import links
from backend.settings import settings
from tests.security.wire import ask

BELOW = (
    *("", "/a/" + "0" * 64, "/nodes/x/0"),
    *("/pairs/0/picture", "/pairs.jsonl", "/certificate.json"),
)


@pytest.fixture
def link(client: TestClient, painted: dict[str, Any]) -> dict[str, Any]:
    body = {"kind": "run", "target_id": painted["runs"][0]["id"], "days": 1}
    made: dict[str, Any] = client.post("/api/v1/shares", json=body).json()
    return made


def refused(client: TestClient, token: str) -> bool:
    for below in BELOW:
        if client.get(f"/s/{token}{below}").status_code not in (400, 403, 404):
            return False
    return True


def test_no_token_but_ours_opens_anything(client: TestClient, link: dict[str, Any]) -> None:
    token = link["url"].removeprefix("/s/")
    secret = settings().signing_secret()
    load, _, signature = token.rpartition(".")
    assert client.get(f"/s/{token}").status_code == 200
    forged = [
        URLSafeSerializer("another secret", salt="share-v1").dumps(link["id"]),
        URLSafeSerializer(secret, salt="login-v1").dumps(link["id"]),
        URLSafeSerializer(secret).dumps(link["id"]),
        URLSafeTimedSerializer(secret, salt="another").dumps(link["id"]),
        URLSafeSerializer("", salt="share-v1").dumps(link["id"]),
        link["id"],
        load,
        f"{load}.",
        f".{signature}",
        f"{load}.{signature[:-1]}",
        f"{load}.{signature[::-1]}",
        f"{load}x.{signature}",
        f"{token}.{signature}",
        "e30.e30",
        "a" * 250,
        "%00",
    ]
    for each in forged:
        assert refused(client, each), each


def test_a_signed_token_of_something_else_is_refused(
    client: TestClient, link: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who could sign (an old backup of the secret, say) still needs the id of a link that is there."""
    signer = links._signer()
    for content in (
        "nosuchlink00",
        "",
        None,
        1,
        [link["id"]],
        {"share": "x"},
        {"id": link["id"], "x": 1},
        "a" * 10_000,
    ):
        token = signer.dumps(content)
        if len(token) < 255:
            assert client.get(f"/s/{token}").status_code in (403, 404, 410), content


def test_a_link_shows_no_way_into_the_studio(client: TestClient, link: dict[str, Any]) -> None:
    answer = client.get(link["url"])
    for told in ("/api/", "gradio", "data_dir", settings().signing_secret(), str(settings().root)):
        assert told not in answer.text
    assert "set-cookie" not in answer.headers


def test_no_write_goes_through_a_link(
    web: FastAPI, client: TestClient, link: dict[str, Any]
) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for below in BELOW:
            assert ask(web, method, link["url"] + below).status in (404, 405)
