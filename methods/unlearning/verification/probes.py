"""Which rows a verification looks at, and as what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from methods.unlearning.request import Request
from methods.unlearning.rows.row import Row

Group = Literal["old", "new", "kept", "unseen"]
Key = tuple[Group, int]
"""A group, and a position: among the rows, or for "unseen" among those never trained on."""


@dataclass(frozen=True)
class Probes:
    """Rows by group.

    Attributes:
        rows: what is scored. "old": marked rows as they were trained on; "new": what takes the place of some; "kept": rows
            that were to stay, `retained` and `neighbours`; "unseen": rows never trained on.
        retained, neighbours: positions; may overlap.
    """

    rows: Mapping[Key, Row]
    retained: tuple[int, ...]
    neighbours: tuple[int, ...]

    @classmethod
    def of(
        cls,
        rows: Sequence[Row],
        request: Request,
        held_out: Sequence[Row],
        retained: Iterable[int],
        neighbours: Iterable[int],
    ) -> Probes:
        """Sort them into groups.

        Raises:
            ValueError: nothing is marked or retained; a position that is no row, is marked, or is given twice.
        """
        request.check(len(rows))
        kept, near = tuple(retained), tuple(dict.fromkeys(neighbours))
        if not request.marked:
            raise ValueError("the request marks no row: there is nothing to verify")
        if not kept:
            raise ValueError("retained: name at least one row that was to stay")
        if len(set(kept)) != len(kept):
            raise ValueError("retained: a row is given twice")
        for name, positions in (("retained", kept), ("neighbours", near)):
            for position in positions:
                if not 0 <= position < len(rows):
                    raise ValueError(f"{name}: there is no row {position} among {len(rows)}")
                if position in request.marked:
                    raise ValueError(f"{name}: row {position} is marked in the request")
        found: dict[Key, Row] = {("old", at): rows[at] for at in request.marked}
        found |= {("new", at): row for at, row in sorted(request.replace.items())}
        found |= {("kept", at): rows[at] for at in dict.fromkeys([*kept, *near])}
        found |= {("unseen", at): row for at, row in enumerate(held_out)}
        return cls(found, kept, near)

    def keys(self, *groups: Group) -> list[Key]:
        """Those of some groups, in order; "kept" are all that were to stay."""
        return [key for key in self.rows if key[0] in groups]

    @property
    def compared(self) -> list[Key]:
        """The answers by which a variant is compared with the retrain: old and new content of the marked rows, and the
        probed retained rows, each once."""
        return [*self.keys("old", "new"), *(("kept", at) for at in self.retained)]

    @property
    def asked(self) -> list[Key]:
        """Prompts that are answered: of the marked rows, old and (where it is another) new, and of the neighbours."""
        other = [
            key
            for key in self.keys("new")
            if self.rows[key].turns != self.rows["old", key[1]].turns
        ]
        return [*self.keys("old"), *other, *(("kept", at) for at in self.neighbours)]
