"""tables for preference pairs, what training did with them, and reviews; checkpoints mark any number of tables"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MARKED = ("metric", "record", "artefact")


def upgrade() -> None:
    op.create_table(
        "pair",
        _cursor(),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("pair_id", sa.String(), nullable=False),
        sa.Column("delta", sa.Float(), nullable=True),
        sa.Column("data_factor", sa.Float(), nullable=True),
        sa.Column("contested", sa.Boolean(), nullable=True),
        sa.Column("by_form", sa.Boolean(), nullable=True),
        sa.Column("chosen_words", sa.BigInteger(), nullable=True),
        sa.Column("rejected_words", sa.BigInteger(), nullable=True),
        sa.Column("length_gap", sa.BigInteger(), nullable=True),
        sa.Column("pieces", sa.BigInteger(), nullable=True),
        sa.Column("level", sa.String(), nullable=True),
        sa.Column("origin", sa.String(), nullable=True),
        sa.Column("image", sa.String(), nullable=True),
        sa.Column("prompt", sa.Text(), nullable=True),
        sa.Column("chosen", sa.Text(), nullable=True),
        sa.Column("rejected", sa.Text(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_pair_run", "pair", ["run_id", "id"])
    op.create_index("ix_pair_pair", "pair", ["pair_id"])
    op.create_index(
        "ix_pair_figures",
        "pair",
        [
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
        ],
    )
    op.create_table(
        "pair_step",
        _cursor(),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("pair_id", sa.String(), nullable=False),
        sa.Column("hardness", sa.Float(), nullable=True),
        sa.Column("factor", sa.Float(), nullable=True),
        sa.Column("gap", sa.Float(), nullable=True),
        sa.Column("kept", sa.Boolean(), nullable=True),
        sa.Column("beta", sa.Float(), nullable=True),
        sa.Column("loss", sa.Float(), nullable=True),
        sa.Column("weight", sa.Float(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_pair_step_run", "pair_step", ["run_id", "id"])
    op.create_index("ix_pair_step_pair", "pair_step", ["run_id", "pair_id", "step"])
    op.create_index("ix_pair_step_step", "pair_step", ["run_id", "step"])
    op.create_table(
        "pair_state",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("pair_id", sa.String(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("hardness", sa.Float(), nullable=True),
        sa.Column("factor", sa.Float(), nullable=True),
        sa.Column("gap", sa.Float(), nullable=True),
        sa.Column("beta", sa.Float(), nullable=True),
        sa.Column("loss", sa.Float(), nullable=True),
        sa.Column("weight", sa.Float(), nullable=True),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("kept", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "pair_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "review",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=True),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("updated_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject"),
    )
    _replace_checkpoints(
        [sa.Column("marks", sa.JSON(), nullable=False)],
        lambda row: {"marks": {name: row.pop(f"{name}_id") for name in MARKED}},
    )


def downgrade() -> None:
    _replace_checkpoints(
        [sa.Column(f"{name}_id", sa.Integer(), nullable=False) for name in MARKED],
        lambda row: _old_marks(row.pop("marks")),
    )
    op.drop_table("review")
    op.drop_table("pair_state")
    op.drop_table("pair_step")
    op.drop_table("pair")


def _old_marks(marks: dict[str, int]) -> dict[str, int]:
    return {f"{name}_id": marks.get(name, 0) for name in MARKED}


def _cursor() -> sa.Column[Any]:
    return sa.Column(
        "id",
        sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
        autoincrement=True,
        nullable=False,
    )


def _replace_checkpoints(columns: list[sa.Column[Any]], changed: Any) -> None:
    """Make the table of checkpoints anew with other columns: there are few, and nothing refers to them.

    Args:
        changed: from a row, whose old columns it takes out, to its new ones.
    """
    connection = op.get_bind()
    old = sa.Table("checkpoint", sa.MetaData(), autoload_with=connection)
    rows = [dict(row) for row in connection.execute(sa.select(old)).mappings()]
    op.drop_table("checkpoint")
    new = op.create_table(
        "checkpoint",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        *columns,
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["sha256"], ["blob.sha256"]),
        sa.PrimaryKeyConstraint("run_id"),
    )
    op.bulk_insert(new, [{**row, **changed(row)} for row in rows])
