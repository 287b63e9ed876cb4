"""Runs the migrations on the engine that `storage.db` hands over, inside one transaction that holds the write lock."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

from storage import (  # noqa: F401 - they register the tables
    accounts,
    kept,
    models,
    outbox,
    repeats,
    typed,
)

engine = context.config.attributes["engine"]
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=True,  # SQLite cannot ALTER most things; alembic then copies the table
        transactional_ddl=True,
        user_module_prefix="sa.",  # SQLModel's own string type is a plain String
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(8417302)")
        context.run_migrations()
    connection.commit()
