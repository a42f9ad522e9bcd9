"""The processes that the supervisor starts, and their logs."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self

_POLL_S = 0.2
_STARTED_AGAIN = {"index"}  # the service answers without it, and what it keeps is made anew
_AGAIN_S = 5.0  # since it was started last
_GRACE_S = 15.0  # longer than the API's own limit for open requests
_LOG_SIZE_MAX_BYTES = 20_000_000
_LOG_LINES_SHOWN = 15
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)
_ROOT = Path(__file__).resolve().parents[2]  # `-m app.cli` must find this app, whatever the cwd


class Children:
    """Long-running children; leaving the context stops them all."""

    def __init__(self, logs: Path, environment: dict[str, str]) -> None:
        self._logs = logs
        self._environment = environment
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._started: dict[str, float] = {}

    def start(self, command: str) -> None:
        """Start `zhepai <command>` with its output in a log of its name."""
        self._started[command] = time.monotonic()
        with _open_log(self._logs / f"{command}.log") as log:
            self._running[command] = subprocess.Popen(  # noqa: S603
                _zhepai(command),
                cwd=_ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # A Ctrl-C in the terminal reaches only us, and we say SIGTERM once.
                start_new_session=True,
                preexec_fn=_die_with_parent,  # noqa: PLW1509  # this process has one thread
            )

    def check(self) -> None:
        """Raise SystemExit, with the end of its log, if a child has died.

        One that nobody waits for is started again instead.
        """
        for command, process in list(self._running.items()):
            if process.poll() is None:
                continue
            if command not in _STARTED_AGAIN:
                raise SystemExit(_failure(command, process.returncode, self._logs))
            if time.monotonic() - self._started[command] >= _AGAIN_S:
                self.start(command)

    def watch(self) -> None:
        """Wait until a child dies (SystemExit) or a signal comes (KeyboardInterrupt)."""
        while True:
            self.check()
            time.sleep(_POLL_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        for process in self._running.values():
            process.terminate()
        deadline = time.monotonic() + _GRACE_S
        for process in self._running.values():
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                # With its own children: `serve` may have several processes.
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def run_logged(command: str, logs: Path, environment: dict[str, str]) -> None:
    """Run `zhepai <command>` to its end; raise SystemExit with the end of its log if it fails."""
    with _open_log(logs / f"{command}.log") as log:
        code = subprocess.run(  # noqa: S603
            _zhepai(command), cwd=_ROOT, env=environment, stdout=log, stderr=log, check=False
        ).returncode
    if code != 0:
        raise SystemExit(_failure(command, code, logs))


def run_visible(command: str, environment: dict[str, str]) -> int:
    """Run `zhepai <command>` in this terminal and return its exit code."""
    return subprocess.run(  # noqa: S603
        _zhepai(command), cwd=_ROOT, env=environment, check=False
    ).returncode


def _die_with_parent() -> None:
    """Ask Linux for a SIGTERM when the supervisor dies, were it by `kill -9`."""
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _zhepai(command: str) -> list[str]:
    return [sys.executable, "-m", "app.cli", command]


def _open_log(path: Path) -> IO[bytes]:
    if path.exists() and path.stat().st_size > _LOG_SIZE_MAX_BYTES:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")


def _failure(command: str, code: int, logs: Path) -> str:
    log = logs / f"{command}.log"
    lines = log.read_text(errors="replace").splitlines()[-_LOG_LINES_SHOWN:]
    return "\n".join(
        [f"zhepai {command} 意外退出 / died (exit code {code}), {log}:", *lines],
    )
