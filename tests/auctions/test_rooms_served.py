"""The live room as served: several processes tell one room, and stop without waiting for it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.auctions.lot import Lot
from tests.auctions.watching import Stream
from tests.service import serving

pytestmark = [pytest.mark.concurrency, pytest.mark.service]


@asynccontextmanager
async def served_stream(base_url: str, auction_id: str) -> AsyncIterator[Stream]:
    """Watch over HTTP for the length of the block."""
    stream = Stream()

    async def read() -> None:
        client = httpx.AsyncClient(base_url=base_url, timeout=30)
        async with client, client.stream("GET", f"/v1/auctions/{auction_id}/stream") as answer:
            stream.status, stream.headers = answer.status_code, dict(answer.headers)
            rest = ""
            async for text in answer.aiter_text():
                *whole, rest = (rest + text).split("\n\n")
                for part in whole:
                    stream.take(part)
        stream.ended = True

    task = asyncio.create_task(read())
    try:
        yield stream
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_two_processes_serve_one_room_and_stop_at_once(
    own_lot: Lot, database_dsn: str, tmp_path: Path
) -> None:  # AU31, AU37
    await own_lot.at(own_lot.opens_at)
    await own_lot.announced()
    async with AsyncExitStack() as stack:
        processes = AsyncExitStack()
        await stack.enter_async_context(processes)
        urls = []
        for name in ("one", "two"):
            folder = tmp_path / name
            folder.mkdir()
            urls.append(await processes.enter_async_context(serving(database_dsn, folder)))
        streams = [
            await stack.enter_async_context(served_stream(url, own_lot.auction_id))
            for url in urls * 5
        ]
        for stream in streams:
            await stream.gets(lambda it: it.version is not None)
        assert streams[0].headers["content-type"].startswith("text/event-stream")
        for amount in (600_000, 620_000, 640_000):
            name = "buyer" if amount != 620_000 else "other_buyer"
            assert (await own_lot.bid(name, amount)).status_code == 201
        path = f"/v1/auctions/{own_lot.auction_id}/room"
        fresh: Any = (await own_lot.api.send("GET", None, path)).json()
        for stream in streams:
            await stream.reaches(fresh["version"])
            assert stream.room == fresh["room"]

        started = time.monotonic()
        await processes.aclose()
        stopped_s = time.monotonic() - started
        for stream in streams:
            await stream.gets(lambda it: it.ended)
            assert stream.frames[-1].data == {"reason": "stopping"}
    assert stopped_s < 6, stopped_s  # two processes, one after the other; neither waits 10 s
