"""Something that is not well, and how it is mended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Say = Callable[[str], None]


@dataclass(frozen=True)
class Trouble:
    """One thing that is not well.

    Attributes:
        mend: does it and says what was done; None where a person has to decide.
        advice: what that person can do.
    """

    text: str
    mend: Callable[[], str] | None = None
    advice: str = ""
