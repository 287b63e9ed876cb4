"""The studio as commands ask it: over REST, of this machine's data folder or of the studio that VITRINE_STUDIO names.

One way for both, so that a command says the same here and there, and can do what a script could. Here, REST is answered in
this process, without a server: a command works whether or not the studio is up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from backend.settings import settings

if TYPE_CHECKING:
    import httpx
    from fastapi import FastAPI

TIMEOUT_S = 60.0
Result = TypeVar("Result")


class Refused(Exception):
    """What the studio refused, in its own words."""


class Away(Refused):
    """The studio does not answer at the moment."""


class Studio:
    """REST under /api/v1; answers are what JSON has.

    Attributes:
        address: where people open it; paths of answers' `url` follow.
    """

    def __init__(self, send: Callable[..., httpx.Response], address: str) -> None:
        self._send = send
        self.address = address

    def get(self, path: str, **parameters: Any) -> Any:
        """The answer to a question; parameters that are None or empty are left out.

        Raises:
            Refused: the studio refuses, or it does not answer (`Away`).
        """
        given = {key: value for key, value in parameters.items() if value not in (None, "", [])}
        return self._ask("GET", path, params=given)

    def post(self, path: str, body: Any = None) -> Any:
        """As `get`."""
        return self._ask("POST", path, json=body)

    def patch(self, path: str, body: Any) -> Any:
        """As `get`."""
        return self._ask("PATCH", path, json=body)

    def delete(self, path: str) -> None:
        """As `get`."""
        self._ask("DELETE", path)

    def run(self, name: str) -> dict[str, Any]:
        """The run that is meant by an id, the beginning of one, or "last"."""
        found: dict[str, Any] = self.get(f"runs/named/{quote(name, safe='') or '-'}")
        return found

    def all(self, path: str, **parameters: Any) -> list[dict[str, Any]]:
        """Every item of a list, page by page."""
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            page = self.get(path, cursor=cursor, **parameters)
            found += page if isinstance(page, list) else _items(page)
            cursor = None if isinstance(page, list) else page.get("cursor")
            if not cursor:
                return found

    def link(self, path: str) -> str:
        """The whole address of a path."""
        return f"{self.address}{path}"

    def _ask(self, method: str, path: str, **more: Any) -> Any:
        import httpx

        try:
            answer = self._send(method, f"/api/v1/{path}", **more)
        except httpx.InvalidURL as error:
            raise Refused(f"{self.address}: {error}") from None
        except httpx.TransportError as error:
            raise Away(
                f"the studio at {self.address} does not answer: {error or type(error).__name__}"
            ) from None
        if answer.status_code == 204:
            return None
        try:
            data = answer.json()
        except ValueError:
            raise Refused(
                f"{self.address} answered {answer.status_code} and no JSON: is it a studio?"
            ) from None
        if answer.is_success:
            return data
        if answer.status_code == 401:
            raise Refused(
                f"{self.address} does not take the token in VITRINE_TOKEN: it is cut off, renewed or removed"
                if settings().token
                else f"{self.address} wants to know who asks: set VITRINE_TOKEN to your token"
            )
        raise Refused(_reason(data, answer.status_code))


def _items(page: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of a page, whatever they are called there."""
    return next(value for value in page.values() if isinstance(value, list))


def _reason(data: Any, status: int) -> str:
    try:
        return str(data["error"]["message"])
    except (KeyError, TypeError):
        return f"the studio answered {status}"


def studio() -> Studio:
    """The studio that this command is about."""
    return _elsewhere() if settings().studio else _here()


def _elsewhere() -> Studio:
    import httpx

    headers = {"authorization": f"Bearer {settings().token}"} if settings().token else {}
    client = httpx.Client(base_url=settings().studio, headers=headers, timeout=TIMEOUT_S)
    return Studio(client.request, settings().studio)


@cache
def application() -> FastAPI:
    """REST alone, without pages: made in a moment."""
    from fastapi import FastAPI

    from app import errors
    from app.api import router

    app = FastAPI(openapi_url=None)
    errors.install(app)
    app.include_router(router)
    return app


def _here() -> Studio:
    import httpx

    from backend import services

    services.open_database()
    transport = httpx.ASGITransport(application())

    async def send(method: str, path: str, **more: Any) -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path, **more)

    return Studio(lambda *words, **more: waited(send(*words, **more)), settings().public)


def waited(work: Coroutine[Any, Any, Result]) -> Result:
    """What a coroutine returns. It runs in a thread of its own, for where this one has a loop already, as a notebook does."""
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(copy_context().run, asyncio.run, work).result()
