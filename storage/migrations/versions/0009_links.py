"""what a link shows, what it is called, who made it, and when it was visited"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TEXTS: tuple[tuple[str, Any], ...] = (
    ("title", sa.String()),
    ("note", sa.Text()),
    ("created_by", sa.String()),
)
EMPTY: tuple[tuple[str, Any], ...] = (
    ("selection", sa.JSON()),
    ("shows", sa.JSON()),
    ("first_visit_at", sa.Float()),
    ("last_visit_at", sa.Float()),
)


def upgrade() -> None:
    for name, kind in TEXTS:
        default = sa.text("''")
        op.add_column("share", sa.Column(name, kind, nullable=False, server_default=default))
    for name, kind in EMPTY:
        op.add_column("share", sa.Column(name, kind, nullable=True))
    op.create_index("ix_share_created", "share", ["created_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_share_created", "share")
    for name, _ in reversed((*TEXTS, *EMPTY)):
        op.execute(f'ALTER TABLE "share" DROP COLUMN {name}')
