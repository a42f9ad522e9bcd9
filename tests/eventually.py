"""Polling instead of sleeping: a test waits as long as it must and no longer."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

Value = TypeVar("Value")


async def eventually(
    probe: Callable[[], Awaitable[Value]], *, within_s: float = 30, every_s: float = 0.02
) -> Value:
    """Return the probe's first true value; fail with its last one when the time is over."""
    deadline = time.monotonic() + within_s
    while not (value := await probe()):
        assert time.monotonic() < deadline, f"still {value!r} after {within_s} s"
        await asyncio.sleep(every_s)
    return value
