"""What can be wrong with an instruction row, each with a rule that has a name."""

from __future__ import annotations

from collections.abc import Sequence

from methods.row_files import RowError
from methods.unlearning.rows.row import ID_LENGTH

MAX_TEXT = 100_000
"""Characters of one text."""
RULES = {
    "json": "The row is one JSON object, its texts whole characters.",
    "columns": "The row has the columns of its format, each of the right type.",
    "roles": "Turns are an optional system turn, then user and assistant by turns, the answer the assistant's.",
    "prompt": "The user's last turn has text.",
    "empty_answer": "The answer has text.",
    "too_long": f"No text has more than {MAX_TEXT:,} characters.",
    "row_id": f"A row_id, where there is one, is {ID_LENGTH} hex digits and comes once in the table.",
}
"""Every rule, as it should be."""
SHOWN = 5


class BrokenRows(ValueError):
    """A table some of whose rows are none.

    Attributes:
        problems: the first of them, by row, field and rule.
        broken: how many rows have one.
    """

    def __init__(self, name: str, problems: Sequence[RowError], broken: int, rows: int) -> None:
        self.problems, self.broken = tuple(problems), broken
        shown = "; ".join(str(each) for each in problems[:SHOWN])
        more = f"; and {broken - SHOWN} more" if broken > SHOWN else ""
        super().__init__(
            f"{name}: {broken} of {rows} rows cannot be read, and nothing starts with broken rows: {shown}{more}"
        )
