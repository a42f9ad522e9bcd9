"""Shared fixtures: a real PostgreSQL, a database per worker made by the real migrations.

``session`` rolls back after each test. ``database`` commits for real: a fresh database cloned
from the migrated template, for concurrency tests.
"""

import asyncio
import gc
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from app.main import create_app
from app.permissions import PERMISSIONS
from app.platform import postgres
from app.platform.db import Database
from app.platform.migrate import upgrade
from app.platform.postgres import database_url
from app.platform.postgres.cluster import Cluster
from app.platform.runtime import Runtime, build_runtime
from app.settings import Settings
from app.shared.ids import new_id
from app.wiring import OWNERS, reactions, timer_handlers
from tests.databases import administer, cloned, drop_database, sibling

pytest_plugins = ["tests.world", "tests.lots"]

SHARED_MEMORY: Final = Path("/dev/shm")
HOME_BYTES: Final = 4 * 2**30  # more than the databases of a run, its log and its files take


def _room() -> Path:
    """Return where the run's server lives: in memory, if there is enough; else on the disk.

    A database of a test's own is some thousand files, which a disk makes in a quarter of a
    second. A root's temporary directory of pytest's is closed to the user that postgres runs as.
    """
    usable = os.access(SHARED_MEMORY, os.W_OK | os.X_OK)
    if usable and shutil.disk_usage(SHARED_MEMORY).free > HOME_BYTES:
        return SHARED_MEMORY
    return Path(tempfile.gettempdir())


# Chosen once a run: its workers inherit the choice.
TEST_HOME = Path(
    os.environ.setdefault("ZHEPAI_TEST_HOME", str(_room() / f"zhepai-tests-{os.getuid()}"))
)


_STARTED_HERE = pytest.StashKey[bool]()


def pytest_configure(config: pytest.Config) -> None:
    """Note, before any worker starts it, whether the embedded server is this run's to stop."""
    if hasattr(config, "workerinput"):
        gc.disable()  # until the tests are collected, which makes much and throws little away
    else:
        config.stash[_STARTED_HERE] = not postgres.is_running(Settings(home=TEST_HOME))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that start whole services: nobody waits for them at the end."""
    items.sort(key=lambda item: item.get_closest_marker("service") is None)


def pytest_collection_finish() -> None:
    """Do not look through the modules and tests again and again for what nobody uses."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    gc.enable()


def pytest_make_parametrize_id(val: object) -> str | None:
    """Keep binary values out of test names; pytest numbers equal names."""
    return "bytes" if isinstance(val, bytes) else None


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server if this run started it; all workers have ended by now."""
    if config.stash.get(_STARTED_HERE, False):
        postgres.stop(Settings(home=TEST_HOME))


@pytest.fixture(scope="session")
def server_url() -> str:
    """The URL of a server on which this run may make databases."""
    url = database_url(Settings(home=TEST_HOME))
    _forget_power_failures(Cluster(TEST_HOME).data)
    return url


def _forget_power_failures(data: Path) -> None:
    """Let the run's server not wait for the disk: no test outlives a power failure.

    What processes do and how transactions see each other stays as it is, also under ``kill -9``;
    durability itself is tested on servers of its own.
    """
    settings = data / "postgresql.auto.conf"
    if "fsync" not in settings.read_text():
        with settings.open("a") as file:
            file.write("fsync = off\nfull_page_writes = off\n")
        os.kill(int((data / "postmaster.pid").read_text().split()[0]), signal.SIGHUP)


@pytest.fixture(scope="session")
def template(server_url: str) -> Iterator[str]:
    """The name of a migrated database that this xdist worker clones."""
    name = f"zhepai_template_{new_id().hex}"
    asyncio.run(administer(server_url, f'CREATE DATABASE "{name}"'))
    upgrade(sibling(server_url, name))
    yield name
    asyncio.run(drop_database(server_url, name))


# What a test asks for, and the template that has it already; the fullest first.
STARTS: Final = {"own_lot": "lot_template", "own_world": "world_template"}


@pytest.fixture
def start(request: pytest.FixtureRequest, template: str) -> str:
    """The name of the database that the test's own is cloned from."""
    for asked, made in STARTS.items():
        if asked in request.fixturenames:
            name: str = request.getfixturevalue(made)[0]
            return name
    return template


@pytest.fixture
async def database_dsn(server_url: str, start: str) -> AsyncIterator[str]:
    """A database of the test's own."""
    async with cloned(server_url, start) as url:
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
