"""What every request passes: names we answer to, no writes from other sites, headers that keep a page to itself."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import reply
from backend.settings import LOOPBACK, Settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
PLAIN = 32 << 20
"""Bytes of a body that is no upload: JSON takes some ten times as much once it is read."""
STREAMS = ("/gradio_api/heartbeat/", "/gradio_api/queue/data")
MOST_STREAMS = 500
PUBLIC: set[str] = set()
"""Names that a tunnel has given this process (`app.tunnel`)."""
LONGEST_NAME = 255
"""Bytes of a file's name, on every file system in use."""
UNUSED = (
    "/openapi.json",  # Gradio's; ours is /api/openapi.json
    "/monitoring",
    *(
        f"/gradio_api/{name}"
        for name in (
            "call/v2/",
            "component_server",
            "custom_component/",
            "deep_link",
            "dev/",
            "process_recording",
            "proxy=",
            "stream/",
            "undo-vibe",
            "vibe",
        )
    ),
)
DEFAULT_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "content-security-policy": "frame-ancestors 'self'",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


def allowed_hosts(config: Settings) -> frozenset[str] | None:
    """The names by which the studio may be addressed, or None where any will do.

    Any will where other machines may ask and a login of this studio is what protects it: the browser keeps that for our own
    name, so that a page whose name was pointed at us has none.
    """
    named = {name.strip().strip("[]").lower() for name in config.allowed_hosts.split(",")} - {""}
    by_login = config.auth == "token" and config.host not in LOOPBACK
    if "*" in named or ((config.allow_open or by_login) and not named):
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

    A browser names the sending page in `Origin` (an old one in `Referer`), and its relation to us in `Sec-Fetch-Site`; a
    script names none of them. A form on another site can send multipart without any preflight, so this holds for all writes,
    whatever their type.
    """
    if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return True
    sender = headers.get("origin", headers.get("referer"))
    if sender is None:
        return False
    hosts = {headers.get("host", ""), headers.get("x-forwarded-host", "")} - {""}
    return authority(sender) not in hosts | PUBLIC


def authority(address: str) -> str:
    """Host and port of an address; empty if it cannot be read."""
    try:
        return urlsplit(address).netloc
    except ValueError:
        return ""


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
            if name not in self.allowed | PUBLIC:
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


class PlainAddresses:
    """Refuses addresses with a NUL character, which no text that PostgreSQL keeps or looks for may have.

    Outside REST a part of an address may be the name of a file, and one of more than `LONGEST_NAME` bytes breaks those who look for it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and ("\0" in scope["path"] or b"%00" in scope["query_string"]):
            message = "an address has no NUL character (%00)"
            await reply("InvalidRequest", message, 400)(scope, receive, send)
            return
        if scope["type"] == "http" and not path_of(scope).startswith("/api/"):
            longest = max(len(part) for part in scope["path"].encode(errors="replace").split(b"/"))
            if longest > LONGEST_NAME:
                message = f"a part of this address has {longest} bytes; {LONGEST_NAME} are allowed"
                await reply("InvalidRequest", message, 414)(scope, receive, send)
                return
        await self.app(scope, receive, send)


class NothingUnused:
    """Answers 404 for what Gradio brings along and the studio has no use for: a proxy, an editor of code, links with a state."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and path_of(scope).startswith(UNUSED):
            await reply("NotFound", "there is nothing here", 404)(scope, receive, send)
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
    """Refuses a body above `limit` bytes before it is spooled to disk, and one that is no upload above `PLAIN` bytes: it is read whole."""

    def __init__(self, app: ASGIApp, limit: int, prefix: str = "") -> None:
        self.app = app
        self.limit = limit
        self.prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not path_of(scope).startswith(self.prefix):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        is_upload = headers.get("content-type", "").startswith("multipart/form-data")
        limit = self.limit if is_upload else min(self.limit, PLAIN)
        declared = headers.get("content-length", "")
        if declared.isdigit() and int(declared) > limit:
            message = f"{int(declared) >> 20} MB is more than the {limit >> 20} MB allowed"
            await reply("TooLarge", message, 413)(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise HTTPException(413, f"more than the {limit >> 20} MB allowed")
            return message

        await self.app(scope, counted, send)


class Crowd:
    """Refuses more than `most` answers at once of the kind that stays open, so that no crowd of them keeps others out."""

    def __init__(self, app: ASGIApp, most: int = MOST_STREAMS) -> None:
        self.app = app
        self.most = most
        self.open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not path_of(scope).startswith(STREAMS):
            await self.app(scope, receive, send)
            return
        if self.open >= self.most:
            refusal = reply("Busy", f"{self.most} pages are open already; close some", 503)
            refusal.headers["retry-after"] = "10"
            await refusal(scope, receive, send)
            return
        self.open += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self.open -= 1


async def on_bug(_request: Request, _error: Exception) -> JSONResponse:
    """What is told of an exception that nobody expected: nothing of the inside, which the log has."""
    answer = reply("Bug", "something went wrong in the studio; its log says what", 500)
    answer.headers.update(DEFAULT_HEADERS)
    return answer
