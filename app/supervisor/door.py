"""Where the service is reached: its port, its address, its children's environment."""

import errno
import http.client
import os
import socket
import time
from collections.abc import Callable

from app.platform import postgres
from app.settings import Settings

_READY_TIMEOUT_S = 60.0
_POLL_S = 0.05
_WILDCARDS = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}  # reached through loopback


def free_port(settings: Settings) -> int:
    """Return the port to serve on; a free one where the settings say 0.

    Raises:
        SystemExit: if the port cannot be had, before anything is started.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            why = (
                f"端口 {settings.port} 已被占用 / port {settings.port} is taken"
                if error.errno == errno.EADDRINUSE
                else f"不能监听 / cannot listen on {settings.host}:{settings.port}: {error}"
            )
            raise SystemExit(
                f"{why}\n换一个端口 / choose another: ZHEPAI_PORT={settings.port % 65535 + 1}"
            ) from error
        port: int = probe.getsockname()[1]
        return port


def environment_for(settings: Settings, port: int) -> dict[str, str]:
    """Return the children's environment, starting the embedded database at need.

    Paths become absolute, because children run in the repository's root.
    """
    return {
        **os.environ,
        "PYTHONUNBUFFERED": "1",
        "ZHEPAI_DATABASE_URL": postgres.database_url(settings),
        "ZHEPAI_HOME": str(settings.home.absolute()),
        "ZHEPAI_FILES_DIR": str(settings.files_path.absolute()),
        "ZHEPAI_INDEX_DIR": str(settings.index_path.absolute()),
        "ZHEPAI_PORT": str(port),
    }


def url_of(settings: Settings, port: int) -> str:
    """Return the address a person on this machine opens."""
    host = _WILDCARDS.get(settings.host, settings.host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def wait_ready(url: str, check: Callable[[], None]) -> None:
    """Wait until `/readyz` answers 200, calling ``check`` in between.

    Raises:
        SystemExit: if it does not within a minute.
    """
    deadline = time.monotonic() + _READY_TIMEOUT_S
    while not _is_ready(url):
        check()
        if time.monotonic() > deadline:
            raise SystemExit(f"{url}/readyz 一分钟内没有就绪 / not ready within a minute")
        time.sleep(_POLL_S)


def _is_ready(url: str) -> bool:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
