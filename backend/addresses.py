"""What a studio's URLs may be, and which of them go together. A studio on one machine has none of them."""

from __future__ import annotations

import socket
from urllib.parse import unquote, urlsplit

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

LOOPBACK = ("127.0.0.1", "localhost", "::1")
DATABASES = ("sqlite", "postgresql+psycopg")
BROKERS = ("filesystem", "redis", "rediss", "amqp", "amqps")
FITTING = {
    "VITRINE_DB_URL": "postgresql+psycopg://user:password@host/vitrine",
    "VITRINE_BROKER_URL": "redis://host:6379/0",
}


def check(db_url: str, broker_url: str, artefacts_url: str) -> None:
    """Refuse URLs that mean nothing, or that do not go together; empty ones are this machine's data folder.

    Raises:
        ValueError: which variable is wrong, what it is, and what would fit.
    """
    _check_broker(broker_url)
    _check_database(db_url, broker_url)
    _check_artefacts(artefacts_url)
    if not broker_url.startswith("filesystem"):
        _check_reach(db_url, broker_url, artefacts_url)


def without_password(url: str) -> str:
    """A URL as it may be shown."""
    if url.startswith(("filesystem", "file:")):
        return url
    try:
        return make_url(url).render_as_string()
    except ArgumentError:
        return "no URL"  # it may hold a password anywhere


def folder_of(artefacts_url: str) -> str:
    """The folder that a file:// URL means; empty for any other."""
    parts = urlsplit(artefacts_url)
    return unquote(parts.path) if parts.scheme == "file" else ""


def _check_broker(url: str) -> None:
    if url.partition(":")[0] not in BROKERS:
        raise ValueError(
            f"VITRINE_BROKER_URL is {without_password(url)}: allowed are filesystem:// (a folder of this machine), "
            "redis://host:6379/0 and amqp://user:password@host//, with rediss and amqps for TLS"
        )


def _check_database(url: str, broker_url: str) -> None:
    scheme = url.partition(":")[0] or "sqlite"
    if scheme not in DATABASES:
        raise ValueError(
            f"VITRINE_DB_URL begins with {scheme!r:.40}: allowed are sqlite:///path and "
            "postgresql+psycopg://user:password@host/database"
        )
    if scheme == "sqlite" and not broker_url.startswith("filesystem"):
        raise ValueError(
            f"VITRINE_BROKER_URL is {without_password(broker_url)} but the database is SQLite, which other "
            f"machines cannot share: set VITRINE_DB_URL={FITTING['VITRINE_DB_URL']} as well"
        )


def _check_artefacts(url: str) -> None:
    if not url:
        return
    parts = urlsplit(url)
    whole = parts.scheme == "s3" and parts.netloc and "@" not in parts.netloc
    if whole or (folder_of(url).strip("/") and not parts.netloc):
        return
    # Keys come by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, never in the URL: this one is shown.
    raise ValueError(
        f"VITRINE_ARTEFACTS_URL begins with {parts.scheme!r:.40} or names no place: allowed are s3://bucket/prefix "
        "(keys and endpoint by AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_ENDPOINT_URL) and file:///folder"
    )


def _check_reach(db_url: str, broker_url: str, artefacts_url: str) -> None:
    """Where database or broker is another machine, workers may be elsewhere too: a folder here will not do."""
    for name, url in (("VITRINE_BROKER_URL", broker_url), ("VITRINE_DB_URL", db_url)):
        if not _is_here(_parsed(name, url)) and not artefacts_url:
            raise ValueError(
                f"{name} is {without_password(url)}, which workers on other machines reach, but artefacts are kept "
                "in a folder of this machine: set VITRINE_ARTEFACTS_URL=s3://bucket/prefix, or file:///folder for a "
                "folder that every machine mounts there"
            )


def _parsed(name: str, url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError):  # the latter for a port that is no number
        raise ValueError(f"{name} is no URL: {FITTING[name]} is what one looks like") from None


def _is_here(url: URL) -> bool:
    host = str(url.host or url.query.get("host") or "")
    return not host or host.startswith("/") or host in (*LOOPBACK, socket.gethostname())
