"""The stream of a room: server-sent events, resumable by version."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Final
from uuid import UUID

from fastapi import Header, Query, Request, Response
from starlette.types import Receive, Scope, Send

from app.auctions.live.frames import PUBLIC, Audience
from app.auctions.live.hub import Rooms, rooms_of
from app.auctions.live.room import Room
from app.auctions.live.watcher import End
from app.auctions.repository.auctions import AuctionUnknown
from app.auctions.service.rooms import is_staff, sees
from app.platform.access import Actor, ActorDep, Role
from app.platform.routing import actor_of, self_transacted_router
from app.platform.runtime import Runtime, RuntimeDep
from app.platform.tokens import TokenInvalid

VERSION_MAX: Final = 2**63 - 1
DURATION_MAX_S: Final = 3_600

routes = self_transacted_router(tag="auctions")


class EventStream(Response):
    """A response that lasts as long as its watcher."""

    media_type = "text/event-stream"

    def __init__(
        self,
        rooms: Rooms,
        room: Room,
        audience: Audience,
        position: int | None,
        allowed: Callable[[], bool],
        duration_s: int | None,
    ) -> None:
        self._watched = (room, audience, position, allowed)
        self._rooms = rooms
        self._duration_s = duration_s
        self.status_code = 200
        self.background = None
        self.body = b""
        # No content length: the server then sends chunks. Proxies must not gather them.
        self.raw_headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"x-accel-buffering", b"no"),
        ]

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the watcher until it leaves, is dropped or has to go."""

        async def write(chunk: bytes) -> None:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})

        with self._rooms.watching(*self._watched) as watcher:
            loop = asyncio.get_running_loop()
            if self._duration_s is not None:
                timer = loop.call_later(self._duration_s, watcher.end, End.DONE)
            listening = loop.create_task(_gone(receive))
            listening.add_done_callback(lambda _: watcher.end(End.GONE))
            try:
                await send(
                    {
                        "type": "http.response.start",
                        "status": self.status_code,
                        "headers": self.raw_headers,
                    }
                )
                if await watcher.serve(write):
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
            finally:
                listening.cancel()
                if self._duration_s is not None:
                    timer.cancel()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


@routes.get("/auctions/{auction_id}/stream", status_code=200, response_class=EventStream)
async def stream_room(
    auction_id: UUID,
    actor: ActorDep,
    runtime: RuntimeDep,
    request: Request,
    after: Annotated[
        int | None,
        Query(ge=0, le=VERSION_MAX, description="Version of the snapshot; else the whole room"),
    ] = None,
    duration_s: Annotated[
        int | None,
        Query(ge=0, le=DURATION_MAX_S, description="End after so long; 0: what there is now"),
    ] = None,
    last_event_id: Annotated[
        str | None, Header(description="Last version seen; goes before `after`")
    ] = None,
) -> Response:
    """Watch an auction as server-sent events; every event above the given version, in order.

    - `room`: `{from, to, now, time_left_s, deadline_at, minimum_next, maximum_next, room,
      events}`: lay `room` over your room. `id` is `to`. Your own commands are in `mine`.
    - `snapshot`: `{version, now, …, room}`: replace your room. It comes first without a version,
      and instead of what is too old to tell.
    - `clock`: the market's time about every five seconds without a frame.
    - `end`: why the stream ends: `stopping`, `token_expired`, `done`. Come back with
      `Last-Event-ID`; a watcher that does not keep up is cut off and does the same.

    A token goes into the `Authorization` header only; a browser's own `EventSource` cannot send
    it and sees what the public sees.
    """
    rooms = rooms_of(runtime)
    room = await rooms.enter(auction_id)
    if not sees(actor.viewer, room.auction):
        raise AuctionUnknown("There is no such auction.", auction_id=str(auction_id))
    position = _version(last_event_id) if last_event_id is not None else after
    return EventStream(
        rooms, room, audience_of(actor, room), position, _good(request, runtime), duration_s
    )


def audience_of(actor: Actor, room: Room) -> Audience:
    """Return what somebody may read of a room."""
    if is_staff(actor.viewer, room.auction):
        return Audience(staff=True)
    if actor.role is Role.BUYER_STAFF:
        return Audience(party=str(actor.party_id))
    return PUBLIC


def _version(text: str) -> int | None:
    """Read a ``Last-Event-ID``; anything that is no version asks for the whole room."""
    plain = text.isascii() and text.isdigit() and len(text) <= 18
    return int(text) if plain else None


def _good(request: Request, runtime: Runtime) -> Callable[[], bool]:
    """Return a look at the request's token: does it still make its bearer the same?"""
    bearer: Actor = request.state.actor

    def allowed() -> bool:
        try:
            return actor_of(request, runtime) == bearer
        except TokenInvalid:
            return False

    return allowed
