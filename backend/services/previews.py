"""Preference data before anything runs on it: which formats there are, and what a file holds."""

from __future__ import annotations

from dataclasses import asdict, replace

from pydantic import ValidationError

from backend.preview_views import PairFormatView, PairPreview, PairProblemView
from backend.references import open_reference
from backend.trusted import check_sources
from methods.alignment.pairs.config import SCENES, PairSettings
from methods.alignment.pairs.formats import FORMATS
from methods.alignment.pairs.opening import SCENE_BLOCK, find_pairs
from methods.alignment.pairs.problems import RULES
from methods.alignment.pairs.render import first_shown
from methods.alignment.pairs.source import PairSource, read_pairs
from methods.alignment.pairs.validate import Report
from methods.alignment.pairs.write import Written, write_pairs
from methods.base import MethodError

LOOKED_AT = 1000
"""Rows that a preview looks at, so that it answers at once."""
DECODED = 100
"""Most rows of which a preview decodes every image whole; of more it reads their headers."""
LISTED = 100
SHOWN = 3
HEADERS = "of images only the headers were read: checking and converting decodes every one of them"


def pair_formats() -> list[PairFormatView]:
    """The formats that preference data may have, TRL's first."""
    return [
        PairFormatView(
            each.name,
            each.title,
            each.needs,
            each.text,
            {name: dict(row) for name, row in each.examples.items()},
        )
        for each in sorted(FORMATS.values(), key=lambda each: each.name != "trl")
    ]


def preview_pairs(pairs: str, format: str = "auto", images: str = "") -> PairPreview:
    """Look at the first rows of preference data.

    Args:
        pairs: "scenes", "scenes-noisy", an upload, a path on this machine, or "run_id/artefact_name".
        format: a name among `pair_formats`, or "auto".
        images: folder or zip of the images that rows name; "" is beside the data.

    Raises:
        MethodError: there is no such data, or it is of no known format.
    """
    try:
        config = PairSettings.model_validate({"pairs": pairs, "format": format, "images": images})
    except ValidationError as error:
        first = error.errors()[0]
        raise MethodError(f"{first['loc'][0]}: {first['msg']}") from None
    check_sources(config)
    source = find_pairs(config, open_reference)
    rows = SCENE_BLOCK if config.pairs in SCENES else LOOKED_AT  # those must be drawn first
    decode = len(source) <= DECODED
    seen = _preview(source, source.problems(LISTED, rows, decode=decode))
    return seen if decode else replace(seen, notes=(*seen.notes, HEADERS))


def _preview(source: PairSource, report: Report) -> PairPreview:
    broken = set(report.broken)
    sound = source.select([row for row in source.positions[: report.rows] if row not in broken])
    return PairPreview(
        name=source.name,
        format=source.format.name,
        title=source.format.title,
        reason=source.reason,
        notes=source.notes,
        count=len(source),
        checked=report.rows,
        problems=tuple(
            PairProblemView(**asdict(each), severity=each.severity) for each in report.problems
        ),
        counts=dict(report.counts),
        rules={rule: RULES[rule] for rule in report.counts},
        broken=len(report.broken),
        sentence=report.sentence(),
        first=tuple(first_shown(sound, SHOWN)),
    )


def check_pair_file(path: str, format: str = "auto", images: str | None = None) -> PairPreview:
    """Look at every row of a file, and decode every image.

    Raises:
        ValueError: there is no such data, or it is of no known format.
    """
    source = read_pairs(path, format, images)
    return _preview(source, source.problems(LISTED, decode=True))


def convert_pair_file(
    path: str, out: str, to: str, format: str = "auto", images: str | None = None
) -> Written:
    """Write preference data in another format.

    Raises:
        ValueError: there is no such data, a row is broken, or the format cannot hold a pair.
    """
    source = read_pairs(path, format, images)
    report = source.problems(LISTED)
    if not report.sound:
        first = next(each for each in report.problems if each.severity == "error")
        raise ValueError(f"{report.sentence()} The first: {first}")
    return write_pairs(source, out, to)
