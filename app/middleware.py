"""What every request passes: names we answer to, no writes from other sites, headers that keep a page to itself."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import reply
from backend.settings import LOOPBACK, Settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
DEFAULT_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "content-security-policy": "frame-ancestors 'self'",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


def allowed_hosts(config: Settings) -> frozenset[str] | None:
    """The names by which the studio may be addressed, or None where any will do."""
    named = {name.strip().strip("[]").lower() for name in config.allowed_hosts.split(",")} - {""}
    if "*" in named or (config.allow_open and not named):
        return None
    return frozenset({*LOOPBACK, config.host.lower(), *named})


def path_of(scope: Scope) -> str:
    """The path asked for, below the prefix that a reverse proxy has set."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def host_name(host: str) -> str:
    """The name in a `Host` header, without its port and the brackets of IPv6; empty if it cannot be read."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def from_elsewhere(headers: Headers) -> bool:
    """Whether a browser says that another site's page sent this request.

    A browser names the sending page in `Origin`, and its relation to us in `Sec-Fetch-Site`; a script names neither.
    A form on another site can send multipart without any preflight, so this holds for all writes, whatever their type.
    """
    origin = headers.get("origin")
    if origin is not None:
        hosts = {headers.get("host", ""), headers.get("x-forwarded-host", "")} - {""}
        return urlsplit(origin).netloc not in hosts
    return headers.get("sec-fetch-site", "none") not in ("same-origin", "none")


class KnownHosts:
    """Refuses what is addressed to a name that is not ours.

    A site may let its own name point to this machine once its page is loaded (DNS rebinding): to the browser we are then
    the same site, and `from_elsewhere` sees nothing. The `Host` still tells. Health is for whoever looks after us.
    """

    def __init__(self, app: ASGIApp, allowed: frozenset[str] | None) -> None:
        self.app = app
        self.allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self.allowed is not None and path_of(scope) != "/healthz":
            name = host_name(Headers(scope=scope).get("host", ""))
            if name not in self.allowed:
                message = (
                    f"this studio is not known as {name!r:.80}; known are {', '.join(sorted(self.allowed))}, and what "
                    "VITRINE_ALLOWED_HOSTS names"
                )
                await reply("UnknownHost", message, 421)(scope, receive, send)
                return
        await self.app(scope, receive, send)


class SameOriginWrites:
    """Refuses a write that comes from another site, REST's and Gradio's alike."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] == "http"
            and scope["method"] not in SAFE_METHODS
            and from_elsewhere(Headers(scope=scope))
        ):
            refusal = reply("Forbidden", "this request comes from another site's page", 403)
            await refusal(scope, receive, send)
            return
        await self.app(scope, receive, send)


class NoNul:
    """Refuses addresses with a NUL character, which no text that PostgreSQL keeps or looks for may have."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and ("\0" in scope["path"] or b"%00" in scope["query_string"]):
            message = "an address has no NUL character (%00)"
            await reply("InvalidRequest", message, 400)(scope, receive, send)
            return
        await self.app(scope, receive, send)


class SecurityHeaders:
    """Adds `DEFAULT_HEADERS` where a route has not set its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in DEFAULT_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


class BodyLimit:
    """Refuses the body of a write to REST above `limit` bytes, before it is spooled to disk."""

    def __init__(self, app: ASGIApp, limit: int, prefix: str) -> None:
        self.app = app
        self.limit = limit
        self.prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not path_of(scope).startswith(self.prefix):
            await self.app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdigit() and int(declared) > self.limit:
            message = f"{int(declared) >> 20} MB is more than the {self.limit >> 20} MB allowed"
            await reply("TooLarge", message, 413)(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.limit:
                raise HTTPException(413, f"more than the {self.limit >> 20} MB allowed")
            return message

        await self.app(scope, counted, send)
