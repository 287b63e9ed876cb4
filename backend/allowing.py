"""Where webhooks may go: only to hosts that an allow-list names, and only to addresses that are public or named there.

Whoever chooses a URL could else have this machine ask its neighbours, which trust it: a router, a metadata service, a
database. A name proves nothing (it may point anywhere, and elsewhere a moment later), so what it points to is checked, and
`backend.posting` connects to the very address that was checked.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from urllib.parse import urlsplit

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
PORTS = {"https": 443, "http": 80}
LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
NAME = re.compile(rf"(?=.{{1,253}}\Z)({LABEL}\.)*[a-z]([a-z0-9-]{{0,61}}[a-z0-9])?\Z")
"""The last label begins with a letter: "127.1", "2130706433" and "0x7f.1" are addresses in disguise."""
ENTRY = re.compile(r"(\[[0-9a-f:.]+\]|[^:\[\]]+)(?::([0-9]{1,5}))?\Z")
TRANSLATED = ip_network("64:ff9b::/32")
"""Gateways turn these into IPv4 addresses, private ones among them."""


@dataclass(frozen=True)
class Target:
    """The parts of a URL that may be asked; `host` has neither brackets nor capitals."""

    scheme: str
    host: str
    port: int
    path: str


def target_of(url: str) -> Target:
    """Take a webhook's URL apart.

    Raises:
        ValueError: it is none that could be allowed; the message does not repeat the path, which may be a secret.
    """
    if not url.isascii() or re.search(r"[\s\\]", url) or not url.isprintable():
        raise ValueError("a webhook has plain ASCII letters alone, without spaces and backslashes")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ValueError(f"a webhook is no URL: {error}") from None
    if parts.scheme not in PORTS:
        raise ValueError(f"a webhook begins with https://, got {parts.scheme!r:.20}")
    if "@" in parts.netloc or parts.fragment:
        raise ValueError(f"a webhook names no user and no fragment, got one for {host!r:.80}")
    address = literal(host)
    if address is None and not NAME.match(host):
        raise ValueError(f"a webhook's host is a name or an address, got {host!r:.80}")
    host = str(address) if address else host
    if parts.scheme == "http" and not _is_loopback(host, address):
        raise ValueError(
            f"a webhook of {host} begins with https://: http is for this machine alone"
        )
    path = parts.path or "/"
    return Target(
        parts.scheme,
        host,
        PORTS[parts.scheme] if port is None else port,
        f"{path}?{parts.query}" if parts.query else path,
    )


def literal(host: str) -> Address | None:
    """The address that a host is, if it is one; one of IPv4 in IPv6's clothes is that of IPv4."""
    try:
        return None if "%" in host else _bare(ip_address(host))
    except ValueError:
        return None


def _bare(address: Address) -> Address:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_loopback(host: str, address: Address | None) -> bool:
    return address.is_loopback if address else host == "localhost"


@dataclass(frozen=True)
class Allowed:
    """An allow-list, read.

    Attributes:
        hosts: (name or address, port), where a port that was not named is None: the scheme's own.
        networks: addresses that any of the hosts may point to, though they are private.
    """

    hosts: frozenset[tuple[str, int | None]]
    networks: tuple[Network, ...]

    def names(self, target: Target) -> bool:
        """Whether the host, with this port, is on the list."""
        own = target.port == PORTS[target.scheme]
        return (target.host, target.port) in self.hosts or (
            own and (target.host, None) in self.hosts
        )

    def reaches(self, target: Target, address: Address) -> bool:
        """Whether a connection to an address is allowed that a host on the list points to.

        This machine, where it is on the list, is so for itself alone: no other name may point to it.
        """
        itself = address.is_loopback if target.host == "localhost" else target.host == str(address)
        named = any(address in network for network in self.networks)
        return named or itself or (is_public(address) and target.scheme == "https")


def is_public(address: Address) -> bool:
    """Whether an address is one of the internet's at large, and nothing of IPv4 is hidden in it."""
    hidden = isinstance(address, IPv6Address) and (
        address.sixtofour or address.teredo or address in TRANSLATED
    )
    special = address.is_multicast or address.is_reserved or hidden
    return address.is_global and not special


@lru_cache(maxsize=8)
def allowed(entries: str) -> Allowed:
    """Read an allow-list: "hooks.example.org,chat.intern:8443,10.1.0.0/16,localhost:9000".

    Raises:
        ValueError: names the entry that is none.
    """
    hosts: set[tuple[str, int | None]] = set()
    networks: list[Network] = []
    for entry in [part.strip().lower() for part in entries.split(",") if part.strip()]:
        if "/" in entry:
            networks.append(_network(entry))
            continue
        bare = literal(entry)  # an address of IPv6 may stand without brackets where no port follows
        found = ENTRY.match(entry)
        host, port = (entry, None) if bare or not found else found.groups()
        address = literal(host.strip("[]"))
        if address is None and not NAME.match(host):
            raise ValueError(
                f"hosts such as hooks.example.org, host:8443 and networks such as 10.1.0.0/16 are allowed, got {entry!r:.80}"
            )
        hosts.add((str(address or host), int(port) if port else None))
    return Allowed(frozenset(hosts), tuple(networks))


def _network(entry: str) -> Network:
    try:
        return ip_network(entry)
    except ValueError as error:
        raise ValueError(f"{entry!r:.80} is no network: {error}") from None


def check(urls: Sequence[str], entries: str) -> None:
    """Refuse a webhook that could never be sent.

    Raises:
        ValueError: says which, by its host, and what would allow it.
    """
    listed = allowed(entries)
    for url in urls:
        target = target_of(url)
        if not listed.names(target):
            raise ValueError(
                f"a webhook goes to {target.host}:{target.port}, which VITRINE_WEBHOOK_HOSTS does not name: "
                f"add {target.host if target.port in PORTS.values() else f'{target.host}:{target.port}'}"
            )


def addresses(target: Target, listed: Allowed) -> list[str]:
    """What a host points to now, each address allowed.

    Raises:
        ValueError: the host is not on the list, or points to an address that is not allowed.
        OSError: nobody knows the name.
    """
    if not listed.names(target):
        raise ValueError(f"{target.host}:{target.port} is not on the list of allowed hosts")
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    known = [_bare(ip_address(str(entry[4][0]).partition("%")[0])) for entry in found]
    for address in known:
        # One that is not allowed spoils all: who answers for a name must not choose among them.
        if not listed.reaches(target, address):
            raise ValueError(f"{target.host} points to {address}, which is not allowed")
    return list(dict.fromkeys(map(str, known)))
