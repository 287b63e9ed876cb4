"""Machines of their own as far as the network goes: namespaces of Linux, each joined to a bridge by a virtual cable.

What is cut here is the cable itself: packets are lost below TCP, so that the kernels' own timeouts and the keep-alives of
both sides decide what happens, not a program that forwards.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cache


@dataclass
class Wire:
    """The cable of one namespace.

    Attributes:
        within: the beginning of a command that is to run in the namespace.
    """

    port: str
    within: tuple[str, ...]

    def cut(self) -> None:
        _ip("link", "set", self.port, "down")

    def mend(self) -> None:
        _ip("link", "set", self.port, "up")


@dataclass
class Network:
    """A bridge of this machine with an address that namespaces reach, if their cable is whole."""

    name: str
    prefix: str

    @property
    def host(self) -> str:
        return f"{self.prefix}.1"


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, timeout=30)


@cache
def why_not() -> str:
    """Why there can be no network here; empty if there can."""
    if os.geteuid() != 0 or not shutil.which("ip"):
        return "network namespaces need root and `ip` (Debian: apt-get install iproute2)"
    try:
        with network() as made, namespace(made, 9):
            return ""
    except subprocess.CalledProcessError as error:
        return f"no network namespace can be made here: {error.stderr.decode().strip()}"


@contextmanager
def network() -> Iterator[Network]:
    """A bridge with an address, gone at the end."""
    number = os.getpid() % 60_000
    made = Network(f"vt{number}", f"10.{200 + number // 15_000}.{number % 250}")
    with ExitStack() as stack:
        _ip("link", "add", made.name, "type", "bridge")
        stack.callback(_away, "link", "del", made.name)
        _ip("addr", "add", f"{made.host}/24", "dev", made.name)
        _ip("link", "set", made.name, "up")
        yield made


@contextmanager
def namespace(network: Network, number: int) -> Iterator[Wire]:
    """A namespace with an address of that number in the network; gone at the end with all that ran in it."""
    name, ours, theirs = (
        f"{network.name}-{number}",
        f"{network.name}o{number}",
        f"{network.name}i{number}",
    )
    with ExitStack() as stack:
        _ip("netns", "add", name)
        stack.callback(_away, "netns", "del", name)
        _ip("link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", name)
        stack.callback(_away, "link", "del", ours)
        _ip("link", "set", ours, "master", network.name, "up")
        _ip("-n", name, "addr", "add", f"{network.prefix}.{10 + number}/24", "dev", theirs)
        for device in ("lo", theirs):
            _ip("-n", name, "link", "set", device, "up")
        yield Wire(ours, ("ip", "netns", "exec", name))


def _away(*arguments: str) -> None:
    with suppress(subprocess.CalledProcessError):
        _ip(*arguments)
