"""Announce who is to get a demand's work, tell each proposer why, go on with the next."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.award import Winner
from app.demands.domain.demand import DEMAND_TRANSITIONS, Demand, DemandTrigger
from app.demands.domain.notice import DemandNoticeKind
from app.demands.domain.objection import Result
from app.demands.domain.posting import NOTICE_PERIOD
from app.demands.domain.proposal import ProposalStatus
from app.demands.domain.ranking import MAY_FOLLOW, Fate
from app.demands.domain.review import (
    REVIEW_TRANSITIONS,
    NobodyFollows,
    Review,
    ReviewStatus,
    ReviewTrigger,
)
from app.demands.repository import bidders, judged, results
from app.demands.repository import reviews as repository
from app.demands.repository.results import Place
from app.demands.service.noticing import publish_notice
from app.demands.service.telling import tell_results
from app.identity.public import get_parties
from app.platform import timers
from app.shared.calendar import CalendarHorizonExceeded, mainland_china, period_end
from app.shared.ids import ProposalId, new_id
from app.shared.transitions import advance

NOTICE_OVER: Final = "demand.notice_over"
LOOK_AGAIN: Final = timedelta(days=1)
_PROCEDURE: Final = {
    "zh": "公示期内任何单位和个人可以提出异议，由交易机构受理并决定；决定予以公布，不公开异议人。",
    "en": "Anyone may object while this notice is open. The exchange decides and publishes its "
    "decision without saying who objected.",
    "path": "POST /v1/demands/{demand_id}/objections",
}


async def announce_result(
    session: AsyncSession, demand: Demand, ranking: Sequence[Winner], *, at: datetime, actor: str
) -> Demand:
    """Publish the result that an auction found for a locked demand: the best one wins.

    Args:
        ranking: Everybody who may get the work, best first; at least one.

    Raises:
        TransitionRefused: The demand is not under review.

    Invariants: DM68, DM69.
    """
    known = await bidders.of_round(session, demand.id, demand.round, None)
    codes = {bidder.id: bidder.bidder_code for bidder in known.values()}
    ranked = {item.proposal_id for item in ranking}
    places = [
        _place(item.proposal_id, item, codes[item.proposal_id], Fate.OUTRANKED) for item in ranking
    ]
    places[0] = replace(places[0], fate=Fate.WINNER)
    silent = sorted(codes.keys() - ranked)
    for rank, (party_id, bidder) in enumerate(
        sorted(
            ((party, it) for party, it in known.items() if it.id in silent),
            key=lambda pair: pair[1].bidder_code,
        ),
        start=len(ranking) + 1,
    ):
        places.append(
            Place(
                proposal_id=bidder.id,
                party_id=party_id,
                code=bidder.bidder_code,
                rank=rank,
                price=None,
                total=None,
                contributions={},
                route=None,
                fate=Fate.NO_BID,
            )
        )
    review = await repository.latest(session, demand.id)
    if review is None or review.status is not ReviewStatus.BIDDING:
        review = await _bare_review(session, demand, review, at)
    return await announce(
        session, demand, review, places, [ranking[0].proposal_id], at=at, actor=actor
    )


def _place(proposal_id: ProposalId, item: Winner, code: str, fate: Fate) -> Place:
    return Place(
        proposal_id=proposal_id,
        party_id=item.party_id,
        code=code,
        rank=item.rank,
        price=item.price,
        total=None,
        contributions={},
        route=None,
        fate=fate,
    )


async def _bare_review(
    session: AsyncSession, demand: Demand, earlier: Review | None, at: datetime
) -> Review:
    """Return a review that only stands for an auction that was called without one."""
    review = Review(
        id=new_id(),
        demand_id=demand.id,
        market_id=demand.market_id,
        posting=demand.round,
        number=1 if earlier is None else earlier.number + 1,
        status=ReviewStatus.BIDDING,
        begun_at=at,
    )
    await repository.insert(session, review)
    return review


async def announce(
    session: AsyncSession,
    demand: Demand,
    review: Review,
    places: Sequence[Place],
    winners: Sequence[ProposalId],
    *,
    at: datetime,
    actor: str,
) -> Demand:
    """Publish a review's result and open it to objections; tell every proposer its own.

    Args:
        winners: In the order of the budgets that they run on.

    Invariants: DM68, DM69.
    """
    status = advance(REVIEW_TRANSITIONS, state=review.status, trigger=ReviewTrigger.CONCLUDE)
    review = replace(review, status=status, ended_at=at)
    await repository.save(session, review)
    await results.insert_ranking(session, review.id, places)
    others = [place.proposal_id for place in places if place.proposal_id not in set(winners)]
    await judged.mark(session, others, ProposalStatus.NOT_CHOSEN)
    return await _publish(session, demand, review, places, winners, at=at, actor=actor)


async def _publish(
    session: AsyncSession,
    demand: Demand,
    review: Review,
    places: Sequence[Place],
    winners: Sequence[ProposalId],
    *,
    at: datetime,
    actor: str,
    follows: str | None = None,
    telling: Sequence[Place] | None = None,
) -> Demand:
    status = advance(DEMAND_TRANSITIONS, state=demand.status, trigger=DemandTrigger.ANNOUNCE)
    await judged.mark(session, winners, ProposalStatus.WINNER)
    ends_at = notice_end(demand, at)
    facts = {
        "review": review.number,
        "decision": None if demand.terms is None else demand.terms.decision,
        "judged": len(places),
        "winners": await _named(session, places, winners),
        "objections": _PROCEDURE,
        "ends_at": ends_at,
        **({} if follows is None else {"follows": follows}),
    }
    noticed = await publish_notice(
        session,
        replace(demand, status=status, reason=None),
        DemandNoticeKind.RESULT,
        facts,
        what="noticed",
        at=at,
        actor=actor,
        closes_at=ends_at,
    )
    earlier = await results.latest(session, demand.id)
    result = Result(
        id=new_id(),
        demand_id=demand.id,
        number=1 if earlier is None else earlier.number + 1,
        review_id=review.id,
        notice_seq=noticed.notice_count,
        published_at=at,
        ends_at=ends_at,
        winners=tuple(winners),
    )
    await results.insert(session, result)
    await watch_notice(session, noticed, ends_at or at + LOOK_AGAIN)
    told = places if telling is None else telling
    await tell_results(session, noticed, review, told, result=result, at=at)
    return noticed


async def _named(
    session: AsyncSession, places: Sequence[Place], winners: Sequence[ProposalId]
) -> list[dict[str, Any]]:
    by_id = {place.proposal_id: place for place in places}
    chosen = [by_id[proposal_id] for proposal_id in winners]
    parties = await get_parties(session, [place.party_id for place in chosen])
    names = {party.id: party.name for party in parties}
    return [
        {
            "rank": place.rank,
            "code": place.code,
            "party_id": place.party_id,
            "name": names[place.party_id],
            "price": place.price,
            "total": place.total,
            "route": place.route,
        }
        for place in chosen
    ]


def notice_end(demand: Demand, at: datetime) -> datetime | None:
    """Return when a result published at a moment is open no more, if the days are known.

    None is guessed: a notice whose end is not known stays open, and its own timer looks again.

    Invariant: DM70. Source: rules.md section 4 (default 5 working days).
    """
    span = NOTICE_PERIOD if demand.terms is None else demand.terms.notice_period
    try:
        return period_end(start=at, duration=span, calendar=mainland_china())
    except CalendarHorizonExceeded:
        return None


async def watch_notice(session: AsyncSession, demand: Demand, due_at: datetime) -> None:
    """Set the timer of a notice's end; a worker that has it in hand sets it anew itself."""
    if not await timers.is_in_hand(session, kind=NOTICE_OVER, subject_id=demand.id):
        await timers.schedule(
            session,
            market_id=demand.market_id,
            kind=NOTICE_OVER,
            subject_id=demand.id,
            due_at=due_at,
        )


async def announce_next(
    session: AsyncSession, demand: Demand, *, reason: str, at: datetime, actor: str
) -> Demand:
    """Announce the next in the ranking of a locked demand whose winner did not sign.

    Nobody who has won by this ranking wins by it again; who lies below the minimum, above the
    ceiling or did not bid never does.

    Args:
        demand: Under review again because no winner signed. A contracted one has somebody who
            may still sign, or works.

    Raises:
        TransitionRefused: It is not.
        NobodyFollows: The review fails, or begins anew.

    Invariant: DM74.
    """
    advance(DEMAND_TRANSITIONS, state=demand.status, trigger=DemandTrigger.ANNOUNCE)
    review = await repository.latest(session, demand.id)
    if review is None or review.status is not ReviewStatus.CONCLUDED:
        raise NobodyFollows("The review is not concluded.")
    places = await results.ranking_of(session, review.id)
    following = await _following(session, review.id, places)
    if following is None:
        raise NobodyFollows("Let the review fail, or post the demand anew.")
    changed = {
        place.proposal_id: replace(
            place, fate=Fate.WINNER if place.proposal_id == following else Fate.NOT_SIGNED
        )
        for place in places
        if place.fate is Fate.WINNER or place.proposal_id == following
    }
    places = [changed.get(place.proposal_id, place) for place in places]
    await results.insert_ranking(session, review.id, places)
    failed = [it.proposal_id for it in changed.values() if it.fate is Fate.NOT_SIGNED]
    await judged.mark(session, failed, ProposalStatus.NOT_CHOSEN)
    return await _publish(
        session,
        demand,
        review,
        places,
        [following],
        at=at,
        actor=actor,
        follows=reason,
        telling=list(changed.values()),
    )


async def _following(
    session: AsyncSession, review_id: UUID, places: Collection[Place]
) -> ProposalId | None:
    failed = await results.earlier_winners(session, review_id)
    fit = (it for it in places if it.fate in MAY_FOLLOW and it.proposal_id not in failed)
    return next((place.proposal_id for place in fit), None)
