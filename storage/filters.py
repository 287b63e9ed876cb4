"""Conditions on the fields of rows: columns of a typed table, or what the rows have as JSON."""

from __future__ import annotations

import json
import math
import operator
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, and_, case, func, not_, or_
from sqlmodel import SQLModel, col

from storage.models import Record
from storage.typed import Typed, columns

Op = Literal["lt", "le", "gt", "ge", "eq", "ne", "in", "has"]
OPS: tuple[Op, ...] = get_args(Op)
NUMERIC = ("lt", "le", "gt", "ge")


@dataclass(frozen=True)
class Filter:
    """A condition on one field. A row that lacks the field, or has null there, fulfils none.

    Attributes:
        op: lt, le, gt, ge compare numbers; eq, ne any value; "in" is eq to one of several, separated by commas; "has":
            the text, or a text in the list, contains the value, whatever its case.
        value: as it is written in an address.
    """

    field: str
    op: Op
    value: str


def condition(table: type[Record | Typed], wanted: Filter, postgres: bool) -> ColumnElement[bool]:
    """A filter as SQL.

    Raises:
        ValueError: the value, or the operation, does not fit the field.
    """
    if wanted.field in columns(table):
        return on_column(getattr(table, wanted.field), columns(table)[wanted.field], wanted)
    return _on_json(col(table.data), wanted, postgres)


def sort_key(table: type[SQLModel], name: str, number: bool) -> Any:
    """What rows are sorted by; `number` says how a field in JSON is to be read."""
    if name in columns(table):
        return getattr(table, name)
    field = table.data[name]  # type: ignore[attr-defined]
    return field.as_float() if number else field.as_string()


def on_column(column: Any, kind: type, wanted: Filter) -> ColumnElement[bool]:
    """A filter on a column, or an expression, that holds values of `kind`."""
    op, text = wanted.op, wanted.value
    if op == "has":
        if kind is not str:
            raise ValueError(f"{wanted.field} is no text: {_but('has')} are allowed for it")
        return column.icontains(text, autoescape=True)  # type: ignore[no-any-return]
    if op in NUMERIC and kind not in (int, float):
        raise ValueError(f"{wanted.field} is no number: eq, ne and in are allowed for it")
    if op == "in":
        return or_(*(column == _value(kind, part, wanted) for part in text.split(",")))
    compare = getattr(operator, op)  # the operators have the names that addresses use
    return compare(column, _value(kind, text, wanted))  # type: ignore[no-any-return]


def contains(column: Any, text: str, postgres: bool) -> ColumnElement[bool]:
    """Whether a text has another in it, whatever its case."""
    if postgres:
        return column.icontains(text, autoescape=True)  # type: ignore[no-any-return]
    # SQLite's LIKE ignores case by itself, and lower(), which SQLAlchemy adds, takes as long again.
    return column.contains(text, autoescape=True)  # type: ignore[no-any-return]


def _but(*without: str) -> str:
    return ", ".join(op for op in OPS if op not in without)


def _value(kind: type, text: str, wanted: Filter) -> Any:
    if kind is str:
        return text
    if kind is bool:
        if text not in ("true", "false"):
            raise ValueError(f"{wanted.field} is true or false, got {text!r:.80}")
        return text == "true"
    number = _number(text)
    if number is None:
        raise ValueError(f"{wanted.field} is a number, got {text!r:.80}")
    # PostgreSQL looks whole numbers up in an index only if they are asked for as such.
    whole = kind is int and number.is_integer() and abs(number) < 2**53
    return int(number) if whole else number


def _number(text: str) -> float | None:
    """A finite number; whole ones beyond 2^53 are not told apart."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _on_json(data: Any, wanted: Filter, postgres: bool) -> ColumnElement[bool]:
    field, op, text = data[wanted.field], wanted.op, wanted.value
    if op == "has":
        return field.as_string().icontains(text, autoescape=True)  # type: ignore[no-any-return]
    # A database may refuse to read a text as a number: each row is read as what it holds.
    kind = func.json_typeof(field) if postgres else func.json_type(data, _path(wanted.field))
    number = case((kind.in_(("number", "integer", "real")), field.as_float()))
    if op in NUMERIC:
        return on_column(number, float, wanted)
    if op == "in":
        parts = [Filter(wanted.field, "eq", part) for part in text.split(",")]
        return or_(*(_on_json(data, part, postgres) for part in parts))
    truth = kind == text if not postgres else and_(kind == "boolean", field.as_string() == text)
    words = case((kind.in_(("string", "text")), field.as_string()))
    same = [words == text]
    if (value := _number(text)) is not None:
        same.append(number == value)
    if text in ("true", "false"):
        same.append(truth)
    equal = func.coalesce(or_(*same), False)
    return equal if op == "eq" else and_(not_(equal), kind != "null")


def _path(name: str) -> str:
    return f"$.{json.dumps(name, ensure_ascii=False)}"
