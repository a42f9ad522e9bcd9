"""Presentations 路演答辩 of a review: drawn, moved on, followed by everybody concerned."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.presentation import (
    Presentation,
    PresentationsNotAsked,
    PresentationTrigger,
    move,
    plan,
)
from app.demands.domain.review import ReviewTrigger
from app.demands.repository import judged, proposals
from app.demands.repository import reviews as repository
from app.demands.service.locking import read_demand
from app.demands.service.panelling import Case, note, open_seed, take
from app.platform.access import Actor, ObjectUnknown
from app.platform.secrets import Box
from app.shared.ids import DemandId
from app.shared.panels import sits


async def draw_presentations(
    session: AsyncSession,
    box: Box,
    actor: Actor,
    demand_id: DemandId,
    *,
    starts_at: datetime,
    minutes: int,
    now: datetime,
) -> list[Presentation]:
    """Draw the order and set the times; publish the seed so that anybody can draw it again.

    Raises:
        PresentationsNotAsked: The terms ask for none.
        PresentationTimesInvalid: They would begin in the past.
        TransitionRefused: There is no panel, or the order is drawn.

    Invariant: DM62.
    """
    case = await take(session, demand_id, ReviewTrigger.DRAW)
    assert case.demand.terms is not None
    if not case.demand.terms.presentation:
        raise PresentationsNotAsked("Begin with the scores.")
    found = await judged.admitted(session, demand_id, case.review.posting)
    seed = await open_seed(session, box, case.review)
    drawn = plan(
        seed,
        {item.code: item.id for item in found},
        starts_at=starts_at,
        length=timedelta(minutes=minutes),
        now=now,
    )
    await repository.save(session, replace(case.review, seed=seed))
    await repository.insert_presentations(session, case.review.id, drawn)
    told = [{"code": it.code, "place": it.place, "starts_at": it.starts_at} for it in drawn]
    public = {"seed": seed, "order": told}
    await note(session, case, "presentations_drawn", actor.ref, now, public=public)
    return drawn


async def move_presentation(
    session: AsyncSession,
    actor: Actor,
    demand_id: DemandId,
    *,
    code: str,
    trigger: PresentationTrigger,
    now: datetime,
) -> list[Presentation]:
    """Call a proposal in, finish it, or mark it absent; everybody follows by the journal.

    Raises:
        PresentationUnknown, PresentationBusy, TransitionRefused: See `move`.

    Invariant: DM63.
    """
    case = await take(session, demand_id, ReviewTrigger.PRESENT)
    known = await repository.presentations_of(session, case.review.id)
    moved = move(known, code, trigger, at=now)
    await repository.save_presentation(session, case.review.id, moved)
    public = {"code": code, "state": moved.state, "place": moved.place}
    await note(session, case, "presentation_moved", actor.ref, now, public=public)
    return [moved if item.code == code else item for item in known]


async def list_presentations(
    session: AsyncSession, actor: Actor, demand_id: DemandId
) -> list[Presentation]:
    """Return the presentations of the present review: codes and states, nobody's name.

    Raises:
        ObjectUnknown: The actor is neither staff nor poster, on the panel or judged.

    Invariant: DM63.
    """
    demand = await read_demand(session, actor, demand_id)
    review = await repository.latest(session, demand.id)
    if review is None:
        return []
    seats = await repository.seats_of(session, review.id)
    case = Case(demand, review, seats)
    if not await concerns(session, actor, case):
        raise ObjectUnknown("You have no part in this review.")
    return await repository.presentations_of(session, review.id)


async def concerns(session: AsyncSession, actor: Actor, case: Case) -> bool:
    """Tell whether a review is any of the actor's business."""
    viewer, demand = actor.viewer, case.demand
    if viewer.staff_of == demand.market_id or viewer.party_id == demand.party_id:
        return True
    if any(seat.is_of(actor.ref, actor.party_id) for seat in sits(case.seats)):
        return True
    posting, party_id = case.review.posting, viewer.party_id
    if party_id is None:
        return False
    return await proposals.takes_part(session, demand.id, posting, party_id)
