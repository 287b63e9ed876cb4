"""The four formats that preference data comes in: how each is recognised, read and written, with a minimal example."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from methods.alignment.pairs.formats import llamafactory, ms_swift, rlaif_v, trl
from methods.alignment.pairs.formats.format import RESERVED, Draft, Format

FORMATS: dict[str, Format] = {
    each.name: each for each in (ms_swift.FORMAT, llamafactory.FORMAT, rlaif_v.FORMAT, trl.FORMAT)
}
"""By name, in the order in which they are looked for: what a later one asks for, an earlier one has as well."""

__all__ = ["FORMATS", "RESERVED", "Draft", "Format", "recognise"]


def recognise(row: Mapping[str, Any]) -> tuple[Format, str]:
    """The format of a row, and the reason why.

    Raises:
        ValueError: its columns are of none of the formats.
    """
    for each in FORMATS.values():
        reason = each.recognise(row)
        if reason:
            return each, reason
    needs = "; ".join(f"{each.title}: {each.needs}" for each in FORMATS.values())
    raise ValueError(
        f"the columns {', '.join(sorted(map(str, row))) or '(none)'} are of no known format. {needs}"
    )
