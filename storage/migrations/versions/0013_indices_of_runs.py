"""indices of runs in the order in which they start, and in the order in which they are listed"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_run_start",
        "run",
        ["status", "queue", sa.text("priority DESC"), "created_at", "id", "memory_mb"],
    )
    op.create_index(
        "ix_run_listed",
        "run",
        ["archived", "created_at", "id", "sweep_id", "status", "family", "method"],
    )
    op.drop_index("ix_run_claim", "run")


def downgrade() -> None:
    op.create_index("ix_run_claim", "run", ["status", "queue", "priority", "created_at"])
    op.drop_index("ix_run_listed", "run")
    op.drop_index("ix_run_start", "run")
