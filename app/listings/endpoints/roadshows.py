"""Roadshows over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Header, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.roadshow import Roadshow, RoadshowTrigger
from app.listings.endpoints.paging import before, following
from app.listings.schemas.roadshows import (
    AttendanceBody,
    CancellationBody,
    InterestBody,
    InterestView,
    RoadshowBody,
    RoadshowView,
    SignupBody,
    SignupView,
)
from app.listings.service import roadshow_seats, roadshows
from app.platform.access import Actor, ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.runtime import Runtime, RuntimeDep
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.shared.ids import MarketId, PartyId, RoadshowId

routes = router(tag="roadshows")


async def _demands(
    runtime: Runtime, session: AsyncSession, actor: Actor, body: RoadshowBody
) -> frozenset[UUID]:
    """Return those demands of the agenda that lie in the actor's market."""
    known = set()
    for item in body.agenda:
        if item.demand_id is not None and item.demand_id not in known:
            owner = await runtime.owners.find(session, "demand_id", item.demand_id)
            if owner is not None and owner.market_id == actor.market_id:
                known.add(item.demand_id)
    return frozenset(known)


def _view(roadshow: Roadshow, response: Response) -> RoadshowView:
    response.headers["ETag"] = f'"{roadshow.version}"'
    return RoadshowView.of(roadshow, seated=True)


@routes.post("/roadshows", status_code=201)
async def create_roadshow(
    body: RoadshowBody,
    actor: ActorDep,
    session: SessionDep,
    runtime: RuntimeDep,
    response: Response,
) -> RoadshowView:
    """Plan a roadshow 路演; nobody else knows of it before it is announced."""
    now = await market_now(session, actor.market_id)
    demands = await _demands(runtime, session, actor, body)
    made = await roadshows.create_roadshow(session, actor, body.content(), demands=demands, now=now)
    return _view(made, response)


@routes.get("/roadshows")
async def list_roadshows(
    actor: ActorDep,
    session: SessionDep,
    market_id: UUID | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[RoadshowView]:
    """List announced roadshows, newest first; the market's staff sees drafts, too."""
    found = await roadshows.list_roadshows(
        session,
        actor,
        market_id=None if market_id is None else MarketId(market_id),
        before=before(cursor),
        limit=limit + 1,
    )
    return Page(
        items=[RoadshowView.of(item, seated=False) for item in found[:limit]],
        next=following([item.id for item in found], limit),
    )


@routes.get("/roadshows/{roadshow_id}")
async def get_roadshow(
    roadshow_id: UUID, actor: ActorDep, session: SessionDep, response: Response
) -> RoadshowView:
    """Return a roadshow with its agenda; the link only to staff and to who has a seat."""
    found = await roadshows.read_roadshow(session, actor, RoadshowId(roadshow_id))
    response.headers["ETag"] = f'"{found.version}"'
    seated = await roadshow_seats.has_seat(session, actor, found)
    return RoadshowView.of(found, seated=seated)


@routes.put("/roadshows/{roadshow_id}")
async def change_roadshow(
    roadshow_id: UUID,
    body: RoadshowBody,
    actor: ActorDep,
    session: SessionDep,
    runtime: RuntimeDep,
    response: Response,
    if_match: Annotated[
        str | None, Header(description="ETag of the roadshow as last read", max_length=100)
    ] = None,
) -> RoadshowView:
    """Change a roadshow before it begins: the whole content replaces the version in `If-Match`."""
    now = await market_now(session, actor.market_id)
    demands = await _demands(runtime, session, actor, body)
    changed = await roadshows.change_roadshow(
        session,
        actor,
        RoadshowId(roadshow_id),
        body.content(),
        demands=demands,
        seen=if_match,
        now=now,
    )
    return _view(changed, response)


@routes.post("/roadshows/{roadshow_id}/announcement", status_code=201)
async def announce_roadshow(
    roadshow_id: UUID, actor: ActorDep, session: SessionDep, response: Response
) -> RoadshowView:
    """Announce a roadshow: everybody reads its agenda, and parties sign up."""
    now = await market_now(session, actor.market_id)
    moved = await roadshows.move_roadshow(
        session, actor, RoadshowId(roadshow_id), RoadshowTrigger.ANNOUNCE, now=now
    )
    return _view(moved, response)


@routes.post("/roadshows/{roadshow_id}/holding", status_code=201)
async def hold_roadshow(
    roadshow_id: UUID, actor: ActorDep, session: SessionDep, response: Response
) -> RoadshowView:
    """Record that a roadshow is held, once it has begun."""
    now = await market_now(session, actor.market_id)
    moved = await roadshows.move_roadshow(
        session, actor, RoadshowId(roadshow_id), RoadshowTrigger.HOLD, now=now
    )
    return _view(moved, response)


@routes.post("/roadshows/{roadshow_id}/cancellation", status_code=201)
async def cancel_roadshow(
    roadshow_id: UUID,
    body: CancellationBody,
    actor: ActorDep,
    session: SessionDep,
    response: Response,
) -> RoadshowView:
    """Cancel a roadshow with a reason, which is published if it was announced."""
    now = await market_now(session, actor.market_id)
    moved = await roadshows.move_roadshow(
        session,
        actor,
        RoadshowId(roadshow_id),
        RoadshowTrigger.CANCEL,
        reason=body.reason,
        now=now,
    )
    return _view(moved, response)


@routes.post("/roadshows/{roadshow_id}/signups", status_code=201)
async def sign_up(
    roadshow_id: UUID, body: SignupBody, actor: ActorDep, session: SessionDep
) -> SignupView:
    """Take seats for the caller's party, or a place in the waiting list, which moves by itself."""
    now = await market_now(session, actor.market_id)
    made = await roadshow_seats.sign_up(
        session, actor, RoadshowId(roadshow_id), seats=body.seats, now=now
    )
    return SignupView.model_validate(made)


@routes.post("/roadshows/{roadshow_id}/signoff", status_code=201)
async def sign_off(roadshow_id: UUID, actor: ActorDep, session: SessionDep) -> SignupView:
    """Give the seats of the caller's party back before the roadshow begins."""
    now = await market_now(session, actor.market_id)
    ended = await roadshow_seats.sign_off(session, actor, RoadshowId(roadshow_id), now=now)
    return SignupView.model_validate(ended)


def _place(key: object) -> int:
    if not isinstance(key, int) or not 0 <= key < 2**31:
        raise ValueError("no place")
    return key


@routes.get("/roadshows/{roadshow_id}/signups")
async def list_signups(
    roadshow_id: UUID,
    actor: ActorDep,
    session: SessionDep,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[SignupView]:
    """List sign-ups in order of arrival: all to the market's staff, its own to a party."""
    found = await roadshow_seats.list_signups(
        session,
        actor,
        RoadshowId(roadshow_id),
        after=0 if cursor is None else decode_cursor(cursor, _place)[0],
        limit=limit + 1,
    )
    return Page(
        items=[SignupView.model_validate(item) for item in found[:limit]],
        next=encode_cursor(found[limit - 1].place) if len(found) > limit else None,
    )


@routes.post("/roadshows/{roadshow_id}/attendance", status_code=201)
async def record_attendance(
    roadshow_id: UUID, body: AttendanceBody, actor: ActorDep, session: SessionDep
) -> SignupView:
    """Record how many people of a party came."""
    now = await market_now(session, actor.market_id)
    made = await roadshow_seats.record_attendance(
        session,
        actor,
        RoadshowId(roadshow_id),
        party_id=PartyId(body.party_id),
        people=body.people,
        now=now,
    )
    return SignupView.model_validate(made)


@routes.post("/roadshows/{roadshow_id}/interests", status_code=204)
async def note_interest(
    roadshow_id: UUID, body: InterestBody, actor: ActorDep, session: SessionDep
) -> None:
    """Note that the caller's party is interested in an item; a deal room may rest on it."""
    now = await market_now(session, actor.market_id)
    await roadshow_seats.note_interest(
        session, actor, RoadshowId(roadshow_id), item=body.item, now=now
    )


@routes.get("/roadshows/{roadshow_id}/interests")
async def list_interests(
    roadshow_id: UUID,
    session: SessionDep,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[InterestView]:
    """List the interests noted at a roadshow, for the market's staff, by item and party."""
    after = None if cursor is None else decode_cursor(cursor, _place, UUID)
    found = await roadshow_seats.list_interests(
        session,
        RoadshowId(roadshow_id),
        after=None if after is None else (after[0], after[1]),
        limit=limit + 1,
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(
        items=[InterestView.model_validate(item) for item in found[:limit]],
        next=None if last is None else encode_cursor(last.item, str(last.party_id)),
    )
