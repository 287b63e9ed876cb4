"""`vitrine up` with its real web server and worker: starting, being hit, and ending."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import psutil
import pytest

from app.cli import main
from backend.settings import settings
from storage import db
from tests.conftest import configure, forget, wait_for
from tests.faults.conftest import SHORT
from tests.faults.processes import (
    START_S,
    descendants,
    end,
    gone,
    kill,
    started,
    wait_for_points,
    wait_for_status,
    wait_for_workers,
)

STARTING = "Vitrine is starting"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Answer:
    status: int
    text: str


@dataclass
class Up:
    """A studio that was started, and what it answered while it was starting."""

    services: ModuleType
    process: subprocess.Popen[bytes]
    log: Path
    first_page: str = ""
    health: list[Answer] = field(default_factory=list)

    def get(self, path: str) -> Answer | None:
        """What the web server answers; None while nobody listens."""
        try:
            answer = httpx.get(f"http://127.0.0.1:{settings().port}{path}", timeout=30)
        except httpx.TransportError:
            return None
        return Answer(answer.status_code, answer.text)

    def ready(self) -> bool:
        answer = self.get("/healthz")
        if answer is not None and (not self.health or self.health[-1] != answer):
            self.health.append(answer)
        return answer is not None and answer.status == 200

    def child(self, command: str) -> psutil.Process:
        """The process of ours that runs that command."""
        [found] = [
            each
            for each in psutil.Process(self.process.pid).children()
            if command in each.cmdline()
        ]
        return found


@pytest.fixture(scope="module")
def _up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    from backend import services

    folder = tmp_path_factory.mktemp("up")
    log = folder / "log"
    with pytest.MonkeyPatch.context() as patch:
        configure(patch, folder / "data", PORT=free_port(), **SHORT)
        with started(log, "tests.toys", "up") as process:
            up = Up(services, process, log)
            up.first_page = wait_for(lambda: up.get("/"), START_S).text
            wait_for(up.ready, START_S)
            yield up
        forget()


@pytest.fixture
def up(_up: Up) -> Up:
    assert _up.process.poll() is None, _up.log.read_text()
    wait_for(_up.ready, START_S)
    wait_for_workers(_up.services, 1)
    return _up


def run_of_toys(up: Up, **values: Any) -> str:
    """Start "toy.steps" as a script would, by REST."""
    address = f"http://127.0.0.1:{settings().port}/api/v1/runs"
    answer = httpx.post(address, json={"method": "toy.steps", "config": values}, timeout=30)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_a_starting_page_answers_first_and_health_says_when_everything_is_there(up: Up) -> None:
    assert STARTING in up.first_page
    assert [answer.status for answer in up.health] == [503, 200]
    assert '"starting"' in up.health[0].text
    home = up.get("/")
    assert home is not None
    assert home.status == 200
    assert STARTING not in home.text
    readiness = up.get("/readyz")
    assert readiness is not None
    assert readiness.status == 200, readiness.text


def test_a_second_studio_on_the_same_data_is_refused_in_one_line(
    up: Up, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(capsys, "up") == (
        f"vitrine: another studio already runs on {settings().root}; "
        "stop it, or set VITRINE_DATA_DIR"
    )


def test_a_run_goes_on_while_the_web_server_is_killed_and_its_page_finds_it_again(up: Up) -> None:
    run_id = run_of_toys(up, steps=100_000, seconds_per_step=0.1)
    wait_for_points(up.services, run_id, 3)
    web = up.child("web")
    web.kill()
    wait_for(lambda: gone([web]), 30)
    wait_for(lambda: up.ready() and up.child("web").pid != web.pid, START_S)
    page = up.get(f"/r/{run_id}")
    assert page is not None
    assert page.status == 307
    live = up.get(f"/api/v1/runs/{run_id}/live")
    assert live is not None
    assert live.status == 200
    assert '"running"' in live.text
    run = up.services.get_run(run_id)
    assert (run.attempt, run.status) == (1, "running")  # its worker never noticed
    up.services.cancel(run_id)
    wait_for_status(up.services, run_id, "cancelled")


def test_a_worker_that_dies_is_started_again(up: Up) -> None:
    worker = up.child("worker")
    worker.kill()
    wait_for(lambda: gone([worker]), 30)
    run_id = run_of_toys(up, steps=1, seconds_per_step=0.0)
    wait_for_status(up.services, run_id, "succeeded", timeout=START_S)
    assert up.child("worker").pid != worker.pid
    assert "worker cpu ended with code -9; starting it again" in up.log.read_text()


def test_ctrl_c_ends_everything_it_started_and_nothing_else_and_the_run_waits(up: Up) -> None:
    run_id = run_of_toys(up, steps=2000, seconds_per_step=0.05)
    wait_for_points(up.services, run_id, 2)
    family = descendants(up.process.pid)
    assert len(family) >= 2
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        assert end(up.process, signal.SIGINT) == 0
        assert gone(family)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
    run = up.services.get_run(run_id)
    assert run.status == "queued"
    assert "its worker was stopped" in run.message
    assert not [worker for worker in up.services.workers() if worker.alive]
    said = up.log.read_text()
    assert said.rstrip().endswith("stopped")
    assert "Traceback" not in said
    assert "Fatal" not in said


def test_children_end_when_their_supervisor_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from backend import services

    configure(monkeypatch, tmp_path / "data", PORT=free_port(), **SHORT)
    db.upgrade(settings().database_url)
    with started(tmp_path / "log", "tests.toys", "up") as process:
        wait_for(services.workers, START_S)
        family = descendants(process.pid)
        assert len(family) >= 2
        kill(process.pid, signal.SIGKILL)
        process.wait(30)
        wait_for(lambda: gone(family), 60)
    forget()


# -- what cannot start says so in one line ---------------------------------------------------------


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line with which a command ends, and its code is 2."""
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    assert ended.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    [line] = said.err.splitlines()
    return line


@pytest.fixture
def choose(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def choose(**variables: object) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(f"VITRINE_{name}", str(value))
        settings.cache_clear()

    return choose


def test_a_port_that_is_taken_is_said_in_one_line(
    choose: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        choose(PORT=port)
        for command in ("up", "web"):
            line = refused(capsys, command)
            assert line.startswith(f"vitrine: cannot listen on 127.0.0.1:{port} (Address already")
            assert line.endswith("choose another with VITRINE_PORT")


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"BROKER_URL": "redis://cache/0"}, "set VITRINE_DB_URL=postgresql+psycopg://"),
        ({"HOST": "0.0.0.0"}, "VITRINE_AUTH=token"),
        ({"LEASE_S": 2, "HEARTBEAT_S": 1}, "at least three heartbeats"),
        ({"PORT": "http"}, "VITRINE_PORT: "),
        ({"WORKERS": 0}, "VITRINE_WORKERS: "),
    ],
)
def test_settings_that_do_not_go_together_are_said_in_one_line(
    choose: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    variables: dict[str, object],
    said: str,
) -> None:
    choose(**variables)
    try:
        assert said in refused(capsys, "up")
    finally:
        choose(
            BROKER_URL="filesystem://",
            HOST="localhost",
            LEASE_S=30,
            HEARTBEAT_S=5,
            PORT=1,
            WORKERS=1,
        )


def test_a_data_folder_that_cannot_be_written_is_said_in_one_line(
    choose: Callable[..., None], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("not a folder")
    choose(DATA_DIR=tmp_path / "file" / "data")
    line = refused(capsys, "up")
    assert line.startswith(f"vitrine: the data folder {tmp_path}/file/data cannot be written")
    choose(DATA_DIR=tmp_path / "data")


def test_a_database_that_is_away_is_said_in_one_line_without_its_password(
    choose: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    choose(DB_URL="postgresql+psycopg://me:hidden@127.0.0.1:1/vitrine")
    line = refused(capsys, "worker")
    assert line.startswith("vitrine: the database postgresql+psycopg://me:***@127.0.0.1:1/vitrine")
    assert "hidden" not in line
