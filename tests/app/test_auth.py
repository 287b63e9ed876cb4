"""Who gets in: tokens, logins, a proxy's word; and that nobody else does."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from itsdangerous import URLSafeTimedSerializer

from app import login
from app.throttle import Throttle
from backend.settings import settings
from tests.conftest import configure

COOKIE = "vitrine_7860"
RUNS = "/api/v1/runs"
Open = Callable[..., TestClient]


@pytest.fixture
def open_client(
    web: FastAPI,
    studio: ModuleType,
    woken: list[str],
    data_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Open:
    """A browser or script of its own, by default at a studio that takes tokens."""
    monkeypatch.setattr(login, "throttle", Throttle())

    def open_client(
        address: str = "10.9.8.7", base: str = "http://localhost", **more: Any
    ) -> TestClient:
        configure(monkeypatch, data_dir, **{"AUTH": "token", **more})
        return TestClient(web, base_url=base, client=(address, 5000), follow_redirects=False)

    return open_client


def with_token(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def logged_in(client: TestClient, token: str, then: str = "/") -> TestClient:
    answer = client.post("/login", data={"token": token, "next": then})
    assert answer.status_code == 303, answer.text
    return client


# Tokens


def test_a_token_opens_rest_in_its_role(open_client: Open, studio: ModuleType) -> None:
    client = open_client()
    _, token = studio.add_account("ada", "editor")
    assert token.startswith("vt_")
    assert len(token) == 46
    me = client.get("/api/v1/me", headers=with_token(token))
    assert me.json() == {"name": "ada", "role": "editor", "can_log_out": True}
    made = client.post(RUNS, json={"method": "toy.steps"}, headers=with_token(token))
    assert made.status_code == 201
    assert made.json()["owner"] == "ada"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer vt_",
        "Bearer vt_" + "A" * 43,
        "Basic YWRhOnh4",
        "Bearer null",
        "Bearer {token}x",
        "Bearer {short}",
        "Bearer {hash}",
        "Bearer {upper}",
        "Token {token}",
        "{token}",
        "Bearer {token} {token}",
        "Bearer ' OR 1=1 --",
        "Bearer " + "é" * 46,
    ],
)
def test_no_other_token_opens_anything(open_client: Open, studio: ModuleType, header: str) -> None:
    _, token = studio.add_account("ada", "admin")
    forms = {
        "token": token,
        "short": token[:-1],
        "upper": token.swapcase(),
        "hash": hashlib.sha256(token.encode()).hexdigest(),
    }
    sent = header.format(**forms).encode("latin-1")
    answer = open_client().get(RUNS, headers={b"authorization": sent})
    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "Unauthorised"
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_wrong_token_is_not_made_good_by_a_cookie(open_client: Open, studio: ModuleType) -> None:
    client = logged_in(open_client(), studio.add_account("ada", "admin")[1])
    assert client.get(RUNS).status_code == 200
    assert client.get(RUNS, headers=with_token("vt_" + "A" * 43)).status_code == 401


def test_what_a_proxy_in_front_asks_for_takes_no_login_away(
    open_client: Open, studio: ModuleType
) -> None:
    client = logged_in(open_client(), studio.add_account("ada", "admin")[1])
    assert client.get(RUNS, headers={"authorization": "Basic YWRhOnh4"}).status_code == 200


def test_an_account_that_a_proxy_proves_has_no_token(open_client: Open, studio: ModuleType) -> None:
    _, token = studio.add_account("ada", "admin", token=False)
    assert token == ""
    client = open_client()
    for tried in ("", hashlib.sha256(b"").hexdigest()):
        assert client.get(RUNS, headers=with_token(tried)).status_code == 401
    forged = URLSafeTimedSerializer(
        settings().signing_secret(), "login-v1", signer_kwargs={"digest_method": hashlib.sha256}
    ).dumps(["ada", ""])
    assert client.get(RUNS, headers={"cookie": f"{COOKIE}={forged}"}).status_code == 401


@pytest.mark.parametrize("change", ["renew", "remove", "remove and add again"])
def test_renewing_and_removing_end_tokens_and_logins_at_once(
    open_client: Open, studio: ModuleType, change: str
) -> None:
    _, token = studio.add_account("ada", "editor")
    browser = logged_in(open_client(), token)
    assert browser.get(RUNS).status_code == 200
    if change == "renew":
        new = studio.renew_token("ada")
    else:
        studio.remove_account("ada")
        new = studio.add_account("ada", "editor")[1] if "again" in change else ""
    script = open_client()
    assert browser.get(RUNS).status_code == 401
    assert script.get(RUNS, headers=with_token(token)).status_code == 401
    assert script.post("/login", data={"token": token}).status_code == 401
    if new:
        assert script.get(RUNS, headers=with_token(new)).status_code == 200


def test_a_role_changes_in_the_middle_of_a_login(open_client: Open, studio: ModuleType) -> None:
    browser = logged_in(open_client(), studio.add_account("ada", "editor")[1])
    assert browser.post(RUNS, json={"method": "toy.steps"}).status_code == 201
    studio.set_role("ada", "viewer")
    refused = browser.post(RUNS, json={"method": "toy.steps"})
    assert refused.status_code == 403
    assert "needs the role editor, and ada is a viewer" in refused.json()["error"]["message"]
    assert browser.get(RUNS).json()["total"] == 1
    studio.set_role("ada", "admin")
    assert browser.get("/api/v1/audit").status_code == 200


# Logins


def test_the_cookie_of_a_login_is_signed_bound_and_kept_from_scripts(
    open_client: Open, studio: ModuleType
) -> None:
    _, token = studio.add_account("ada", "viewer")
    answer = open_client().post("/login", data={"token": f" {token}\n", "next": "/runs?q=a"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/runs?q=a")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    for part in ("HttpOnly", "SameSite=lax", "Path=/", f"Max-Age={14 * 86_400}"):
        assert part in cookie
    assert "Secure" not in cookie
    assert token not in cookie


@pytest.mark.parametrize(
    ("base", "headers"),
    [("https://localhost", {}), ("http://localhost", {"x-forwarded-proto": "https"})],
)
def test_behind_https_the_cookie_stays_there(
    open_client: Open, studio: ModuleType, base: str, headers: dict[str, str]
) -> None:
    _, token = studio.add_account("ada", "viewer")
    answer = open_client(base=base).post("/login", data={"token": token}, headers=headers)
    assert "Secure" in answer.headers["set-cookie"]


def test_a_forged_cut_or_foreign_cookie_is_nobodys(open_client: Open, studio: ModuleType) -> None:
    _, token = studio.add_account("ada", "admin")
    client = logged_in(open_client(), token)
    good = client.cookies[COOKIE]
    client.cookies.clear()
    row = ["ada", hashlib.sha256(token.encode()).hexdigest()]
    sha256 = {"digest_method": hashlib.sha256}
    secret = settings().signing_secret()
    share = studio.submit("toy.steps", {})
    link = studio.create_share("run", share.id, 1).url.removeprefix("/s/")
    forged = [
        good[:-1],
        good[1:],
        good.rsplit(".", 1)[0],
        good + "A",
        link,
        token,
        "ada",
        "",
        URLSafeTimedSerializer("guess", "login-v1", signer_kwargs=sha256).dumps(row),
        URLSafeTimedSerializer(secret, "share-v1", signer_kwargs=sha256).dumps(row),
        URLSafeTimedSerializer(secret, "login-v1", signer_kwargs=sha256).dumps(["eve", row[1]]),
        URLSafeTimedSerializer(secret, "login-v1", signer_kwargs=sha256).dumps({"name": "ada"}),
        URLSafeTimedSerializer(secret, "login-v1", signer_kwargs=sha256).dumps([["ada"], row[1]]),
        URLSafeTimedSerializer(secret, "login-v1", signer_kwargs=sha256).dumps(["ada", None]),
    ]
    for cookie in forged:
        assert client.get(RUNS, headers={"cookie": f"{COOKIE}={cookie}"}).status_code == 401, cookie
    assert client.get(RUNS, headers={"cookie": f"vitrine={good}"}).status_code == 401
    assert client.get(RUNS, headers={"cookie": f"{COOKIE}={good}"}).status_code == 200


def test_a_login_ends_after_its_days(
    open_client: Open, studio: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = logged_in(open_client(), studio.add_account("ada", "viewer")[1])
    real = URLSafeTimedSerializer.default_signer.get_timestamp
    for days, status in ((13.9, 200), (14.1, 401)):
        later = lambda self, days=days: real(self) + int(days * 86_400)  # noqa: E731
        monkeypatch.setattr(URLSafeTimedSerializer.default_signer, "get_timestamp", later)
        assert browser.get(RUNS).status_code == status


def test_logging_out_takes_the_cookie_away(open_client: Open, studio: ModuleType) -> None:
    browser = logged_in(open_client(), studio.add_account("ada", "viewer")[1])
    answer = browser.post("/logout")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert COOKIE not in browser.cookies
    assert browser.get(RUNS).status_code == 401


def test_another_site_can_neither_log_anybody_in_nor_out(
    open_client: Open, studio: ModuleType
) -> None:
    _, token = studio.add_account("mallory", "viewer")
    client = open_client()
    for headers in (
        {"origin": "http://elsewhere.test"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
    ):
        answer = client.post("/login", data={"token": token}, headers=headers)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
        assert client.post("/logout", headers=headers).status_code == 403


# Pages


def test_a_page_leads_to_the_login_and_back_while_data_is_refused(open_client: Open) -> None:
    client = open_client()
    html = {"accept": "text/html,application/xhtml+xml"}
    answer = client.get("/run?id=a%26b&tab=x", headers=html)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=%2Frun%3Fid%3Da%2526b%26tab%3Dx"
    page = client.get(answer.headers["location"])
    assert 'name="next" value="/run?id=a%26b&amp;tab=x"' in page.text
    for path in (RUNS, "/api/openapi.json", "/a/" + "0" * 64, "/gradio_api/info"):
        assert client.get(path, headers=html).status_code == 401, path
    for path in ("/", "/config", "/readyz", "/r/abc", "/theme.css"):
        assert client.get(path).status_code == 401, path
    assert client.get("/healthz").status_code == 503
    assert client.get("/static/tokens.css").status_code == 200


@pytest.mark.parametrize(
    "next_",
    [
        "https://elsewhere.test/",
        "//elsewhere.test",
        "///elsewhere.test",
        "/\\elsewhere.test",
        "\\\\elsewhere.test",
        "/\t/elsewhere.test",
        "/\r\nset-cookie: a=b",
        "javascript:alert(1)",
        "elsewhere",
        "",
        "/login?next=/login",
        "/" + "a" * 3000,
        "http:elsewhere.test",
        "/\u2044elsewhere.test",
        "//[",
    ],
)
def test_a_login_leads_nowhere_else(open_client: Open, studio: ModuleType, next_: str) -> None:
    _, token = studio.add_account("ada", "viewer")
    answer = open_client().post("/login", data={"token": token, "next": next_})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_the_login_page_loads_nothing_from_elsewhere_and_runs_no_script(open_client: Open) -> None:
    answer = open_client().get("/login", params={"next": '"><script>alert(1)</script>'})
    assert answer.status_code == 200
    assert "<script" not in answer.text
    assert "http" not in answer.text.replace("http-equiv", "")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["cache-control"] == "no-store"


def test_without_tokens_there_is_nothing_to_log_in_with(open_client: Open) -> None:
    client = open_client(AUTH="none")
    assert client.get("/login").headers["location"] == "/"
    assert client.get("/api/v1/me").json() == {
        "name": "local",
        "role": "admin",
        "can_log_out": False,
    }


def test_ten_wrong_tokens_a_minute_close_the_login_for_that_address_alone(
    open_client: Open, studio: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(login, "throttle", Throttle(lambda: now[0]))
    _, token = studio.add_account("ada", "viewer")
    client = open_client("10.0.0.1")
    for _ in range(10):
        now[0] += 1
        assert client.post("/login", data={"token": "vt_wrong"}).status_code == 401
    shut = client.post("/login", data={"token": token})
    assert (shut.status_code, shut.headers["retry-after"]) == (429, "51")
    forged = client.post("/login", data={"token": token}, headers={"x-forwarded-for": "10.0.0.2"})
    assert forged.status_code == 429
    assert open_client("10.0.0.2").post("/login", data={"token": token}).status_code == 303
    now[0] += 51
    assert client.post("/login", data={"token": token}).status_code == 303


def test_a_proxy_tells_the_addresses_apart() -> None:
    throttle = Throttle(lambda: 0.0)
    for _ in range(10):
        throttle.failed("2001:db8::1")
    assert throttle.wait_s("2001:db8::2") == 60  # the same 64 bits may be one machine's
    assert throttle.wait_s("2001:db8:0:1::1") == 0
    for number in range(20_000):
        throttle.failed(f"10.1.{number // 256}.{number % 256}")
    assert len(throttle.failures) == 10_000


def test_the_token_is_in_no_log_page_address_or_row(
    open_client: Open, studio: ModuleType, caplog: pytest.LogCaptureFixture, data_dir: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    _, token = studio.add_account("ada", "admin")
    browser = logged_in(open_client(), token)
    wrong = browser.post("/login", data={"token": token + "x", "next": "/"})
    long = browser.post("/login", data={"token": token * 100})
    seen = [wrong.text, long.text, str(wrong.headers), browser.get("/api/v1/audit").text]
    seen += [browser.get("/api/v1/accounts").text, browser.get("/").text, caplog.text]
    assert not [text for text in seen if token in text]
    content = b"".join(path.read_bytes() for path in data_dir.iterdir() if path.is_file())
    assert b"account.add" in content  # the log of what was done is in there
    assert token.encode() not in content


# A proxy's word


def test_a_proxy_says_who_asks_and_accounts_say_more(open_client: Open, studio: ModuleType) -> None:
    studio.add_account("ada@example.org", "admin", token=False)
    client = open_client("127.0.0.1", AUTH="proxy")
    for name, role in (("ada@example.org", "admin"), ("bob", "viewer")):
        me = client.get("/api/v1/me", headers={"x-forwarded-user": name})
        assert me.json() == {"name": name, "role": role, "can_log_out": False}
    as_editor = open_client("127.0.0.1", AUTH="proxy", PROXY_ROLE="editor")
    made = as_editor.post(RUNS, json={"method": "toy.steps"}, headers={"x-forwarded-user": "bob"})
    assert (made.status_code, made.json()["owner"]) == (201, "bob")
    nobody = open_client("127.0.0.1", AUTH="proxy", PROXY_ROLE="none")
    assert nobody.get(RUNS, headers={"x-forwarded-user": "bob"}).status_code == 401
    assert nobody.get(RUNS, headers={"x-forwarded-user": "ada@example.org"}).status_code == 200


@pytest.mark.parametrize("address", ["10.0.0.8", "::ffff:10.0.0.8", "128.0.0.1", "testclient", ""])
def test_the_header_is_nobodys_word_from_outside_the_proxies(
    open_client: Open, studio: ModuleType, address: str
) -> None:
    studio.add_account("ada", "admin", token=False)
    client = open_client(address, AUTH="proxy")
    headers = {"x-forwarded-user": "ada", "x-forwarded-for": "127.0.0.1", "x-real-ip": "127.0.0.1"}
    answer = client.get(RUNS, headers=headers)
    assert answer.status_code == 401
    page = client.get("/", headers={"accept": "text/html", **headers})
    assert page.status_code == 401
    assert "reached through its proxy only" in page.text


def test_a_proxy_may_be_a_network(open_client: Open, studio: ModuleType) -> None:
    more = {"AUTH": "proxy", "PROXY_FROM": "10.1.0.0/16, fd00::/8", "PROXY_USER_HEADER": "X-Who"}
    for address, status in (
        ("10.1.2.3", 200),
        ("::ffff:10.1.2.3", 200),
        ("fd00::7", 200),
        ("10.2.0.1", 401),
        ("127.0.0.1", 401),
    ):
        client = open_client(address, **more)
        assert client.get(RUNS, headers={"x-who": "ada"}).status_code == status, address
        assert client.get(RUNS, headers={"x-forwarded-user": "ada"}).status_code == 401


@pytest.mark.parametrize(
    "name", ["", "local", "studio", "a b", "../ada", "ada\x7f", "-ada", "a" * 101]
)
def test_a_proxy_names_nobody_that_cannot_be(
    open_client: Open, studio: ModuleType, name: str
) -> None:
    client = open_client("127.0.0.1", AUTH="proxy")
    assert client.get(RUNS, headers={"x-forwarded-user": name}).status_code == 401


def test_two_names_at_once_are_none(open_client: Open, studio: ModuleType) -> None:
    studio.add_account("ada", "admin", token=False)
    client = open_client("127.0.0.1", AUTH="proxy")
    both = [("x-forwarded-user", "ada"), ("X-Forwarded-User", "bob")]
    assert client.get(RUNS, headers=both).status_code == 401


def test_a_proxys_header_and_its_tokens_mean_nothing_where_tokens_do(
    open_client: Open, studio: ModuleType
) -> None:
    _, token = studio.add_account("ada", "admin")
    assert (
        open_client("127.0.0.1").get(RUNS, headers={"x-forwarded-user": "ada"}).status_code == 401
    )
    behind = open_client("127.0.0.1", AUTH="proxy")
    assert behind.get(RUNS, headers=with_token(token)).status_code == 401


# Links, the log, and other ways in


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_no_route_changes_the_log(open_client: Open, studio: ModuleType, method: str) -> None:
    client = logged_in(open_client(), studio.add_account("ada", "admin")[1])
    before = client.get("/api/v1/audit").json()["items"]
    assert [line["action"] for line in before] == ["account.add"]
    for path in ("/api/v1/audit", f"/api/v1/audit/{before[0]['id']}"):
        assert client.request(method, path, json={"actor": "eve"}).status_code in (404, 405)
    assert client.get("/api/v1/audit").json()["items"] == before


def test_an_admin_changes_roles_and_removes_accounts_over_rest(
    open_client: Open, studio: ModuleType
) -> None:
    client = logged_in(open_client(), studio.add_account("ada", "admin")[1])
    studio.add_account("bob", "viewer")
    assert client.patch("/api/v1/accounts/bob", json={"role": "editor"}).json()["role"] == "editor"
    assert client.patch("/api/v1/accounts/bob", json={"role": "root"}).status_code == 422
    assert client.delete("/api/v1/accounts/bob").status_code == 204
    assert client.delete("/api/v1/accounts/bob").status_code == 404
    assert [each["name"] for each in client.get("/api/v1/accounts").json()] == ["ada"]
    lines = client.get("/api/v1/audit", params={"target": "bob", "limit": 2}).json()
    assert [line["action"] for line in lines["items"]] == ["account.remove", "account.role"]
    assert lines["items"][0]["actor"] == "ada"
    assert client.get("/api/v1/audit", params={"cursor": lines["cursor"]}).status_code == 200
    assert client.get("/api/v1/audit", params={"cursor": "x"}).status_code == 400


def test_a_shared_page_needs_no_login_and_lets_nobody_further(
    open_client: Open, studio: ModuleType
) -> None:
    run = studio.submit("toy.steps", {})
    link = studio.create_share("run", run.id, 1).url
    client = open_client()
    shown = client.get(link)
    assert shown.status_code == 200
    assert "set-cookie" not in shown.headers
    assert client.get("/s/forged").status_code == 403
    for further in (f"{RUNS}/{run.id}", f"{link}/../../api/v1/runs", f"/r/{run.id}"):
        assert client.get(further, headers={"referer": link}).status_code == 401


def test_a_websocket_of_nobody_is_closed(open_client: Open) -> None:
    from starlette.websockets import WebSocketDisconnect

    with pytest.raises(WebSocketDisconnect), open_client().websocket_connect("/queue/join"):
        pass
