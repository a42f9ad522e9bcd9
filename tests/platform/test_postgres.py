"""The embedded server against the real programs: start, share, crash, recover, stop."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest
from pydantic import SecretStr

from app.platform import postgres
from app.platform.postgres.cluster import Cluster
from app.platform.postgres.programs import server_account
from app.settings import Settings


@contextmanager
def fresh_home() -> Iterator[Settings]:
    # Not tmp_path: pytest closes it to other users, and root's server runs as nobody.
    home = Path(tempfile.mkdtemp(prefix="zhepai-test-", dir="/var/tmp")).resolve()
    home.chmod(0o755)
    settings = Settings(home=home, database_url=None)
    try:
        yield settings
    finally:
        postgres.stop(settings)
        shutil.rmtree(home)


@pytest.fixture
def fresh() -> Iterator[Settings]:
    with fresh_home() as settings:
        yield settings


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    """One cluster for the tests that need no new one; it may be running or not."""
    with fresh_home() as settings:
        yield settings


def cluster_of(settings: Settings) -> Cluster:
    return Cluster(settings.home)


def postmaster_file(settings: Settings) -> Path:
    return cluster_of(settings).data / "postmaster.pid"


def postmaster(settings: Settings) -> int:
    return int(postmaster_file(settings).read_text().splitlines()[0])


async def connect(dsn: str) -> "asyncpg.Connection[asyncpg.Record]":
    return await asyncpg.connect(dsn.replace("+asyncpg", ""))


async def test_first_start_makes_a_cluster_fit_for_us(settings: Settings) -> None:
    dsn = postgres.ensure_running(settings)
    connection = await connect(dsn)
    assert [
        await connection.fetchval(f"SELECT current_setting('{name}')")
        for name in ("server_encoding", "data_checksums", "listen_addresses", "timezone")
    ] == ["UTF8", "on", "127.0.0.1", "UTC"]
    assert await connection.fetchval("SHOW idle_in_transaction_session_timeout") == "1min"
    assert await connection.fetchval("SELECT datcollate FROM pg_database LIMIT 1") == "C.UTF-8"
    assert not await connection.fetchval("SELECT usesuper FROM pg_user WHERE usename = USER")
    await connection.close()


def test_server_and_secret_are_closed_to_others(settings: Settings) -> None:
    postgres.ensure_running(settings)
    socket_directory = postmaster_file(settings).read_text().splitlines()[4]
    assert socket_directory == ""
    assert (settings.home / "postgres.password").stat().st_mode & 0o777 == 0o600
    assert cluster_of(settings).data.stat().st_mode & 0o777 == 0o700
    if account := server_account():
        assert Path(f"/proc/{postmaster(settings)}").stat().st_uid == account.pw_uid


async def test_wrong_password_is_refused(settings: Settings) -> None:
    dsn = postgres.ensure_running(settings)
    password = (settings.home / "postgres.password").read_text()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await connect(dsn.replace(password, "guess"))


def test_later_calls_are_quick_and_stop_is_idempotent(settings: Settings) -> None:
    dsn = postgres.ensure_running(settings)
    begin = time.perf_counter()
    assert postgres.ensure_running(settings) == dsn == postgres.database_url(settings)
    assert time.perf_counter() - begin < 0.5
    postgres.stop(settings)
    assert not postgres.is_running(settings)
    postgres.stop(settings)
    assert postgres.ensure_running(settings) == dsn


@pytest.mark.concurrency
def test_processes_at_once_yield_one_server(fresh: Settings) -> None:
    code = (
        "from app.settings import Settings; from app.platform.postgres import ensure_running;"
        "print(ensure_running(Settings(database_url=None)))"
    )
    environment = {**os.environ, "ZHEPAI_HOME": str(fresh.home)}
    processes = [
        subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE)
        for _ in range(5)
    ]
    answers = {process.communicate(timeout=60)[0] for process in processes}
    assert [process.returncode for process in processes] == [0] * 5
    assert answers == {postgres.ensure_running(fresh).encode() + b"\n"}
    assert cluster_of(fresh).log.read_text().count("ready to accept connections") == 1


@pytest.mark.concurrency
@pytest.mark.parametrize("pid_now", ["gone", "a zombie", "another program"])
async def test_killed_server_recovers_with_its_data(settings: Settings, pid_now: str) -> None:
    dsn = postgres.ensure_running(settings)
    connection = await connect(dsn)
    await connection.execute("DROP TABLE IF EXISTS kept")
    await connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 10000) AS n")
    kill_server(settings)
    connection.terminate()
    with process_in_its_place(settings, pid_now):
        assert postgres.ensure_running(settings) == dsn
    connection = await connect(dsn)
    assert await connection.fetchval("SELECT count(*) FROM kept") == 10000
    await connection.close()


def kill_server(settings: Settings) -> None:
    os.kill(postmaster(settings), signal.SIGKILL)


@contextmanager
def process_in_its_place(settings: Settings, kind: str) -> Iterator[None]:
    """Let postmaster.pid name what PostgreSQL would take for a living server of its account."""
    command = ["sleep", "60"] if kind == "another program" else ["true"]
    account = server_account()
    with subprocess.Popen(command, user=account.pw_uid if account else None) as process:
        if kind != "gone":
            _, _, rest = postmaster_file(settings).read_text().partition("\n")
            postmaster_file(settings).write_text(f"{process.pid}\n{rest}")
        try:
            yield
        finally:
            process.kill()


def test_taken_port_is_replaced(settings: Settings) -> None:
    first = postgres.ensure_running(settings)
    postgres.stop(settings)
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", cluster_of(settings).port()))
        squatter.listen()
        assert not postgres.is_running(settings)
        assert postgres.ensure_running(settings) != first


def test_half_made_cluster_is_made_anew(fresh: Settings) -> None:
    draft = fresh.home / "postgres" / "data.new"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18")
    postgres.ensure_running(fresh)
    assert not draft.exists()


def test_programs_that_do_not_run_are_named(fresh: Settings) -> None:
    wrong = fresh.model_copy(update={"pg_bin": fresh.home})
    with pytest.raises(postgres.EmbeddedPostgresError, match="ZHEPAI_PG_BIN"):
        postgres.ensure_running(wrong)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("postgres://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("postgresql://u:p@h/d?sslmode=require", "postgresql+asyncpg://u:p@h/d?ssl=require"),
        ("postgresql+asyncpg://u:p@h:1/d", "postgresql+asyncpg://u:p@h:1/d"),
    ],
)
def test_external_address_is_normalised(given: str, expected: str) -> None:
    assert postgres.database_url(Settings(database_url=SecretStr(given))) == expected


def test_other_address_is_refused_without_showing_it() -> None:
    with pytest.raises(ValueError, match="ZHEPAI_DATABASE_URL") as caught:
        postgres.database_url(Settings(database_url=SecretStr("mysql://u:hidden@h/d")))
    assert "hidden" not in str(caught.value)
