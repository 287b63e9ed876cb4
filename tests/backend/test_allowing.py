"""Where webhooks may go, and every way round that we know of."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import Any

import pytest

from backend import posting
from backend.allowing import addresses, allowed, check, is_public, target_of

HOSTS = "hooks.example.org,chat.intern:8443,localhost:9000,[::1]:9001,10.1.0.0/16"


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("https://hooks.example.org/a?b=c", "hooks.example.org", 443, "/a?b=c"),
        ("https://HOOKS.example.org:443", "hooks.example.org", 443, "/"),
        ("https://chat.intern:8443/", "chat.intern", 8443, "/"),
        ("http://localhost:9000/x", "localhost", 9000, "/x"),
        ("http://[::1]:9001/x", "::1", 9001, "/x"),
    ],
)
def test_what_is_on_the_list_may_be_told(url: str, host: str, port: int, path: str) -> None:
    check([url], HOSTS)
    found = target_of(url)
    assert (found.host, found.port, found.path) == (host, port, path)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://evil.example.org/", "does not name: add evil.example.org"),
        ("https://hooks.example.org:8443/", "does not name: add hooks.example.org:8443"),
        ("https://chat.intern/", "does not name"),
        ("https://hooks.example.org.evil.org/", "does not name"),
        ("https://evilhooks.example.org/", "does not name"),
        ("https://hooks.example.org@evil.org/", "names no user"),
        ("https://user:word@hooks.example.org/", "names no user"),
        ("https://evil.org\\@hooks.example.org/", "without spaces and backslashes"),
        ("https://evil.org\t.hooks.example.org/", "without spaces"),
        ("https://hooks.example.org./", "is a name or an address"),
        ("https://hooks。example.org/", "plain ASCII"),
        ("https://hooks.example.org/#@evil", "no fragment"),
        ("http://hooks.example.org/", "begins with https"),
        ("ftp://hooks.example.org/", "begins with https"),
        ("file:///etc/passwd", "begins with https"),
        ("//hooks.example.org/", "begins with https"),
        ("http://127.0.0.1:9000/", "does not name: add 127.0.0.1:9000"),
        ("http://[::ffff:127.0.0.1]:9000/", "does not name: add 127.0.0.1:9000"),
        ("http://2130706433:9000/", "is a name or an address"),
        ("http://127.1:9000/", "is a name or an address"),
        ("http://0x7f.0.0.1:9000/", "is a name or an address"),
        ("http://0177.0.0.1:9000/", "is a name or an address"),
        ("http://localhost:9001/", "does not name"),
        ("http://localhost/", "does not name"),
        ("https://10.1.2.3/", "does not name"),
        ("https://[fe80::1%25eth0]/", "is a name or an address"),
        ("https://hooks.example.org:99999/", "no URL"),
        ("https://[::1/", "no URL"),
        ("https:///path", "is a name or an address"),
    ],
)
def test_what_is_not_on_the_list_is_refused_by_its_host(url: str, words: str) -> None:
    with pytest.raises(ValueError, match="webhook") as refused:
        check([url], HOSTS)
    assert words in str(refused.value)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    "entry", ["*", "*.example.org", "https://x.org", "a b", "2130706433", "10.1.0.1/16", "x.org:"]
)
def test_an_entry_of_the_list_that_is_none_is_named(entry: str) -> None:
    with pytest.raises(ValueError, match=r"is no network|are allowed, got") as refused:
        allowed(f"hooks.example.org,{entry}")
    assert entry in str(refused.value)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("::7f00:1", False),  # compatible with IPv4, long out of use
        ("fe80::1", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("2002:7f00:1::", False),  # 6to4 of 127.0.0.1
        ("64:ff9b::7f00:1", False),  # NAT64 of it
        ("64:ff9b:1::a00:1", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(ip_address(address)) is public


def answers(monkeypatch: pytest.MonkeyPatch, *rounds: list[str]) -> list[int]:
    """Let names point to these addresses, other ones each time somebody asks."""
    asked: list[int] = []

    def look(_host: str, port: int, **_more: Any) -> list[Any]:
        found = rounds[min(len(asked), len(rounds) - 1)]
        asked.append(port)
        return [(0, 0, 0, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", look)
    return asked


@pytest.mark.parametrize(
    "points_to",
    [
        ["127.0.0.1"],
        ["::ffff:127.0.0.1"],
        ["93.184.216.34", "10.0.0.1"],
        ["169.254.169.254"],
        ["fe80::1%eth0"],
    ],
)
def test_a_name_that_points_inside_is_refused(
    points_to: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, points_to)
    with pytest.raises(ValueError, match=r"hooks\.example\.org points to .*, which is not allowed"):
        addresses(target_of("https://hooks.example.org/"), allowed(HOSTS))


def test_a_network_on_the_list_allows_its_private_addresses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers(monkeypatch, ["10.1.2.3"])
    assert addresses(target_of("https://chat.intern:8443/"), allowed(HOSTS)) == ["10.1.2.3"]


def test_http_stays_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, ["93.184.216.34"])
    with pytest.raises(ValueError, match="localhost points to"):
        addresses(target_of("http://localhost:9000/"), allowed(HOSTS))


def test_the_address_that_was_checked_is_the_one_that_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = answers(monkeypatch, ["93.184.216.34"], ["127.0.0.1"])  # the name is bound anew
    reached: list[Any] = []

    def connect(place: tuple[str, int], _timeout: float) -> socket.socket:
        reached.append(place)
        raise ConnectionRefusedError("nobody there")

    monkeypatch.setattr(socket, "create_connection", connect)
    url = "https://hooks.example.org/"
    assert "nobody there" in posting.post(url, {"event": "x"}, "1", "s", allowed(HOSTS))
    assert reached == [("93.184.216.34", 443)]
    assert asked == [443], "the name was asked once"
    assert "127.0.0.1, which is not allowed" in posting.post(
        url, {"event": "x"}, "1", "s", allowed(HOSTS)
    )
    assert len(reached) == 1


def test_who_answers_without_a_certificate_for_the_name_is_not_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setattr(posting, "WHOLE_S", 0.2)
        listed = allowed(f"localhost:{port}")
        problem = posting.post(f"https://localhost:{port}/", {"event": "x"}, "1", "s", listed)
        with server.accept()[0] as connection:
            assert b"event" not in connection.recv(10_000), "only a greeting of TLS"
    assert "it took longer than 0.2 s" in problem
