"""Finds a Chromium for the browser tests: one that is there, else the distribution's package, else Playwright's."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable

from tests.packages import install

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
"""No sandbox, since tests run as root in containers; none of a browser's own errands over the network."""
log = logging.getLogger(__name__)


def find() -> str | None:
    """Path of a Chromium: `VITRINE_CHROMIUM`, one on the PATH, or the one Playwright has installed."""
    given = os.environ.get("VITRINE_CHROMIUM")
    if given:
        return given
    on_path = next(filter(None, map(shutil.which, NAMES)), None)
    return on_path or _playwrights()


def _playwrights() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if os.path.exists(path) else None


def _from_distribution() -> None:
    install("chromium")


def _from_playwright() -> None:
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def main() -> None:
    """Install what is missing; under CI, a missing browser is an error."""
    ways: list[Callable[[], None]] = [_from_distribution, _from_playwright]
    while find() is None and ways:
        log.warning("No Chromium for the browser tests yet: installing one")
        ways.pop(0)()
    if find() is None:
        log.error("No Chromium could be found or installed; set VITRINE_CHROMIUM to one")
        sys.exit(1 if os.environ.get("CI") else 0)


if __name__ == "__main__":
    logging.basicConfig(format="%(message)s")
    main()
