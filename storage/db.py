"""Opens the database by URL, with the rules SQLite needs to be shared by several processes, and migrates it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_MS = 30_000
AWAY_MS = 20_000
IDLE_MS = 120_000


@lru_cache(maxsize=8)
def engine(url: str) -> Engine:
    """The process's engine for `url` ("sqlite:///path" or "postgresql+psycopg://...")."""
    if not url.startswith("sqlite"):
        return create_engine(
            url, pool_pre_ping=True, pool_size=10, max_overflow=10, connect_args=_impatience()
        )
    path = make_url(url).database
    if path:
        with suppress(OSError):  # opening the database says it in a way that callers expect
            Path(path).parent.mkdir(parents=True, exist_ok=True)
    created = create_engine(
        url,
        pool_size=10,
        max_overflow=20,
        pool_use_lifo=True,  # the one used last: each has a cache of its own, and few of them then fill
        connect_args={"timeout": BUSY_MS / 1000, "check_same_thread": False},
    )
    event.listen(created, "connect", _sqlite_pragmas)
    event.listen(created, "begin", _sqlite_begin)
    return created


def _impatience() -> dict[str, Any]:
    """How soon each side of a PostgreSQL connection takes the other for lost. Without, a cable that is pulled in the midst
    of a transaction leaves its locks to nobody for two hours, and whoever waits for an answer waits as long."""
    ours = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
    theirs = {
        "tcp_keepalives_idle": 10,
        "tcp_keepalives_interval": 5,
        "tcp_keepalives_count": 3,
        "tcp_user_timeout": AWAY_MS,
        "idle_in_transaction_session_timeout": IDLE_MS,
    }
    options = " ".join(f"-c {name}={value}" for name, value in theirs.items())
    return {"connect_timeout": 10, "tcp_user_timeout": AWAY_MS, "options": options, **ours}


def _sqlite_pragmas(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, in `_sqlite_begin`
    _use_wal(connection)
    for pragma in (
        "synchronous=NORMAL",
        f"busy_timeout={BUSY_MS}",
        "foreign_keys=ON",
        "temp_store=MEMORY",
        "cache_size=-20000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _use_wal(connection: Any) -> None:
    """Switch a database to WAL. SQLite itself does not wait here for others that open a new database just now."""
    until = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        time.sleep(0.01)


def _sqlite_begin(connection: Connection) -> None:
    # busy_timeout does not help a transaction that reads before it writes (its snapshot is stale); taking the
    # write lock at once does.
    writes = connection.get_execution_options().get("writes", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def writing(url: str) -> Iterator[Session]:
    """A session for a transaction that writes; committed at the end, rolled back on an exception."""
    with Session(engine(url), expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def reading(url: str) -> Iterator[Session]:
    """A session that only reads; never waits for a writer."""
    bound = engine(url).execution_options(writes=False)
    with Session(bound, expire_on_commit=False) as session:
        yield session


def is_postgres(session: Session) -> bool:
    """Whether a session speaks to PostgreSQL; else it is SQLite."""
    return session.get_bind().dialect.name == "postgresql"


def _alembic(url: str) -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine(url)
    return config


def is_current(url: str) -> bool:
    """Whether the schema is the newest this code knows."""
    head = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    with engine(url).execution_options(writes=False).connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head


def is_known(url: str) -> bool:
    """Whether this code knows the schema's revision: that of a database that a newer version has opened it does not."""
    script = ScriptDirectory(str(MIGRATIONS))
    with engine(url).execution_options(writes=False).connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    return found is None or found in {each.revision for each in script.walk_revisions()}


def shrink_log(url: str) -> None:
    """Take SQLite's log into the database, so that it begins anew; a reader in its midst puts that off to another time."""
    if url.startswith("sqlite"):
        with engine(url).connect() as connection:
            raw = connection.connection.dbapi_connection
            assert raw is not None
            raw.execute("PRAGMA busy_timeout=1000")  # writers wait as long as this does
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            raw.execute(f"PRAGMA busy_timeout={BUSY_MS}")


def upgrade(url: str) -> None:
    """Bring the schema up to date. Safe when several processes start at once: one migrates, the rest find it done.

    Raises:
        OperationalError: the database cannot be opened or written.
    """
    if is_current(url):
        return
    try:
        command.upgrade(_alembic(url), "head")
    except OperationalError:
        if not is_current(url):
            raise
