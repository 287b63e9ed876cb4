"""a table for the nodes of graphs and how anomalous each is"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

FIGURES = (
    "plain_percentile",
    "degree_percentile",
    "norm_percentile",
    "forest_percentile",
    "peer_percentile",
    "stability",
    "apart",
)


def upgrade() -> None:
    op.create_table(
        "node",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("node_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        _number("score", nullable=False),
        _number("percentile", nullable=False),
        _number("error"),
        _number("attribute"),
        _number("structure"),
        sa.Column("degree", sa.BigInteger(), nullable=True),
        sa.Column("in_degree", sa.BigInteger(), nullable=True),
        *(_number(name) for name in FIGURES),
        sa.Column("flagged_neighbours", sa.BigInteger(), nullable=True),
        sa.Column("label", sa.BigInteger(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_node_run", "node", ["run_id", "id"])
    op.create_index("ix_node_rank", "node", ["run_id", "rank"])
    op.create_index("ix_node_node", "node", ["run_id", "node_id"])


def downgrade() -> None:
    op.drop_table("node")


def _number(name: str, *, nullable: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.Float(), nullable=nullable)
