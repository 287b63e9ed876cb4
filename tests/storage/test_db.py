"""The database: its rules, its migrations, and several processes at once."""

from __future__ import annotations

import multiprocessing
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, inspect, select, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from storage import db
from storage.kept import Setting
from storage.models import Artefact, Checkpoint, Event, Metric, Run


def a_run(run_id: str = "run", parent_id: str | None = None) -> Run:
    return Run(
        id=run_id,
        parent_id=parent_id,
        method="toy.steps",
        family="toy",
        config={},
        params_hash="0",
        seed=0,
        code_version="0",
        queue="cpu",
    )


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a database without tables."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'vitrine.db'}"
    else:
        url = request.getfixturevalue("postgresql_server").empty_database()
    yield url
    db.engine(url).dispose()


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    url = f"sqlite:///{tmp_path / 'vitrine.db'}"
    db.upgrade(url)
    yield url
    db.engine(url).dispose()


def test_upgrade_from_empty_equals_the_models(empty_url: str) -> None:
    assert not db.is_current(empty_url)
    db.upgrade(empty_url)
    assert db.is_current(empty_url)
    with db.engine(empty_url).connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, SQLModel.metadata) == []
        tables = inspect(connection).get_table_names()
    assert set(tables) == {*SQLModel.metadata.tables, "alembic_version"}


def test_foreign_keys_of_the_migration_delete_like_those_of_the_models(empty_url: str) -> None:
    # compare_metadata does not look at ON DELETE on SQLite.
    db.upgrade(empty_url)
    with db.engine(empty_url).connect() as connection:
        inspector = inspect(connection)
        for name, table in SQLModel.metadata.tables.items():
            wanted = {
                (key.parent.name, key.target_fullname, key.ondelete) for key in table.foreign_keys
            }
            found = {
                (
                    key["constrained_columns"][0],
                    f"{key['referred_table']}.{key['referred_columns'][0]}",
                    key["options"].get("ondelete"),
                )
                for key in inspector.get_foreign_keys(name)
            }
            assert found == wanted, name


def test_what_refers_to_a_run_is_found_by_an_index(empty_url: str) -> None:
    # Else deleting a run reads all of that table: a sweep of 450 runs among 10,000 held the lock of SQLite for 30 s.
    db.upgrade(empty_url)
    with db.engine(empty_url).connect() as connection:
        inspector = inspect(connection)
        for name in inspector.get_table_names():
            first = {index["column_names"][0] for index in inspector.get_indexes(name)}
            first |= {rule["column_names"][0] for rule in inspector.get_unique_constraints(name)}
            first |= set(inspector.get_pk_constraint(name)["constrained_columns"][:1])
            for key in inspector.get_foreign_keys(name):
                if key["referred_table"] == "run":
                    assert key["constrained_columns"][0] in first, name


def test_downgrade_leaves_nothing_behind(empty_url: str) -> None:
    from alembic import command

    db.upgrade(empty_url)
    command.downgrade(db._alembic(empty_url), "base")
    with db.engine(empty_url).connect() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]


def test_runs_of_the_first_schema_keep_all_they_had(empty_url: str) -> None:
    from alembic import command

    command.upgrade(db._alembic(empty_url), "0001")
    with db.engine(empty_url).begin() as connection:
        connection.execute(
            text(
                "INSERT INTO run (id, method, family, title, config, params_hash, seed, code_version, env, status,"
                " priority, queue, done, total, done_before, message, attempt, max_attempts, created_at, error_type,"
                " error, traceback, metrics, summary, pinned, archived) VALUES ('old', 'toy.steps', 'toy', 'Old',"
                " '{}', '0', 7, '1', '{}', 'succeeded', 0, 'cpu', 1, 1, 0, '', 1, 3, 5.0, '', '', '',"
                " '{\"fid\": 2.0}', 'two', true, false)"
            )
        )
        connection.execute(
            text(
                "INSERT INTO metric (id, run_id, attempt, name, step, value, at)"
                " VALUES (1, 'old', 1, 'loss', 0, 0.5, 6.0)"
            )
        )
    db.upgrade(empty_url)
    with db.reading(empty_url) as session:
        run = session.get_one(Run, "old")
        assert (run.title, run.seed, run.metrics, run.pinned) == ("Old", 7, {"fid": 2.0}, True)
        assert (run.sweep_id, run.sweep_cell) == (None, None)
        assert session.scalars(select(Metric.value)).all() == [0.5]  # nothing went with a table
    command.downgrade(db._alembic(empty_url), "0001")
    with db.engine(empty_url).connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM metric")).scalar() == 1
        assert "sweep_id" not in {row["name"] for row in inspect(connection).get_columns("run")}


def test_checkpoints_keep_their_marks_over_the_change_of_their_columns(empty_url: str) -> None:
    from alembic import command

    command.upgrade(db._alembic(empty_url), "0003")
    with db.engine(empty_url).begin() as connection:
        connection.execute(
            text(
                "INSERT INTO run (id, method, family, title, config, params_hash, seed, code_version, env, status,"
                " priority, queue, done, total, done_before, message, attempt, max_attempts, created_at, error_type,"
                " error, traceback, metrics, summary, pinned, archived) VALUES ('lost', 'toy.steps', 'toy', 'Lost',"
                " '{}', '0', 7, '1', '{}', 'queued', 0, 'cpu', 1, 1, 0, '', 1, 3, 5.0, '', '', '',"
                " '{}', '', false, false)"
            )
        )
        connection.execute(
            text("INSERT INTO blob (sha256, size, mime, created_at) VALUES ('c', 1, 'x', 1.0)")
        )
        connection.execute(
            text(
                "INSERT INTO checkpoint (run_id, attempt, sha256, metric_id, record_id, artefact_id, created_at)"
                " VALUES ('lost', 1, 'c', 5, 6, 7, 8.0)"
            )
        )
    db.upgrade(empty_url)
    with db.reading(empty_url) as session:
        kept = session.get_one(Checkpoint, "lost")
        assert kept.marks == {"metric": 5, "record": 6, "artefact": 7}
        assert (kept.sha256, kept.created_at) == ("c", 8.0)
    command.downgrade(db._alembic(empty_url), "0003")
    with db.engine(empty_url).connect() as connection:
        row = connection.execute(text("SELECT * FROM checkpoint")).mappings().one()
        assert (row["metric_id"], row["record_id"], row["artefact_id"]) == (5, 6, 7)


def test_upgrading_again_changes_nothing(url: str) -> None:
    with db.writing(url) as session:
        session.add(a_run())
    db.upgrade(url)
    with db.reading(url) as session:
        assert session.get_one(Run, "run").status == "queued"


def at_once(work: Callable[..., None], *arguments: Any, processes: int) -> None:
    """Call `work` in several processes that begin together; all must end well."""
    forking = multiprocessing.get_context(
        "fork"
    )  # they have everything imported, so they do begin together
    barrier = forking.Barrier(processes)

    def begin() -> None:
        barrier.wait(60)
        work(*arguments)

    started = [forking.Process(target=begin) for _ in range(processes)]
    for process in started:
        process.start()
    for process in started:
        process.join(120)
    assert [process.exitcode for process in started] == [0] * processes


def test_processes_that_upgrade_at_once_find_one_schema(tmp_path: Path) -> None:
    for attempt in range(3):
        url = f"sqlite:///{tmp_path / f'{attempt}.db'}"
        at_once(db.upgrade, url, processes=4)
        assert db.is_current(url)
        db.engine(url).dispose()


def test_a_new_database_waits_for_another_process_that_writes_it_first(tmp_path: Path) -> None:
    path = tmp_path / "vitrine.db"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.3, other.execute, ("ROLLBACK",))
    release.start()
    with db.reading(f"sqlite:///{path}") as session:  # SQLite refuses WAL at once meanwhile
        assert session.execute(text("PRAGMA journal_mode")).scalar() == "wal"
    release.join()
    other.close()
    db.engine(f"sqlite:///{path}").dispose()


def test_sqlite_is_opened_with_the_rules_that_let_processes_share_it(url: str) -> None:
    def pragma(name: str) -> object:
        with db.reading(url) as session:
            return session.execute(text(f"PRAGMA {name}")).scalar()

    found = {name: pragma(name) for name in ("journal_mode", "synchronous", "busy_timeout")}
    assert found == {"journal_mode": "wal", "synchronous": 1, "busy_timeout": 30_000}
    assert pragma("foreign_keys") == 1


def test_a_transaction_that_writes_takes_the_lock_at_its_first_statement(url: str) -> None:
    path = url.removeprefix("sqlite:///")
    with db.writing(url) as session:
        session.get(Setting, "anything")  # only a read so far
        with sqlite3.connect(path, timeout=0) as other, pytest.raises(sqlite3.OperationalError):
            other.execute("INSERT INTO setting (key) VALUES ('x')")


def test_a_reader_waits_for_no_writer_and_sees_one_moment(url: str) -> None:
    with db.reading(url) as reader:
        assert reader.scalar(select(func.count()).select_from(Run)) == 0
        with db.writing(url) as session:
            session.add(a_run())
        assert reader.scalar(select(func.count()).select_from(Run)) == 0
    with db.reading(url) as reader:
        assert reader.scalar(select(func.count()).select_from(Run)) == 1


def test_a_transaction_that_fails_leaves_nothing(url: str) -> None:
    def add_twice() -> None:
        with db.writing(url) as session:
            session.add(a_run())
            session.flush()
            session.add(a_run())

    with pytest.raises(IntegrityError):
        add_twice()
    with db.reading(url) as session:
        assert session.get(Run, "run") is None


def test_deleting_a_run_takes_its_reports_along_and_frees_its_children(url: str) -> None:
    with db.writing(url) as session:
        session.add(a_run())
        session.flush()
        session.add(a_run("child", parent_id="run"))
        session.add(Metric(run_id="run", attempt=1, name="loss", step=0, value=1.0))
        session.add(Event(run_id="run", attempt=1, level="info", message="hello"))
    with db.writing(url) as session:
        session.delete(session.get_one(Run, "run"))
    with db.reading(url) as session:
        assert session.scalar(select(func.count()).select_from(Metric)) == 0
        assert session.scalar(select(func.count()).select_from(Event)) == 0
        assert session.get_one(Run, "child").parent_id is None


def test_an_artefact_needs_its_blob(url: str) -> None:
    with db.writing(url) as session:
        session.add(a_run())
    artefact = Artefact(run_id="run", attempt=1, sha256="0" * 64, role="file", name="a.txt")
    with pytest.raises(IntegrityError), db.writing(url) as session:
        session.add(artefact)


def test_cursors_grow_although_the_newest_rows_were_deleted(url: str) -> None:
    def add() -> int:
        with db.writing(url) as session:
            point = Metric(run_id="run", attempt=1, name="loss", step=0, value=1.0)
            session.add(point)
            session.flush()
            assert point.id is not None
            return point.id

    with db.writing(url) as session:
        session.add(a_run())
    first = add()
    with db.writing(url) as session:
        session.delete(session.get_one(Metric, first))
    assert add() > first


def test_two_processes_that_read_and_then_write_never_find_the_database_locked(
    tmp_path: Path, sqlite_template: Path
) -> None:
    path = tmp_path / "shared.db"
    shutil.copy(sqlite_template, path)
    with sqlite3.connect(path) as plain:  # no connection of ours may cross the fork
        plain.execute("INSERT INTO setting VALUES ('count', '0')")
    plain.close()
    url = f"sqlite:///{path}"

    def count_up() -> None:
        for _ in range(300):
            with db.writing(url) as session:
                row = session.get_one(Setting, "count")
                row.value = row.value + 1
                session.add(row)

    at_once(count_up, processes=2)
    with db.reading(url) as session:
        assert session.get_one(Setting, "count").value == 600  # no update was lost either
    db.engine(url).dispose()


def test_a_folder_that_cannot_be_made_is_a_database_error(tmp_path: Path) -> None:
    from sqlalchemy.exc import OperationalError

    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OperationalError, match="unable to open"):
        db.upgrade(f"sqlite:///{tmp_path / 'file' / 'below' / 'vitrine.db'}")


def test_ids_are_short_and_readable() -> None:
    from storage.models import ALPHABET, new_id

    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(each) == 12 and set(each) <= set(ALPHABET) for each in ids)
    assert not set("01lo") & set(ALPHABET)
