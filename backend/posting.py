"""One POST to a webhook: signed, to the address that was checked, no redirect followed, and over soon."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import socket
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from threading import Timer
from typing import Any

from backend.allowing import Allowed, Target, addresses, target_of
from storage.models import now

CONNECT_S = 5.0
WHOLE_S = 10.0
"""Once connected, a receiver has so long to take the message, however it spends the time."""
MOST_PLACES = 3


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What `X-Vitrine-Signature` says: "sha256=" and HMAC-SHA256(secret, timestamp + "." + body) in hexadecimal.

    A receiver computes it anew, compares in constant time, and refuses timestamps (seconds, `X-Vitrine-Timestamp`) that are
    old: then nobody else can have sent it, nor sent it again.
    """
    signed = timestamp.encode() + b"." + body
    return f"sha256={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


def post(url: str, message: Mapping[str, Any], key: str, secret: str, listed: Allowed) -> str:
    """Send a message.

    Args:
        key: the same for every try of one message, so that a receiver can tell a repetition.
    Returns:
        "" if it was taken (any 2xx), else why not, without the URL's path.
    """
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
    timestamp = str(int(now()))
    headers = {
        "content-type": "application/json",
        "user-agent": "Vitrine",
        "x-vitrine-event": str(message["event"]),
        "x-vitrine-delivery": key,
        "x-vitrine-timestamp": timestamp,
        "x-vitrine-signature": signature(secret, timestamp, body),
    }
    try:
        target = target_of(url)
        status = _status(target, addresses(target, listed), headers, body)
    except (OSError, ValueError, http.client.HTTPException) as error:
        return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if 200 <= status < 300:
        return ""
    return f"it answered {status}" + (
        ", and no redirect is followed" if 300 <= status < 400 else ""
    )


class _Connection(http.client.HTTPConnection):
    """To one of the given addresses, whatever the host's name may point to by now."""

    def __init__(self, target: Target, places: Sequence[str]) -> None:
        self.default_port = 443 if target.scheme == "https" else 80
        super().__init__(target.host, target.port, timeout=CONNECT_S)
        self.target = target
        self.places = places
        self.late = False
        # Time limits are for each wait: one who sends a byte a second would hold us for hours.
        self.timer = Timer(WHOLE_S, self._end)
        self.timer.daemon = True

    def connect(self) -> None:
        self.sock = self._reached()
        self.timer.start()
        if self.target.scheme == "https":
            context = ssl.create_default_context()
            name = self.target.host
            self.sock = context.wrap_socket(
                self.sock, server_hostname=name, do_handshake_on_connect=False
            )
            self.sock.do_handshake()

    def _reached(self) -> socket.socket:
        problem: OSError | None = None
        for place in self.places:
            try:
                return socket.create_connection((place, self.target.port), CONNECT_S)
            except OSError as error:
                problem = error
        raise problem or OSError("it has no address")

    def _end(self) -> None:
        """Let whoever waits for the other side wait no longer."""
        self.late = True
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)


def _status(target: Target, places: Sequence[str], headers: Mapping[str, str], body: bytes) -> int:
    connection = _Connection(target, places[:MOST_PLACES])
    try:
        connection.request("POST", target.path, body, dict(headers))
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        if connection.late:
            raise TimeoutError(f"it took longer than {WHOLE_S:g} s") from None
        raise
    finally:
        connection.timer.cancel()
        connection.close()
