"""A run as a terminal follows it: one line that changes, or plain lines where there is no terminal."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from typing import Any, TextIO

from app.asking import Away, Studio
from app.printing import MARKS, cut, duration, number, plain, status

EVERY_S = 0.5
QUEUED_S = 1.0
AWAY_S = 3.0
SAY_S = 10.0
"""Without a terminal, a line at most so often while nothing but the progress changes."""
CURVES = 3
BAR = 20


class Line:
    """What is being done now, on the terminal's last line or as lines of their own."""

    def __init__(self, out: TextIO) -> None:
        self.out = out
        self.changes = out.isatty()
        self._key = self._text = ""
        self._said_at = 0.0
        self._drawn = False

    def show(self, text: str, key: str) -> None:
        """Say where things are; `key` is what must differ for a line of its own at once."""
        if self.changes:
            columns = shutil.get_terminal_size().columns - 1
            self.out.write(f"\r\x1b[K{cut(text, columns)}")
            self._drawn = True
        elif key != self._key or (text != self._text and time.monotonic() - self._said_at >= SAY_S):
            self.out.write(f"{text}\n")
            self._said_at, self._text = time.monotonic(), text
        self._key = key
        self.out.flush()

    def say(self, text: str) -> None:
        """A line that stays."""
        self.clear()
        self.out.write(f"{text}\n")
        self.out.flush()

    def clear(self) -> None:
        if self._drawn:
            self.out.write("\r\x1b[K")
            self._drawn = False
            self.out.flush()


def follow(studio: Studio, run: dict[str, Any], line: Line | None) -> dict[str, Any]:
    """The run once it has ended; `line` shows the way there, None waits in silence."""
    cursor, curves = "", dict[str, float]()
    while not run["finished"]:
        try:
            live = studio.get(f"runs/{run['id']}/live", after=cursor)
        except Away as error:
            if line:
                line.show(f"{error}; trying again", "away")
            time.sleep(AWAY_S)
            continue
        cursor = live["cursor"]
        curves |= {name: points[-1][1] for name, points in live["series"].items() if points}
        if line:
            for event in live["events"]:
                if event["level"] != "info":
                    line.say(f"  {event['level']}: {plain(event['message'])}")
            if not live["finished"]:
                line.show(" · ".join(_reading(live, curves)), f"{live['status']} {live['attempt']}")
        if live["finished"]:
            run = studio.get(f"runs/{run['id']}")
        else:
            time.sleep(QUEUED_S if live["status"] == "queued" else EVERY_S)
    if line:
        line.clear()
    return run


def _reading(live: dict[str, Any], curves: dict[str, float]) -> Iterator[str]:
    """Pieces of the line: state, progress, speed, time left, what the curves say last."""
    yield status(live)
    if live["status"] == "queued":
        place = live["queue_position"]
        yield "next in the queue" if place == 0 else f"{place} before it"
        if live["waiting_for"]:
            yield plain(live["waiting_for"])
        return
    if live["total"]:
        full = round(BAR * live["fraction"])
        yield f"{'█' * full}{'░' * (BAR - full)} {100 * live['fraction']:.0f} %"
        if live["total"] != 1:  # 1: work that has no steps to count
            yield f"{number(live['done'])} / {number(live['total'])} steps"
            if live["speed"]:
                yield f"{live['speed']:.3g} steps/s"
    yield (
        f"{duration(live['seconds_left'])} left"
        if live["seconds_left"] is not None
        else (f"{duration(live['elapsed'])} so far")
    )
    yield from (f"{name} {number(value)}" for name, value in list(curves.items())[:CURVES])
    if live["message"]:
        yield plain(live["message"])


def result(run: dict[str, Any], link: str) -> Iterator[str]:
    """How a run ended: its state, summary, metrics, or why it failed, and where to see it."""
    took = ""
    if run["started_at"] and run["finished_at"]:
        took = f" after {duration(run['finished_at'] - run['started_at'])}"
    yield f"{MARKS[run['status']]} {run['status']}{took}: {plain(run['title'] or run['method'])}"
    if run["status"] == "failed":
        yield f"  {run['error_type']}: {plain(run['error'])}"
    if run["summary"]:
        yield f"  {plain(run['summary'])}"
    wide = max(map(len, run["metrics"]), default=0)
    yield from (f"  {name:<{wide}}  {number(value)}" for name, value in run["metrics"].items())
    yield f"  {link}"


def goes_on(runs: list[dict[str, Any]]) -> None:
    """Say after a Ctrl-C that nothing was cancelled."""
    names = " ".join(run["id"] for run in runs)
    many = len(runs) > 1
    print(
        f"\nthe {'runs go' if many else 'run goes'} on. See {'them' if many else 'it'}: vitrine watch {names}"
        f"\n{' ' * (16 if many else 17)}Cancel: vitrine cancel {names}",
        file=sys.stderr,
    )
