"""Starts web and workers, starts again what dies, and ends all of them, and only them, when it ends."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from backend import devices
from backend.settings import settings

log = logging.getLogger(__name__)
PROGRAM = [sys.executable, "-m", "app"]
SUPERVISED = "VITRINE_SUPERVISED"
STAY_DOWN = 76
"""Exit code of a child that ended because it was asked to: it is not started again."""
STOP_S = 10.0
LOOK_S = 0.2
QUICK_S = 5.0
"""A child that lived less than this died of something that a restart alone will not mend: wait longer each time."""


@dataclass
class Child:
    """One process of ours: its command, and how it is doing."""

    name: str
    arguments: list[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    quick_deaths: int = 0
    retired: bool = False

    def start(self) -> None:
        # Its own session, so that its whole group can be ended, and a Ctrl-C reaches us alone. Its standard input is a
        # pipe from us: it closes when we are gone, however we went, and the child then ends itself (`end_with_parent`).
        self.process = subprocess.Popen(
            [*PROGRAM, *self.arguments],
            env={**os.environ, SUPERVISED: "1"},
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        self.started_at = time.monotonic()

    def died(self) -> int | None:
        """The exit code, once, if it has ended."""
        code = self.process.poll() if self.process else None
        if code is not None:
            self.kill_group()
            self.process = None
            quick = time.monotonic() - self.started_at < QUICK_S
            self.quick_deaths = self.quick_deaths + 1 if quick else 0
            self.start_at = time.monotonic() + min(30.0, 2.0**self.quick_deaths - 1)
        return code

    def signal(self, number: int) -> None:
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, number)

    def kill_group(self) -> None:
        """End the process and whatever it started that is still there."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)


def children(web: Sequence[str] = ()) -> list[Child]:
    """Web first, with these arguments, then a worker for each GPU and for the CPU."""
    gpus = devices.used_gpus()
    found = [Child("web", ["web", *web])]
    for gpu in gpus:
        found.append(Child(f"worker gpu{gpu.index}", ["worker", "--device", f"gpu{gpu.index}"]))
    for number in range(settings().workers):
        arguments = ["worker", "--device", "cpu", "--number", str(number)]
        if not gpus:
            arguments.append("--also-gpu-queue")
        found.append(Child(f"worker cpu{number or ''}", arguments))
    return found


class Supervisor:
    """Keeps the children running until told to stop."""

    def __init__(self, say: Callable[[str], None], web: Sequence[str] = ()) -> None:
        self._say = say
        self._stop = threading.Event()
        self._children = children(web)

    def names(self) -> str:
        """What it starts, for people."""
        return ", ".join(child.name for child in self._children)

    def run(self) -> None:
        """Start everything and return when everything has ended, after SIGINT or SIGTERM."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self._stop.set())
        for child in self._children:
            child.start()
        try:
            while not self._stop.wait(LOOK_S):
                for child in self._children:
                    self._look_after(child)
        finally:
            self._end()

    def _look_after(self, child: Child) -> None:
        code = child.died()
        if code == STAY_DOWN:
            child.retired = True
            self._say(f"{child.name} was asked to stop and stays down")
        elif code is not None:
            wait = max(0.0, child.start_at - time.monotonic())
            self._say(f"{child.name} ended with code {code}; starting it again in {wait:.0f} s")
        if child.process is None and not child.retired and time.monotonic() >= child.start_at:
            child.start()

    def _end(self) -> None:
        self._say("stopping")
        for child in self._children:
            child.signal(signal.SIGTERM)
        until = time.monotonic() + STOP_S
        for child in self._children:
            if child.process is None:
                continue
            try:
                child.process.wait(timeout=max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                self._say(f"{child.name} did not stop within {STOP_S:.0f} s and is ended")
            child.kill_group()
            child.process.wait()
        self._say("stopped")


def end_with_parent() -> None:
    """In a child: end this process when the supervisor has gone, even if it was killed."""
    if os.environ.get(SUPERVISED) != "1":
        return

    def watch() -> None:
        # Returns nothing when the supervisor's end of the pipe is closed. The buffered reader would keep its lock while
        # it waits, which Python, ending, takes for a fatal error.
        while os.read(sys.stdin.fileno(), 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(STOP_S)
        os.killpg(os.getpgid(0), signal.SIGKILL)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()
