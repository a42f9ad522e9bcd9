"""The small API of the platform's tests, on a database of the test's own."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
import structlog
from fastapi import FastAPI

from app.platform.runtime import Runtime
from tests.platform.small_app import build


@dataclass
class Small:
    """The small API: application, runtime and a client that sees crashes as answers."""

    app: FastAPI
    runtime: Runtime
    client: httpx.AsyncClient


@pytest.fixture(scope="session", autouse=True)
def quick_logging() -> None:
    """Plain tracebacks: structlog's default draws each one for seconds."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ]
    )


@pytest.fixture
async def small(database_dsn: str) -> AsyncIterator[Small]:
    """The small API with real commits."""
    app, runtime = build(database_dsn)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://small.test") as client:
        yield Small(app, runtime, client)
    await runtime.database.close()
