"""Many cheap watchers in one process, for `bench_fanout.py`: raw sockets that note what came when.

Usage: ``fanout_watchers.py PORT PATH COUNT``. Prints ``ready`` when all are told something. Then
reads the last version that all must see, waits for it, and prints as one JSON line the frames of
each watcher and the bytes of all.
"""

import asyncio
import json
import re
import resource
import sys
import time

FILES = 20_000
PATIENCE_S = 20
_FRAME = re.compile(rb'data: \{"from":(\d+),"to":(\d+),')


class Watcher(asyncio.Protocol):
    """A connection that keeps of each frame its versions and when it was whole."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.seen: list[tuple[float, int, int]] = []
        self.pending = b""
        self.bytes = 0
        self.started = asyncio.get_running_loop().create_future()

    def has_seen(self, version: int) -> bool:
        """Tell whether it was told everything up to a version."""
        return bool(self.seen) and self.seen[-1][2] >= version

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the stream."""
        assert isinstance(transport, asyncio.Transport)
        transport.write(f"GET {self.path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())

    def data_received(self, data: bytes) -> None:
        """Note the frames that end here."""
        self.bytes += len(data)
        self.pending += data
        if not data.endswith(b"\n\r\n"):  # the end of a chunk that ends an event
            return
        now = time.time()
        for found in _FRAME.finditer(self.pending):
            self.seen.append((now, int(found[1]), int(found[2])))
        self.pending = b""
        if not self.started.done():
            self.started.set_result(None)


async def watch(port: int, path: str, count: int) -> None:
    """Be so many watchers until all have seen the version that is read from the input."""
    loop = asyncio.get_running_loop()
    watchers: list[Watcher] = []
    for start in range(0, count, 100):
        made = await asyncio.gather(
            *(
                loop.create_connection(lambda: Watcher(path), "127.0.0.1", port)
                for _ in range(start, min(count, start + 100))
            )
        )
        watchers += [watcher for _, watcher in made]
    for watcher in watchers:
        await watcher.started
    print("ready", flush=True)
    last = int(await asyncio.to_thread(sys.stdin.readline))
    until = time.monotonic() + PATIENCE_S
    for watcher in watchers:
        while not watcher.has_seen(last) and time.monotonic() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    print(json.dumps([[it.seen for it in watchers], sum(it.bytes for it in watchers)]), flush=True)


def raise_file_limit() -> None:
    """Allow as many sockets as watchers need; what this process starts inherits it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < FILES:
        limit = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))


if __name__ == "__main__":
    raise_file_limit()
    asyncio.run(watch(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
