"""What is said in a deal room, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.listings.models.rooms import DocumentRow, MeetingRow, MessageRow, RoomOfferRow
from app.listings.repository.rooms import offer_of
from app.listings.schemas.rooms import (
    DocumentBody,
    DocumentView,
    MeetingBody,
    MeetingView,
    MessageBody,
    MessageView,
    OfferAcceptance,
    OfferBody,
    OfferNumber,
    OfferRefusal,
    OwnerClocks,
    RoomOfferView,
    RoomView,
    ServiceClocksPage,
    SummaryView,
)
from app.listings.service import room_offers, room_talks, service_clocks
from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.schema import Instant, Limit, Page, decode_cursor, encode_cursor
from app.shared.ids import FileId, PartyId, RoomId

routes = router(tag="deal rooms")


def _below(cursor: str | None) -> int | None:
    return None if cursor is None else decode_cursor(cursor, _number)[0]


def _number(key: object) -> int:
    if not isinstance(key, int) or not 0 <= key < 2**31:
        raise ValueError("no number")
    return key


def _next(numbers: list[int], limit: int) -> str | None:
    return encode_cursor(numbers[limit - 1]) if len(numbers) > limit else None


@routes.post("/deal-rooms/{room_id}/messages", status_code=201)
async def send_message(
    room_id: UUID, body: MessageBody, actor: ActorDep, session: SessionDep
) -> MessageView:
    """Say something in an open room; nothing said is ever changed or removed."""
    now = await market_now(session, actor.market_id)
    row = await room_talks.send_message(session, actor, RoomId(room_id), body.text, now=now)
    return MessageView.model_validate(row)


@routes.get("/deal-rooms/{room_id}/messages")
async def list_messages(
    room_id: UUID,
    actor: ActorDep,
    session: SessionDep,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[MessageView]:
    """List a room's messages, newest first."""
    found = await room_talks.list_entries(
        session, actor, RoomId(room_id), MessageRow, before=_below(cursor), limit=limit + 1
    )
    return Page(
        items=[MessageView.model_validate(row) for row in found[:limit]],
        next=_next([row.number for row in found], limit),
    )


@routes.post("/deal-rooms/{room_id}/documents", status_code=201)
async def add_room_document(
    room_id: UUID, body: DocumentBody, actor: ActorDep, session: SessionDep
) -> DocumentView:
    """Lay a file of the caller's party into an open room, for the other side to read."""
    now = await market_now(session, actor.market_id)
    row = await room_talks.add_document(
        session,
        actor,
        RoomId(room_id),
        file_id=FileId(body.file_id),
        title=body.title,
        now=now,
    )
    return DocumentView.model_validate(row)


@routes.get("/deal-rooms/{room_id}/documents")
async def list_room_documents(
    room_id: UUID,
    actor: ActorDep,
    session: SessionDep,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[DocumentView]:
    """List a room's documents, newest first."""
    found = await room_talks.list_entries(
        session, actor, RoomId(room_id), DocumentRow, before=_below(cursor), limit=limit + 1
    )
    return Page(
        items=[DocumentView.model_validate(row) for row in found[:limit]],
        next=_next([row.number for row in found], limit),
    )


@routes.post("/deal-rooms/{room_id}/meetings", status_code=201)
async def record_meeting(
    room_id: UUID, body: MeetingBody, actor: ActorDep, session: SessionDep
) -> MeetingView:
    """Record a meeting that the two sides held; the first one stops its service clock."""
    now = await market_now(session, actor.market_id)
    row = await room_talks.record_meeting(
        session,
        actor,
        RoomId(room_id),
        held_at=body.held_at,
        minutes=body.minutes,
        participants=body.participants,
        now=now,
    )
    return MeetingView.model_validate(row)


@routes.get("/deal-rooms/{room_id}/meetings")
async def list_meetings(
    room_id: UUID,
    actor: ActorDep,
    session: SessionDep,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[MeetingView]:
    """List a room's recorded meetings, newest first."""
    found = await room_talks.list_entries(
        session, actor, RoomId(room_id), MeetingRow, before=_below(cursor), limit=limit + 1
    )
    return Page(
        items=[MeetingView.model_validate(row) for row in found[:limit]],
        next=_next([row.number for row in found], limit),
    )


@routes.post("/deal-rooms/{room_id}/offers", status_code=201)
async def make_room_offer(
    room_id: UUID, body: OfferBody, actor: ActorDep, session: SessionDep
) -> RoomOfferView:
    """Make an offer in an open room, or counter the other side's that waits."""
    offer = await room_offers.make_offer(
        session, actor, RoomId(room_id), body.terms(), seen=body.seen_number
    )
    return RoomOfferView.of(offer, offer.made_at)


@routes.get("/deal-rooms/{room_id}/offers")
async def list_room_offers(
    room_id: UUID,
    actor: ActorDep,
    session: SessionDep,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[RoomOfferView]:
    """List a room's offers, newest first, with what became of them."""
    found = await room_talks.list_entries(
        session, actor, RoomId(room_id), RoomOfferRow, before=_below(cursor), limit=limit + 1
    )
    now = await market_now(session, actor.market_id)
    return Page(
        items=[RoomOfferView.of(offer_of(row), now) for row in found[:limit]],
        next=_next([row.number for row in found], limit),
    )


@routes.post("/deal-rooms/{room_id}/offer-acceptance", status_code=201)
async def accept_room_offer(
    room_id: UUID, body: OfferAcceptance, actor: ActorDep, session: SessionDep
) -> RoomView:
    """Accept the other side's latest offer by its hash: the agreement is drafted from it.

    With it both sides have consented; who, when and to which hash is kept.
    """
    room = await room_offers.accept_offer(
        session, actor, RoomId(room_id), number=body.number, told_hash=body.offer_hash
    )
    return RoomView.of(room, await market_now(session, room.market_id), readable=True)


@routes.post("/deal-rooms/{room_id}/offer-refusal", status_code=201)
async def decline_room_offer(
    room_id: UUID, body: OfferRefusal, actor: ActorDep, session: SessionDep
) -> RoomOfferView:
    """Decline the other side's latest offer; the room stays open."""
    offer = await room_offers.decline_offer(
        session, actor, RoomId(room_id), number=body.number, reason=body.reason
    )
    return RoomOfferView.of(offer, offer.made_at)


@routes.post("/deal-rooms/{room_id}/offer-withdrawal", status_code=201)
async def withdraw_room_offer(
    room_id: UUID, body: OfferNumber, actor: ActorDep, session: SessionDep
) -> RoomOfferView:
    """Take the caller's own latest offer back while it waits."""
    offer = await room_offers.withdraw_offer(session, actor, RoomId(room_id), number=body.number)
    return RoomOfferView.of(offer, offer.made_at)


@routes.get("/service-clocks")
async def get_service_clocks(
    actor: ActorDep,
    session: SessionDep,
    since: Annotated[Instant, Query(description="Rooms asked for at or after this moment")],
    until: Annotated[Instant, Query(description="and before this one")],
    owner_id: UUID | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> ServiceClocksPage:
    """Return how long answers, meetings, offers and agreements take in the market and by owner."""
    market, owners = await service_clocks.read_service_clocks(
        session,
        actor.market_id,
        owner_id=None if owner_id is None else PartyId(owner_id),
        since=since,
        until=until,
        now=await market_now(session, actor.market_id),
    )
    after = None if cursor is None else decode_cursor(cursor, UUID)[0]
    behind = [owner for owner in owners if after is None or owner > after]
    return ServiceClocksPage(
        market=[SummaryView.of(summary) for summary in market],
        items=[
            OwnerClocks(
                owner_id=owner, clocks=[SummaryView.of(summary) for summary in owners[owner]]
            )
            for owner in behind[:limit]
        ],
        next=encode_cursor(str(behind[limit - 1])) if len(behind) > limit else None,
    )
