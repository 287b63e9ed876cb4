"""Tells webhooks that runs have ended: a thread an address in the web process, fed by the outbox in the database.

A message goes once its receiver has taken it. A restart, or a web process that dies while it sends, loses none; only then may
a receiver get one twice, with the same `X-Vitrine-Delivery`.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import threading
from urllib.parse import urlsplit

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from backend import posting
from backend.allowing import allowed
from backend.settings import settings
from storage import db, outbox
from storage.models import Event, Run
from storage.outbox import Delivery

log = logging.getLogger(__name__)
LOOK_S = 1.0
LEASE_S = 60.0
"""Longer than any try takes: then whoever had it is gone."""
WAITS_S = (10.0, 60.0, 300.0, 1800.0, 7200.0, 21600.0)
"""Between tries; after the last one it is given up."""


class Courier:
    """Sends what is due, until stopped."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._loop, args=(url,), name="webhook", daemon=True)
            for url in settings().webhook_urls
        ]

    def start(self) -> None:
        """Say in the database where to send, and begin."""
        with db.writing(settings().database_url) as session:
            outbox.register(session, settings().webhook_urls)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Begin nothing any more; what is under way is left to its time limit, and repeated if it did not arrive."""
        self._stop.set()

    def _loop(self, url: str) -> None:
        while not self._stop.wait(LOOK_S):
            try:
                while not self._stop.is_set() and deliver_next(url):
                    pass
            except SQLAlchemyError as error:
                log.warning("the webhooks wait, the database does not answer: %s", error)
            except Exception:  # without this thread nothing would be told until the next start
                log.exception("a webhook met what nobody expected, and waits")


def deliver_next(url: str) -> bool:
    """Send what is due to an address, the oldest; whether there was anything."""
    with db.reading(settings().database_url) as session:
        found = outbox.due(session, url)
    if found is None:
        return False
    with db.writing(settings().database_url) as session:
        if not outbox.take(session, found, LEASE_S):
            return True  # another process has it
    message = {**found.body, "link": f"{settings().public}/r/{found.run_id}"}
    problem = send(url, message, f"{found.id}-{found.run_id}")
    with db.writing(settings().database_url) as session:
        _settle(session, found, problem)
    return True


def send(url: str, message: dict[str, object], key: str) -> str:
    """Send one message now; "" if it was taken, else why not."""
    return posting.post(url, message, key, secret(), allowed(settings().webhook_hosts))


def _settle(session: Session, found: Delivery, problem: str) -> None:
    known = found.id or 0
    host = urlsplit(found.url).netloc  # all that may be shown of a URL whose path may be a secret
    if not problem:
        outbox.drop(session, known)
    elif found.tries < len(WAITS_S):
        log.info("the webhook of %s did not take run %s: %s", host, found.run_id, problem)
        outbox.postpone(session, known, WAITS_S[found.tries])
    else:
        said = f"the webhook of {host} was told {found.tries + 1} times in vain that this run ended: {problem}"
        log.warning("run %s: %s", found.run_id, said)
        outbox.drop(session, known)
        run = session.get(Run, found.run_id)
        if run is not None:
            session.add(Event(run_id=run.id, attempt=run.attempt, level="warning", message=said))


def secret() -> str:
    """What messages are signed with: the given secret, else one that follows from the studio's and does not reveal it."""
    if settings().webhook_secret:
        return settings().webhook_secret
    return hmac.new(settings().signing_secret().encode(), b"webhooks", hashlib.sha256).hexdigest()
