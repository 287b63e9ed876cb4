"""what a run needs of a device's memory, where a worker keeps files, and whether it was asked to leave"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Defaults of the server's own: workers of the version before go on writing rows until they are restarted.
    op.add_column("run", sa.Column("memory_mb", sa.Float(), nullable=False, server_default="0"))
    op.add_column(
        "worker", sa.Column("artefacts", sa.String(), nullable=False, server_default=sa.text("''"))
    )
    op.add_column(
        "worker", sa.Column("asked", sa.String(), nullable=False, server_default=sa.text("''"))
    )


def downgrade() -> None:
    # Not in Alembic's way for SQLite, which makes the table anew: what refers to runs would be deleted with the old one.
    for table, name in (("worker", "asked"), ("worker", "artefacts"), ("run", "memory_mb")):
        op.execute(f'ALTER TABLE "{table}" DROP COLUMN {name}')
