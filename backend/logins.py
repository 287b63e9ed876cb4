"""What the settings may say of who gets in, and which addresses are a proxy's."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from backend.addresses import LOOPBACK

Networks = tuple[IPv4Network | IPv6Network, ...]
HEADER = re.compile(r"[A-Za-z0-9-]{1,60}\Z")


def check(auth: str, host: str, allow_open: bool, header: str, proxies: str) -> None:
    """Refuse settings by which anyone could get in without being meant to.

    Raises:
        ValueError: what is wrong, and what is allowed.
    """
    if host not in LOOPBACK and auth == "none" and not allow_open:
        raise ValueError(
            f"VITRINE_HOST is {host}, which other machines can reach, and anyone there could run things. "
            "There are three ways: VITRINE_AUTH=token, where everybody logs in with a token of their own; VITRINE_AUTH=proxy "
            "behind a proxy that knows who they are; or VITRINE_ALLOW_OPEN=1, which lets everybody in. "
            "(127.0.0.1 behind an SSH tunnel needs none of them.)"
        )
    if not HEADER.match(header):
        raise ValueError(
            f"VITRINE_PROXY_USER_HEADER: a header's name such as X-Forwarded-User is allowed, got {header!r:.80}"
        )
    if auth == "proxy" and not networks(proxies):
        raise ValueError("VITRINE_PROXY_FROM is empty, so the header of no proxy would be believed")
    networks(proxies)


def networks(text: str) -> Networks:
    """Addresses and networks, separated by commas.

    Raises:
        ValueError: one of them is none.
    """
    found = []
    for part in filter(None, map(str.strip, text.split(","))):
        try:
            found.append(ip_network(part))
        except ValueError:
            raise ValueError(
                f"VITRINE_PROXY_FROM: addresses and networks such as 10.0.0.7,10.1.0.0/16 are allowed, got {part!r:.80}"
            ) from None
    return tuple(found)


def is_among(address: str, places: Networks) -> bool:
    """Whether an address lies in one of some networks; what is no address does not."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)  # as a socket for both kinds names one of IPv4
    return any((mapped or found) in place for place in places)
