"""The door: every request passes here, is given a person or turned away, and must have the role that it takes."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import quote

from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import login, proxies
from app.errors import reply
from app.middleware import path_of
from app.roles import READS, needed
from backend import services
from backend.services import LOCAL, Person, as_person
from backend.settings import settings

PERSON = "vitrine.person"
"""Where a request's scope has its person, for what runs outside of the request: Gradio's queue."""
DATA = ("/api/", "/gradio_api/", "/a/")
"""Paths that scripts ask for: they are answered in JSON, never with a page to log in."""
CHALLENGE = {"www-authenticate": 'Bearer realm="Vitrine"'}


class Refused(Exception):
    """Why nobody can be seen in a request."""


class Auth:
    """Says who asks, refuses who may not, and runs everything behind it on behalf of that person."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        method = scope.get("method", "GET")
        role = needed(method, path_of(scope))
        if role is None:
            with as_person(None):
                await self.app(scope, receive, send)
            return
        try:
            person = await run_in_threadpool(identified, scope)
        except Refused as error:
            await _turned_away(scope, str(error))(scope, receive, send)
            return
        if not person.may(role):
            message = services.lacking(person, role)
            await _refusal(scope, "Forbidden", message, HTTPStatus.FORBIDDEN)(scope, receive, send)
            return
        scope[PERSON] = person
        with as_person(person):
            await self.app(scope, receive, _private(send))


def identified(scope: Scope) -> Person:
    """Who asks.

    Raises:
        Refused: nobody that may in.
    """
    way = settings().auth
    if way == "none":
        return LOCAL
    return _by_proxy(scope) if way == "proxy" else _by_token(scope)


def _by_token(scope: Scope) -> Person:
    headers = Headers(scope=scope)
    kind, _, token = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":  # any other kind is for a proxy in front of us
        person = services.person_of_token(token.strip())
        if person is None:
            raise Refused("this token opens nothing: it is none of this studio's, or not any more")
        return person
    cookies = cookie_parser(headers.get("cookie", ""))
    person = services.person_of_login(cookies.get(login.cookie_name(), ""))
    if person is None:
        raise Refused("nobody is logged in, or not any more")
    return person


def _by_proxy(scope: Scope) -> Person:
    if not proxies.from_proxy(scope):
        raise Refused("this studio is reached through its proxy only, which says who one is")
    names = proxies.named(scope)
    if len(names) != 1:
        found = "no" if not names else "more than one"
        raise Refused(f"the proxy gave {found} {settings().proxy_user_header}")
    try:
        person = services.person_by_proxy(names[0])
    except services.ServiceError as error:
        raise Refused(f"{settings().proxy_user_header}: {error}") from None
    if person is None:
        raise Refused(f"{names[0]} has no account here: ask an admin of this studio")
    return person


def _turned_away(scope: Scope, why: str) -> ASGIApp:
    """To the login page, where a person asks for a page and can log in; else an error."""
    if _wants_page(scope) and settings().auth == "token":
        query = scope["query_string"].decode("latin-1")
        there = quote(path_of(scope)) + (f"?{query}" if query else "")
        return RedirectResponse(f"{settings().root_path}/login?next={quote(there, safe='')}", 303)
    return _refusal(scope, "Unauthorised", why, HTTPStatus.UNAUTHORIZED)


def _refusal(scope: Scope, kind: str, why: str, status: HTTPStatus) -> ASGIApp:
    if scope["type"] == "websocket":
        return _closed
    challenge = CHALLENGE if status == HTTPStatus.UNAUTHORIZED else None
    if _wants_page(scope):
        return login.page(why, status=status, form=False, headers=challenge)
    return reply(kind, why, status, challenge)


async def _closed(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "websocket.close", "code": 1008})


def _wants_page(scope: Scope) -> bool:
    return (
        scope["type"] == "http"
        and scope["method"] in READS
        and not path_of(scope).startswith(DATA)
        and "text/html" in Headers(scope=scope).get("accept", "")
    )


def _private(send: Send) -> Send:
    """Let no cache on the way keep what a person was shown."""

    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).setdefault("cache-control", "private")
        await send(message)

    return marked
