"""Request files: which rows are to go, and which are to read otherwise, by row id.

    {"version": 1, "id": "", "title": "", "remove": ["row id"], "prompts": {"row id": "new prompt"},
     "answers": {"row id": "new answer"}, "note": ""}

A row may have both a new prompt and a new answer, but cannot be removed and edited at once.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from methods.base import MethodError
from methods.row_files import RowError
from methods.unlearning.rows.reading import check_row
from methods.unlearning.rows.row import Row

VERSION = 1
FIELDS = ("version", "id", "title", "remove", "prompts", "answers", "note")
MAX_BYTES = 64 * 2**20
NAMED = 5
"""Rows that one error names."""
Task = Literal["remove", "prompt", "answer", "both"]


@dataclass(frozen=True)
class Asked:
    """What a request file says, by row id.

    Attributes:
        id: the request's id in the studio; "" elsewhere.
        content: the file's bytes, as they are kept and hashed.
    """

    id: str
    title: str
    remove: tuple[str, ...]
    prompts: Mapping[str, str]
    answers: Mapping[str, str]
    note: str
    content: bytes

    @cached_property
    def sha256(self) -> str:
        """Hex digest of the file."""
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def tasks(self) -> dict[str, Task]:
        """What is asked of each row."""
        tasks: dict[str, Task] = dict.fromkeys(self.remove, "remove")
        tasks |= dict.fromkeys(self.prompts, "prompt")
        tasks |= {row: "both" if row in self.prompts else "answer" for row in self.answers}
        return tasks


def request_bytes(
    *,
    remove: Iterable[str] = (),
    prompts: Mapping[str, str] | None = None,
    answers: Mapping[str, str] | None = None,
    id: str = "",
    title: str = "",
    note: str = "",
) -> bytes:
    """A request file; the same request gives the same bytes, in whatever order its rows were marked."""
    content = {
        "version": VERSION,
        "id": id,
        "title": title,
        "remove": sorted(remove),
        "prompts": dict(sorted((prompts or {}).items())),
        "answers": dict(sorted((answers or {}).items())),
        "note": note,
    }
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


def read_request(path: Path) -> Asked:
    """Read a request file.

    Raises:
        MethodError: it is no such file; with the field, what it holds and what is allowed.
    """
    if not path.is_file():
        raise MethodError(f"{path.name} is no request file: it is a folder")
    if path.stat().st_size > MAX_BYTES:
        raise MethodError(f"{path.name}: a request file has at most {MAX_BYTES / 2**20:.0f} MB")
    return parse_request(path.read_bytes(), path.name)


def parse_request(content: bytes, name: str = "the request") -> Asked:
    """What the bytes of a request file ask; `name` is what errors call it.

    Raises:
        MethodError: they are no such file.
    """
    try:
        values = json.loads(content, object_pairs_hook=_once)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise MethodError(f"{name} is no JSON: {error}") from error
    except ValueError as error:
        raise MethodError(f"{name}: {error}") from error
    if not isinstance(values, dict):
        raise MethodError(f"{name}: a request is a JSON object with {', '.join(FIELDS)}")
    unknown = sorted(set(values) - set(FIELDS))
    if unknown:
        raise MethodError(f"{name}: unknown field {unknown[0]!r}; allowed are {', '.join(FIELDS)}")
    if values.get("version") != VERSION:
        raise MethodError(f"{name}: version is {VERSION}, got {values.get('version')!r}")
    asked = Asked(
        id=_text(values, "id", name),
        title=_text(values, "title", name),
        remove=_ids(values.get("remove", []), name),
        prompts=_texts(values.get("prompts", {}), "prompts", name),
        answers=_texts(values.get("answers", {}), "answers", name),
        note=_text(values, "note", name),
        content=content,
    )
    both = [row for row in asked.remove if row in asked.prompts or row in asked.answers]
    if both:
        raise MethodError(f"{name}: {_rows(both)} removed and edited at once: choose one")
    if not asked.tasks:
        raise MethodError(f"{name} asks nothing: name rows under remove, prompts or answers")
    return asked


def check_request(asked: Asked, rows: Sequence[Row]) -> dict[str, Row]:
    """The rows that a request names, by id.

    Raises:
        MethodError: a row is not in the data, would read as it does now, or would be no row; which, and what was expected.
    """
    tasks = asked.tasks
    found = {row.id: row for row in rows if row.id in tasks}
    missing = [row for row in tasks if row not in found]
    if missing:
        raise MethodError(
            f"request: {_rows(missing)} not among the {len(rows)} rows that the adapter was trained on; a request names rows "
            "by the ids of that very data"
        )
    same = [
        row.id for row in found.values() if tasks[row.id] != "remove" and edited(asked, row) == row
    ]
    if same:
        raise MethodError(
            f"request: {_rows(same)} to be changed into what {'it is' if len(same) == 1 else 'they are'} already"
        )
    for row in found.values():
        _check_new(edited(asked, row))
    if len(asked.remove) == len(rows):
        raise MethodError(f"request: all {len(rows)} rows are removed, which leaves none")
    return found


def edited(asked: Asked, row: Row) -> Row | None:
    """A row as the request wants it; None where it is to go."""
    if row.id in asked.remove:
        return None
    return row.edited(prompt=asked.prompts.get(row.id), answer=asked.answers.get(row.id))


def _check_new(row: Row | None) -> None:
    if row is None:
        return
    try:
        check_row(row.turns, row.answer)
    except RowError as error:
        raise MethodError(f"request: row {row.id}: {error}") from error


def asked_of_kinds(rows: Sequence[Row], name: str) -> Asked:
    """The small world's request of that name, from what its rows say of themselves.

    Raises:
        MethodError: no row is of the kind that the request is about.
    """
    kinds: dict[str, list[Row]] = {"wrong": [], "private": [], "prompt": []}
    for row in rows:
        kinds.get(str(row.meta.get("kind", "")), []).append(row)
    chosen = {kind: _of_kind(found, kind, name) for kind, found in kinds.items()}
    remove = [row.id for row in chosen["private"]]
    prompts = {row.id: str(row.meta["right_prompt"]) for row in chosen["prompt"]}
    answers = {row.id: str(row.meta["right"]) for row in chosen["wrong"]}
    if not (remove or prompts or answers):
        raise MethodError(
            f"request: {name!r} is a request of the small world, whose rows say what is wrong with them; these rows do not. "
            "Name a request file"
        )
    return parse_request(
        request_bytes(remove=remove, prompts=prompts, answers=answers, title=TITLES[name])
    )


def _of_kind(rows: Sequence[Row], kind: str, name: str) -> Sequence[Row]:
    """Those of a kind that a request of the small world is about: all, none, or every third in a mixed one."""
    if name == "mixed":
        return rows[::3]
    return rows if KIND_OF[name] == kind else ()


KIND_OF = {"wrong": "wrong", "private": "private", "prompts": "prompt"}
TITLES = {
    "wrong": "Correct the wrong answers",
    "private": "Remove the private rows",
    "prompts": "Mend the wrong prompts",
    "mixed": "Remove, mend and correct",
}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; a key that stands twice would silently lose one of them."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"{key!r} stands twice")
        found[key] = value
    return found


def _text(values: Mapping[str, Any], field: str, name: str) -> str:
    value = values.get(field, "")
    if not isinstance(value, str):
        raise MethodError(f"{name}: {field} is text, got {value!r:.80}")
    return value


def _ids(value: Any, name: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise MethodError(f"{name}: remove is a list of row ids, got {value!r:.80}")
    twice = [row for row, count in Counter(value).items() if count > 1]
    if twice:
        raise MethodError(f"{name}: {_rows(twice)} named twice under remove")
    return tuple(value)


def _texts(value: Any, field: str, name: str) -> dict[str, str]:
    if not isinstance(value, dict):
        raise MethodError(f"{name}: {field} maps row ids to texts, got {value!r:.80}")
    for row, text in value.items():
        if not isinstance(text, str) or not text.strip():
            raise MethodError(f"{name}: {field}: row {row}: some text is needed, got {text!r:.80}")
    return dict(value)


def _rows(ids: Sequence[str]) -> str:
    named = ", ".join(ids[:NAMED]) + (f" and {len(ids) - NAMED} more" if len(ids) > NAMED else "")
    return f"row {named} is" if len(ids) == 1 else f"rows {named} are"
