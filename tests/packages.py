"""Programs that tests need from the distribution's packages: installed where that is allowed, told where it is not."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

from tests import servers

log = logging.getLogger(__name__)


def install(*packages: str) -> None:
    """Install packages by apt, where there is one and we may; whoever needs them looks whether they are there."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return
    # In run level 1 no package starts its service: tests start servers of their own.
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    subprocess.run(["apt-get", "update", "-qq"], check=False)
    subprocess.run(
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages],
        check=False,
        stdout=subprocess.DEVNULL,
        env=environment,
    )


def missing(wanted: Sequence[str]) -> dict[str, str]:
    """Why a server of the integration tests cannot be started, by its name."""
    reasons = {name: servers.why_not(name) for name in wanted}
    return {name: reason for name, reason in reasons.items() if reason}


def main(wanted: Sequence[str]) -> None:
    """Install those of the wanted servers that are missing; under CI, one that cannot be had is an error."""
    if absent := missing(wanted):
        log.warning("Installing servers for the integration tests: %s", ", ".join(absent))
        install(*(servers.PACKAGES[name] for name in absent))
    left = missing(wanted)
    for reason in left.values():
        log.error("%s: its tests are skipped", reason)
    sys.exit(1 if left and os.environ.get("CI") else 0)


if __name__ == "__main__":
    logging.basicConfig(format="%(message)s")
    main(sys.argv[1:] or list(servers.PACKAGES))
