"""Frames of a live room: each event is encoded once, each frame once an audience.

A frame is one server-sent event. All who have seen the same version and may see the same get
the same bytes.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.auctions.repository.rooms import RoomEvent
from app.auctions.service.rooms import own_items
from app.shared.jsonable import jsonable


@dataclass(frozen=True, slots=True)
class Audience:
    """Who reads a frame.

    Attributes:
        staff: Operator or auditor of the auction's market.
        party: The party id of a possible bidder; ``None`` for anybody else.
    """

    staff: bool = False
    party: str | None = None


PUBLIC: Final = Audience()
_IN_PROOF: Final = frozenset({"sealed", "proof"})  # of an opened bid: in the journal and the bundle


@dataclass(frozen=True, slots=True)
class Told:
    """A journaled event, encoded.

    Attributes:
        patch: What it changed of the room.
        public: JSON of what everybody reads.
        restricted: JSON of what the market's staff reads beside it.
        own: JSON of what a bidder learns of its own commands, by party id.
    """

    version: int
    patch: Mapping[str, Any]
    public: str
    restricted: str
    own: Mapping[str, tuple[str, ...]]

    @property
    def size(self) -> int:
        """Characters it takes."""
        return len(self.public) + len(self.restricted)


def encode(value: Any) -> str:
    """Return compact JSON in one line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def tell(event: RoomEvent) -> Told:
    """Encode an event once for all frames that carry it."""
    public = {key: value for key, value in event.public.items() if key != "room"}
    if event.type == "auction.bids_opened":  # kilobytes a bid, for every watcher
        public["bids"] = [
            {key: value for key, value in bid.items() if key not in _IN_PROOF}
            for bid in public["bids"]
        ]
    told = {
        "version": event.version,
        "type": event.type,
        "market_at": jsonable(event.market_at),
        "public": public,
    }
    return Told(
        version=event.version,
        patch=event.public.get("room", {}),
        public=encode(told),
        restricted=encode(event.restricted),
        own={
            party: tuple(encode(item) for item in items)
            for party, items in own_items(event).items()
        },
    )


def room_frame(events: Sequence[Told], after: int, moment: str, audience: Audience) -> bytes:
    """Return the frame that leads a room from ``after`` to the last of the events.

    Args:
        moment: JSON object of what time alone changes, as of now.
    """
    patch: dict[str, Any] = {}
    for event in events:
        patch.update(event.patch)
    version = events[-1].version
    if audience.staff:
        shown = [f'{event.public[:-1]},"restricted":{event.restricted}}}' for event in events]
    else:
        shown = [event.public for event in events]
    own = [item for event in events for item in event.own.get(audience.party or "", ())]
    mine = f',"mine":[{",".join(own)}]' if own else ""
    return _frame(
        "room",
        f'{{"from":{after},"to":{version},{moment[1:-1]},"room":{encode(patch)}'
        f'{mine},"events":[{",".join(shown)}]}}',
        version,
    )


def concerns(events: Sequence[Told], audience: Audience) -> bool:
    """Tell whether an audience reads more of these events than the public does."""
    return audience.staff or any(audience.party in event.own for event in events)


def snapshot_frame(version: int, moment: str, room: Mapping[str, Any]) -> bytes:
    """Return the whole room: for who has no version, or one that is too old to catch up from."""
    data = f'{{"version":{version},{moment[1:-1]},"room":{encode(room)}}}'
    return _frame("snapshot", data, version)


def clock_frame(version: int, moment: str) -> bytes:
    """Return the market's time, so that no client has to trust its own."""
    return _frame("clock", f'{{"version":{version},{moment[1:-1]}}}')


def end_frame(reason: str) -> bytes:
    """Return why the stream ends."""
    return _frame("end", encode({"reason": reason}))


def retry_line(retry_ms: int) -> bytes:
    """Tell the client how long to wait before it comes back."""
    return f"retry: {retry_ms}\n\n".encode()


def _frame(kind: str, data: str, version: int | None = None) -> bytes:
    place = "" if version is None else f"id: {version}\n"
    return f"{place}event: {kind}\ndata: {data}\n\n".encode()
