"""Looks at every row of preference data and says what is wrong with it: row, field, rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from methods.alignment.pairs.formats.format import check_roles
from methods.alignment.pairs.pair import Pair, Picture
from methods.alignment.pairs.placeholders import MARK
from methods.alignment.pairs.problems import PairError, Problem

if TYPE_CHECKING:
    from methods.alignment.pairs.source import PairSource

MAX_TEXT = 100_000
Check = Callable[[Pair], Iterable[PairError]]
END_TOKENS = ("</s>", "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end|>", "<end_of_turn>")


@dataclass
class Report:
    """What was found in some rows.

    Attributes:
        rows: how many were looked at.
        total: how many there are.
        problems: the first of them, in order of rows.
        counts: all of them, by rule.
        broken: positions of the rows that have an error, not only warnings.
    """

    total: int
    rows: int = 0
    problems: list[Problem] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    broken: list[int] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """No row that was looked at has an error."""
        return not self.broken

    def add(self, found: list[Problem], limit: int) -> None:
        """Count the problems of the next row, and keep them up to the limit."""
        self.rows += 1
        self.counts.update(problem.rule for problem in found)
        self.problems += found[: max(limit - len(self.problems), 0)]
        self.broken += sorted({each.row for each in found if each.severity == "error"})

    def sentence(self) -> str:
        """What was found, in a sentence."""
        of = f"{self.rows} of " if self.rows < self.total else ""
        looked = f"{of}{self.total} row{'' if self.total == 1 else 's'}"
        if not self.counts:
            return f"{looked} looked at: nothing is wrong."
        rules = ", ".join(f"{rule} {count}" for rule, count in self.counts.most_common())
        return f"{looked} looked at: {len(self.broken)} broken ({rules})."


def check_pairs(source: PairSource, limit: int, rows: int | None, decode: bool) -> Report:
    """See `PairSource.problems`."""
    report = Report(len(source))
    for found in each_row(source, rows, decode):
        report.add(found, limit)
    return report


def each_row(
    source: PairSource, rows: int | None, decode: bool, also: Check | None = None
) -> Iterator[list[Problem]]:
    """The problems of one row after the other; an empty list where there are none.

    Args:
        also: a check of one's own.
    """
    seen: dict[str, int] = {}
    for position in source.positions[:rows]:
        try:
            pair = source.at(position)
        except PairError as error:
            yield [error.problem]
            continue
        found = [error.at(position).problem for error in _broken(pair, decode)]
        found += [error.at(position).problem for error in (also(pair) if also else ())]
        first = seen.setdefault(pair.id, position)
        if first != position:
            found.append(Problem(position, "(row)", "duplicate", f"the same as row {first}"))
        yield found


def _broken(pair: Pair, decode: bool) -> Iterator[PairError]:
    try:
        check_roles(pair.turns, "prompt")
    except PairError as error:
        yield error
    else:
        if not pair.prompt.strip():
            yield PairError("prompt", "prompt", "the user's last turn has no text")
    answers = {"chosen": pair.chosen, "rejected": pair.rejected}
    for name, text in answers.items():
        yield from _broken_answer(name, text)
    if pair.chosen.strip() == pair.rejected.strip():
        yield PairError("rejected", "same_answer", "it is the same text as chosen")
    texts = {f"turn {index}": turn.text for index, turn in enumerate(pair.turns)} | answers
    for name, text in texts.items():
        if _halved(text):
            yield PairError(name, "json", "half of a character (a lone surrogate) is in the text")
        if len(text) > MAX_TEXT:
            yield PairError(name, "too_long", f"{len(text):,} characters; {MAX_TEXT:,} are allowed")
    for index, image in enumerate(pair.images):
        wrong = _wrong_with(image, decode)
        if wrong:
            yield PairError(f"images[{index}]", "image_unreadable", wrong)


def _halved(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _broken_answer(name: str, text: str) -> Iterator[PairError]:
    if not text.strip():
        yield PairError(name, "empty_answer", f"{name} has no text")
        return
    if MARK in text:
        yield PairError(name, "image_in_answer", f"{name} holds {MARK}")
    token = next((token for token in END_TOKENS if token in text), "")
    if token:
        yield PairError(name, "end_token", f"{name} holds {token}, which the chat template adds")
    if text != text.strip():
        yield PairError(name, "spaces", f"{name} begins or ends with spaces or line breaks")


def _wrong_with(picture: Picture, decode: bool) -> str:
    try:
        if decode:
            picture.open()
        else:
            picture.kind()
    except ValueError as error:
        return f"{picture.name or 'the image'}: {error}"
    return ""
