"""What a reverse proxy says of a request, believed only from where proxies are."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import Scope

from backend.settings import settings


def peer(scope: Scope) -> str:
    """The address that a request's connection comes from; "" where it has none."""
    return scope["client"][0] if scope.get("client") else ""


def from_proxy(scope: Scope) -> bool:
    """Whether a request's connection comes from a proxy whose headers are believed."""
    return settings().is_proxy(peer(scope))


def named(scope: Scope) -> list[str]:
    """Every name that the user header gives; one, where a proxy sets it as it should."""
    return Headers(scope=scope).getlist(settings().proxy_user_header)


def asker(scope: Scope) -> str:
    """The address of whoever asks: the last one that a proxy has seen and that is no proxy, else the connection's."""
    if not from_proxy(scope):
        return peer(scope)
    told = ",".join(Headers(scope=scope).getlist("x-forwarded-for")).split(",")
    seen = [part.strip() for part in told if part.strip()]
    return next((each for each in reversed(seen) if not settings().is_proxy(each)), peer(scope))


def is_https(scope: Scope) -> bool:
    """Whether the browser speaks https, here or with a proxy. Who lies about it only makes their own cookie stricter."""
    said = Headers(scope=scope).get("x-forwarded-proto", "")
    return bool(scope["scheme"] == "https" or said.split(",")[0].strip() == "https")
