"""Deal rooms over HTTP."""

from uuid import UUID

from app.listings.domain.room import RoomStatus, may_read
from app.listings.endpoints.paging import before, following
from app.listings.schemas.rooms import NdaBody, RoomAnswer, RoomReason, RoomRequest, RoomView
from app.listings.service import rooms
from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.schema import Limit, Page
from app.shared.ids import RoomId

routes = router(tag="deal rooms")


@routes.post("/deal-rooms", status_code=201)
async def request_deal_room(body: RoomRequest, actor: ActorDep, session: SessionDep) -> RoomView:
    """Ask an achievement's owner to talk 洽谈: a buyer, or a broker or operator for a buyer.

    Nobody but the two sides and the market's staff learns of it, and the staff reads nothing.
    """
    now = await market_now(session, actor.market_id)
    room = await rooms.request_room(session, actor, body.new(), now=now)
    return RoomView.of(room, now, readable=may_read(actor.viewer, room))


@routes.get("/deal-rooms")
async def list_deal_rooms(
    actor: ActorDep,
    session: SessionDep,
    achievement_id: UUID | None = None,
    status: RoomStatus | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[RoomView]:
    """List the deal rooms of the caller's party, or of the market for its staff, newest first."""
    found = await rooms.list_rooms(
        session,
        actor,
        achievement_id=achievement_id,
        status=status,
        before=before(cursor),
        limit=limit + 1,
    )
    now = await market_now(session, actor.market_id)
    return Page(
        items=[
            RoomView.of(room, now, readable=may_read(actor.viewer, room)) for room in found[:limit]
        ],
        next=following([room.id for room in found], limit),
    )


@routes.get("/deal-rooms/{room_id}")
async def get_deal_room(room_id: UUID, actor: ActorDep, session: SessionDep) -> RoomView:
    """Return a deal room with its service clocks."""
    room, readable = await rooms.read_room(session, actor, RoomId(room_id))
    return RoomView.of(room, await market_now(session, room.market_id), readable=readable)


@routes.post("/deal-rooms/{room_id}/answer", status_code=201)
async def answer_deal_room(
    room_id: UUID, body: RoomAnswer, actor: ActorDep, session: SessionDep
) -> RoomView:
    """Answer for the owner in time: talk, under a non-disclosure text, or decline."""
    now = await market_now(session, actor.market_id)
    room = await rooms.answer(
        session,
        actor,
        RoomId(room_id),
        nda_text=body.nda_text,
        declined=body.declined,
        now=now,
    )
    return RoomView.of(room, now, readable=True)


@routes.post("/deal-rooms/{room_id}/nda-acceptance", status_code=201)
async def accept_nda(
    room_id: UUID, body: NdaBody, actor: ActorDep, session: SessionDep
) -> RoomView:
    """Accept exactly the room's non-disclosure text; the second side's acceptance opens it.

    Who accepted which text when is kept. From then on the buyer reads what the achievement
    restricts.
    """
    now = await market_now(session, actor.market_id)
    room = await rooms.accept_nda(session, actor, RoomId(room_id), told_hash=body.nda_hash, now=now)
    return RoomView.of(room, now, readable=True)


@routes.post("/deal-rooms/{room_id}/closing", status_code=201)
async def close_deal_room(
    room_id: UUID, body: RoomReason, actor: ActorDep, session: SessionDep
) -> RoomView:
    """End the talks, for either side, with a reason."""
    now = await market_now(session, actor.market_id)
    room = await rooms.close(session, actor, RoomId(room_id), reason=body.reason, now=now)
    return RoomView.of(room, now, readable=True)


@routes.post("/deal-rooms/{room_id}/mediation", status_code=201)
async def ask_mediation(
    room_id: UUID, body: RoomReason, actor: ActorDep, session: SessionDep
) -> RoomView:
    """Ask the exchange to mediate: its staff may read the whole room from then on."""
    now = await market_now(session, actor.market_id)
    room = await rooms.ask_mediation(session, actor, RoomId(room_id), reason=body.reason, now=now)
    return RoomView.of(room, now, readable=True)
