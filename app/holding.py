"""What one studio holds for itself: its port, and its data folder."""

from __future__ import annotations

import fcntl
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from backend.settings import CannotStart, Settings


def listen(settings: Settings) -> socket.socket:
    """A socket that listens where the settings say.

    Raises:
        CannotStart: the address cannot be bound.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # Said to be TCP, or asyncio does not know it and leaves Nagle's algorithm on: an answer of two packets then waits
    # 40 ms for the other side's acknowledgement.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise CannotStart(
            f"cannot listen on {settings.host}:{settings.port} ({error.strerror}); "
            "stop what is there, or choose another with VITRINE_PORT"
        ) from None
    return listening


@contextmanager
def sole_owner(settings: Settings) -> Iterator[None]:
    """Hold the data folder for this supervisor alone.

    Raises:
        CannotStart: another one has it, or it cannot be written.
    """
    try:
        settings.root.mkdir(parents=True, exist_ok=True)
        file = (settings.root / "supervisor.lock").open("w")
    except OSError as error:
        raise CannotStart(
            f"the data folder {settings.root} cannot be written ({error.strerror}); "
            "make it writable, or set VITRINE_DATA_DIR to a folder that is"
        ) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(
                f"another studio already runs on {settings.root}; stop it, or set VITRINE_DATA_DIR"
            ) from None
        yield
