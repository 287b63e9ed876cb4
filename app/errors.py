"""Which HTTP status an error of the services has, and how it is told."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from backend import services


class Told(BaseModel):
    """What went wrong: a word for programs, a sentence for people."""

    type: str
    message: str


class Error(BaseModel):
    """The answer to whatever is refused."""

    error: Told


STATUS: dict[type[Exception], int] = {
    services.MethodError: 422,
    services.NotFound: 404,
    services.Conflict: 409,
    services.Gone: 410,
    services.Forbidden: 403,
    services.TooLarge: 413,
    services.Full: 507,
    services.ServiceError: 400,
    services.StorageError: 503,  # the disk or the bucket does not give or take files at the moment
}


def status_of(error: Exception) -> int:
    """The status of the closest class that `STATUS` names; 500 for what it does not."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def reply(
    kind: str, message: str, status: int, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    content = {"error": {"type": kind, "message": message}}
    return JSONResponse(content, status_code=status, headers=headers)


async def on_service_error(_request: Request, error: Exception) -> JSONResponse:
    return reply(type(error).__name__, str(error), status_of(error))


async def on_http_error(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    return reply("HTTPException", str(error.detail), error.status_code, error.headers)


async def on_invalid_request(_request: Request, error: Exception) -> JSONResponse:
    """Name each field of the body or query that is wrong, what was got and what is allowed."""
    if not isinstance(error, RequestValidationError):
        raise error
    lines = [
        f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']} (got {item.get('input')!r:.80})"
        for item in error.errors()
    ]
    return reply("InvalidRequest", "; ".join(lines), 422)


def install(app: FastAPI) -> None:
    """Answer every error of `app` as {"error": {"type", "message"}}."""
    app.add_exception_handler(services.ServiceError, on_service_error)
    app.add_exception_handler(services.MethodError, on_service_error)
    app.add_exception_handler(services.StorageError, on_service_error)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(RequestValidationError, on_invalid_request)
