"""notes on comparisons, what they are measured against, whose they are"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Defaults of the server's own: processes of the version before go on writing rows until they are restarted.
    for name, kind in (("notes", sa.Text()), ("baseline", sa.String()), ("owner", sa.String())):
        op.add_column(
            "comparison", sa.Column(name, kind, nullable=False, server_default=sa.text("''"))
        )
    op.add_column(
        "comparison", sa.Column("pinned", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column(
        "comparison",
        sa.Column("updated_at", sa.Float(), nullable=False, server_default=sa.text("0")),
    )
    op.execute("UPDATE comparison SET updated_at = created_at")


def downgrade() -> None:
    for name in ("updated_at", "pinned", "owner", "baseline", "notes"):
        op.execute(f"ALTER TABLE comparison DROP COLUMN {name}")
