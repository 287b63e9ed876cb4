"""since when a run is archived, and since when a file is known to be lost"""

from __future__ import annotations

import time

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("run", sa.Column("archived_at", sa.Float(), nullable=True))
    op.add_column("blob", sa.Column("lost_at", sa.Float(), nullable=True))
    # Nobody wrote down when: their time begins now, so that none goes sooner than the settings say.
    archived = sa.text("UPDATE run SET archived_at = :now WHERE archived").bindparams(
        now=time.time()
    )
    op.execute(archived)


def downgrade() -> None:
    # Not in Alembic's way for SQLite, which makes the table anew: what refers to runs would be deleted with the old one.
    op.execute('ALTER TABLE "blob" DROP COLUMN lost_at')
    op.execute('ALTER TABLE "run" DROP COLUMN archived_at')
