"""`Idempotency-Key`: a POST that makes something and is sent again, since its answer was lost, makes nothing twice.

`Once` is the class of routes: each POST that answers 201 heeds the key, and no other route does.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Coroutine
from typing import Any

import anyio
from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from backend import services
from backend.services import KeptAnswer
from backend.services.acting import acting

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
KEY = re.compile(r"[\x21-\x7e]{1,200}")
WAIT_S = 30.0
LOOK_S = 0.05
CHUNK = 1 << 20
REPLAYED = {"idempotent-replayed": "true"}


def makes_something(route: APIRoute) -> bool:
    return "POST" in (route.methods or ()) and route.status_code == 201


class Once(APIRoute):
    """A route that heeds `Idempotency-Key` where it makes something."""

    def get_route_handler(self) -> Handler:
        handler = super().get_route_handler()
        return _once(handler) if makes_something(self) else handler


def _once(handler: Handler) -> Handler:
    async def answer(request: Request) -> Response:
        given = request.headers.get("idempotency-key")
        if given is None:
            return await handler(request)
        if not KEY.fullmatch(given):
            raise services.ServiceError(
                f"Idempotency-Key: 1 to 200 visible ASCII characters are allowed, got {given!r:.80}"
            )
        key, digest = _named(request, given), await _digest(request)
        earlier = await _earlier(key, digest)
        if earlier is not None:
            return Response(earlier.body, earlier.status, REPLAYED, earlier.media_type)
        try:
            response = await handler(request)
        except Exception:
            await run_in_threadpool(services.give_up, key)
            raise
        kept = KeptAnswer(response.status_code, response.media_type or "", _text(response))
        await run_in_threadpool(services.keep_answer, key, kept)
        return response

    return answer


def _text(response: Response) -> str:
    return bytes(response.body).decode()


def _named(request: Request, given: str) -> str:
    """Two people, or two addresses, never share a key."""
    parts = [acting().name, request.url.path, request.url.query, given]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


async def _earlier(key: str, digest: str) -> KeptAnswer | None:
    """What the same request was answered, once that is known; None if it is this one's to do.

    Raises:
        services.Conflict: the key came with something else, or the first request with it has not ended.
    """
    with anyio.move_on_after(WAIT_S):
        while True:
            found = await run_in_threadpool(services.claim, key, digest)
            if found is None or found.status:
                return found
            await anyio.sleep(LOOK_S)
    raise services.Conflict(
        "Idempotency-Key: the first request with this key has not ended, or was cut off; look whether it made what you "
        "want before you send it with another key"
    )


async def _digest(request: Request) -> str:
    """Of what was sent, whatever its JSON's spaces or its multipart's boundary."""
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        return await _digest_of_form(request)
    body = await request.body()
    try:
        body = json.dumps(json.loads(body), sort_keys=True).encode()
    except (ValueError, RecursionError):
        pass  # the handler will say what is wrong with it
    return hashlib.sha256(body).hexdigest()


async def _digest_of_form(request: Request) -> str:
    parts: list[list[str]] = []
    for name, value in (await request.form()).multi_items():
        if isinstance(value, UploadFile):
            parts.append([name, value.filename or "", await run_in_threadpool(_hashed, value)])
        else:
            parts.append([name, value])
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _hashed(upload: UploadFile) -> str:
    digest = hashlib.sha256()
    while chunk := upload.file.read(CHUNK):
        digest.update(chunk)
    upload.file.seek(0)
    return digest.hexdigest()
