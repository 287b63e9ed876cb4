"""sweeps, and the runs that belong to them"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sweep",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.Column("axes", sa.JSON(), nullable=False),
        sa.Column("seeds", sa.JSON(), nullable=False),
        sa.Column("left_out", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("sweep", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sweep_created_at"), ["created_at"], unique=False)
    # Not in a batch: that copies the table of runs on SQLite, and dropping the old one would delete, by their foreign
    # keys, everything that runs reported.
    op.add_column("run", sa.Column("sweep_id", sa.String(), nullable=True))
    op.add_column("run", sa.Column("sweep_cell", sa.JSON(), nullable=True))
    op.create_index("ix_run_sweep_id", "run", ["sweep_id"])


def downgrade() -> None:
    op.drop_index("ix_run_sweep_id", "run")
    op.drop_column("run", "sweep_cell")
    op.drop_column("run", "sweep_id")
    with op.batch_alter_table("sweep", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sweep_created_at"))
    op.drop_table("sweep")
