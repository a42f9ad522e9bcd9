"""A watcher of a room, in this process: the stream as a client would read it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI

from tests.eventually import eventually


@dataclass(frozen=True)
class Frame:
    """One server-sent event."""

    kind: str
    id: int | None
    data: dict[str, Any]
    at_s: float

    @classmethod
    def parse(cls, text: str) -> "Frame":
        fields = dict(line.split(": ", 1) for line in text.split("\n"))
        number = fields.get("id")
        return cls(
            fields["event"],
            None if number is None else int(number),
            json.loads(fields["data"]),
            time.monotonic(),
        )


@dataclass
class Stream:
    """What a client has received, and the room that it holds by it."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    text: str = ""
    frames: list[Frame] = field(default_factory=list)
    room: dict[str, Any] = field(default_factory=dict)
    version: int | None = None
    problem: dict[str, Any] = field(default_factory=dict)
    reading: asyncio.Event = field(default_factory=asyncio.Event)
    ended: bool = False

    def take(self, chunk: str) -> None:
        """Apply a chunk; a gap or a repeated event fails at once."""
        self.text += chunk
        for part in chunk.strip().split("\n\n"):
            if part and not part.startswith("retry"):
                frame = Frame.parse(part)
                self.frames.append(frame)
                self._apply(frame)

    def _apply(self, frame: Frame) -> None:
        data = frame.data
        if frame.kind == "snapshot":
            self.room, self.version = data["room"], data["version"]
        elif frame.kind == "room":
            assert self.version == data["from"], (self.version, data["from"])
            versions = [event["version"] for event in data["events"]]
            assert versions == list(range(data["from"] + 1, data["to"] + 1))
            self.room = {**self.room, **data["room"]}
            self.version = data["to"]
            assert frame.id == self.version

    def of(self, kind: str) -> list[Frame]:
        return [frame for frame in self.frames if frame.kind == kind]

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for frame in self.of("room") for event in frame.data["events"]]

    async def reaches(self, version: int, *, within_s: float = 10) -> None:
        async def there() -> bool:
            return self.version is not None and self.version >= version

        await eventually(there, within_s=within_s)

    async def gets(self, found: Callable[["Stream"], Any], *, within_s: float = 10) -> Any:
        async def probe() -> Any:
            return found(self)

        return await eventually(probe, within_s=within_s)


@asynccontextmanager
async def watching(
    app: FastAPI,
    auction_id: str,
    headers: Mapping[str, str] | None = None,
    *,
    query: str = "",
    have: tuple[int, dict[str, Any]] | None = None,
) -> AsyncIterator[Stream]:
    """Watch an auction for the length of the block.

    Args:
        have: Version and room that the client holds already.
    """
    stream = Stream()
    stream.reading.set()
    sent = dict(headers or {})
    if have is not None:
        stream.version, stream.room = have
        sent["Last-Event-ID"] = str(have[0])
    hung_up = asyncio.Event()
    asked = False

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if not asked:
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await hung_up.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        await stream.reading.wait()
        if message["type"] == "http.response.start":
            stream.status = message["status"]
            stream.headers = {name.decode(): text.decode() for name, text in message["headers"]}
            return
        body = message.get("body", b"").decode()
        if stream.status != 200:
            stream.problem = json.loads(body)
        elif body:
            stream.take(body)
        stream.ended = not message.get("more_body", False)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": f"/v1/auctions/{auction_id}/stream",
        "raw_path": b"",
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), text.encode()) for name, text in sent.items()],
        "server": ("zhepai.test", 80),
        "client": ("127.0.0.1", 1),
    }
    task = asyncio.create_task(app(scope, receive, send))
    try:
        yield stream
    finally:
        hung_up.set()
        stream.reading.set()
        await asyncio.wait_for(task, 10)
