"""A public address for the studio on this machine, through Gradio's tunnel: for whoever can log in, and as long as the studio runs."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from datetime import datetime
from threading import Thread
from urllib.parse import urlsplit

from backend.settings import CannotStart, Settings

HOURS = 72
"""How long Gradio's server keeps an address."""
EVERYWHERE = ("0.0.0.0", "localhost")
NEEDS = "It needs https to api.gradio.app and cdn-media.huggingface.co, and a connection to a server that the first of them names"


def check_public(settings: Settings) -> None:
    """Refuse a tunnel to a studio that lets in whoever comes.

    Raises:
        CannotStart: how it is done instead.
    """
    if settings.auth != "token":
        proxied = (
            " (behind the tunnel everybody comes from this machine, so that a proxy's header could be anybody's)"
            if settings.auth == "proxy"
            else ""
        )
        raise CannotStart(
            f"--public lets anybody on the internet knock, and VITRINE_AUTH is {settings.auth}{proxied}: start it with "
            "VITRINE_AUTH=token, which makes the first account and prints its token; `vitrine accounts add NAME --role viewer` "
            "makes more"
        )
    if settings.offline:
        raise CannotStart(
            "--public needs the network, and VITRINE_OFFLINE=1 says that there is none"
        )


def publish(settings: Settings, say: Callable[[str], None]) -> str:
    """Open the tunnel, and answer to its name.

    Returns:
        The public address; "" where there is none, which was said: the studio goes on without.
    """
    from gradio import networking  # noqa: PLC0415  seconds; the web server has both loaded

    from app.middleware import PUBLIC  # noqa: PLC0415

    host = "127.0.0.1" if settings.host in EVERYWHERE else settings.host
    try:
        address: str = networking.setup_tunnel(
            host, settings.port, secrets.token_urlsafe(32), None, None
        )
    except (
        Exception
    ) as error:  # whatever the network, the download and the tunnel's program make it raise
        reason = str(error).strip().splitlines() or [type(error).__name__]
        say(
            f"there is no public address: {reason[0]} {NEEDS}. The studio goes on at {settings.address}"
        )
        return ""
    PUBLIC.add((urlsplit(address).hostname or "").lower())
    until = datetime.fromtimestamp(time.time() + HOURS * 3600).strftime("%A %d %B, %H:%M")
    say(
        f"public at {address} until {until} ({HOURS} hours), or until the studio stops; a login is needed there too"
    )
    return address


def publish_aside(settings: Settings, say: Callable[[str], None]) -> Thread:
    """The same while the server answers already: a network that drops packets takes a minute to give up."""
    thread = Thread(target=publish, args=(settings, say), name="tunnel", daemon=True)
    thread.start()
    return thread
