"""The served OpenAPI against the served API: no 5xx and no undocumented answer, as any role."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from app.platform.access import Role
from app.platform.runtime import Runtime
from tests.eventually import eventually
from tests.world import World

pytestmark = [pytest.mark.concurrency, pytest.mark.service]

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)
EXAMPLES = int(os.environ.get("ZHEPAI_FUZZ_EXAMPLES", "6"))


@contextmanager
def serving(runtime: Runtime, log: Path) -> Iterator[str]:
    """Serve the API as a process of its own, as it is served for users."""
    url = runtime.database.engine.url.render_as_string(hide_password=False)
    secret = runtime.settings.secret_key
    assert secret is not None
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "ZHEPAI_HOME": str(runtime.settings.home),
        "ZHEPAI_DATABASE_URL": url,
        "ZHEPAI_SECRET_KEY": secret.get_secret_value(),
        "ZHEPAI_PORT": str(port),
    }
    base_url = f"http://127.0.0.1:{port}"
    with log.open("w") as out:
        command = [sys.executable, "-m", "app.cli", "serve"]
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.STDOUT)
        try:
            _wait_ready(base_url, process, log)
            yield base_url
        finally:
            process.terminate()
            process.wait(20)


def _wait_ready(base_url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    async def ready() -> bool:
        async with httpx.AsyncClient() as client:
            try:
                return (await client.get(f"{base_url}/readyz")).status_code == 200
            except httpx.TransportError:
                return False

    asyncio.run(eventually(ready, within_s=30))
    assert process.poll() is None, log.read_text()


def fuzz(base_url: str, token: str) -> subprocess.CompletedProcess[str]:
    """Run schemathesis over every operation with one user's token."""
    checks = [option for check in CHECKS for option in ("--checks", check)]
    command = [
        str(Path(sys.executable).parent / "schemathesis"),
        "run",
        f"{base_url}/openapi.json",
        "--header",
        f"Authorization: Bearer {token}",
        "--max-examples",
        str(EXAMPLES),
        "--phases",
        "coverage,fuzzing",
        "--workers",
        "2",
        "--no-color",
        "--generation-database",
        "none",
        "--suppress-health-check",
        "all",
        "--seed",
        "1",
        *checks,
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd="/tmp")


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.SELLER_STAFF, Role.BUYER_STAFF])
def test_no_request_gets_a_5xx_or_an_undocumented_answer(
    role: Role, own_world: World, own_runtime: Runtime, tmp_path: Path
) -> None:
    with serving(own_runtime, tmp_path / "serve.log") as base_url:
        token = own_world.headers(role)["Authorization"].removeprefix("Bearer ")
        result = fuzz(base_url, token)
    assert result.returncode == 0, result.stdout[-8000:] + result.stderr[-2000:]
