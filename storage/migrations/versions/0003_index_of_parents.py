"""an index by which a run that is deleted finds the runs that came of it; without, it reads all runs"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_run_parent_id", "run", ["parent_id"])


def downgrade() -> None:
    op.drop_index("ix_run_parent_id", "run")
