"""The service as its users meet it: processes of its own on a database of the test's own."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx

from tests.conftest import TEST_HOME
from tests.eventually import eventually

SECRET = "a secret for served tests that is long enough"


def environment(database_url: str, **more: str) -> dict[str, str]:
    """Return the environment of a process that serves this database."""
    return {
        **os.environ,
        "ZHEPAI_HOME": str(TEST_HOME),
        "ZHEPAI_DATABASE_URL": database_url,
        "ZHEPAI_SECRET_KEY": SECRET,
        **more,
    }


@asynccontextmanager
async def running(
    command: str, variables: dict[str, str], log: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run ``zhepai <command>`` until the block ends."""
    with log.open("w") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "app.cli", command, env=variables, stdout=out, stderr=out
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.terminate()
            await asyncio.wait_for(process.wait(), 20)


@asynccontextmanager
async def serving(database_url: str, folder: Path, *, worker: bool = False) -> AsyncIterator[str]:
    """Serve the API, and a worker if asked; yield the address once it is ready."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    variables = environment(
        database_url, ZHEPAI_PORT=str(port), ZHEPAI_INDEX_DIR=str(folder / "index")
    )
    base_url = f"http://127.0.0.1:{port}"
    async with AsyncExitStack() as stack:
        log = folder / "serve.log"
        process = await stack.enter_async_context(running("serve", variables, log))
        if worker:
            await stack.enter_async_context(running("worker", variables, folder / "worker.log"))
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=base_url))

        async def ready() -> bool:
            assert process.returncode is None, log.read_text()
            try:
                return (await client.get("/readyz")).status_code == 200
            except httpx.TransportError:
                return False

        await eventually(ready, within_s=30)
        yield base_url
