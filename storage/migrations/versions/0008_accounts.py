"""who may use the studio, what they did, and whose a run is"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("token_sha256", sa.String(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_index("ix_account_token_sha256", "account", ["token_sha256"])
    op.create_table(
        "audit",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    for name in ("actor", "action", "target"):
        op.create_index(f"ix_audit_{name}", "audit", [name])
    # A default of the server's own: processes of the version before go on writing rows until they are restarted.
    op.add_column(
        "run", sa.Column("owner", sa.String(), nullable=False, server_default=sa.text("''"))
    )


def downgrade() -> None:
    # Not in Alembic's way for SQLite, which makes the table anew: what refers to runs would be deleted with the old one.
    op.execute('ALTER TABLE "run" DROP COLUMN owner')
    op.drop_table("audit")
    op.drop_table("account")
