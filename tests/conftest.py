"""Shared fixtures: a real PostgreSQL, a database per worker made by the real migrations.

``session`` rolls back after each test. ``database`` commits for real: a fresh database cloned
from the migrated template, for concurrency tests.
"""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncSession

from app.main import create_app
from app.permissions import PERMISSIONS
from app.platform import postgres
from app.platform.db import Database
from app.platform.migrate import upgrade
from app.platform.postgres import database_url
from app.platform.runtime import Runtime, build_runtime
from app.settings import Settings
from app.shared.ids import new_id
from app.wiring import OWNERS, reactions, timer_handlers

pytest_plugins = ["tests.world", "tests.lots"]

# A root's temporary directory of pytest's is closed to the user that postgres runs as.
TEST_HOME = Path(tempfile.gettempdir()) / f"zhepai-tests-{os.getuid()}"


_STARTED_HERE = pytest.StashKey[bool]()


def pytest_configure(config: pytest.Config) -> None:
    """Note, before any worker starts it, whether the embedded server is this run's to stop."""
    if not hasattr(config, "workerinput"):
        config.stash[_STARTED_HERE] = not postgres.is_running(Settings(home=TEST_HOME))


def pytest_make_parametrize_id(val: object) -> str | None:
    """Keep binary values out of test names; pytest numbers equal names."""
    return "bytes" if isinstance(val, bytes) else None


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server if this run started it; all workers have ended by now."""
    if config.stash.get(_STARTED_HERE, False):
        postgres.stop(Settings(home=TEST_HOME))


def _sibling(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


async def _administer(url: str, *statements: str) -> None:
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
            await _administer(url, f'DROP DATABASE "{name}" WITH (FORCE)')
        except asyncpg.InsufficientPrivilegeError:
            await asyncio.sleep(0.1)
        else:
            return
    raise TimeoutError(f"{name} is still in use")


@pytest.fixture(scope="session")
def server_url() -> str:
    """The URL of a server on which this run may make databases."""
    return database_url(Settings(home=TEST_HOME))


@pytest.fixture(scope="session")
def template(server_url: str) -> Iterator[str]:
    """The name of a migrated database that this xdist worker clones."""
    name = f"zhepai_template_{new_id().hex}"
    asyncio.run(_administer(server_url, f'CREATE DATABASE "{name}"'))
    upgrade(_sibling(server_url, name))
    yield name
    asyncio.run(drop_database(server_url, name))


@asynccontextmanager
async def cloned(server_url: str, template: str) -> AsyncIterator[str]:
    """Yield the URL of a fresh clone of the template and drop it afterwards."""
    name = f"zhepai_test_{new_id().hex}"
    await _administer(server_url, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield _sibling(server_url, name)
    finally:
        await drop_database(server_url, name)


@pytest.fixture
async def database_dsn(server_url: str, template: str) -> AsyncIterator[str]:
    """A database of the test's own."""
    async with cloned(server_url, template) as url:
        yield url


@pytest.fixture
async def database(database_dsn: str) -> AsyncIterator[Database]:
    """Real commits on a database of the test's own."""
    database = Database(database_dsn, pool_size=20)
    yield database
    await database.close()


class RolledBackDatabase(Database):
    """Everything in one outer transaction that the test throws away; commits are savepoints."""

    def __init__(self, url: str) -> None:
        super().__init__(url, pool_size=1)
        self._lock = asyncio.Lock()
        self.session: AsyncSession | None = None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Yield a session in a savepoint of the outer transaction."""
        assert self.session is not None
        async with self._lock, self.session.begin_nested():
            yield self.session
        self.session.expunge_all()


@pytest.fixture(scope="session")
async def shared_database(server_url: str, template: str) -> AsyncIterator[RolledBackDatabase]:
    """This worker's database for rolled-back tests."""
    async with cloned(server_url, template) as url:
        database = RolledBackDatabase(url)
        yield database
        await database.close()


@pytest.fixture
async def rolled_back(shared_database: RolledBackDatabase) -> AsyncIterator[RolledBackDatabase]:
    """The database of tests that leave nothing behind."""
    async with shared_database.engine.connect() as connection:
        outer = await connection.begin()
        shared_database.session = AsyncSession(
            connection, expire_on_commit=False, join_transaction_mode="create_savepoint"
        )
        yield shared_database
        await shared_database.session.close()
        await outer.rollback()


@pytest.fixture
async def session(rolled_back: RolledBackDatabase) -> AsyncSession:
    """A session in the transaction that is rolled back after the test."""
    assert rolled_back.session is not None
    return rolled_back.session


@pytest.fixture(scope="session")
def settings() -> Settings:
    """Settings of the processes under test."""
    return Settings(home=TEST_HOME, secret_key="a secret for tests that is long enough")


@pytest.fixture(scope="session")
def shared_runtime(shared_database: RolledBackDatabase, settings: Settings) -> Runtime:
    """The runtime of rolled-back endpoint tests."""
    runtime = build_runtime(
        settings,
        "postgresql+asyncpg://",
        permissions=PERMISSIONS,
        owners=OWNERS,
        timer_handlers=timer_handlers,
        reactions=reactions,
    )
    return replace(runtime, database=shared_database)


@pytest.fixture(scope="session")
def shared_app(shared_runtime: Runtime) -> FastAPI:
    """The whole API on the rolled-back database."""
    return create_app(shared_runtime)


@pytest.fixture
async def client(
    shared_app: FastAPI, rolled_back: RolledBackDatabase
) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client of the whole API; what it changes is rolled back after the test."""
    transport = httpx.ASGITransport(shared_app, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://zhepai.test") as client:
        yield client
