"""A cable between two programs that a test can pull out and put back."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Cable:
    """Forwards every connection to a port, from a port of its own.

    While it is cut, nothing is forwarded and nobody is told: neither side sees its connection end, as when packets are
    dropped. What was sent meanwhile arrives when the cable is whole again.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._whole = threading.Event()
        self._whole.set()
        self._closed = False
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._start(self._accept)

    def cut(self) -> None:
        self._whole.clear()

    def mend(self) -> None:
        self._whole.set()

    def close(self) -> None:
        self._closed = True
        self.mend()
        self._listening.close()

    def _start(self, target: object, *arguments: object) -> None:
        threading.Thread(target=target, args=arguments, daemon=True).start()  # type: ignore[arg-type]

    def _accept(self) -> None:
        while not self._closed:
            try:
                near, _ = self._listening.accept()
            except OSError:  # closed
                return
            self._start(self._join, near)

    def _join(self, near: socket.socket) -> None:
        self._whole.wait()
        try:
            far = socket.create_connection(("127.0.0.1", self._target), timeout=5)
        except (
            OSError
        ):  # nobody is there: the near side must hear that, as from the server's machine
            near.close()
            return
        with near, far, suppress(OSError):
            while not self._closed:
                ready, _, _ = select.select([near, far], [], [], 0.2)
                for source in ready:
                    content = source.recv(1 << 16)
                    self._whole.wait()
                    if not content:
                        return
                    (far if source is near else near).sendall(content)


@contextmanager
def cable(port: int) -> Iterator[Cable]:
    """A cable to a port of this machine."""
    made = Cable(port)
    try:
        yield made
    finally:
        made.close()
