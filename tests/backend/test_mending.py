"""What the doctor mends: found without a change, said, mended once, and nothing left to mend after."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest

from backend import backup, mending
from backend.settings import settings
from backend.stored import store
from storage import db
from storage.kept import Setting
from storage.models import Blob, Run, Worker, now
from tests.backend.test_backup import at_revision

Works = Callable[[], None]
STEPS = {"steps": 2, "seconds_per_step": 0.0}


@pytest.fixture
def made(studio: ModuleType, works: Works, monkeypatch: pytest.MonkeyPatch) -> str:
    """A studio with a run and its file, and with all its folders; the worker that ran it is no trouble."""
    run = studio.submit("toy.steps", STEPS, title="Steps")
    works()
    settings().signing_secret()
    list(mending.mended(deep=False, fix=True, say=print))
    found: str = run.id
    return found


def look(*, fix: bool = False, deep: bool = False) -> list[str]:
    return list(mending.mended(deep=deep, fix=fix, say=print))


def mends(found: str, mended: str, *, deep: bool = False) -> None:
    """It is found, found again because looking changes nothing, mended, and then gone."""
    for _ in range(2):
        lines = look(deep=deep)
        assert lines[0].startswith(f"found: {found}")
        assert "    -> `vitrine doctor --fix` mends it" in lines
    lines = look(fix=True, deep=deep)
    assert lines[0].startswith(f"found: {found}")
    assert lines[1].startswith(f"mended: {mended}")
    assert look(fix=True, deep=deep) == ["nothing to mend"]


def test_before_the_first_start_nothing_is_made(data_dir: Path) -> None:
    assert look(fix=True)[0].startswith("nothing to mend: no studio has been started")
    assert not settings().root.exists()


def test_folders_that_are_missing_are_made(made: str) -> None:
    settings().shared_dir.rmdir()
    mends(f"the folder {settings().shared_dir} is missing", "made ")


def test_a_secret_that_others_can_read_is_closed(made: str) -> None:
    path = settings().root / "secret"
    path.chmod(0o644)
    mends("others can read", "only its owner can read")
    assert path.stat().st_mode & 0o777 == 0o600


def test_messages_that_cannot_be_read_go_and_others_stay(made: str) -> None:
    queues = settings().broker_dir / "queues"
    (queues / "1_a.cpu.msg").write_text("{")
    (queues / "2_b.cpu.msg").write_text("{}")
    left = queues / ".3_c.cpu.msg"
    left.write_text("{}")
    os.utime(left, (1, 1))
    mends("2 files of the broker", "deleted them")
    assert (queues / "2_b.cpu.msg").exists()


def test_runs_of_workers_that_are_gone_wait_again(studio: ModuleType, made: str) -> None:
    expired, never = (studio.submit("toy.steps", STEPS) for _ in range(2))
    with db.writing(settings().database_url) as session:
        for run_id, lease in ((expired.id, now() - 100), (never.id, None)):
            run = session.get_one(Run, run_id)
            run.status, run.attempt, run.worker_id, run.lease_until = "running", 1, "gone", lease
        session.add(
            Worker(id="gone", host="h", pid=1, device="cpu", queues=["cpu"], heartbeat_at=1.0)
        )
        session.add(Worker(id="here", host="h", pid=1, device="cpu", queues=["cpu"]))
    lines = look(fix=True)
    assert lines == [
        "found: 2 runs are held by workers that are gone",
        "mended: 2 wait for a worker again, 0 have ended",
        "found: workers that are gone: gone",
        "mended: deleted their rows",
    ]
    assert look(fix=True) == ["nothing to mend"]
    assert [studio.get_run(run.id).status for run in (expired, never)] == ["queued"] * 2
    assert [each.id for each in studio.workers()] == ["here"]


def test_a_backup_that_was_killed_is_forgotten(made: str) -> None:
    with db.writing(settings().database_url) as session:
        session.merge(Setting(key=backup.RUNNING, value=now() - 2 * backup.STALE_S))
    mends("a backup was begun and never ended", "forgot it")


def test_rows_of_no_run_go_and_files_without_a_row_get_one(made: str) -> None:
    db.engine(settings().database_url).dispose()
    with closing(sqlite3.connect(settings().root / "vitrine.db")) as careless:  # no foreign keys
        for table in ("metric", "record"):
            careless.execute(f"UPDATE {table} SET run_id = 'nobody' WHERE id = 1")
        careless.execute("DELETE FROM blob")
        careless.commit()
    lines = look(fix=True)
    assert [line for line in lines if "belong to no run" in line] == [
        "found: 1 rows of the table metric belong to no run",
        "found: 1 rows of the table record belong to no run",
    ]
    assert "found: 1 files of runs have no row of their own" in lines
    assert lines[-1] == "mended: no longer noted as lost"  # for it is there
    assert look(fix=True) == ["nothing to mend"]


@pytest.mark.usefixtures("data_dir")
def test_an_old_schema_is_brought_up_to_date() -> None:
    at_revision(settings().root / "vitrine.db", "0007")
    lines = look(fix=True)
    assert lines[-2:] == [
        "found: the database has an old schema",
        "mended: brought the schema up to date",
    ]
    assert look() == ["nothing to mend"]


def test_a_newer_schema_is_left_alone(made: str) -> None:
    with closing(sqlite3.connect(settings().root / "vitrine.db")) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
        newer.commit()
    lines = look(fix=True)
    assert lines[0] == "found: the database is of a newer version"
    assert "update Vitrine" in lines[1]


def test_a_missing_file_is_noted_and_found_again(studio: ModuleType, made: str) -> None:
    path = store().path(studio.artefacts(made)[0].sha256)
    content = path.read_bytes()
    path.unlink()
    lines = look(fix=True)
    assert lines[0] == f"found: 1 files are missing: sum.txt of run {made} (Steps)"
    assert "noted as lost" in lines[1]
    assert look(fix=True) == ["nothing to mend"]
    assert studio.house().lost_files == 1
    assert studio.artefacts(made)[0].lost
    path.write_bytes(content)
    mends("1 files that were lost are there again", "no longer noted as lost")
    assert not studio.artefacts(made)[0].lost


def test_putting_a_lost_file_again_makes_it_found(
    studio: ModuleType, made: str, works: Works
) -> None:
    sha256 = studio.artefacts(made)[0].sha256
    store().path(sha256).unlink()
    look(fix=True)
    studio.submit("toy.steps", STEPS)
    works()
    with db.reading(settings().database_url) as session:
        assert session.get_one(Blob, sha256).lost_at is None
    assert studio.blob(sha256).path.read_bytes() == b"1.0"


def test_only_a_deep_look_reads_files_and_what_is_damaged_is_never_served(
    studio: ModuleType, made: str
) -> None:
    sha256 = studio.artefacts(made)[0].sha256
    store().path(sha256).write_bytes(b"0.1")  # as long, and not what its name says
    assert look(fix=True) == ["nothing to mend"]
    lines = look(deep=True)
    assert lines[0].startswith(f"found: 1 files are damaged: sum.txt of run {made}")
    lines = look(deep=True, fix=True)
    assert lines[1].startswith("mended: moved to ")
    assert look(deep=True, fix=True) == ["nothing to mend"]
    assert (settings().root / "damaged" / sha256).read_bytes() == b"0.1"
    with pytest.raises(studio.NotFound):
        studio.blob(sha256)


def test_the_command_says_each_thing_before_and_after(
    made: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.cli import main
    from backend import doctor
    from backend.views import Check

    monkeypatch.setattr(doctor, "torch_pair", lambda: Check("torch and torchvision", True, "fine"))
    (settings().root / "secret").chmod(0o644)
    for options in ([], ["--fix"], ["--deep"]):
        with pytest.raises(SystemExit):
            main(["doctor", *options])
        said = capsys.readouterr().out
        assert ("mended: only its owner" in said) is (options == ["--fix"])
        assert ("nothing to mend" in said) is (options == ["--deep"])
