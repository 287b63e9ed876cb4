"""The doctor: looks at everything, says what is not well and what to do, and never breaks down itself."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from backend import doctor
from backend.settings import Settings, settings
from backend.views import Check
from storage import db
from storage.models import Worker
from tests.conftest import configure

PLACE = ["data folder", "database", "artefacts", "broker", "workers"]


def by_name(checks: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


@pytest.fixture
def _quick_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Importing torch takes seconds, and one test does it."""
    monkeypatch.setattr(doctor, "torch_pair", lambda: Check("torch and torchvision", True, ""))


def test_everything_that_can_go_wrong_is_looked_at(studio: ModuleType) -> None:
    found = by_name(studio.doctor())
    wanted = ["Python", "torch and torchvision", "devices", *PLACE, "address"]
    variables = [f"VITRINE_{name.upper()}" for name in Settings.model_fields]
    assert list(found) == [*wanted, *variables]
    assert found["torch and torchvision"].ok, found["torch and torchvision"].found
    assert "torch 2" in found["torch and torchvision"].found
    assert f"{sys.version_info.major}.{sys.version_info.minor}" in found["Python"].found
    assert "cpu: " in found["devices"].found
    assert "GB free" in found["data folder"].found
    assert str(settings().root / "vitrine.db") in found["database"].found
    assert str(settings().broker_dir) in found["broker"].found
    assert [name for name, check in found.items() if not check.ok] == ["workers"]
    assert found["workers"].found == "none is running"
    assert "make run" in found["workers"].advice


def test_a_setting_says_its_value_and_where_it_comes_from(
    studio: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITRINE_PORT", "8123")
    monkeypatch.setenv("VITRINE_SECRET", "hunter2")
    settings.cache_clear()
    found = by_name(list(doctor._settings()))
    assert found["VITRINE_PORT"].found == "8123, from the environment"
    assert found["VITRINE_POLL_S"].found == "0.1, the default"
    assert found["VITRINE_DB_URL"].found == "(empty), the default"
    assert found["VITRINE_SECRET"].found == "set, from the environment"


def test_a_living_worker_makes_the_studio_ready(studio: ModuleType) -> None:
    assert [check.name for check in studio.ready()] == PLACE
    assert not all(check.ok for check in studio.ready())
    with db.writing(settings().database_url) as session:
        session.add(Worker(id="cpu@here:1", host="here", pid=1, device="cpu", queues=["cpu"]))
        session.add(
            Worker(id="old", host="here", pid=2, device="cpu", queues=["cpu"], heartbeat_at=1.0)
        )
    assert all(check.ok for check in studio.ready())
    assert by_name(studio.ready())["workers"].found == "cpu@here:1"


def test_before_the_first_start_the_doctor_says_so_and_makes_nothing(data_dir: Path) -> None:
    checks = [doctor.database(), doctor.broker(), doctor.living_workers()]
    assert [check.ok for check in checks] == [False, False, False]
    assert all("no studio has been started" in check.advice for check in checks)
    assert list(settings().root.glob("*")) == []


def test_a_database_without_its_tables_is_said(data_dir: Path) -> None:
    settings().root.mkdir(exist_ok=True)
    (settings().root / "vitrine.db").touch()
    check = doctor.database()
    assert not check.ok
    assert "old schema" in check.found
    assert "start the studio once" in check.advice


@pytest.mark.usefixtures("_quick_torch")
def test_a_data_folder_that_cannot_be_is_said_by_every_check_that_needs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("not a folder")
    configure(monkeypatch, tmp_path / "file" / "data")
    try:
        found = by_name(doctor.doctor())
    finally:
        settings.cache_clear()
        db.engine.cache_clear()
    assert [name for name in PLACE if found[name].ok] == []
    assert "Not a directory" in found["data folder"].found
    assert "VITRINE_DATA_DIR" in found["data folder"].advice
    assert "not there yet" in found["database"].found


def test_servers_that_do_not_answer_are_said_without_their_passwords(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        configure(
            monkeypatch,
            tmp_path,
            DB_URL=f"postgresql+psycopg://me:hunter2@127.0.0.1:{port}/vitrine",
            BROKER_URL=f"amqp://me:hunter2@127.0.0.1:{port}//",
        )
        try:
            checks = [doctor.database(), doctor.broker(), doctor.living_workers()]
        finally:
            settings.cache_clear()
    assert [check.ok for check in checks] == [False, False, False]
    assert "VITRINE_DB_URL" in checks[0].advice
    assert "VITRINE_BROKER_URL" in checks[1].advice
    assert checks[2].found == "unknown: the database does not answer"
    assert not [check for check in checks if "hunter2" in check.found]


def test_a_gpu_that_is_not_there_is_said(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_DEVICES", "41")
    settings.cache_clear()
    check = doctor.device()
    assert not check.ok
    assert "VITRINE_DEVICES is '41'" in check.found


def test_a_torch_that_does_not_fit_is_said_in_one_line(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> subprocess.CompletedProcess[str]:
        said = "Traceback\nRuntimeError: operator torchvision::nms does not exist\n"
        return subprocess.CompletedProcess([], 1, "", said)

    monkeypatch.setattr(subprocess, "run", fail)
    check = doctor.torch_pair()
    assert not check.ok
    assert check.found.endswith("RuntimeError: operator torchvision::nms does not exist")
    assert "make install" in check.advice


def test_an_address_where_something_answers_is_said(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("VITRINE_PORT", str(server.getsockname()[1]))
        settings.cache_clear()
        assert "(something answers)" in doctor.address().found
    assert "(free)" in doctor.address().found
    monkeypatch.setenv("VITRINE_HOST", "::1")
    settings.cache_clear()
    assert "(free)" in doctor.address().found


def test_the_command_prints_every_line_and_ends_with_1_when_one_is_not_well(
    studio: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from app.cli import main

    monkeypatch.setattr(doctor, "torch_pair", lambda: Check("torch and torchvision", True, "fine"))
    with pytest.raises(SystemExit) as ended:
        main(["doctor"])
    assert ended.value.code == 1
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("NOT workers") for line in lines)
    assert any("-> start the studio with `make run`" in line for line in lines)
    assert any(line.startswith("ok  VITRINE_PORT") for line in lines)
    with db.writing(settings().database_url) as session:
        session.add(Worker(id="cpu@here:1", host="here", pid=1, device="cpu", queues=["cpu"]))
    main(["doctor"])
    assert "NOT" not in capsys.readouterr().out
