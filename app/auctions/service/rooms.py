"""What a live room shows of an auction, and to whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.domain.judging import bounds, due, has_deadline
from app.auctions.domain.room import room
from app.auctions.repository import auctions as repository
from app.auctions.repository import rooms
from app.auctions.repository.auctions import Auction
from app.auctions.repository.rooms import RoomEvent
from app.auctions.service.publish import bring_up_to
from app.auctions.vault import Vault
from app.platform.clock import market_now
from app.shared.access import Viewer
from app.shared.jsonable import jsonable


def is_staff(viewer: Viewer, auction: Auction) -> bool:
    """Tell whether somebody reads the restricted part: operators and auditors of the market."""
    return viewer.staff_of == auction.market_id


def sees(viewer: Viewer, auction: Auction) -> bool:
    """Tell whether somebody may know of an auction: until its notice only insiders do (AU14)."""
    seller = viewer.party_id == auction.seller_id
    return auction.announced_at is not None or seller or is_staff(viewer, auction)


@dataclass(frozen=True, slots=True)
class Look:
    """An auction at one moment.

    Attributes:
        version: Its journal version, of the same snapshot.
        now: The market's moment, read right after it.
    """

    auction: Auction
    version: int
    now: datetime

    @property
    def is_overdue(self) -> bool:
        """Whether a deadline has passed that nobody has published."""
        return self.auction.announced_at is not None and due(self.auction.state, self.now)

    def room(self) -> dict[str, Any]:
        """Return the public live facts as JSON values."""
        shown: dict[str, Any] = jsonable(room(self.auction.state))
        return shown

    def moment(self, now: datetime) -> dict[str, Any]:
        """Return what the passing of time alone changes, as JSON values; ``now`` may be later."""
        state = self.auction.state
        left_s = None
        if has_deadline(state):
            left_s = max(0, int((state.deadline_at - now).total_seconds()))
        lowest, highest = bounds(state, now)
        shown: dict[str, Any] = jsonable(
            {
                "now": now,
                "time_left_s": left_s,
                "deadline_at": state.deadline_at,
                "minimum_next": lowest,
                "maximum_next": highest,
            }
        )
        return shown


async def look(session: AsyncSession, auction_id: UUID) -> Look:
    """Return how an auction stands, in one statement.

    Raises:
        AuctionUnknown: There is none.
    """
    return Look(*await repository.load_live(session, auction_id))


async def look_since(
    session: AsyncSession, auction_id: UUID, *, after: int | None, events_max: int
) -> tuple[Look, Sequence[RoomEvent]]:
    """Return how an auction stands with the events that led there since ``after``.

    Args:
        after: ``None`` for no version: the last ``events_max`` events.
        events_max: Of more events only the last are read, so the first does not follow ``after``.
    """
    seen = await look(session, auction_id)
    oldest = max(0, seen.version - events_max)
    since = oldest if after is None else max(after, oldest)
    if since >= seen.version:
        return seen, ()
    return seen, await rooms.events_between(session, auction_id, after=since, up_to=seen.version)


async def publish_due(session: AsyncSession, vault: Vault, auction_id: UUID) -> None:
    """Publish what an auction's passed deadlines have decided, if nobody has (AU6)."""
    auction = await repository.load(session, auction_id, lock=True)
    now = await market_now(session, auction.market_id)
    await bring_up_to(session, vault, auction, now)


def own_items(event: RoomEvent) -> Mapping[str, list[dict[str, Any]]]:
    """Return what an event tells of each bidder's own commands, by party id.

    Of a refused or sealed one the public trail hides whose it is; its bidder learns it.
    """
    told = {item["sequence"]: item for item in event.public.get("bids", ())}
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in event.restricted.get("by", ()):
        own = {**told.get(entry["sequence"], {}), "bidder_code": entry["bidder_code"]}
        found.setdefault(entry["party_id"], []).append(own)
    return found
