"""What housekeeping says: plain frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class RoomView:
    """Whether there is room.

    Attributes:
        state: "low" where pages should say so, "none" where nothing new is taken.
        text: what is the matter and what to do; empty while all is well.
        used_bytes: what the quota bounds; 0 without a quota, when nobody counts.
        quota_bytes: 0 without one.
    """

    state: Literal["ok", "low", "none"]
    text: str
    used_bytes: int
    quota_bytes: int


@dataclass(frozen=True)
class UsedBy:
    name: str
    bytes: int


@dataclass(frozen=True)
class UsageView:
    """What takes the room, largest first.

    Attributes:
        total_bytes: the sum of `counted`, what the quota bounds.
        beside: what has a bound of its own or goes by itself.
    """

    total_bytes: int
    counted: list[UsedBy]
    beside: list[UsedBy]


@dataclass(frozen=True)
class Going:
    """Runs that are deleted on one day.

    Attributes:
        days: from now, 0 for what goes with the next clean-up.
        bytes: of files that nobody else has.
        titles: of some of them.
    """

    days: int
    at: float
    runs: int
    bytes: int
    titles: list[str]


@dataclass(frozen=True)
class RetentionView:
    """What will be deleted by age, and what is old enough but stays.

    Attributes:
        going: the days of the coming month on which something goes.
        staying: how many runs are old enough and stay, by the reason.
    """

    retention_days: float
    archived_days: float
    going: list[Going]
    staying: dict[str, int]


@dataclass(frozen=True)
class BackupView:
    """The last backup of this studio.

    Attributes:
        place: the file's or folder's name, as it was given.
        files: of runs and uploads in it.
    """

    at: float
    place: str
    files: int
    bytes: int


@dataclass(frozen=True)
class HouseView:
    """All that the system page says of housekeeping."""

    room: RoomView
    usage: UsageView
    retention: RetentionView
    fold_days: float
    folded_runs: int
    lost_files: int
    last_backup: BackupView | None


@dataclass(frozen=True)
class Cleaned:
    """What a clean-up did."""

    runs: int
    files: int
    bytes: int
    folded: int
