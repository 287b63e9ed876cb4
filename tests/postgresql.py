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

from sqlmodel import SQLModel

from storage import db

USER = "postgres"
STUDIO = "studio"


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
    """Attributes:
    port: of its socket, and of `host` where it was started for that.
    host: the address of this machine by which TCP reaches it.
    """

    folder: Path
    port: int = 5432
    host: str = "127.0.0.1"
    _numbers: Iterator[int] = field(default_factory=count)

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://{USER}@/{database}?host={self.folder}&port={self.port}"

    def tcp_url(self, database: str, port: int = 0) -> str:
        """The same by TCP, through another port where a cable leads to it."""
        return f"postgresql+psycopg://{USER}@{self.host}:{port or self.port}/{database}"

    def restart(self) -> None:
        """End it at once, as a machine does that loses power, and start it again."""
        _as_owner(
            _program("pg_ctl"),
            "-D",
            str(self.folder / "data"),
            "-l",
            str(self.folder / "log"),
            "-m",
            "immediate",
            "-w",
            "restart",
        )

    def execute(self, statement: str, database: str = "postgres") -> None:
        import psycopg

        address = f"host={self.folder} port={self.port} user={USER} dbname={database}"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement.encode())

    def empty_database(self) -> str:
        """URL of a new database without tables."""
        name = f"empty_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def emptied_studio(self) -> str:
        """URL of the database with today's schema; what an earlier test wrote there is gone."""
        tables = ", ".join(f'"{name}"' for name in SQLModel.metadata.tables)
        self.execute(f"TRUNCATE {tables} RESTART IDENTITY CASCADE", STUDIO)
        return self.url(STUDIO)


@contextmanager
def running(port: int = 0, *, durable: bool = False, host: str = "127.0.0.1") -> Iterator[Server]:
    """A server on a socket of its folder.

    Args:
        port: listen there too, on the address `host`, for whoever is in its network.
        durable: let it sync to disk, as one does that keeps something.
    """
    folder = Path(tempfile.mkdtemp(prefix="vitrine-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, USER)
    data = str(folder / "data")
    hasty = "" if durable else "-c fsync=off -c full_page_writes=off"
    options = f"-c listen_addresses={host if port else ''} -c port={port or 5432} -c unix_socket_directories={folder} {hasty}"
    try:
        _as_owner(
            _program("initdb"), "-D", data, "-A", "trust", "-U", USER, "-E", "UTF8", "--no-sync"
        )
        with (folder / "data" / "pg_hba.conf").open("a") as allowed:
            allowed.write("host all all samenet trust\n")
        log = str(folder / "log")
        _as_owner(_program("pg_ctl"), "-D", data, "-o", options, "-l", log, "-w", "start")
        try:
            server = Server(folder, port or 5432, host)
            server.execute(f"CREATE DATABASE {STUDIO}")
            db.upgrade(server.url(STUDIO))
            db.engine(server.url(STUDIO)).dispose()
            yield server
        finally:
            _as_owner(_program("pg_ctl"), "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
