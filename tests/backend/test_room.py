"""Quotas: what takes the room, and what is refused when there is none."""

from __future__ import annotations

import shutil
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from backend.services import room
from backend.settings import settings
from storage import db, records

Works = Callable[[], None]
STEPS = {"steps": 2, "seconds_per_step": 0.0}
Disk = namedtuple("Disk", "total used free")


@pytest.fixture
def quota(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    def quota(gb: float) -> None:
        monkeypatch.setenv("VITRINE_QUOTA_GB", str(gb))
        settings.cache_clear()
        room.forget()

    return quota


def test_what_takes_the_room_adds_up_and_counts_each_file_once(
    studio: ModuleType, works: Works, tmp_path: Path
) -> None:
    for seed in (0, 1):
        studio.submit("toy.steps", STEPS, seed=seed)  # both write the same file
        works()
    upload = tmp_path / "router"
    upload.write_bytes(b"12345678{}")
    studio.upload("r.safetensors", upload, "router")
    settings().shared_dir.mkdir(exist_ok=True)
    (settings().shared_dir / "features").write_bytes(bytes(1000))
    waiting = studio.submit("toy.steps", STEPS)
    with db.writing(settings().database_url) as session:
        records.put_checkpoint(session, waiting.id, 1, "a" * 64, 77)
        records.add_blob(session, "b" * 64, 5, "text/plain")
    found = room.used()
    parts = {each.name: each.bytes for each in found.counted}
    assert parts["runs: toy"] == len(b"1.0")
    assert parts["uploads"] == 10
    assert parts["checkpoints"] == 77
    assert parts["features that runs share"] == 1000
    assert parts["files without an owner, for the next clean-up"] == 5
    assert parts["database"] > 50_000
    assert found.total_bytes == sum(parts.values())
    assert room._counted() == found.total_bytes
    assert list(parts.values()) == sorted(parts.values(), reverse=True)


def test_deleted_rows_give_room_in_the_database(studio: ModuleType, works: Works) -> None:
    run = studio.submit("toy.steps", {"steps": 1000, "seconds_per_step": 0.0})
    works()
    db.shrink_log(settings().database_url)
    before = {each.name: each.bytes for each in room.used().counted}["database"]
    studio.delete_run(run.id)
    db.shrink_log(settings().database_url)
    after = {each.name: each.bytes for each in room.used().counted}["database"]
    assert after < before - 30_000


def test_above_the_quota_nothing_new_is_taken_and_runs_go_on(
    studio: ModuleType, works: Works, quota: Callable[[float], None], tmp_path: Path
) -> None:
    waiting = studio.submit("toy.steps", STEPS)
    bundle = tmp_path / "run.zip"
    quota(0.000001)
    assert studio.room_left().state == "none"
    upload = tmp_path / "router"
    upload.write_bytes(b"12345678{}")
    request = studio.SweepRequest("toy.steps", STEPS, {"steps": [1, 2]}, [0])
    for refused in (
        lambda: studio.submit("toy.steps", STEPS),
        lambda: studio.submit_many([studio.Launch("toy.steps", STEPS)]),
        lambda: studio.launch_sweep(request),
        lambda: studio.rerun(waiting.id),
        lambda: studio.upload("r.safetensors", upload, "router"),
        lambda: studio.import_bundle(bundle),
    ):
        with pytest.raises(studio.Full, match=r"quota of 1e-06 GB is used up .* VITRINE_QUOTA_GB"):
            refused()
    works()
    assert studio.get_run(waiting.id).status == "succeeded"
    assert studio.list_runs().total == 1
    quota(0)
    studio.submit("toy.steps", STEPS)


def test_near_the_quota_pages_say_so(studio: ModuleType, quota: Callable[[float], None]) -> None:
    assert studio.room_left() == studio.RoomView("ok", "", 0, 0)
    used = room._counted()
    quota(used / 0.95 / 1e9)
    found = studio.room_left()
    assert found.state == "low"
    assert found.text.startswith("95 % of the quota")
    studio.submit("toy.steps", STEPS)
    quota(used / 0.4 / 1e9)
    assert studio.room_left().state == "ok"


def test_a_disk_that_is_nearly_full_is_said_and_a_full_one_takes_nothing(
    studio: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Disk(10**12, 0, 10**9))
    assert studio.room_left().text.startswith("The disk is nearly full: 1.0 GB are left")
    studio.submit("toy.steps", STEPS)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Disk(10**12, 0, 10**8))
    with pytest.raises(studio.Full, match="VITRINE_DATA_DIR"):
        studio.submit("toy.steps", STEPS)
    # A small disk is full later.
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Disk(2 * 10**9, 0, 10**8))
    assert studio.room_left().state == "low"
