"""One database cluster on disk: its paths, lock, password, port and creation."""

import fcntl
import os
import secrets
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.platform.postgres.programs import EmbeddedPostgresError, run, server_account

ROLE = DATABASE = "zhepai"

_INITDB_OPTIONS = (
    "--username=postgres",
    "--encoding=UTF8",
    "--locale=C.UTF-8",
    "--data-checksums",
    "--auth-local=reject",
    "--auth-host=scram-sha-256",
)

_CONFIGURATION = """
# Written once by Zhepai for a small machine; edit freely. Address and port are given at start.
shared_buffers = 128MB
max_connections = 200
synchronous_commit = on
idle_in_transaction_session_timeout = 60s
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %q%u@%d '
log_min_error_statement = panic   # statements may hold what no log should keep
"""


@dataclass(frozen=True)
class Cluster:
    """Paths of the cluster below one home directory (absolute, symlinks resolved)."""

    home: Path

    @property
    def folder(self) -> Path:
        """Our directory; the server's account can enter it but not write there."""
        return self.home / "postgres"

    @property
    def data(self) -> Path:
        """PostgreSQL's own directory; it appears only when the cluster is complete."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.folder / "server.log"

    @property
    def _password_file(self) -> Path:
        return self.home / "postgres.password"

    @property
    def _port_file(self) -> Path:
        return self.folder / "port"

    def authority(self) -> str:
        """Return ``user:password@host:port/database`` for a DSN.

        Raises:
            EmbeddedPostgresError: if the password file is gone.
        """
        try:
            password = self._password_file.read_text()
        except OSError as error:
            raise EmbeddedPostgresError(
                f"读不到数据库口令 / cannot read the database password: {error}"
            ) from error
        return f"{ROLE}:{password}@127.0.0.1:{self.port()}/{DATABASE}"

    def make_folders(self) -> None:
        """Make our directories; parents and directories that exist keep their modes.

        Raises:
            EmbeddedPostgresError: if the caller may not.
        """
        for path in (self.home, self.folder):
            try:
                path.mkdir(parents=True)
                path.chmod(0o755)  # whatever the umask: the server's account must pass
            except FileExistsError:
                continue
            except OSError as error:
                raise EmbeddedPostgresError(
                    f"建不了目录，请另设 ZHEPAI_HOME / set ZHEPAI_HOME elsewhere: {error}"
                ) from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the cluster's lock: one process at a time creates, starts or stops it."""
        try:
            file = (self.folder / "lock").open("w")
        except OSError as error:
            raise EmbeddedPostgresError(
                f"数据目录属于别的用户？ / does the data directory belong to someone else? {error}"
            ) from error
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)  # released by close, also when the process dies
            yield

    def port(self) -> int:
        """Return the server's TCP port, chosen at its first start."""
        try:
            return int(self._port_file.read_text())
        except FileNotFoundError:
            return self.choose_port()

    def choose_port(self) -> int:
        """Choose and store a free port; the caller holds the lock."""
        port = next(p for p in iter(_random_port, 0) if _is_free(p))
        draft = self._port_file.with_suffix(".new")
        draft.write_text(str(port))
        draft.replace(self._port_file)
        return port

    def create(self, programs: Path) -> None:
        """Make the cluster with role and database; the caller holds the lock.

        Everything happens in a draft directory, with a single-user server, before the cluster
        gets its name: another process never meets a half-made one, and a crash leaves none.

        Raises:
            EmbeddedPostgresError: if a program fails, with what it said.
        """
        draft = self.data.with_name("data.new")
        if draft.exists():
            shutil.rmtree(draft)
        draft.mkdir(mode=0o700)
        if account := server_account():
            os.chown(draft, account.pw_uid, account.pw_gid)
        password = secrets.token_urlsafe(24)
        self._password_file.unlink(missing_ok=True)
        descriptor = os.open(self._password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(password)
        self._run([programs / "initdb", "-D", draft, *_INITDB_OPTIONS])
        with (draft / "postgresql.conf").open("a") as file:
            file.write(_CONFIGURATION)
        # The superuser gets no password, so nobody can log in as it; REPLICATION lets
        # pg_basebackup use this role, CREATEDB lets tests and restores make databases.
        self._run(
            [programs / "postgres", "--single", "-D", draft, "-c", "exit_on_error=on", "postgres"],
            f"CREATE ROLE {ROLE} LOGIN CREATEDB REPLICATION PASSWORD '{password}'\n"
            f"CREATE DATABASE {DATABASE} OWNER {ROLE}\n",
        )
        draft.rename(self.data)

    def _run(self, command: list[str | Path], text: str = "") -> None:
        result = run(command, self.folder, text=text)
        if result.returncode != 0:
            raise EmbeddedPostgresError(
                f"{Path(command[0]).name} 失败 / failed ({result.returncode}): "
                f"{result.stdout.strip()[-2000:]}"
            )


def _random_port() -> int:
    # Below the range from which systems give ports to outgoing connections, and never 5432.
    return 20_000 + secrets.randbelow(12_000)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # Connections of a server that just stopped linger; only a listener counts.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
