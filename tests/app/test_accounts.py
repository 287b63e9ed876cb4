"""`vitrine accounts`: what it prints, and what it refuses."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest

from app.accounts import welcome_first_admin
from app.cli import main
from tests.conftest import configure

TOKEN = re.compile(r"vt_[\w-]{43}")


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    main(["accounts", *arguments])
    return capsys.readouterr().out


def test_an_account_from_its_making_to_its_end(
    studio: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "no account" in said(capsys, "list")
    added = said(capsys, "add", "ada", "--role", "editor")
    [token] = TOKEN.findall(added)
    assert "ada may use this studio as editor" in added
    assert "http://localhost:7860/login" in added
    assert studio.person_of_token(token).role == "editor"
    assert said(capsys, "role", "ada", "admin") == "ada is admin from now on\n"
    [renewed] = TOKEN.findall(said(capsys, "renew", "ada"))
    assert studio.person_of_token(token) is None
    assert studio.person_of_token(renewed).role == "admin"
    assert not TOKEN.findall(said(capsys, "add", "bob", "--without-token"))
    listed = said(capsys, "list")
    assert re.search(r"ada  admin   token         since \d{4}", listed)
    assert re.search(r"bob  viewer  by the proxy  since", listed)
    assert "ada is removed" in said(capsys, "remove", "ada")
    assert studio.person_of_token(renewed) is None
    log = said(capsys, "audit", "--target", "ada")
    assert [line.split("  ")[2] for line in log.splitlines()] == [
        "account.remove",
        "account.renew",
        "account.role",
        "account.add",
    ]
    assert '{"before": "editor", "role": "admin"}' in log
    assert token not in log
    assert "nothing of this" in said(capsys, "audit", "--actor", "nobody")


def test_what_is_refused_is_one_line_and_code_2(
    studio: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments in (("renew", "eve"), ("add", "a b"), ("audit", "--limit", "0")):
        with pytest.raises(SystemExit) as ended:
            main(["accounts", *arguments])
        assert ended.value.code == 2
        assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_first_start_with_tokens_prints_one_for_an_admin_once(
    studio: ModuleType,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    data_dir: Path,
) -> None:
    welcome_first_admin()
    assert capsys.readouterr().out == "", "nobody logs in here"
    configure(monkeypatch, data_dir, AUTH="token")
    welcome_first_admin()
    [token] = TOKEN.findall(capsys.readouterr().out)
    assert studio.person_of_token(token).role == "admin"
    welcome_first_admin()
    assert capsys.readouterr().out == ""
