"""`vitrine pairs`: what it takes, does and prints."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backend.services import PairPreview


def add_pairs(commands: Any) -> None:
    """Give the command line its `pairs check` and `pairs convert`."""
    parser = commands.add_parser("pairs", help="check and convert files of preference pairs")
    actions = parser.add_subparsers(required=True, metavar="action")
    check = actions.add_parser(
        "check", help="say which format a file has and what is wrong with its rows"
    )
    convert = actions.add_parser(
        "convert", help="write a file in another format (.parquet, .zip or .jsonl)"
    )
    for action in (check, convert):
        action.add_argument("file", help="JSONL, JSON, parquet, zip, or a folder of these")
        action.add_argument("--format", default="auto", help="whose columns it has; auto tells")
        action.add_argument("--images", help="folder or zip of the images that rows name")
    convert.add_argument("out", help="the file to write; its suffix says how")
    convert.add_argument("--to", required=True, metavar="FORMAT", help="trl, llamafactory, ...")
    check.set_defaults(command=check_pairs)
    convert.set_defaults(command=convert_pairs)


def check_pairs(options: argparse.Namespace) -> None:
    """Print what a file of pairs holds; code 1 if a row is broken."""
    from backend.services import check_pair_file

    try:
        found = check_pair_file(options.file, options.format, options.images)
    except (ValueError, OSError) as error:
        print(f"vitrine: {error}", file=sys.stderr)
        sys.exit(2)
    print(*lines_of_preview(found), sep="\n")
    if found.broken:
        sys.exit(1)


def convert_pairs(options: argparse.Namespace) -> None:
    """Write a file of pairs in another format; nothing is written while a row is broken."""
    from backend.services import convert_pair_file

    try:
        made = convert_pair_file(
            options.file, options.out, options.to, options.format, options.images
        )
    except (ValueError, OSError) as error:
        print(f"vitrine: {error}", file=sys.stderr)
        sys.exit(2)
    print(f"{options.out}: {made.pairs} pairs, {len(made.images)} images")


def lines_of_preview(found: PairPreview) -> Iterator[str]:
    """Format, count, then every problem that was kept with its row and field, then the rules that were broken."""
    yield f"{found.name}: {found.count} rows (counted from 0), {found.title}: {found.reason}"
    yield from (f"  {note}" for note in found.notes)
    yield found.sentence
    for each in found.problems:
        mark = "warning: " if each.severity == "warning" else ""
        yield f"  row {each.row}, {each.field}: {mark}{each.message} [{each.rule}]"
    left = sum(found.counts.values()) - len(found.problems)
    if left:
        yield f"  ... and {left} more"
    yield from (f"  {rule}: {text}" for rule, text in found.rules.items())
