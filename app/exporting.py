"""`vitrine export` and `vitrine import`: runs as one page, as a static Space, or as a bundle for another studio."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

EXAMPLE = "vitrine export RUN RUN --report both.html; vitrine export COMPARISON --space folder; vitrine export RUN --bundle run.zip"


def add_export(commands: Any) -> None:
    """Give the command line its `export` and `import`."""
    out = commands.add_parser("export", help="write runs to a file or folder", epilog=EXAMPLE)
    out.add_argument(
        "targets",
        nargs="+",
        metavar="RUN",
        help="ids of runs, their beginnings, last; or of comparisons",
    )
    out.add_argument("--title", default="", help="of the page; without it: what the studio says")
    kind = out.add_mutually_exclusive_group(required=True)
    kind.add_argument("--report", type=Path, metavar="FILE", help="one page that opens offline")
    kind.add_argument(
        "--space",
        type=Path,
        metavar="FOLDER",
        help="a static Hugging Face Space, to be pushed by you",
    )
    kind.add_argument("--bundle", type=Path, metavar="FILE", help="for another studio to import")
    out.add_argument(
        "--without",
        default="",
        metavar="PARTS",
        help="leave parts out of a page or a Space: settings, names, texts, metrics, curves, pictures, inputs (pictures of the data), rows; "
        "separated by commas. A bundle is always whole",
    )
    out.set_defaults(command=export)
    back = commands.add_parser("import", help="take in the runs of a bundle")
    back.add_argument("bundle", type=Path, metavar="FILE")
    back.set_defaults(command=take_in)


def export(options: argparse.Namespace) -> None:
    """Write what was asked for; code 2 for what cannot be written. Nothing that exists is written over."""
    from backend import services

    target: Path = options.report or options.space or options.bundle
    services.open_database()
    try:
        if target.exists():
            raise services.ServiceError(f"{target} exists already; nothing was written")
        shows = _parts(options)
        title, runs = _runs_of(options.targets, named="names" in shows)
        if options.report:
            from app.report import report

            target.write_text(report(runs, options.title or title, shows), encoding="utf-8")
        elif options.space:
            from app.space import write_space

            write_space(runs, target, options.title or title, shows)
        else:
            services.export_bundle(runs, target)
    except (services.ServiceError, OSError) as error:
        print(f"vitrine: {error}", file=sys.stderr)
        sys.exit(2)
    print(
        f"{target}: {_size(target) / 1e6:.1f} MB, {len(runs)} {'run' if len(runs) == 1 else 'runs'}"
    )


def _parts(options: argparse.Namespace) -> frozenset[str]:
    """The parts that are written, as a link would show them."""
    from backend import services

    names = [name.strip() for name in options.without.split(",") if name.strip()]
    if names and options.bundle:
        raise services.ServiceError(
            "--without: a bundle is whole, so that another studio can go on with it; write a --report or a --space"
        )
    return frozenset(services.left_out(names))


def _runs_of(targets: list[str], *, named: bool) -> tuple[str, list[str]]:
    """The title of a comparison that was named alone, if names are shown, and all runs that are meant."""
    from backend import services

    title, runs = "", []
    for target in targets:
        try:
            found = services.get_comparison(target)
        except services.NotFound:
            runs.append(services.find_run(target).id)
        else:
            title = found.title if named and len(targets) == 1 else ""
            runs += found.run_ids
    return title, list(dict.fromkeys(runs))


def _size(target: Path) -> int:
    files = target.rglob("*") if target.is_dir() else [target]
    return sum(path.stat().st_size for path in files if path.is_file())


def take_in(options: argparse.Namespace) -> None:
    """Take in a bundle and say where its runs are now."""
    from backend import services
    from backend.settings import settings

    services.open_database()
    try:
        found = services.import_bundle(options.bundle)
    except (services.ServiceError, OSError) as error:
        print(f"vitrine: {error}", file=sys.stderr)
        sys.exit(2)
    for run in found:
        print(f"{settings().address}/r/{run.id}  {run.status:<9}  {run.title or run.method}")
