"""The running server: is it there, start it, stop it."""

import os
import signal
import socket
import struct
import time
from pathlib import Path

from app.platform.postgres.cluster import DATABASE, ROLE, Cluster
from app.platform.postgres.programs import (
    EmbeddedPostgresError,
    check_reachable,
    find,
    run,
    server_account,
)

_START_TIMEOUT_S = 120.0  # after a crash the server first replays its log
_STOP_TIMEOUT_S = 60.0
_LOG_SIZE_MAX_BYTES = 10_000_000
_NO_PID = 2**31 - 1  # above every system's limit
_STARTING_UP = b"57P03"  # SQLSTATE cannot_connect_now


def answers(cluster: Cluster) -> bool:
    """Return whether this cluster's server takes connections now."""
    return is_alive(cluster) and _accepts(cluster.port())


def is_alive(cluster: Cluster) -> bool:
    """Return whether the process named in postmaster.pid is this cluster's server.

    The command line tells: a zombie has none, and a stranger that got the same process id has
    another. (`kill(pid, 0)` takes both for the server.)
    """
    pid = _postmaster(cluster)
    if pid is None:
        return False
    try:
        if Path("/proc/self").exists():
            return os.fsencode(cluster.data) in Path(f"/proc/{pid}/cmdline").read_bytes()
        os.kill(pid, 0)
    except OSError as error:
        return isinstance(error, PermissionError)
    return True


def start(cluster: Cluster, pg_bin: Path | None) -> None:
    """Create the cluster at need and start its server; the caller holds the cluster's lock.

    Raises:
        EmbeddedPostgresError: with the end of the server's log.
    """
    if answers(cluster):
        return
    check_reachable(cluster.folder)
    programs = find(pg_bin, cluster.folder)
    if not cluster.data.exists():
        cluster.create(programs)
    _check_version(cluster, programs)
    deadline = time.monotonic() + _START_TIMEOUT_S
    while not answers(cluster):
        if time.monotonic() > deadline:
            raise EmbeddedPostgresError(
                f"数据库 {_START_TIMEOUT_S:.0f} 秒内没有就绪 / not ready in time, see {cluster.log}"
            )
        if is_alive(cluster):  # starting, recovering or shutting down
            time.sleep(0.05)
        elif said := _launch(cluster, programs):
            _overcome(cluster, said)


def stop(cluster: Cluster) -> None:
    """Stop the server if it runs; the caller holds the cluster's lock.

    Raises:
        EmbeddedPostgresError: if it is still there after a minute.
    """
    deadline = time.monotonic() + _STOP_TIMEOUT_S
    pid = _postmaster(cluster)
    if pid is None or not is_alive(cluster):
        return
    os.kill(pid, signal.SIGINT)  # PostgreSQL's "fast" shutdown
    while is_alive(cluster):
        if time.monotonic() > deadline:
            raise EmbeddedPostgresError(f"数据库停不下来 / does not stop, see {cluster.log}")
        time.sleep(0.02)


def _postmaster(cluster: Cluster) -> int | None:
    try:
        return int((cluster.data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):  # absent, or being written
        return None


def _accepts(port: int) -> bool:
    """Say hello in PostgreSQL's protocol; a server asks for the password when it is ready."""
    body = f"user\0{ROLE}\0database\0{DATABASE}\0\0".encode()
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(struct.pack("!II", len(body) + 8, 3 << 16) + body)
            reply = connection.recv(1024)
    except OSError:
        return False
    # An error such as "too many clients" also comes from a server that is up.
    return reply[:1] == b"R" or (reply[:1] == b"E" and _STARTING_UP not in reply)


def _check_version(cluster: Cluster, programs: Path) -> None:
    ours = (cluster.data / "PG_VERSION").read_text().strip()
    theirs = run([programs / "postgres", "--version"], cluster.folder).stdout
    if f" {ours}." not in theirs:
        raise EmbeddedPostgresError(
            f"数据属于 PostgreSQL {ours},程序是 {theirs.strip()}：请用旧程序导出（pg_dump）再导入"
            " / the data belong to another major version: dump them with the old programs "
            "(ZHEPAI_PG_BIN), then restore"
        )


def _launch(cluster: Cluster, programs: Path) -> str:
    """Start the server and wait for it; return "" or what its log said when it failed."""
    _forget_dead_postmaster(cluster)
    log = cluster.log
    if log.exists() and log.stat().st_size > _LOG_SIZE_MAX_BYTES:
        log.replace(log.with_suffix(".log.1"))
    log.touch(mode=0o640)
    if account := server_account():
        os.chown(log, account.pw_uid, account.pw_gid)
    size = log.stat().st_size
    options = f"-p {cluster.port()} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
    result = run(
        [programs / "pg_ctl", "start", "-D", cluster.data, "-l", log, "-w", "-o", options],
        cluster.folder,
        log=log,
    )
    if result.returncode == 0 or is_alive(cluster):  # alive: a long recovery outlasts pg_ctl
        return ""
    with log.open(errors="replace") as file:
        file.seek(size)
        return file.read() or "pg_ctl 没有说明原因 / pg_ctl gave no reason"


def _overcome(cluster: Cluster, said: str) -> None:
    """Deal with what passes or can be avoided; the caller tries again.

    Raises:
        EmbeddedPostgresError: for every other reason.
    """
    if "could not bind" in said:  # someone took the port while the server was down
        cluster.choose_port()
    elif "pre-existing shared memory" in said:  # a killed server's children are still leaving
        time.sleep(0.1)
    else:
        raise EmbeddedPostgresError(
            f"数据库启动失败 / the database did not start: {said.strip()[-2000:]}"
        )


def _forget_dead_postmaster(cluster: Cluster) -> None:
    """Void the process id in a stale postmaster.pid, which the server might take for alive.

    The file itself stays: through it the server finds out whether children of the killed one
    still have the shared memory, and refuses to start beside them.
    """
    if _postmaster(cluster) is None:
        return
    path = cluster.data / "postmaster.pid"
    _, _, rest = path.read_text().partition("\n")
    descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{_NO_PID}\n{rest}")
