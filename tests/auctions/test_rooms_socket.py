"""A real socket that is not read: its stream is cut off, nobody waits for it."""

import asyncio
import contextlib
import socket
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
import uvicorn
from fastapi import FastAPI

from app.auctions.live.hub import Rooms
from app.auctions.repository.auctions import load
from app.auctions.service.events import auction_event
from app.auctions.vault import Vault
from app.main import create_app
from app.platform import journal
from tests.auctions.lot import Lot
from tests.auctions.watching import watching
from tests.eventually import eventually

pytestmark = pytest.mark.concurrency


@contextlib.asynccontextmanager
async def listening(app: FastAPI) -> AsyncIterator[int]:
    """Serve the app in this process for the length of the block; yield its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            app, lifespan="off", log_config=None, http="httptools", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]))

        async def started() -> bool:
            return server.started

        await eventually(started)
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await asyncio.wait_for(task, 20)


async def tell_at_length(lot: Lot) -> int:
    """Journal an event of 200 kB; return its version."""
    auction_id = uuid.UUID(lot.auction_id)
    async with lot.database.transaction() as session:
        auction = await load(session, auction_id, lock=True)
        event = auction_event(
            auction,
            "announced",
            before=auction.state,
            at=lot.opens_at,
            public={"padding": "x" * 200_000},
        )
        (place,) = await journal.append(session, event)
    return place.version


async def test_a_socket_that_is_not_read_is_cut_off(own_lot: Lot) -> None:  # AU33
    await own_lot.at(own_lot.opens_at + timedelta(minutes=1))
    await own_lot.announced()
    runtime = replace(own_lot.runtime, live={})
    rooms = Rooms(database=runtime.database, vault=Vault(runtime.box), watchers_max=10, slow_ms=500)
    runtime.live["rooms"] = rooms
    app = create_app(runtime)
    async with listening(app) as port, watching(app, own_lot.auction_id) as quick:
        deaf = socket.socket()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.setblocking(False)
        with deaf:
            loop = asyncio.get_running_loop()
            await loop.sock_connect(deaf, ("127.0.0.1", port))
            path = f"/v1/auctions/{own_lot.auction_id}/stream"
            await loop.sock_sendall(deaf, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())

            async def both() -> bool:
                return rooms.watchers == 2

            await eventually(both)
            version = 0

            async def cut_off() -> bool:
                nonlocal version
                version = await tell_at_length(own_lot)
                return rooms.watchers == 1

            await eventually(cut_off, within_s=30, every_s=0.06)
            await quick.reaches(version)
    rooms.stop()
