"""Kinds of rows that have a table of their own: real columns and indexes, for rows that come by the hundred thousand.

A kind that `TABLES` names goes to its table, every other kind to `Record`. What a row has beside the columns of its
table is kept in `data`, as JSON; reading puts both together again.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple, get_args

from sqlalchemy import JSON, BigInteger, Column, Index, Text, inspect
from sqlmodel import Field, SQLModel

from storage.models import GROWING, Event, Metric, Record, cursor_column


class PairRow(SQLModel, table=True):
    """A preference pair and how hard it is: what `alignment.hardness` says of one row of its data set.

    The same pair may stand in a data set twice, at two positions.
    """

    __tablename__ = "pair"

    id: int | None = Field(default=None, sa_column=cursor_column())
    run_id: str = Field(foreign_key="run.id", ondelete="CASCADE")
    attempt: int
    position: int = Field(sa_type=BigInteger)
    pair_id: str
    delta: float | None
    data_factor: float | None
    contested: bool | None
    by_form: bool | None
    chosen_words: int | None = Field(sa_type=BigInteger)
    rejected_words: int | None = Field(sa_type=BigInteger)
    length_gap: int | None = Field(sa_type=BigInteger)
    pieces: int | None = Field(sa_type=BigInteger)
    level: str | None
    origin: str | None
    image: str | None
    prompt: str | None = Field(sa_type=Text)
    chosen: str | None = Field(sa_type=Text)
    rejected: str | None = Field(sa_type=Text)
    data: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))

    __table_args__ = (
        Index("ix_pair_run", "run_id", "id"),
        Index("ix_pair_pair", "pair_id"),
        # Holds all that pages sort and filter by, so that doing so never reads the texts; in the order in which the
        # states of a training run lie, so that both are read together four times as fast.
        Index(
            "ix_pair_figures",
            "run_id",
            "pair_id",
            "delta",
            "position",
            "data_factor",
            "contested",
            "by_form",
            "chosen_words",
            "rejected_words",
            "length_gap",
            "pieces",
            "level",
            "origin",
        ),
        GROWING,
    )


class PairStep(SQLModel, table=True):
    """What one optimiser step did with one pair of its batch."""

    __tablename__ = "pair_step"

    id: int | None = Field(default=None, sa_column=cursor_column())
    run_id: str = Field(foreign_key="run.id", ondelete="CASCADE")
    attempt: int
    step: int = Field(sa_type=BigInteger)
    position: int = Field(sa_type=BigInteger)
    pair_id: str
    hardness: float | None
    factor: float | None
    gap: float | None
    kept: bool | None
    beta: float | None
    loss: float | None
    weight: float | None
    data: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))

    __table_args__ = (
        Index("ix_pair_step_run", "run_id", "id"),
        Index("ix_pair_step_pair", "run_id", "pair_id", "step"),
        Index("ix_pair_step_step", "run_id", "step"),
        GROWING,
    )


class PairState(SQLModel, table=True):
    """What a training run last said of a pair, and how often it saw and kept it: the sum of its `PairStep` rows.

    Kept by `storage.states` as steps are written, so that a page can sort 100,000 pairs by it.
    """

    __tablename__ = "pair_state"

    run_id: str = Field(foreign_key="run.id", ondelete="CASCADE", primary_key=True)
    pair_id: str = Field(primary_key=True)
    step: int = Field(sa_type=BigInteger)
    hardness: float | None
    factor: float | None
    gap: float | None
    beta: float | None
    loss: float | None
    weight: float | None
    seen: int = Field(sa_type=BigInteger)
    kept: int = Field(sa_type=BigInteger)

    __table_args__ = {"sqlite_with_rowid": False}


class InstructionRow(SQLModel, table=True):
    """One instruction that an adapter was trained on, and what a run measured of it.

    Attributes:
        row_id: unique within a run's table.
        prompt: the text of the last user turn; earlier turns and whatever else is known stay in `data`.
        kind: what is known of the row, such as "wrong" or "private" in the small world; empty or null for nothing.
    """

    __tablename__ = "instruction"

    id: int | None = Field(default=None, sa_column=cursor_column())
    run_id: str = Field(foreign_key="run.id", ondelete="CASCADE")
    attempt: int
    position: int = Field(sa_type=BigInteger)
    row_id: str
    kind: str | None
    tokens: int | None = Field(sa_type=BigInteger)
    loss: float | None
    self_influence: float | None
    gradient_norm: float | None
    prompt: str = Field(sa_type=Text)
    answer: str = Field(sa_type=Text)
    data: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))

    __table_args__ = (
        Index("ix_instruction_run", "run_id", "id"),
        # Holds all that pages sort and filter by, so that doing so never reads the texts.
        Index(
            "ix_instruction_figures",
            "run_id",
            "row_id",
            "kind",
            "position",
            "tokens",
            "loss",
            "self_influence",
            "gradient_norm",
        ),
        GROWING,
    )


class NodeRow(SQLModel, table=True):
    """A node of a graph and how anomalous a detector finds it: what `anomaly.detect` says of it.

    Attributes:
        position: of the node in its graph, from 0.
        node_id: of the node in every run of the same graph; reviews name it.
        rank: 1 for the most anomalous; each rank occurs once in a run.
        percentile: share of the nodes that rank below, 0 to 1; so are the other percentiles.
        attribute, structure: the two parts that `error` mixes; null for a detector without parts.
        label: 1 anomalous, 0 not, -1 unknown; null where the graph has no labels.
    """

    __tablename__ = "node"

    id: int | None = Field(default=None, sa_column=cursor_column())
    run_id: str = Field(foreign_key="run.id", ondelete="CASCADE")
    attempt: int
    position: int = Field(sa_type=BigInteger)
    node_id: str
    name: str
    rank: int = Field(sa_type=BigInteger)
    score: float
    percentile: float
    error: float | None
    attribute: float | None
    structure: float | None
    degree: int | None = Field(sa_type=BigInteger)
    in_degree: int | None = Field(sa_type=BigInteger)
    plain_percentile: float | None
    degree_percentile: float | None
    norm_percentile: float | None
    forest_percentile: float | None
    peer_percentile: float | None
    stability: float | None
    apart: float | None
    flagged_neighbours: int | None = Field(sa_type=BigInteger)
    label: int | None = Field(sa_type=BigInteger)
    data: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))

    # A row is narrow, and the rows of a run lie together: a page that sorts or filters by anything else reads through
    # them (`storage.nodes`), which takes less than an index of all figures would cost at a million rows.
    __table_args__ = (
        Index("ix_node_run", "run_id", "id"),
        Index("ix_node_rank", "run_id", "rank"),
        Index("ix_node_node", "run_id", "node_id"),
        GROWING,
    )


Typed = PairRow | PairStep | InstructionRow | NodeRow


class NewRow(NamedTuple):
    """A row to add: the values of its columns as a dictionary, which costs an eighth of an object of the table."""

    table: type[Metric | Event | Record | Typed]
    values: dict[str, Any]


TABLES: Mapping[str, type[Typed]] = {
    "pair": PairRow,
    "pair_step": PairStep,
    "instruction": InstructionRow,
    "node": NodeRow,
}

OWN = frozenset({"id", "run_id", "attempt", "data"})
WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


@cache
def columns(table: type[SQLModel]) -> Mapping[str, type[Any]]:
    """The fields of a kind's rows that are columns of its table, and what each holds: bool, int, float or str."""
    found = {}
    for name, field in table.model_fields.items():
        if name not in OWN:
            found[name] = (get_args(field.annotation) or (field.annotation,))[0]
    return found


@cache
def _columns(table: type[SQLModel]) -> tuple[tuple[str, type[Any], bool], ...]:
    """Of each column its name, what it holds, and whether a row may lack it."""
    mapped = inspect(table).columns
    return tuple((name, held, mapped[name].nullable) for name, held in columns(table).items())


def new_row(run_id: str, attempt: int, kind: str, row: Mapping[str, Any]) -> NewRow:
    """The database row for one reported row.

    Raises:
        TypeError: the kind has a table, and a column of it got what it cannot hold.
    """
    table = TABLES.get(kind)
    if table is None:
        values = {"run_id": run_id, "attempt": attempt, "kind": kind, "data": dict(row)}
        return NewRow(Record, values)
    values = {"run_id": run_id, "attempt": attempt}
    for name, held, nullable in _columns(table):
        value = row.get(name)
        fits = nullable if value is None else held is float and type(value) is float
        values[name] = value if fits else _fitting(kind, name, value, held)
    values["data"] = {name: row[name] for name in row.keys() - columns(table).keys()}
    return NewRow(table, values)


def plain(row: Record | Typed) -> dict[str, Any]:
    """The row as it was reported."""
    if isinstance(row, Record):
        return dict(row.data)
    return {name: getattr(row, name) for name in columns(type(row))} | row.data


def _fitting(kind: str, name: str, value: Any, held: type[Any]) -> Any:
    if held is float and type(value) is int:
        return float(value)
    if type(value) is not held or (held is int and abs(value) >= 2**63):
        raise TypeError(f"{kind} row: {name} must be {WORDS[held]}, got {value!r:.80}")
    return storable(value) if held is str else value


def storable(text: str) -> str:
    """`text` without what no database keeps: NUL and halves of surrogate pairs become question marks."""
    if text.isascii() and "\0" not in text:  # nearly all, in a tenth of the time
        return text
    return text.replace("\0", "?").encode("utf-8", "replace").decode()
