"""What can be wrong with a row of preference data, each with a rule that has a name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from methods.row_files import RowError

Severity = Literal["error", "warning"]

RULES = {
    "json": "The row is one JSON object, its texts whole characters.",
    "columns": "The row has the columns of its format, each of the right type.",
    "roles": "Turns are an optional system turn, then user and assistant by turns, ending with the user.",
    "prompt": "The user's last turn has text.",
    "empty_answer": "Both answers have text.",
    "same_answer": "The chosen answer differs from the rejected one.",
    "placeholders": "There are as many image placeholders in the user's turns as images, or none at all.",
    "image_in_answer": "Pictures stand in the user's turns, never in an answer.",
    "image_missing": "Every image that the row names is there.",
    "image_outside": "Images lie in the folder or zip of the data, or in the one given as images.",
    "image_unreadable": "Every image decodes.",
    "scores": "Precomputed scores are two lists of finite numbers, none empty, one number a sub-sentence.",
    "format": "The format that is to be written can hold the pair.",
    "too_long": "No text has more than 100,000 characters.",
    "duplicate": "No pair comes twice.",
    "end_token": "Answers hold no special token such as </s>: the chat template adds it.",
    "spaces": "Answers neither begin nor end with spaces, of which a model learns to tell the two apart.",
}
"""Every rule, as it should be; the last three only warn."""
WARNINGS = ("duplicate", "end_token", "spaces")


@dataclass(frozen=True)
class Problem:
    """One broken rule.

    Attributes:
        row: position in the source, from 0.
        field: the column, or the part of it, such as "images[1]".
        message: what was got and what is allowed.
    """

    row: int
    field: str
    rule: str
    message: str

    @property
    def severity(self) -> Severity:
        return "warning" if self.rule in WARNINGS else "error"

    def __str__(self) -> str:
        return f"row {self.row}, {self.field} ({self.rule}): {self.message}"


class PairError(RowError):
    """A row that is no pair."""

    @property
    def problem(self) -> Problem:
        return Problem(self.row, self.field, self.rule, self.message)
