"""A backup made while the studio writes, restored elsewhere: every row, every file; and nothing from a damaged one."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from alembic import command

from backend import backup, cleaning
from backend.backup import BackupError
from backend.services import restoring
from backend.settings import settings
from storage import db, erasures, records
from storage.artefacts import ArtefactStore
from storage.kept import Erasure, Review, Setting
from storage.models import Blob, Run, now
from tests.conftest import configure, forget

Works = Callable[[], None]
FILLED = (
    *("run", "attempt", "metric", "record", "node", "artefact", "blob", "checkpoint", "dataset"),
    *("comparison", "share", "review", "erasure", "erasure_event"),
)
STEPS = {"steps": 5, "seconds_per_step": 0.0}


@pytest.fixture
def filled(studio: ModuleType, works: Works, tmp_path: Path) -> dict[str, str]:
    """A studio with something in nearly every table; the ids and links that a test asks for."""
    first = studio.submit("toy.steps", STEPS, title="first")
    works()
    nodes = studio.submit("toy.nodes", {"nodes": 80}, title="nodes")
    works()
    comparison = studio.create_comparison([first.id, nodes.id], "both")
    link = studio.create_share("run", first.id, 30)
    upload = tmp_path / "router"
    upload.write_bytes(b"12345678{}")
    dataset = studio.upload("r.safetensors", upload, "router")
    waits = studio.submit("toy.steps", STEPS, title="waits")
    state, size = ArtefactStore(settings().artefacts_dir).put(b"state")
    with db.writing(settings().database_url) as session:
        records.put_checkpoint(session, waits.id, 1, state, size)
        session.add(Review(kind="pair", subject="a", verdict="flip", tags=["x"], note="ünïcode"))
        request = Erasure(method="toy.erase", table_run=first.id, source={"a": [1.5]}, items={})
        session.add(request)
        session.flush()
        erasures.note(session, request.id, "requested", "a line", {"counts": {}}, now())
    return {
        "run": first.id,
        "comparison": comparison.id,
        "link": link.url.rpartition("/")[2],
        "upload": dataset.sha256,
    }


def tables(database: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with closing(sqlite3.connect(database)) as open_:
        names = [
            row[0]
            for row in open_.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            )
        ]
        return {
            name: sorted(open_.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr)
            for name in names
        }


@pytest.fixture
def moved(
    monkeypatch: pytest.MonkeyPatch, studio: ModuleType
) -> Iterator[Callable[[Path], ModuleType]]:
    """The services on a restored studio."""

    def moved(folder: Path) -> ModuleType:
        forget()
        configure(monkeypatch, folder)
        return studio

    yield moved
    forget()


@pytest.mark.parametrize("name", ["copy", "copy.zip"])
def test_a_studio_that_writes_meanwhile_comes_back_as_it_was_at_one_moment(
    filled: dict[str, str], tmp_path: Path, moved: Any, name: str
) -> None:
    here, place, there = settings().root / "vitrine.db", tmp_path / name, tmp_path / "there"
    stop = threading.Event()
    # Each transaction writes a file's row and a comparison: of one moment, a copy has as many of both.
    store = ArtefactStore(settings().artefacts_dir)

    def write() -> None:
        count = 0
        while not stop.is_set():
            content = f"content {count}".encode()
            sha256, size = store.put(content)
            with db.writing(settings().database_url) as session:
                records.add_blob(session, sha256, size, "text/x-written")
                session.add(Setting(key=f"written:{count}", value=count))
            count += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        head = backup.back_up(place, with_secret=True)
    finally:
        stop.set()
        writer.join()
    assert restoring.check(place) == head
    _, waiting = restoring.restore(place, there)
    assert waiting == []
    ours, theirs = tables(here), tables(there / "vitrine.db")
    assert theirs.keys() == ours.keys()
    changing = {"blob", "setting", "worker", "audit"}
    for table in ours.keys() - changing:
        assert theirs[table] == ours[table], table
    assert [table for table in FILLED if not theirs[table]] == []
    assert theirs["audit"][:-1] == ours["audit"]  # and one more line, of the restoring
    assert set(theirs["blob"]) <= set(ours["blob"])
    written = [row for row in theirs["setting"] if row[0].startswith("written:")]
    assert len(written) == sum("text/x-written" in row for row in theirs["blob"])
    assert sorted(int(row[0][8:]) for row in written) == list(range(len(written)))
    for sha256, *_ in theirs["blob"]:
        assert backup.digest_of(there / "artefacts" / sha256[:2] / sha256) == sha256
    assert (there / "secret").read_text() == (here.parent / "secret").read_text()
    assert (there / "secret").stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(there / "vitrine.db")) as open_:
        assert open_.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    studio = moved(there)
    assert studio.resolve_share(filled["link"]).target_id == filled["run"]
    assert studio.get_comparison(filled["comparison"]).run_ids[0] == filled["run"]
    assert studio.blob(filled["upload"]).path.read_bytes() == b"12345678{}"
    assert len(studio.series(filled["run"])["value"]) == 5
    assert studio.house().last_backup.at == head.made_at


def test_a_second_backup_adds_what_is_new_and_drops_what_went(
    studio: ModuleType, filled: dict[str, str], tmp_path: Path
) -> None:
    place = tmp_path / "copy"
    first = backup.back_up(place, with_secret=True)
    kept = place / "files" / filled["upload"][:2] / filled["upload"]
    inode = kept.stat().st_ino
    with db.writing(settings().database_url) as session:
        sha256, size = ArtefactStore(settings().artefacts_dir).put(b"new")
        records.add_blob(session, sha256, size, "text/plain")
    second = backup.back_up(place)
    assert kept.stat().st_ino == inode
    assert set(second.files) - set(first.files) == {sha256}
    names = {path.name for path in place.iterdir()}
    assert names == {"vitrine-backup.json", "files", second.database}
    restoring.restore(place, tmp_path / "there")
    assert not (tmp_path / "there" / "secret").exists()
    with db.writing(settings().database_url) as session:
        session.delete(session.get_one(Blob, sha256))
    third = backup.back_up(place)
    assert sha256 not in third.files
    assert not (place / "files" / sha256[:2] / sha256).exists()


@pytest.mark.parametrize("name", ["copy", "copy.zip"])
def test_an_interrupted_backup_leaves_the_one_before_whole(
    filled: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    place = tmp_path / name
    first = backup.back_up(place)
    store = ArtefactStore(settings().artefacts_dir)
    with db.writing(settings().database_url) as session:
        for content in (b"one", b"two"):
            sha256, size = store.put(content)
            records.add_blob(session, sha256, size, "text/plain")
    with monkeypatch.context() as patch:

        def full(*_: Any) -> None:
            raise OSError(28, "No space left on device")

        patch.setattr(backup._Folder, "finish", full)
        patch.setattr(backup._Zip, "finish", full)
        with pytest.raises(BackupError, match=r"no whole backup: .*No space left"):
            backup.back_up(place)
    assert restoring.check(place) == first
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    with db.reading(settings().database_url) as session:
        assert not backup.is_running(session)
    assert set(backup.back_up(place).files) > set(first.files)
    restoring.check(place)


def test_an_interrupted_first_backup_is_gone_on_with(
    filled: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "copy"
    with monkeypatch.context() as patch:

        def killed(*_: Any) -> None:
            raise KeyboardInterrupt

        patch.setattr(backup._Folder, "finish", killed)
        with pytest.raises(KeyboardInterrupt):
            backup.back_up(place)
    assert backup.back_up(place) == restoring.check(place)


def test_what_others_put_beside_a_backup_stays(filled: dict[str, str], tmp_path: Path) -> None:
    place = tmp_path / "copy"
    first = backup.back_up(place)
    (place / "README").write_text("the studio of room 3")
    (place / "files" / "notes").mkdir()
    (place / "files" / "notes" / "today.txt").write_text("x")
    settings_row = Setting(key="changed", value=1.0)
    with db.writing(settings().database_url) as session:
        session.add(settings_row)
    second = backup.back_up(place)
    assert first.database != second.database
    assert {path.name for path in place.iterdir()} == {
        *("README", "files", "vitrine-backup.json"),
        second.database,
    }
    assert (place / "files" / "notes" / "today.txt").exists()


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_a_damaged_backup_is_refused_by_name_and_nothing_is_written(
    filled: dict[str, str], tmp_path: Path
) -> None:
    place, there = tmp_path / "copy", tmp_path / "there"
    head = backup.back_up(place)
    sha256 = filled["upload"]
    member = f"files/{sha256[:2]}/{sha256}"

    def refused(damage: Callable[[Path], None], said: str) -> None:
        broken = tmp_path / "broken"
        shutil.copytree(place, broken)
        damage(broken)
        for attempt in (
            lambda: restoring.restore(broken, there),
            lambda: restoring.check(broken),
        ):
            with pytest.raises(BackupError, match=said):
                attempt()
        assert not there.exists()
        shutil.rmtree(broken)

    def rewrite(**changes: Any) -> Callable[[Path], None]:
        def change(folder: Path) -> None:
            path = folder / backup.HEAD
            path.write_text(json.dumps(json.loads(path.read_text()) | changes))

        return change

    refused(lambda folder: _flip(folder / member), f"{member} is not what was put into it")
    refused(lambda folder: (folder / member).unlink(), f"{member} is missing")
    refused(lambda folder: _flip(folder / head.database), f"{head.database} is not what")
    refused(lambda folder: (folder / head.database).unlink(), f"{head.database} is missing")
    refused(lambda folder: (folder / backup.HEAD).unlink(), "no backup of Vitrine, or was not fin")
    refused(lambda folder: (folder / backup.HEAD).write_text("{"), "vitrine-backup.json is damaged")
    refused(rewrite(vitrine_backup=9), "format 9; this version reads 1")
    refused(rewrite(files={"../../x": 1}), "names what no backup has")
    refused(rewrite(database="../vitrine.db"), "names what no backup has")
    fewer = {sha: size for sha, size in head.files.items() if sha != sha256}
    refused(rewrite(files=fewer), f"lacks the file {sha256[:12]}")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    zipped = tmp_path / "copy.zip"
    backup.back_up(zipped)
    content = zipped.read_bytes()
    zipped.write_bytes(content[: len(content) // 2])
    with pytest.raises(BackupError, match="not whole"):
        restoring.restore(zipped, there)
    with pytest.raises(BackupError, match="there is no backup"):
        restoring.restore(tmp_path / "nowhere", there)


def test_a_newer_schema_is_refused_in_words(filled: dict[str, str], tmp_path: Path) -> None:
    place = tmp_path / "copy"
    backup.back_up(place)
    path = place / backup.HEAD
    head = json.loads(path.read_text())
    path.write_text(json.dumps(head | {"schema": "9999"}))
    with pytest.raises(BackupError, match="update Vitrine first"):
        restoring.restore(place, tmp_path / "there")


@pytest.mark.usefixtures("data_dir")
def test_an_older_schema_is_brought_up_to_date(tmp_path: Path) -> None:
    at_revision(settings().root / "vitrine.db", "0007")
    with closing(sqlite3.connect(settings().root / "vitrine.db")) as old:
        values = "'abcdefghjkmn', 'toy.steps', 'toy', 'first', '{}', '', 0, '', '{}', 'succeeded', 0, 'cpu'"
        old.execute(
            "INSERT INTO run (id, method, family, title, config, params_hash, seed, code_version, env, status, priority, "
            "queue, done, total, done_before, message, attempt, max_attempts, created_at, error_type, error, traceback, "
            f"metrics, summary, pinned, archived) VALUES ({values}, 0, 0, 0, '', 1, 3, 1.0, '', '', '', '{{}}', '', 0, 1)"
        )
        old.commit()
    head = backup.back_up(tmp_path / "copy")
    assert head.schema == "0007"
    restoring.restore(tmp_path / "copy", tmp_path / "there")
    url = f"sqlite:///{tmp_path / 'there' / 'vitrine.db'}"
    assert db.is_current(url)
    with db.reading(url) as session:
        run = session.get_one(Run, "abcdefghjkmn")
        assert (run.archived_at or 0) > now() - 100  # its time begins now
    db.engine(url).dispose()


def at_revision(database: Path, revision: str) -> None:
    """A database as an earlier version has left it, empty."""
    url = f"sqlite:///{database}"
    command.upgrade(db._alembic(url), revision)
    db.engine(url).dispose()
    db.engine.cache_clear()


def test_runs_that_were_running_wait_again_or_have_failed(
    studio: ModuleType, works: Works, tmp_path: Path, moved: Any
) -> None:
    again, last = (studio.submit("toy.steps", STEPS, title=title) for title in ("again", "last"))
    with db.writing(settings().database_url) as session:
        for run_id, attempt in ((again.id, 1), (last.id, 3)):
            run = session.get_one(Run, run_id)
            run.attempt, run.worker_id, run.lease_until = attempt, "cpu@here:1", now() + 1000
            run.status = "running"
    backup.back_up(tmp_path / "copy")
    _, waiting = restoring.restore(tmp_path / "copy", tmp_path / "there")
    assert waiting == [again.id]
    restored = moved(tmp_path / "there")
    assert restored.get_run(last.id).status == "failed"
    assert restored.get_run(again.id).status == "queued"
    assert restored.workers() == []
    with db.reading(settings().database_url) as session:
        assert not backup.is_running(session)
    works()
    assert restored.get_run(again.id).status == "succeeded"


def test_what_was_lost_before_is_said_and_does_not_keep_the_rest_from_being_kept(
    studio: ModuleType, filled: dict[str, str], tmp_path: Path, moved: Any
) -> None:
    sha256 = filled["upload"]
    ArtefactStore(settings().artefacts_dir).path(sha256).unlink()
    head = backup.back_up(tmp_path / "copy")
    assert head.lost == [sha256]
    restoring.restore(tmp_path / "copy", tmp_path / "there")
    restored = moved(tmp_path / "there")
    assert restored.house().lost_files == 1


def test_nothing_is_cleaned_away_and_no_second_backup_begins_meanwhile(
    studio: ModuleType, filled: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleaning, "now", lambda: now() + 7200)
    with db.writing(settings().database_url) as session:
        sha256, size = ArtefactStore(settings().artefacts_dir).put(b"nobody's")
        records.add_blob(session, sha256, size, "text/plain")
    with backup.backing_up():
        assert cleaning.collect() == (0, 0)
        with pytest.raises(BackupError, match="another backup"):
            backup.back_up(tmp_path / "copy")
    assert cleaning.collect() == (1, size)


def test_places_that_cannot_be_are_refused(
    studio: ModuleType, filled: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    with pytest.raises(BackupError, match="holds something else"):
        backup.back_up(tmp_path / "mine")
    (tmp_path / "theirs" / "files").mkdir(parents=True)
    (tmp_path / "theirs" / "files" / "thesis.txt").write_text("x")
    with pytest.raises(BackupError, match="holds something else"):
        backup.back_up(tmp_path / "theirs")
    with pytest.raises(BackupError, match="data folder itself"):
        backup.back_up(settings().root / "copy")
    backup.back_up(tmp_path / "copy")
    with pytest.raises(BackupError, match="is not empty"):
        restoring.restore(tmp_path / "copy", tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]
    monkeypatch.setenv("VITRINE_DB_URL", "postgresql+psycopg://me@127.0.0.1:1/vitrine")
    settings.cache_clear()
    with pytest.raises(BackupError, match="pg_dump"):
        backup.back_up(tmp_path / "other")


def test_a_database_with_code_in_it_is_none_of_ours(filled: dict[str, str], tmp_path: Path) -> None:
    place = tmp_path / "copy"
    head = backup.back_up(place)
    with closing(sqlite3.connect(place / head.database)) as open_:
        open_.execute("CREATE TRIGGER strange AFTER INSERT ON run BEGIN DELETE FROM run; END")
        open_.commit()
    path = place / backup.HEAD
    facts = {
        "database_sha256": backup.digest_of(place / head.database),
        "database_bytes": (place / head.database).stat().st_size,
    }
    path.write_text(json.dumps(json.loads(path.read_text()) | facts))
    with pytest.raises(BackupError, match="its database has a strange"):
        restoring.restore(place, tmp_path / "there")


def test_the_commands_say_what_they_did(
    filled: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from app.cli import main

    place = str(tmp_path / "copy.zip")
    main(["backup", place])
    said = capsys.readouterr().out
    assert "files and the database" in said
    assert "answers none of today's share links" in said
    main(["restore", place, "--check"])
    assert "is whole" in capsys.readouterr().out
    main(["restore", place, "--into", str(tmp_path / "there")])
    assert f"VITRINE_DATA_DIR={tmp_path / 'there'} vitrine up" in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        main(["restore", place, "--into", str(tmp_path / "there")])
    assert ended.value.code == 2
    assert zipfile.ZipFile(place).namelist()[-1] == backup.HEAD
