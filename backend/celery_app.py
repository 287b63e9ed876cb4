"""The Celery application. A message says "look at this queue", no more; the run row is the truth."""

from __future__ import annotations

from typing import Any

from celery import Celery

from backend import broker
from backend.settings import Settings, settings

WEEK_S = 7 * 24 * 3600


def make_app(using: Settings) -> Celery:
    """An application for these settings."""
    url, options = using.broker_url, transport_options(using)
    if using.embedded_broker:
        broker.register()
        url = f"{broker.SCHEME}://localhost"
    app = Celery("vitrine", broker=url, include=["backend.tasks"])
    app.conf.update(
        broker_transport_options=options,
        broker_connection_retry_on_startup=True,
        result_backend=None,
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_default_queue="cpu",
        task_serializer="json",
        accept_content=["json"],
        worker_prefetch_multiplier=1,
        # Cancels go through the database; without remote control the embedded broker needs no fan-out folders.
        worker_enable_remote_control=not using.embedded_broker,
        worker_send_task_events=not using.embedded_broker,
        worker_hijack_root_logger=False,
    )
    return app


def transport_options(using: Settings) -> dict[str, Any]:
    if using.embedded_broker:
        return broker.options(using.broker_dir, using.poll_s)
    if using.broker_url.startswith("redis"):
        # Redis hands a message out again when it was not acknowledged for this long: longer than any run.
        return {"visibility_timeout": WEEK_S}
    return {}


app = make_app(settings())


def wake(queue: str) -> None:
    """Tell a worker of this queue to look for a run.

    Raises:
        kombu.exceptions.OperationalError, OSError: the broker cannot be reached or written.
    """
    app.send_task("vitrine.execute_next", args=[queue], queue=queue, retry=False)
