"""`vitrine backup`, `vitrine restore`, `vitrine gc` and `vitrine doctor`: what keeps a studio in order."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from backend.services import RetentionView

MB = 1e6


def add_housekeeping(commands: Any) -> None:
    """Give the command line its commands for the house."""
    out = commands.add_parser(
        "backup",
        help="write the whole studio to a folder or a zip, while it runs",
        description="A folder gets only what is new since the backup before; a name that ends in .zip is written anew. "
        "What was there before stays whole until the new backup is.",
    )
    out.add_argument("place", type=Path, metavar="FOLDER|FILE.zip")
    out.add_argument(
        "--with-secret",
        action="store_true",
        help="also what signs share links, so that they go on working; keep the backup as safe as a password then",
    )
    out.set_defaults(command=backup)
    back = commands.add_parser("restore", help="a studio out of a backup, in a new data folder")
    back.add_argument("place", type=Path, metavar="FOLDER|FILE.zip")
    what = back.add_mutually_exclusive_group(required=True)
    what.add_argument("--into", type=Path, metavar="FOLDER", help="must be empty or not be there")
    what.add_argument("--check", action="store_true", help="only see that the backup is whole")
    back.set_defaults(command=restore)
    clean = commands.add_parser(
        "gc", help="delete runs that are old by the settings, and files that nobody refers to"
    )
    clean.add_argument("--plan", action="store_true", help="say what goes when, delete nothing")
    clean.set_defaults(command=gc)
    look = commands.add_parser("doctor", help="look at everything the studio needs")
    look.add_argument(
        "--deep", action="store_true", help="also read every file and compare it with its name"
    )
    look.add_argument("--fix", action="store_true", help="mend what can be mended safely")
    look.set_defaults(command=doctor)


def backup(options: argparse.Namespace) -> None:
    """Write a backup and say what is in it; code 2 if there is none."""
    from backend import services
    from backend.settings import settings

    try:
        head = services.back_up(options.place, with_secret=options.with_secret, say=_tell)
    except services.BackupError as error:
        _end(error)
    print(f"{options.place}: {len(head.files)} files and the database, {head.bytes / MB:.1f} MB")
    if head.lost:
        print(
            f"{len(head.lost)} files were lost before and are left out: see `vitrine doctor --deep`"
        )
    if settings().secret:
        print("share links are signed with VITRINE_SECRET, which is not in it: keep that as well")
    elif not head.has_secret:
        print("without the secret: a studio restored from it answers none of today's share links")


def restore(options: argparse.Namespace) -> None:
    """Restore or check a backup; code 2 if it cannot be."""
    from backend import services

    try:
        if options.check:
            head = services.check_backup(options.place, say=_tell)
            print(f"{options.place} is whole: {len(head.files)} files and the database")
            return
        head, waiting = services.restore(options.place, options.into, say=_tell)
    except services.BackupError as error:
        _end(error)
    print(f"{options.into}: {len(head.files)} files and the database, {head.bytes / MB:.1f} MB")
    if waiting:
        print(f"{len(waiting)} runs were running and wait again: {', '.join(waiting)}")
    if head.lost:
        print(f"{len(head.lost)} files were lost before the backup was made")
    print(f"start it with VITRINE_DATA_DIR={options.into} vitrine up")


def gc(options: argparse.Namespace) -> None:
    """Say what goes, or let it go."""
    from backend import services

    services.open_database()
    if options.plan:
        print(*plan_lines(services.retention_plan()), sep="\n")
        return
    done = services.clean_house()
    print(f"deleted {done.runs} runs and {done.files} files, {done.bytes / MB:.1f} MB")
    if done.folded:
        print(f"packed the curves of {done.folded} runs")


def plan_lines(plan: RetentionView) -> list[str]:
    """What goes when, in words."""
    if not plan.retention_days and not plan.archived_days:
        return [
            "runs are kept for ever: VITRINE_RETENTION_DAYS and VITRINE_ARCHIVED_DAYS are 0; files that nobody refers to go"
        ]
    lines = []
    for day in plan.going:
        when = "within a day" if day.days == 0 else f"in {day.days} day{'s' * (day.days > 1)}"
        more = f" and {day.runs - len(day.titles)} more" if day.runs > len(day.titles) else ""
        lines.append(
            f"{when}: {day.runs} run{'s' * (day.runs > 1)}, {day.bytes / MB:.1f} MB ({', '.join(day.titles)}{more})"
        )
    stay = [f"{count} {reason}" for reason, count in plan.staying.items()]
    lines = lines or ["nothing goes within 30 days"]
    return [*lines, f"old enough, but staying: {'; '.join(stay)}"] if stay else lines


def doctor(options: argparse.Namespace) -> None:
    """Print every check; code 1 if one is not well."""
    from backend import services

    if options.fix or options.deep:
        for line in services.mended(deep=options.deep, fix=options.fix, say=_tell):
            print(line, flush=True)
    checks = services.doctor()
    width = max(len(check.name) for check in checks)
    for check in checks:
        mark = "ok " if check.ok else "NOT"
        print(f"{mark} {check.name:<{width}}  {check.found}")
        if not check.ok:
            print(f"    {'':<{width}}  -> {check.advice}")
    if not all(check.ok for check in checks):
        sys.exit(1)


def _tell(text: str) -> None:
    print(f"… {text}", file=sys.stderr, flush=True)


def _end(error: Exception) -> NoReturn:
    print(f"vitrine: {error}", file=sys.stderr)
    sys.exit(2)
