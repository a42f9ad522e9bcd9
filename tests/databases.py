"""Databases of the tests' own: made, cloned and dropped on the server of the run."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy import make_url

from app.platform.db import Database
from app.shared.ids import new_id


def sibling(url: str, name: str) -> str:
    """Return the URL of another database on the same server."""
    return make_url(url).set(database=name).render_as_string(hide_password=False)


async def administer(url: str, *statements: str) -> None:
    """Run statements outside any transaction, beside the database that a URL names."""
    plain = make_url(url).set(drivername="postgresql", database="postgres")
    connection = await asyncpg.connect(plain.render_as_string(hide_password=False))
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def drop_database(url: str, name: str) -> None:
    """Drop a database; an autovacuum worker in it cannot be thrown out by us, only awaited."""
    for _ in range(100):
        try:
            await administer(url, f'DROP DATABASE "{name}" WITH (FORCE)')
        except asyncpg.InsufficientPrivilegeError:
            await asyncio.sleep(0.1)
        else:
            return
    raise TimeoutError(f"{name} is still in use")


@asynccontextmanager
async def cloned(server_url: str, template: str) -> AsyncIterator[str]:
    """Yield the URL of a fresh clone of the template and drop it afterwards."""
    name = f"zhepai_test_{new_id().hex}"
    await administer(
        server_url, f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy'
    )
    try:
        yield sibling(server_url, name)
    finally:
        await drop_database(server_url, name)


@asynccontextmanager
async def made(server_url: str, template: str) -> AsyncIterator[tuple[str, Database]]:
    """Yield a further template and its database to fill; drop it in the end.

    Close the database before it is cloned.
    """
    async with cloned(server_url, template) as url:
        database = Database(url, pool_size=5)
        try:
            yield make_url(url).database or "", database
        finally:
            await database.close()
