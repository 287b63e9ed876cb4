"""Regular expressions that somebody else wrote: those that a short text keeps busy for ever are told by their shape."""

from __future__ import annotations

import re
from re import _constants as kinds  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

REPEATS = (kinds.MAX_REPEAT, kinds.MIN_REPEAT)
MOST_REPEATS = 3
"""Repeats without an end, one after another: each multiplies the work by the length of the text."""
LONGEST = 1000


def check_pattern(pattern: str) -> None:
    """Refuse a regular expression whose work grows without reason with the text.

    Raises:
        ValueError: it is none, is longer than `LONGEST`, repeats without an end what repeats so itself or has
            alternatives, or has more than `MOST_REPEATS` of them.
    """
    if len(pattern) > LONGEST:
        raise ValueError(f"a pattern of {len(pattern)} characters; {LONGEST} are allowed")
    try:
        found = _endless(parser.parse(pattern), inside=False)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"{pattern!r:.80} is no regular expression: {error}") from error
    if found > MOST_REPEATS:
        raise ValueError(
            f"{pattern!r:.80} repeats {found} times without an end; {MOST_REPEATS} are allowed"
        )


def _endless(parsed: Any, inside: bool) -> int:
    """How many repeats without an end there are; one inside another is an error."""
    count = 0
    for kind, argument in parsed:
        if kind in REPEATS:
            _, most, body = argument
            endless = most == kinds.MAXREPEAT
            if endless and inside:
                raise re.error("a repeat without an end inside another")
            found = _endless(body, inside or endless)
            count += 1 if endless else found * min(most, LONGEST)
        elif kind is kinds.BRANCH and inside:
            raise re.error("alternatives inside a repeat without an end")
        else:
            count += sum(_endless(part, inside) for part in _parts(argument))
    return count


def _parts(argument: Any) -> list[Any]:
    """The patterns inside a group, a branch or a look-around."""
    if isinstance(argument, parser.SubPattern):
        return [argument]
    if isinstance(argument, list | tuple):
        return [part for each in argument for part in _parts(each)]
    return []
