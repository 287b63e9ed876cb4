"""Real servers of one's own for as long as a block lasts: Redis, RabbitMQ, and an S3-compatible store (moto's)."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.conftest import wait_for

START_S = 120.0
PORTS = (15_000, 32_000)
HERE = "127.0.0.1"
RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
"""Not the one on the PATH, which changes to a user of its own and then cannot write our folder."""
PACKAGES = {"redis": "redis-server", "rabbitmq": "rabbitmq-server", "postgresql": "postgresql"}
AWS = {
    "AWS_ACCESS_KEY_ID": "anybody",
    "AWS_SECRET_ACCESS_KEY": "anything",
    "AWS_DEFAULT_REGION": "us-east-1",
}


def need(missing: str) -> None:
    """Skip the test if something is missing; under CI that is an error: there, everything must have been tested."""
    if missing and os.environ.get("CI"):
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)


def why_not(server: str) -> str:
    """Why "redis", "rabbitmq" or "postgresql" cannot be started here; empty if it can."""
    from tests import postgresql

    if server == "postgresql":
        return postgresql.why_not()
    there = shutil.which("redis-server") if server == "redis" else RABBITMQ.exists()
    package = PACKAGES[server]
    return "" if there else f"no {package} is installed (Debian: apt-get install {package})"


def free_port() -> int:
    """A port that nobody listens on.

    None of those that the system gives to outgoing connections: until our server listens, somebody else's could have it.
    """
    while True:
        port = random.SystemRandom().randrange(*PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def answers(port: int, host: str = HERE) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


@contextmanager
def process(
    log: Path, port: int, *command: str, host: str = HERE, **environment: str
) -> Iterator[psutil.Process]:
    """A server that listens on a port of an address of this machine; it and all that it started are killed at the end."""
    with log.open("ab") as out:
        started = subprocess.Popen(
            command,
            env={**os.environ, **environment},
            cwd=log.parent,
            stdout=out,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    server = psutil.Process(started.pid)
    try:
        wait_for(lambda: answers(port, host) or started.poll() is not None, START_S)
        assert started.poll() is None, log.read_text()[-2000:]
        yield server
    finally:
        family = [*server.children(recursive=True), server] if server.is_running() else []
        for each in family:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        started.wait(30)


@contextmanager
def redis(folder: Path, port: int, host: str = HERE) -> Iterator[psutil.Process]:
    """Redis that keeps nothing on disk."""
    options = ["--port", str(port), "--bind", host, "--save", "", "--appendonly", "no"]
    options += ["--protected-mode", "no" if host != HERE else "yes"]
    with process(folder / "redis.log", port, "redis-server", *options, host=host) as server:
        yield server


@contextmanager
def rabbitmq(folder: Path, port: int) -> Iterator[psutil.Process]:
    """RabbitMQ with a name server of its own, so that it neither finds nor disturbs another."""
    names, between = str(free_port()), str(free_port())
    environment = {
        "HOME": str(folder),  # the cookie of its cluster
        "ERL_EPMD_PORT": names,
        "RABBITMQ_NODENAME": f"vitrine{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": between,
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none",  # one scheduler, that sleeps when it has nothing to do
    }
    (folder / "plugins").write_text("[].\n")
    before = {each.pid for each in _name_servers()}
    try:
        with process(folder / "rabbitmq.log", port, str(RABBITMQ), **environment) as server:
            yield server
    finally:
        for each in _name_servers():
            if each.pid not in before and _environment(each).get("ERL_EPMD_PORT") == names:
                each.kill()


def _name_servers() -> list[psutil.Process]:
    return [each for each in psutil.process_iter() if each.name() == "epmd"]


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return dict(process.environ())
    except psutil.Error:
        return {}


@contextmanager
def bucket(
    folder: Path, port: int, name: str = "artefacts", host: str = HERE
) -> Iterator[dict[str, str]]:
    """An S3-compatible store with one empty bucket; yields the variables by which AWS's libraries find it."""
    import sys

    variables = {**AWS, "AWS_ENDPOINT_URL": f"http://{host}:{port}"}
    command = [sys.executable, "-m", "moto.server", "-H", host, "-p", str(port)]
    with process(folder / "s3.log", port, *command, host=host):
        make_bucket(variables, name)
        yield variables


def make_bucket(variables: dict[str, str], name: str) -> None:
    client(variables).create_bucket(Bucket=name)


def client(variables: dict[str, str]) -> Any:
    """The plain client of AWS's own library, to look at a bucket from outside."""
    import boto3

    return boto3.client(
        "s3",
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        region_name=variables["AWS_DEFAULT_REGION"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    )


@contextmanager
def broker(kind: str) -> Iterator[str]:
    """The URL of a broker of that kind: "redis" or "rabbitmq"."""
    folder, port = Path(tempfile.mkdtemp(prefix=f"vitrine-{kind}-")), free_port()
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        if kind == "redis":
            stack.enter_context(redis(folder, port))
            yield f"redis://127.0.0.1:{port}/0"
        else:
            stack.enter_context(rabbitmq(folder, port))
            yield f"amqp://guest:guest@127.0.0.1:{port}//"
