"""Migrations: from nothing to the models' schema, back to nothing, one migrator at a time."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from alembic import command
from sqlalchemy import make_url

from app.platform.migrate import ROOT, alembic_config, upgrade
from app.shared.ids import new_id
from tests.databases import administer, drop_database, sibling
from tests.eventually import eventually

pytestmark = pytest.mark.concurrency


def plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


@pytest.fixture
async def empty(server_url: str) -> AsyncIterator[str]:
    """The URL of a database without a table."""
    name = f"zhepai_empty_{new_id().hex}"
    await administer(server_url, f'CREATE DATABASE "{name}" TEMPLATE template0')
    yield sibling(server_url, name)
    await drop_database(server_url, name)


async def objects(url: str) -> list[tuple[str, str]]:
    connection = await asyncpg.connect(plain(url))
    rows = await connection.fetch(
        "SELECT 'table', tablename::text FROM pg_tables WHERE schemaname = 'public' UNION ALL "
        "SELECT 'function', proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace "
        "UNION ALL SELECT 'index', indexdef FROM pg_indexes WHERE schemaname = 'public' UNION ALL "
        "SELECT 'trigger', tgname FROM pg_trigger WHERE NOT tgisinternal UNION ALL "
        "SELECT 'constraint', conrelid::regclass || pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE connamespace = 'public'::regnamespace UNION ALL "
        "SELECT 'type', typname FROM pg_type WHERE typnamespace = 'public'::regnamespace "
        "ORDER BY 1, 2"
    )
    await connection.close()
    return [(row[0], row[1]) for row in rows]


async def test_up_check_down_and_up_again(empty: str) -> None:
    # P27
    config = alembic_config(empty)
    await asyncio.to_thread(upgrade, empty)
    first = await objects(empty)
    assert ("table", "journal_events") in first
    await asyncio.to_thread(command.check, config)  # raises when models and schema differ
    await asyncio.to_thread(command.downgrade, config, "base")
    left = [name for kind, name in await objects(empty) if kind in {"table", "function"}]
    assert left == ["alembic_version"]
    await asyncio.to_thread(upgrade, empty)
    assert await objects(empty) == first


async def test_second_migrator_waits_for_the_first(empty: str) -> None:
    # P27
    holder = await asyncpg.connect(plain(empty))
    await holder.execute("SELECT pg_advisory_lock(20261122)")
    program = "import sys; from app.platform.migrate import upgrade; upgrade(sys.argv[1])"
    migrators = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", program, empty) for _ in range(2)
    ]

    async def both_wait() -> bool:
        waiting = await holder.fetchval(
            "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database "
            "WHERE NOT granted AND locktype = 'advisory' AND datname = current_database()"
        )
        return bool(waiting == 2)

    await eventually(both_wait, within_s=60)
    assert await objects(empty) == []
    await holder.execute("SELECT pg_advisory_unlock(20261122)")
    assert await asyncio.gather(*(migrator.wait() for migrator in migrators)) == [0, 0]
    assert ("table", "journal_events") in await objects(empty)
    await holder.close()


def test_migrations_have_dated_names_and_one_line_of_descent() -> None:
    names = [path.name for path in sorted((ROOT / "migrations/versions").glob("*.py"))]
    assert names
    for name in names:
        year, month, day, rest = Path(name).stem.split("_", 3)
        assert (len(year), len(month), len(day)) == (4, 2, 2)
        assert rest
