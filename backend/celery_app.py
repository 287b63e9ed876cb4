"""The Celery application. A message says "look at this queue", no more; the run row is the truth."""

from __future__ import annotations

from typing import Any

from celery import Celery

from backend import broker
from backend.settings import Settings, settings

WEEK_S = 7 * 24 * 3600
AWAY_S = 10


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
        broker_connection_max_retries=None,  # a worker waits for its broker as long as that takes
        result_backend=None,
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_default_queue="cpu",
        task_serializer="json",
        accept_content=["json"],
        worker_prefetch_multiplier=1,
        # RabbitMQ's: a worker that computes sends none, and would be cut off for it. TCP's own keep-alive finds the lost.
        broker_heartbeat=0,
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
        return {
            # Redis hands a message out again when it was not acknowledged for this long: longer than any run.
            "visibility_timeout": WEEK_S,
            # Without these, a server that is cut off is waited for until the system gives up: hours.
            "socket_timeout": AWAY_S,
            "socket_connect_timeout": AWAY_S / 2,
            "socket_keepalive": True,
            "health_check_interval": AWAY_S,
        }
    return {"read_timeout": AWAY_S, "write_timeout": AWAY_S}


app = make_app(settings())


def wake(queue: str) -> None:
    """Tell a worker of this queue to look for a run.

    Raises:
        kombu.exceptions.OperationalError, OSError: the broker cannot be reached or written.
    """
    # Once more at once, since a connection of the pool may be one that the server has closed since.
    again = {"max_retries": 1, "interval_start": 0}
    app.send_task("vitrine.execute_next", args=[queue], queue=queue, retry=True, retry_policy=again)
