"""The home directory as the supervisor uses it: claim it, wipe it, remember in it."""

import fcntl
import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from app.platform import postgres
from app.settings import Settings

# The secret key stays: backups may need it.
_OURS = ("postgres", "postgres.password", "files", "index", "log", "up.json")
_ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def claimed(settings: Settings) -> Iterator[None]:
    """Hold the home directory for one supervisor.

    Raises:
        SystemExit: if another one has it, or it cannot be written.
    """
    path = settings.home / "up.lock"
    try:
        if not settings.home.exists():
            settings.home.mkdir(parents=True)
            settings.home.chmod(0o755)  # whatever the umask: the database's account must pass
        file = path.open("w")
    except OSError as error:
        raise SystemExit(
            f"数据目录不可写，请另设 ZHEPAI_HOME / set ZHEPAI_HOME: {error}"
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SystemExit(
                f"浙拍已在 {settings.home} 运行：请先停止它，或另设 ZHEPAI_HOME 与 ZHEPAI_PORT / "
                "Zhepai already runs there: stop it, or set both of these"
            ) from error
        yield


def wipe(settings: Settings) -> None:
    """Stop the embedded server and delete what we made; strangers' files stay.

    Raises:
        SystemExit: if the database is an external one, which is not ours to delete.
    """
    if settings.database_url is not None:
        raise SystemExit(
            "--reset 不清空外部数据库（ZHEPAI_DATABASE_URL）。请自行执行后再运行，不带 --reset:\n"
            "--reset leaves an external database alone. Do it yourself, then run without it:\n"
            "  DROP SCHEMA public CASCADE; CREATE SCHEMA public;"
        )
    postgres.stop(settings)
    for name in _OURS:
        path = settings.home / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def log_folder(settings: Settings) -> Path:
    """Return the directory of the children's logs, making it at need."""
    path = settings.home / "log"
    path.mkdir(mode=0o750, exist_ok=True)
    return path


@dataclass(frozen=True)
class State:
    """What earlier runs did, so that a warm start need not ask the database.

    Attributes:
        database: which embedded database is here now; "" for an external one, of which we
            cannot know what happened to it since.
        code: digest of the code here now.
        prepared_for: database and code that were last migrated and loaded.
        demonstrated_on: database on which the demo deal was last driven.
    """

    database: str
    code: str
    prepared_for: str = ""
    demonstrated_on: str = ""

    @classmethod
    def read(cls, settings: Settings) -> Self:
        """Return the state; an unreadable record counts as none."""
        here = cls(_database(settings), _code())
        try:
            saved = json.loads(_record(settings).read_text())
            return replace(
                here,
                prepared_for=str(saved["prepared_for"]),
                demonstrated_on=str(saved["demonstrated_on"]),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return here

    def write(self, settings: Settings) -> None:
        """Record the state."""
        kept = {"prepared_for": self.prepared_for, "demonstrated_on": self.demonstrated_on}
        _record(settings).write_text(json.dumps(kept))

    def is_prepared(self) -> bool:
        """Return whether migrating and loading would find nothing to do."""
        return bool(self.database) and self.prepared_for == f"{self.database} {self.code}"

    def is_demonstrated(self) -> bool:
        """Return whether this database has seen the demo deal."""
        return self.demonstrated_on == (self.database or "external")

    def prepared(self) -> Self:
        """Return the state after migrating and loading."""
        return replace(self, prepared_for=f"{self.database} {self.code}")

    def demonstrated(self) -> Self:
        """Return the state after the demo deal."""
        return replace(self, demonstrated_on=self.database or "external")


def _record(settings: Settings) -> Path:
    return settings.home / "up.json"


def _database(settings: Settings) -> str:
    if settings.database_url is not None:
        return ""
    # Another inode: the directory was made anew or restored from a backup.
    made = (settings.home / "postgres" / "data" / "PG_VERSION").stat()
    return f"{made.st_ino}.{made.st_mtime_ns}"


def _code() -> str:
    """Digest everything a migration or the demo's loading may depend on (about 10 ms)."""
    digest = hashlib.sha256()
    for part in ("app", "migrations"):
        for path in sorted((_ROOT / part).rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(str(path.relative_to(_ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
