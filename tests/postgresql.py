"""A PostgreSQL server of one's own, on a socket in a temporary folder, for as long as a block lasts."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

USER = "postgres"
TEMPLATE = "vitrine_template"


def _program(name: str) -> str:
    """Path of one of PostgreSQL's programs, the newest version's; empty where there is none."""
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(places[-1]) if places else shutil.which(name) or ""


def why_not() -> str:
    """Why no server can be started here; empty if one can."""
    if not _program("initdb") or not _program("pg_ctl"):
        return "no PostgreSQL server is installed (Debian: apt-get install postgresql)"
    if os.geteuid() == 0 and not shutil.which("runuser"):
        return "PostgreSQL refuses to run as root, and there is no runuser here"
    return ""


def _as_owner(*command: str) -> None:
    """Run as somebody who may own a server."""
    prefix = ["runuser", "-u", USER, "--"] if os.geteuid() == 0 else []
    subprocess.run([*prefix, *command], check=True, capture_output=True, timeout=120, cwd="/")


@dataclass
class Server:
    folder: Path
    _numbers: Iterator[int] = field(default_factory=count)

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://{USER}@/{database}?host={self.folder}"

    def execute(self, statement: str) -> None:
        import psycopg

        address = f"host={self.folder} user={USER} dbname=postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement.encode())

    def empty_database(self) -> str:
        """URL of a new database without tables."""
        name = f"empty_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def new_database(self) -> str:
        """URL of a new database with today's schema."""
        name = f"studio_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        return self.url(name)


@contextmanager
def running() -> Iterator[Server]:
    from storage import db

    folder = Path(tempfile.mkdtemp(prefix="vitrine-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, USER)
    data = str(folder / "data")
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    try:
        _as_owner(
            _program("initdb"), "-D", data, "-A", "trust", "-U", USER, "-E", "UTF8", "--no-sync"
        )
        log = str(folder / "log")
        _as_owner(_program("pg_ctl"), "-D", data, "-o", options, "-l", log, "-w", "start")
        try:
            server = Server(folder)
            server.execute(f"CREATE DATABASE {TEMPLATE}")
            db.upgrade(server.url(TEMPLATE))
            db.engine(server.url(TEMPLATE)).dispose()  # a template must have no visitors
            yield server
        finally:
            _as_owner(_program("pg_ctl"), "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
