"""How much room there is, what takes it, and what is refused when there is none.

The quota bounds what a studio keeps: the files of runs, uploads, checkpoints, features that runs share, and the database.
Copies of a bucket's files have a bound of their own (`VITRINE_COPIES_GB`).
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from threading import Lock

from backend.house_views import RoomView, UsageView, UsedBy
from backend.services.errors import Full
from backend.settings import settings
from storage import db, usage

GB = 1e9
SOFT = 0.9
"""Share of the quota from which on pages say so."""
LOW_BYTES = 2 * GB
"""As for the doctor: less than this is nearly full."""
NONE_BYTES, NONE_SHARE = 0.25 * GB, 0.02
"""Room on a disk, in bytes or as a share of the disk, whichever is less, below which nothing new is taken."""
REMEMBERED_S = 5.0
FREE_IT = "delete runs you no longer need"

_remembered: dict[str, tuple[float, int]] = {}
_lock = Lock()


def used() -> UsageView:
    """What takes how much room, each file counted once."""
    config = settings()
    with db.reading(config.database_url) as session:
        families = usage.by_family(session)
        uploads, states = usage.upload_bytes(session), usage.checkpoint_bytes(session)
        files, database = (
            usage.file_bytes(session),
            usage.database_bytes(session, config.database_url),
        )
    loose = files - sum(families.values()) - uploads - states
    counted = [UsedBy(f"runs: {family}", size) for family, size in families.items()]
    counted += [
        UsedBy("uploads", uploads),
        UsedBy("checkpoints", states),
        UsedBy("features that runs share", folder_bytes(config.shared_dir)),
        UsedBy("database", database),
        UsedBy("files without an owner, for the next clean-up", loose),
    ]
    beside = [UsedBy("work of running runs", folder_bytes(config.root / "work"))]
    if config.bucket_url:
        beside.append(UsedBy("copies of the bucket's files", folder_bytes(config.artefacts_dir)))
    total = sum(each.bytes for each in counted)
    return UsageView(total, _shown(counted), _shown(beside))


def _shown(parts: list[UsedBy]) -> list[UsedBy]:
    return sorted((each for each in parts if each.bytes), key=lambda each: -each.bytes)


def folder_bytes(folder: Path) -> int:
    """Bytes of the files below a folder; those that vanish meanwhile are none."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue
    return total


def _counted() -> int:
    """The bytes that the quota bounds, remembered for some seconds: every launch asks."""
    url = settings().database_url
    with _lock:
        at, size = _remembered.get(url, (-REMEMBERED_S, 0))
        if time.monotonic() - at < REMEMBERED_S:
            return size
        with db.reading(url) as session:
            size = usage.file_bytes(session) + usage.database_bytes(session, url)
        size += folder_bytes(settings().shared_dir)
        _remembered[url] = (time.monotonic(), size)
        return size


def forget() -> None:
    """Count anew next time: something was deleted."""
    _remembered.clear()


def room() -> RoomView:
    """Whether there is room: "ok", "low" (pages say so) or "none" (nothing new is taken), and what to do about it."""
    disk = shutil.disk_usage(
        next(p for p in (settings().root, *settings().root.parents) if p.exists())
    )
    quota = int(settings().quota_gb * GB)
    taken = _counted() if quota else 0
    if quota and taken >= quota:
        text = (
            f"The quota of {quota / GB:g} GB is used up ({taken / GB:.2f} GB): no new run and no upload is taken. "
            f"Runs that are queued or running finish. To go on, {FREE_IT}, or raise VITRINE_QUOTA_GB."
        )
        return RoomView("none", text, taken, quota)
    if disk.free < min(NONE_BYTES, NONE_SHARE * disk.total):
        text = (
            f"The disk is full but for {disk.free / GB:.2f} GB: no new run and no upload is taken. "
            f"To go on, {FREE_IT}, or set VITRINE_DATA_DIR to a folder on a larger disk."
        )
        return RoomView("none", text, taken, quota)
    if quota and taken >= SOFT * quota:
        text = (
            f"{100 * taken / quota:.0f} % of the quota of {quota / GB:g} GB is used. "
            f"Soon no new run and no upload is taken: {FREE_IT}, or raise VITRINE_QUOTA_GB."
        )
        return RoomView("low", text, taken, quota)
    if disk.free < LOW_BYTES:
        text = f"The disk is nearly full: {disk.free / GB:.1f} GB are left. Please {FREE_IT}."
        return RoomView("low", text, taken, quota)
    return RoomView("ok", "", taken, quota)


def check_room() -> None:
    """Refuse what would take more room where there is none.

    Raises:
        Full: the quota is used up, or the disk is full.
    """
    found = room()
    if found.state == "none":
        raise Full(f"{found.text} The system page shows what takes the room.")
