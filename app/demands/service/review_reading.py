"""What a caller may read of a review: sheets when they are open, a proposer its own result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.demand import Demand
from app.demands.domain.panel import require_declared
from app.demands.domain.ranking import PRICE_APART
from app.demands.domain.review import Judged, Review, ReviewMissing, ReviewStatus
from app.demands.domain.scoring import Sheet, told_reasons
from app.demands.repository import judged, results
from app.demands.repository import reviews as repository
from app.demands.repository.results import Place
from app.demands.service.locking import read_demand
from app.demands.service.panelling import Case
from app.demands.service.presenting import concerns
from app.demands.service.telling import own_facts
from app.platform.access import Actor, ObjectUnknown
from app.shared.ids import DemandId
from app.shared.panels import Seat, sits

ENDED = frozenset({ReviewStatus.CONCLUDED, ReviewStatus.FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """A review as far as its reader may see it.

    Attributes:
        seats: All for staff; for the panel its own seat, and who sits once sheets are open.
        sheets: By seat number, once they are open; for panel and staff.
        ranking: Once the review ended; for staff, panel and poster.
        own: What a proposer learns of its proposals.
    """

    review: Review
    seats: tuple[Seat, ...]
    sheets: Mapping[int, Sheet]
    ranking: Sequence[Place]
    own: Sequence[Mapping[str, Any]]


async def read_case(session: AsyncSession, actor: Actor, demand_id: DemandId) -> Case:
    """Return the present review of a demand in which the actor has a part.

    Raises:
        ObjectUnknown: There is no such demand for the actor, or it has no part in its review.
        ReviewMissing: It was never reviewed.
    """
    demand = await read_demand(session, actor, demand_id)
    review = await repository.latest(session, demand.id)
    if review is None:
        raise ReviewMissing("It was never under review.", state=str(demand.status))
    case = Case(demand, review, await repository.seats_of(session, review.id))
    if not await concerns(session, actor, case):
        raise ObjectUnknown("You have no part in this review.")
    return case


async def look(
    session: AsyncSession, actor: Actor, demand_id: DemandId, *, after: int, limit: int
) -> Sight:
    """Return what the actor may see of a demand's present review.

    Args:
        after, limit: Of the ranking, by rank.

    Raises:
        ObjectUnknown, ReviewMissing: See `read_case`.

    Invariants: DM60, DM61.
    """
    case = await read_case(session, actor, demand_id)
    review, demand = case.review, case.demand
    staff = actor.viewer.staff_of == demand.market_id
    own_seat = next((it for it in case.seats if it.is_of(actor.ref, actor.party_id)), None)
    insider = staff or own_seat is not None
    ended = review.status in ENDED
    sees_ranking = ended and (insider or actor.party_id == demand.party_id)
    sheets = await repository.opened_sheets(session, review.id) if review.sheets_open else {}
    return Sight(
        review=review,
        seats=_seats(case, own_seat, staff=staff),
        sheets=_numbered(case.seats, sheets) if insider else {},
        ranking=(
            await results.ranking_of(session, review.id, after=after, limit=limit)
            if sees_ranking
            else []
        ),
        own=await _own(session, actor, review, list(sheets.values())) if ended else [],
    )


def _numbered(seats: Sequence[Seat], sheets: Mapping[Any, Sheet]) -> dict[int, Sheet]:
    return {seat.number: sheets[seat.id] for seat in sits(seats) if seat.id in sheets}


def _seats(case: Case, own: Seat | None, *, staff: bool) -> tuple[Seat, ...]:
    if staff:
        return case.seats
    if own is None:
        return ()
    return sits(case.seats) if case.review.sheets_open else (own,)


async def _own(
    session: AsyncSession, actor: Actor, review: Review, sheets: Sequence[Sheet]
) -> list[Mapping[str, Any]]:
    places = await results.ranking_of(session, review.id, party_id=actor.party_id)
    if not places:
        return []
    points = await results.points_of(session, review.id)
    reasons = told_reasons(sheets, [place.proposal_id for place in places])
    return [own_facts(place, points, reasons) for place in places]


@dataclass(frozen=True, slots=True)
class Shown:
    """A proposal as an expert reads it.

    Attributes:
        with_price: Whether its price is shown.
    """

    proposal: Judged
    with_price: bool


async def read_proposals(
    session: AsyncSession, actor: Actor, demand_id: DemandId, *, after: str | None, limit: int
) -> Sequence[Shown]:
    """Return the proposals that a panel judges, by code, to an expert who has declared.

    Where the decision weighs the price, it stays in its own envelope until the sheets are open.

    Args:
        after: Only codes beyond this one.

    Raises:
        ObjectUnknown: The caller does not sit on this panel.
        ReviewDeclarationMissing: It has not declared.

    Invariant: DM57.
    """
    case = await read_case(session, actor, demand_id)
    seat = next((it for it in case.seats if it.is_of(actor.ref, actor.party_id)), None)
    if seat is None:
        raise ObjectUnknown("You do not sit on the panel of this demand.")
    require_declared(seat)
    proposals = await judged.admitted(session, demand_id, case.review.posting)
    shown = [item for item in proposals if after is None or item.code > after][:limit]
    return [Shown(item, _with_price(case.demand, case.review)) for item in shown]


def _with_price(demand: Demand, review: Review) -> bool:
    assert demand.terms is not None
    return review.sheets_open or demand.terms.decision not in PRICE_APART
