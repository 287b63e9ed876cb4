"""Looks at everything a studio needs and says, in plain words, what is not well and what to do."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from kombu.exceptions import OperationalError as BrokerError
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from backend import devices, stored
from backend.celery_app import app
from backend.settings import CannotStart, Settings, settings
from backend.views import Check
from storage import db, workers

LOW_DISK_GB = 2.0
MEND_DATABASE = "mend the database first"
NOT_STARTED = "no studio has been started on this data folder yet: start it with `make run`"


def doctor() -> list[Check]:
    """Every check, then every setting with where it comes from. Imports torch in a process of its own: takes seconds."""
    return [*_checks((python, torch_pair, device, *_PLACE, address)), *_settings()]


def ready() -> list[Check]:
    """The checks that decide whether a run submitted now would be executed; quick."""
    return _checks(_PLACE)


def _checks(looks: tuple[Callable[[], Check], ...]) -> list[Check]:
    return [look() for look in looks]


def python() -> Check:
    found = f"{platform.python_version()} at {sys.executable}"
    return Check("Python", sys.version_info >= (3, 11), found, "Python 3.11 or newer is needed")


def torch_pair() -> Check:
    """torch and torchvision must be built for each other, which only importing both shows."""
    pair = [f"{name} {importlib.metadata.version(name)}" for name in ("torch", "torchvision")]
    tried = subprocess.run(
        [sys.executable, "-c", "import torchvision.ops"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if tried.returncode == 0:
        return Check("torch and torchvision", True, ", ".join(pair))
    reason = (tried.stderr.strip().splitlines() or ["no reason given"])[-1]
    return Check(
        "torch and torchvision",
        False,
        f"{', '.join(pair)}: {reason}",
        "they are not built for each other; run `make install`, which pins a matching pair",
    )


def device() -> Check:
    try:
        used = devices.used_gpus()
    except ValueError as error:
        return Check("devices", False, str(error), "set VITRINE_DEVICES to one of them")
    names = [f"gpu{gpu.index}: {gpu.name}, {gpu.memory_mb / 1e3:.0f} GB" for gpu in used]
    total, free = devices.memory_mb("cpu")
    names.append(f"cpu: {devices.cpu_name()}, {free / 1e3:.1f} of {total / 1e3:.1f} GB free")
    return Check("devices", True, "; ".join(names))


def disk() -> Check:
    root = settings().root
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=root) as file:
            file.write(b"x")
            file.flush()
    except OSError as error:
        advice = "make it writable, or set VITRINE_DATA_DIR to a folder that is"
        return Check("data folder", False, f"{root}: {error.strerror}", advice)
    free = shutil.disk_usage(root).free / 1e9
    advice = "delete runs you no longer need, or set VITRINE_DATA_DIR to a larger disk"
    return Check("data folder", free > LOW_DISK_GB, f"{root}, {free:.1f} GB free", advice)


def database() -> Check:
    url = settings().database_url
    shown = settings().shown("db_url") if settings().db_url else url
    if not is_started():
        return Check("database", False, f"{shown}: not there yet", NOT_STARTED)
    try:
        current = db.is_current(url)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).strip()
        return Check(
            "database",
            False,
            f"{shown}: {reason}",
            "see that VITRINE_DB_URL is right and the server runs",
        )
    advice = "start the studio once: it brings the schema up to date"
    return Check("database", current, shown if current else f"{shown}: old schema", advice)


def artefacts() -> Check:
    """Whether files can be kept, where every worker keeps them."""
    place = settings().artefacts_place
    if not is_started():
        return Check("artefacts", False, f"{place}: nothing is kept yet", NOT_STARTED)
    try:
        stored.check()
    except SQLAlchemyError:
        return Check("artefacts", False, f"{place}: the database does not answer", MEND_DATABASE)
    except CannotStart as error:
        return Check(
            "artefacts", False, str(error), "VITRINE_ARTEFACTS_URL says where they are kept"
        )
    return Check("artefacts", True, place)


def broker() -> Check:
    shown = settings().shown("broker_url")
    if settings().embedded_broker and not is_started():
        return Check("broker", False, f"{settings().broker_dir}: not there yet", NOT_STARTED)
    try:
        with app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=0, timeout=5)
    except (BrokerError, OSError) as error:
        return Check(
            "broker",
            False,
            f"{shown}: {error}",
            "see that VITRINE_BROKER_URL is right and the server runs",
        )
    where = f" in {settings().broker_dir}" if settings().embedded_broker else ""
    return Check("broker", True, shown + where)


def is_started() -> bool:
    """Whether there is a database to look at: opening a SQLite file that is not there would make one."""
    path = make_url(settings().database_url).database
    return not settings().database_url.startswith("sqlite") or Path(path or "").exists()


def living_workers() -> Check:
    if not is_started():
        return Check("workers", False, "none has run here yet", NOT_STARTED)
    try:
        with db.reading(settings().database_url) as session:
            names = [each.id for each in workers.alive(session, settings().lease_s)]
    except SQLAlchemyError:
        return Check("workers", False, "unknown: the database does not answer", MEND_DATABASE)
    advice = "start the studio with `make run`, or a worker with `vitrine worker`"
    return Check("workers", bool(names), ", ".join(names) or "none is running", advice)


def address() -> Check:
    host, port = settings().host, settings().port
    try:
        reached = "localhost" if host in ("0.0.0.0", "::") else host
        socket.create_connection((reached, port), timeout=2).close()
        state = "something answers"
    except OSError:
        state = "free"
    return Check("address", True, f"{settings().address} ({state})")


_PLACE = (disk, database, artefacts, broker, living_workers)


def _settings() -> Iterator[Check]:
    for name in Settings.model_fields:
        variable = f"VITRINE_{name.upper()}"
        source = "from the environment" if variable in os.environ else "the default"
        yield Check(variable, True, f"{settings().shown(name) or '(empty)'}, {source}")
