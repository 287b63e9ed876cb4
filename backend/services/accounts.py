"""Who may use the studio: accounts, the tokens that prove them, and the logins that tokens open.

Of a token only its SHA-256 is kept. It is drawn from 256 bits, so that it cannot be guessed, and a slow hash, as for words
that people think of, would protect nothing. A login is a signed text that names the account and its token's hash: whoever gets
a new token, or is removed, is logged out everywhere.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Any

from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from backend.services.acting import LOCAL, ROLES, STUDIO, Person, Role, as_person, need
from backend.services.auditing import audit
from backend.services.errors import Conflict, NotFound, ServiceError
from backend.settings import settings
from storage import db
from storage.accounts import Account

PREFIX = "vt_"
TOKEN = re.compile(r"vt_[A-Za-z0-9_-]{43}\Z")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}\Z")
RESERVED = (LOCAL.name, STUDIO.name)
"""Names by which the studio speaks of others than accounts."""
FIRST = "admin"
DAY_S = 86_400


@dataclass(frozen=True)
class AccountView:
    """An account; `has_token` is false where only a proxy can say who one is."""

    name: str
    role: Role
    has_token: bool
    created_at: float


def add_account(name: str, role: Role, *, token: bool = True) -> tuple[AccountView, str]:
    """Make an account; gives it with its token, which nobody can ask for again, or with "" without one.

    Raises:
        ServiceError: the name or the role is none that is allowed.
        Conflict: there is such an account.
        Forbidden: who asks is no admin.
    """
    need("admin")
    check_name(name)
    _check_role(role)
    made = _new_token() if token else ""
    row = Account(name=name, role=role, token_sha256=_sha256(made) if made else "")
    try:
        with db.writing(settings().database_url) as session:
            if session.get(Account, name) is not None:
                raise Conflict(f"there is an account {name!r} already")
            session.add(row)
            audit(session, "account.add", name, role=role)
    except IntegrityError:  # only PostgreSQL has several writers: another was faster
        raise Conflict(f"there is an account {name!r} already") from None
    return _view(row), made


def list_accounts() -> list[AccountView]:
    """All accounts, by name.

    Raises:
        Forbidden: who asks is no admin.
    """
    need("admin")
    with db.reading(settings().database_url) as session:
        return [_view(row) for row in session.scalars(select(Account).order_by(col(Account.name)))]


def set_role(name: str, role: Role) -> AccountView:
    """Give an account another role, from its next request on.

    Raises:
        ServiceError, NotFound, Forbidden: no such role, no such account, who asks is no admin.
    """
    need("admin")
    _check_role(role)
    with db.writing(settings().database_url) as session:
        row = _row(session, name)
        audit(session, "account.role", name, before=row.role, role=role)
        row.role = role
        session.add(row)
    return _view(row)


def renew_token(name: str) -> str:
    """A new token in place of the old one, which opens nothing from now on, nor does any login made with it.

    Raises:
        NotFound, Forbidden: no such account, who asks is no admin.
    """
    need("admin")
    made = _new_token()
    with db.writing(settings().database_url) as session:
        row = _row(session, name)
        row.token_sha256 = _sha256(made)
        session.add(row)
        audit(session, "account.renew", name)
    return made


def remove_account(name: str) -> None:
    """Remove an account; its token and its logins end at once. What it made stays.

    Raises:
        NotFound, Forbidden: no such account, who asks is no admin.
    """
    need("admin")
    with db.writing(settings().database_url) as session:
        session.delete(_row(session, name))
        audit(session, "account.remove", name)


def first_admin() -> str:
    """The token of a first admin, made where there is no account yet; "" where there is one."""
    with as_person(STUDIO):
        if list_accounts():
            return ""
        try:
            return add_account(FIRST, "admin")[1]
        except Conflict:  # another web server was faster
            return ""


def person_of_token(token: str) -> Person | None:
    """Whose token this is; None where it is nobody's, or not any more."""
    row = _account_of(token)
    return None if row is None else _person(row)


def open_login(token: str) -> tuple[Person, str] | None:
    """Whose token this is, with the login that a browser keeps in its place; None where it is nobody's."""
    row = _account_of(token)
    if row is None:
        return None
    return _person(row), str(_signer().dumps([row.name, row.token_sha256]))


def person_of_login(login: str) -> Person | None:
    """Who logged in so; None where it was not signed here, is too old, or their token was renewed or they were removed."""
    try:
        name, token_sha256 = _signer().loads(login, max_age=settings().login_days * DAY_S)
    except (BadData, ValueError, TypeError):
        return None
    with db.reading(settings().database_url) as session:
        row = session.get(Account, name) if isinstance(name, str) else None
    if row is None or not row.token_sha256 or not _same(row.token_sha256, token_sha256):
        return None
    return _person(row)


def person_by_proxy(name: str) -> Person | None:
    """Whom a proxy named, by their account or by `VITRINE_PROXY_ROLE`; None where they may not in.

    Raises:
        ServiceError: nobody can have that name.
    """
    check_name(name)
    with db.reading(settings().database_url) as session:
        row = session.get(Account, name)
    if row is not None:
        return _person(row)
    role = settings().proxy_role
    return None if role == "none" else Person(name, role)


def check_name(name: str) -> None:
    """Refuse what nobody can be called.

    Raises:
        ServiceError: why, and what is allowed.
    """
    if not NAME.match(name) or name in RESERVED:
        raise ServiceError(
            "name: up to 100 letters, digits and . _ @ + - are allowed, a letter or digit first, "
            f"but for {' and '.join(RESERVED)}; got {name!r:.120}"
        )


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise ServiceError(f"role: {', '.join(ROLES)} are allowed, got {role!r:.40}")


def _account_of(token: str) -> Account | None:
    if not TOKEN.match(token):
        return None
    sought = _sha256(token)
    with db.reading(settings().database_url) as session:
        row = session.scalar(select(Account).where(col(Account.token_sha256) == sought))
    return row if row is not None and _same(row.token_sha256, sought) else None


def _same(one: str, other: object) -> bool:
    """Compared in the same time, wherever they differ first."""
    return isinstance(other, str) and hmac.compare_digest(one.encode(), other.encode())


def _row(session: Session, name: str) -> Account:
    row = session.get(Account, name)
    if row is None:
        raise NotFound(f"there is no account {name!r:.120}")
    return row


def _new_token() -> str:
    return PREFIX + secrets.token_urlsafe(32)


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _signer() -> Any:
    return URLSafeTimedSerializer(
        settings().signing_secret(),
        salt="login-v1",
        signer_kwargs={"digest_method": hashlib.sha256},
    )


def _person(row: Account) -> Person:
    return Person(row.name, _role(row))


def _role(row: Account) -> Role:
    """The role of a row; one that a later version wrote may do least."""
    return next((role for role in ROLES if role == row.role), "viewer")


def _view(row: Account) -> AccountView:
    return AccountView(row.name, _role(row), bool(row.token_sha256), row.created_at)
