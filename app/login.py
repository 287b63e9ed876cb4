"""Logging in and out: a page of plain HTML that takes a token and leaves a signed cookie in its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app import proxies
from app.shown import linked_head, templates
from app.throttle import Throttle
from backend import services
from backend.settings import settings

router = APIRouter(include_in_schema=False)
throttle = Throttle()

HEADERS = {
    "content-security-policy": "default-src 'none'; img-src 'self'; style-src 'self'; font-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "x-robots-tag": "noindex, nofollow",
    "cache-control": "no-store",
}
WRONG = (
    "This token opens nothing: part of it may be missing, or an admin has renewed or removed it."
)
MAX_ADDRESS = 2000


def cookie_name() -> str:
    """Studios on several ports of one machine share their cookies, so each needs a name of its own."""
    return f"vitrine_{settings().port}"


def page(
    message: str = "",
    *,
    then: str = "/",
    status: int = 200,
    form: bool = True,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """The page that asks for a token, or, without the form, says why somebody may not in."""
    content = templates.get_template("login.html").render(
        head=linked_head(settings().root_path),
        root=settings().root_path,
        then=then,
        message=message,
        form=form,
        days=settings().login_days,
    )
    return HTMLResponse(content, status_code=status, headers={**HEADERS, **(headers or {})})


def within(address: str) -> str:
    """A path of this studio to go on to; anything that could lead elsewhere becomes the home page."""
    plain = address.isascii() and address.isprintable() and "\\" not in address
    if not plain or not re.match("/(?!/)", address) or len(address) > MAX_ADDRESS:
        return "/"
    return "/" if re.match(r"/log(in|out)\b", address) else address


@router.get("/login")
def ask(next: Annotated[str, Query()] = "/") -> Response:
    if settings().auth != "token":
        return RedirectResponse(f"{settings().root_path}/", 303)
    return page(then=within(next))


@router.post("/login")
def log_in(
    request: Request,
    token: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",
) -> Response:
    """Put a signed cookie in the place of a token."""
    if settings().auth != "token":
        return RedirectResponse(f"{settings().root_path}/", 303)
    then = within(next)
    address = proxies.asker(request.scope)
    wait = throttle.wait_s(address)
    if wait:
        message = f"Too many tokens were wrong. Try again in {wait} seconds."
        return page(message, then=then, status=429, headers={"retry-after": str(wait)})
    opened = services.open_login(token.strip())
    if opened is None:
        throttle.failed(address)
        return page(WRONG, then=then, status=401)
    answer = RedirectResponse(f"{settings().root_path}{then}", 303)
    answer.set_cookie(
        cookie_name(),
        opened[1],
        max_age=settings().login_days * 86_400,
        path=settings().root_path or "/",
        secure=proxies.is_https(request.scope),
        httponly=True,
        samesite="lax",
    )
    return answer


@router.post("/logout")
def log_out(request: Request) -> Response:
    """Take the cookie out of this browser."""
    answer = RedirectResponse(f"{settings().root_path}/login", 303)
    answer.delete_cookie(
        cookie_name(),
        path=settings().root_path or "/",
        secure=proxies.is_https(request.scope),
        httponly=True,
        samesite="lax",
    )
    answer.headers["clear-site-data"] = '"cache"'  # or "back" would show what was open
    return answer
