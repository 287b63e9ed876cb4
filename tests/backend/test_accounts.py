"""Accounts and their tokens, the log, and what is only one's own."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from backend.services import Conflict, Forbidden, NotFound, Person, ServiceError, as_person
from backend.settings import settings
from storage import db
from storage.accounts import Account

HOUSE = Path(__file__).parents[2]
ADA, EVE = Person("ada", "editor"), Person("eve", "editor")


def actions(studio: ModuleType, **wanted: Any) -> list[tuple[str, str, str]]:
    lines = studio.list_audit(**wanted).items
    return [(line.actor, line.action, line.target) for line in lines]


def test_of_a_token_only_its_hash_is_kept(studio: ModuleType) -> None:
    view, token = studio.add_account("ada", "editor")
    assert (view.name, view.role, view.has_token) == ("ada", "editor", True)
    with db.reading(settings().database_url) as session:
        row = session.get_one(Account, "ada")
    assert token not in str(row.model_dump())
    assert len(row.token_sha256) == 64
    assert studio.person_of_token(token) == Person("ada", "editor")
    assert studio.add_account("bob", "viewer")[1] != token
    assert [each.name for each in studio.list_accounts()] == ["ada", "bob"]


@pytest.mark.parametrize("name", ["", "a b", "local", "studio", "-a", "a" * 101, "a\n", "<b>", "ä"])
def test_a_name_nobody_can_have_is_refused(studio: ModuleType, name: str) -> None:
    with pytest.raises(ServiceError, match="name: up to 100 letters"):
        studio.add_account(name, "viewer")


def test_what_is_not_there_or_there_twice_is_refused(studio: ModuleType) -> None:
    studio.add_account("ada", "viewer")
    with pytest.raises(Conflict, match="an account 'ada' already"):
        studio.add_account("ada", "admin")
    with pytest.raises(ServiceError, match="viewer, editor, admin are allowed, got 'root'"):
        studio.set_role("ada", "root")
    for work in (
        studio.renew_token,
        studio.remove_account,
        lambda name: studio.set_role(name, "admin"),
    ):
        with pytest.raises(NotFound, match="no account 'eve'"):
            work("eve")


def test_only_an_admin_looks_after_accounts(studio: ModuleType) -> None:
    works: list[Callable[[], Any]] = [
        lambda: studio.add_account("eve", "admin"),
        lambda: studio.set_role("ada", "admin"),
        lambda: studio.renew_token("ada"),
        lambda: studio.remove_account("ada"),
        studio.list_accounts,
        studio.list_audit,
        lambda: studio.pause("cpu"),
        lambda: studio.ask_worker("cpu@here:1", "stop"),
        studio.remove_tour,
    ]
    studio.add_account("ada", "editor")
    for person in (ADA, Person("vera", "viewer"), None):
        for work in works:
            with as_person(person), pytest.raises(Forbidden):
                work()
    assert [each.role for each in studio.list_accounts()] == ["editor"]


def test_the_first_admin_is_made_once(studio: ModuleType) -> None:
    token = studio.first_admin()
    assert studio.person_of_token(token) == Person("admin", "admin")
    assert studio.first_admin() == ""
    assert actions(studio) == [("studio", "account.add", "admin")]


def test_the_log_names_who_did_what(studio: ModuleType, works: Callable[[], None]) -> None:
    studio.add_account("ada", "viewer")
    studio.set_role("ada", "editor")
    studio.renew_token("ada")
    studio.pause("cpu")
    with as_person(ADA):
        run = studio.submit("toy.steps", {"steps": 1, "seconds_per_step": 0.0}, title="Mine").id
        studio.cancel(run)
        studio.delete_run(run)
    studio.remove_account("ada")
    me = studio.acting().name
    assert actions(studio) == [
        (me, "account.remove", "ada"),
        ("ada", "run.delete", run),
        ("ada", "run.cancel", run),
        (me, "queue.pause", "cpu"),
        (me, "account.renew", "ada"),
        (me, "account.role", "ada"),
        (me, "account.add", "ada"),
    ]
    [deleted] = studio.list_audit(action="run.delete").items
    assert (deleted.role, deleted.data) == ("editor", {"title": "Mine", "method": "toy.steps"})
    assert len(actions(studio, action="run")) == 2
    assert len(actions(studio, action="ru")) == 0
    assert actions(studio, action="run_") == []
    assert len(actions(studio, actor="ada", target=run)) == 2


def test_what_was_refused_is_not_in_the_log(studio: ModuleType) -> None:
    run = studio.submit("toy.steps", {}).id
    with pytest.raises(Conflict):
        studio.delete_run(run)
    assert actions(studio) == []


def test_pages_of_the_log_hold_while_it_grows(studio: ModuleType) -> None:
    for number in range(5):
        studio.pause(f"q{number}")
    first = studio.list_audit(limit=2)
    studio.pause("later")
    second = studio.list_audit(limit=2, cursor=first.cursor)
    third = studio.list_audit(limit=2, cursor=second.cursor)
    targets = [line.target for page in (first, second, third) for line in page.items]
    assert targets == ["q4", "q3", "q2", "q1", "q0"]
    assert third.cursor is None
    for wrong in ("", "x", "-1", "1e3", "9" * 30, "٣"):
        with pytest.raises(ServiceError, match="cursor"):
            studio.list_audit(cursor=wrong)


def test_nobody_but_its_launcher_or_an_admin_deletes_a_run(studio: ModuleType) -> None:
    with as_person(ADA):
        run = studio.submit("toy.steps", {}).id
        studio.cancel(run)
    with as_person(EVE), pytest.raises(Forbidden, match="is ada's: only an admin"):
        studio.delete_run(run)
    with (
        as_person(Person("ada", "viewer")),
        pytest.raises(Forbidden, match="needs the role editor"),
    ):
        studio.delete_run(run)
    studio.delete_run(run)  # an admin
    with pytest.raises(NotFound):
        studio.get_run(run)


def test_nothing_changes_or_deletes_a_row_of_the_log() -> None:
    """The name is used to add rows and to select them; it is never an argument of update or delete."""
    found = []
    for package in ("app", "backend", "storage"):
        for path in (HOUSE / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in (
                    "update",
                    "delete",
                ):
                    found += [path.name for each in node.args if ast.unparse(each) == "Audit"]
    assert found == []
