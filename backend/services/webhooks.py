"""Webhooks: where ends of runs are told, what still waits, and a message to try them."""

from __future__ import annotations

from urllib.parse import urlsplit

from backend import courier
from backend.services.acting import need
from backend.settings import settings
from backend.views import WebhookView
from storage import db, outbox
from storage.models import new_id, now


def webhooks() -> list[WebhookView]:
    """Where ends of runs are told, by host, as paths may be secrets."""
    with db.reading(settings().database_url) as session:
        waiting = outbox.waiting(session)
    return [
        WebhookView(urlsplit(url).netloc, waiting.get(url, 0)) for url in settings().webhook_urls
    ]


def try_webhooks() -> list[tuple[str, str]]:
    """Send each a message that says it is a trial: (host, why it was not taken, or "")."""
    need("admin")
    message: dict[str, object] = {
        "event": "test",
        "id": "",
        "title": "A trial",
        "at": now(),
        "link": settings().public,
    }
    return [
        (urlsplit(url).netloc, courier.send(url, message, f"test-{new_id()}"))
        for url in settings().webhook_urls
    ]


def webhook_secret() -> str:
    """What receivers check signatures with."""
    need("admin")
    return courier.secret()
