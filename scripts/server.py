"""A database server and served apps of a script's own, gone when the block ends."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx

from app.platform import postgres
from app.platform.migrate import upgrade
from app.platform.telemetry import configure_logging
from app.settings import Settings

SECRET: Final = "for scripts only " * 2


@contextmanager
def fresh_database(name: str) -> Iterator[tuple[Settings, dict[str, str]]]:
    """Start an empty, migrated database; yield settings and what a process of its needs."""
    configure_logging("WARNING")
    home = Path(tempfile.mkdtemp(prefix=f"zhepai-{name}-"))
    home.chmod(0o755)  # the database server runs as another user
    settings = Settings(home=home, secret_key=SECRET)
    url = postgres.ensure_running(settings)
    try:
        upgrade(url)
        yield (
            settings,
            {
                "ZHEPAI_HOME": str(home),
                "ZHEPAI_DATABASE_URL": url,
                "ZHEPAI_SECRET_KEY": SECRET,
                "ZHEPAI_LOG_LEVEL": "WARNING",
            },
        )
    finally:
        postgres.stop(settings)
        shutil.rmtree(home)


@contextmanager
def serving(app: str, port: int, environment: Mapping[str, str], *more: str) -> Iterator[None]:
    """Serve an app of a script in a process of its own.

    Args:
        app: ``module:name`` beside this file.
        more: Further arguments for uvicorn.
    """
    command = [
        sys.executable, "-m", "uvicorn", app, "--port", str(port), "--no-access-log",
        "--log-level", "warning", "--loop", "uvloop", "--http", "httptools", *more,
    ]  # fmt: skip
    process = subprocess.Popen(
        command,
        cwd=Path(__file__).parent,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
    )
    try:
        for _ in range(300):
            try:
                httpx.get(f"http://127.0.0.1:{port}/openapi.json", timeout=5)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(20)
