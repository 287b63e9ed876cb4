"""Who is at it, and the log of what they did."""

from __future__ import annotations

import getpass
from types import ModuleType

import pytest
from sqlalchemy import select

from backend.services import errors
from backend.services.acting import LOCAL, ROLES, Person, acting, as_person, need
from backend.services.auditing import audit
from backend.settings import settings
from storage import db
from storage.accounts import Audit


def test_a_command_runs_as_whoever_typed_it() -> None:
    assert acting() == Person(getpass.getuser(), "admin")


def test_a_user_without_a_name_is_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise OSError("no such user")

    monkeypatch.setattr(getpass, "getuser", nameless)
    assert acting() == Person("command line", "admin")


def test_the_person_of_a_block_ends_with_it() -> None:
    before = acting()
    with as_person(LOCAL), as_person(Person("ada", "viewer")):
        assert acting().name == "ada"
    assert acting() == before


@pytest.mark.parametrize("has", ROLES)
@pytest.mark.parametrize("needed", ROLES)
def test_a_role_may_what_those_before_it_may(has: str, needed: str) -> None:
    allowed = {"viewer": 1, "editor": 2, "admin": 3}
    with as_person(Person("ada", has)):  # type: ignore[arg-type]
        if allowed[has] >= allowed[needed]:
            assert need(needed).name == "ada"  # type: ignore[arg-type]
        else:
            with pytest.raises(errors.Forbidden, match=f"needs the role {needed}, and ada is"):
                need(needed)  # type: ignore[arg-type]


def test_nobody_may_do_anything() -> None:
    with as_person(None), pytest.raises(errors.Forbidden, match="nobody is logged in"):
        need("viewer")


def test_a_row_says_who_did_what_and_goes_with_the_transaction(studio: ModuleType) -> None:
    url = settings().database_url
    with as_person(Person("ada", "editor")), db.writing(url) as session:
        audit(session, "run.cancel", "abc", hard=True)
    with pytest.raises(ZeroDivisionError):
        _audit_and_fail(url)
    with db.reading(url) as session:
        [row] = session.scalars(select(Audit))
        assert (row.actor, row.role, row.action, row.target) == (
            "ada",
            "editor",
            "run.cancel",
            "abc",
        )
        assert row.data == {"hard": True}


def _audit_and_fail(url: str) -> None:
    with db.writing(url) as session:
        audit(session, "run.cancel", "rolled back")
        1 / 0  # noqa: B018


def test_nobody_leaves_no_row(studio: ModuleType) -> None:
    with (
        as_person(None),
        pytest.raises(errors.Forbidden),
        db.writing(settings().database_url) as session,
    ):
        audit(session, "run.cancel", "abc")


def test_a_run_is_its_launchers(studio: ModuleType) -> None:
    with as_person(Person("ada", "editor")):
        run = studio.submit("toy.steps", {})
    assert studio.get_run(run.id).owner == "ada"
    with as_person(None), pytest.raises(errors.Forbidden):
        studio.submit("toy.steps", {})
