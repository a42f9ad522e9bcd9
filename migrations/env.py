"""Alembic's entry: real migrations over asyncpg, one at a time, with timeouts."""

import asyncio

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app import tables

ADVISORY_LOCK = 20_261_122  # any constant: two migrators must not run at once


def run(connection: Connection) -> None:
    connection.execute(text(f"SELECT pg_advisory_lock({ADVISORY_LOCK})"))
    # A migration must not make a live exchange wait: it fails and is tried again.
    connection.execute(text("SET lock_timeout = '5s'"))
    connection.execute(text("SET statement_timeout = '60s'"))
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=tables.METADATA,
        transaction_per_migration=True,
        compare_type=True,
        compare_server_default=False,
    )
    with context.begin_transaction():
        context.run_migrations()


async def migrate() -> None:
    engine = create_async_engine(context.config.attributes["database_url"], poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run)
        await connection.commit()
    await engine.dispose()


asyncio.run(migrate())
