"""Tell each proposer what the review made of its proposal: rank, points, reasons; no names."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.demand import Demand
from app.demands.domain.objection import Result
from app.demands.domain.ranking import Fate
from app.demands.domain.review import Review
from app.demands.domain.scoring import Points, told, told_reasons
from app.demands.repository import demands, results
from app.demands.repository import reviews as repository
from app.demands.repository.results import Place
from app.platform import inbox, journal, timers
from app.platform.access import SYSTEM
from app.platform.inbox import NewNotification
from app.platform.journal import NewEvent
from app.shared.ids import ProposalId

TELL: Final = "demand.tell_results"
SLICE: Final = 200  # told in one transaction; the rest follow by a timer of the review
_WHY: Final[Mapping[Fate, tuple[str, str]]] = {
    Fate.WINNER: ("拟中榜", "chosen"),
    Fate.OUTRANKED: ("排名靠后，未中榜", "not chosen: others rank higher"),
    Fate.ROUTE_TAKEN: ("同一技术路线已有更优方案", "not chosen: a better one runs on this route"),
    Fate.ABOVE_ROUTE_BUDGET: ("报价超出路线预算", "not chosen: above the routes' budgets"),
    Fate.BELOW_MINIMUM: ("得分低于最低要求", "not chosen: below the published minimum"),
    Fate.ABOVE_CEILING: ("报价超出最高限价", "not chosen: above the ceiling"),
    Fate.NOT_SIGNED: ("未按期签约，由后续方案递补", "not signed: the next follows"),
    Fate.NO_BID: ("未参加竞价", "not chosen: no bid in the auction"),
}


async def tell_results(
    session: AsyncSession,
    demand: Demand,
    review: Review,
    places: Sequence[Place],
    *,
    result: Result | None,
    at: datetime,
) -> None:
    """Tell the proposers of a review's end, the best at once, very many in slices.

    Args:
        places: Of the whole ranking, as stored.
        result: What was published; ``None`` where nobody was chosen.

    Invariant: DM68.
    """
    ranked = sorted(places, key=lambda place: place.rank)
    # The timer reads the stored ranking; what is told beside it is few.
    in_slices = review.ended_at == at and len(ranked) > SLICE
    first = ranked[:SLICE] if in_slices else ranked
    await _tell(
        session, demand, review, first, of=review.id if result is None else result.id, at=at
    )
    if in_slices:
        await timers.schedule(
            session,
            market_id=demand.market_id,
            kind=TELL,
            subject_id=review.id,
            due_at=at + timedelta(seconds=1),
        )


async def tell_on(session: AsyncSession, review_id: UUID, due_at: datetime) -> None:
    """Tell the next slice of a review's proposers (a timer); it reads, and locks nobody."""
    review = await repository.find(session, review_id)
    demand = None if review is None else await demands.find(session, review.demand_id)
    if review is None or demand is None:
        return
    result = await results.latest(session, demand.id)
    of = result.id if result is not None and result.review_id == review_id else review_id
    # Each slice is a second of the timer's clock, counted from the end of the review.
    assert review.ended_at is not None
    passed = int((due_at - review.ended_at).total_seconds())
    following = await results.ranking_of(session, review_id, after=passed * SLICE, limit=SLICE)
    if not following:
        return
    await _tell(session, demand, review, following, of=of, at=due_at)
    await timers.schedule(
        session,
        market_id=demand.market_id,
        kind=TELL,
        subject_id=review_id,
        due_at=due_at + timedelta(seconds=1),
    )


async def _tell(
    session: AsyncSession,
    demand: Demand,
    review: Review,
    places: Sequence[Place],
    *,
    of: UUID,
    at: datetime,
) -> None:
    points = await results.points_of(session, review.id)
    sheets = await repository.opened_sheets(session, review.id)
    reasons = told_reasons(sheets.values(), [place.proposal_id for place in places])
    events, notifications = [], []
    for place in places:
        facts = own_facts(place, points, reasons)
        events.append(_event(demand, review, place, facts, at))
        notifications.append(_notification(demand, place, of=of, at=at))
    if events:
        await journal.append(session, *events)
        await inbox.notify(session, *notifications)


def own_facts(
    place: Place,
    points: Mapping[ProposalId, Mapping[str, Points]],
    reasons: Mapping[ProposalId, Mapping[str, Any]],
) -> dict[str, Any]:
    """Return what a proposer learns of its own proposal, and nobody else's.

    Invariant: DM61, DM68.
    """
    own = points.get(place.proposal_id, {})
    return {
        "code": place.code,
        "rank": place.rank,
        "fate": place.fate,
        "total": place.total,
        "points": {name: told(it.mean) for name, it in own.items()},
        "contributions": place.contributions,
        "reasons": reasons.get(place.proposal_id, {}),
    }


def _event(
    demand: Demand, review: Review, place: Place, facts: Mapping[str, Any], at: datetime
) -> NewEvent:
    return NewEvent(
        market_id=demand.market_id,
        subject="proposal",
        subject_id=place.proposal_id,
        type="proposal.result_told",
        market_at=at,
        actor=SYSTEM,
        public={"demand_id": demand.id},
        restricted={"review": review.number} | dict(facts),
        audience=frozenset({place.party_id}),
    )


def _notification(demand: Demand, place: Place, *, of: UUID, at: datetime) -> NewNotification:
    why_zh, why_en = _WHY[place.fate]
    title = demand.content.title
    return NewNotification(
        market_id=demand.market_id,
        party_id=place.party_id,
        topic="demands.result",
        title_zh=f"需求评审结果：{why_zh}",
        title_en=f"Result of a demand's review: {why_en}",
        text_zh=f"贵单位对“{title}”（{demand.number}）的方案{place.code}排名第{place.rank}。",
        text_en=f"Your proposal {place.code} to {demand.number} has rank {place.rank}.",
        data={
            "demand_id": demand.id,
            "proposal_id": place.proposal_id,
            "rank": place.rank,
            "fate": place.fate,
        },
        dedupe_key=f"demand.result:{of}:{place.proposal_id}",
        market_at=at,
    )
