"""How often an address may fail to log in."""

from __future__ import annotations

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address

FAILURES = 10
WITHIN_S = 60.0
ADDRESSES = 10_000
"""Addresses that are remembered; of more, those that failed longest ago are forgotten."""


@dataclass
class Throttle:
    """Failures of each address, within the last minute; of this process only, as long as it lives."""

    clock: Callable[[], float] = time.monotonic
    failures: OrderedDict[str, deque[float]] = field(default_factory=OrderedDict)

    def wait_s(self, address: str) -> int:
        """Whole seconds until an address may try again; 0 if it may now."""
        times = self.failures.get(_network(address))
        if times is None or len(times) < FAILURES:
            return 0
        return max(0, math.ceil(times[0] + WITHIN_S - self.clock()))

    def failed(self, address: str) -> None:
        """Remember a failure."""
        times = self.failures.setdefault(_network(address), deque(maxlen=FAILURES))
        times.append(self.clock())
        self.failures.move_to_end(_network(address))
        if len(self.failures) > ADDRESSES:
            self.failures.popitem(last=False)


def _network(address: str) -> str:
    """An address; of IPv6 the network of 64 bits, all of which one machine may use."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(int(found) >> 64) if isinstance(found, IPv6Address) else address
