"""Begin a review, conclude it by the published rules, let it fail, begin it anew."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.demand import DEMAND_TRANSITIONS, Demand, DemandStatus, DemandTrigger
from app.demands.domain.posting import DecisionWay
from app.demands.domain.proposal import ProposalStatus
from app.demands.domain.ranking import (
    Candidate,
    Fate,
    Ranked,
    check_routes,
    rank,
    rules_of,
    winners,
)
from app.demands.domain.review import (
    NO_SUITABLE,
    REVIEW_TRANSITIONS,
    Judged,
    NoneAdmitted,
    Review,
    ReviewStatus,
    ReviewTrigger,
    RoutesMissing,
    check_begin,
)
from app.demands.domain.scoring import told
from app.demands.repository import demands, judged, results
from app.demands.repository import reviews as repository
from app.demands.repository.results import Place
from app.demands.service.announcing import announce
from app.demands.service.locking import lock_demand
from app.demands.service.noticing import demand_event
from app.demands.service.panelling import Case, commit_seed, note, seat_of, take
from app.demands.service.telling import tell_results
from app.platform import journal
from app.platform.access import Actor, ObjectUnknown
from app.platform.secrets import Box
from app.shared.ids import DemandId, SeatId, new_id
from app.shared.panels import Seat, sits
from app.shared.transitions import advance

_LIVING = frozenset(state for state, trigger in REVIEW_TRANSITIONS if trigger is ReviewTrigger.FAIL)


async def begin_review(
    session: AsyncSession, actor: Actor, demand_id: DemandId, *, now: datetime
) -> Case:
    """Begin the review of a closed demand whose proposals are all admitted or excluded.

    Raises:
        TransitionRefused: The demand is not closed.
        ProposalsUndecided: Names the codes.
        NoneAdmitted: The review can only fail.

    Invariant: DM55.
    """
    demand = await lock_demand(session, demand_id)
    status = advance(DEMAND_TRANSITIONS, state=demand.status, trigger=DemandTrigger.BEGIN_REVIEW)
    check_begin(await judged.of_round(session, demand.id, demand.round))
    demand = replace(demand, status=status)
    await demands.save(session, demand)
    case = Case(demand, await _new_review(session, demand, now=now), ())
    await note(session, case, "review_begun", actor.ref, now)
    return case


async def _new_review(
    session: AsyncSession, demand: Demand, *, now: datetime, reason: str | None = None
) -> Review:
    earlier = await repository.latest(session, demand.id)
    review = Review(
        id=new_id(),
        demand_id=demand.id,
        market_id=demand.market_id,
        posting=demand.round,
        number=1 if earlier is None else earlier.number + 1,
        status=ReviewStatus.BEGUN,
        begun_at=now,
        reason=reason,
    )
    await repository.insert(session, review)
    return review


async def tag_routes(
    session: AsyncSession,
    actor: Actor,
    demand_id: DemandId,
    routes: Mapping[str, str],
    *,
    now: datetime,
) -> Case:
    """Note what the panel calls each proposal's route, in a race; its chair says it.

    Raises:
        ObjectUnknown: The caller does not chair this panel.
        RoutesNotAsked, RoutesInvalid: See `check_routes`.

    Invariant: DM67.
    """
    case = await take(session, demand_id, ReviewTrigger.TAG)
    if not seat_of(case, actor).chair:
        raise ObjectUnknown("The chair names the routes.")
    assert case.demand.terms is not None
    proposals = await judged.admitted(session, demand_id, case.review.posting)
    check_routes(case.demand.terms, routes, codes=[item.code for item in proposals])
    review = replace(case.review, routes=dict(routes))
    await repository.save(session, review)
    case = Case(case.demand, review, case.seats)
    await note(session, case, "routes_tagged", actor.ref, now, restricted={"routes": routes})
    return case


async def conclude_review(
    session: AsyncSession, actor: Actor, demand_id: DemandId, *, now: datetime
) -> Demand:
    """Rank the proposals by the published rules and announce, call for bids, or fail.

    Raises:
        TransitionRefused: The sheets are not open.
        RoutesMissing: A race, whose panel has not named the routes.

    Invariants: DM64, DM68, DM69.
    """
    # Only from opened sheets: where an auction decides, its result is announced.
    case = await take(session, demand_id, ReviewTrigger.HAND_OVER)
    opened = replace(case.review, status=ReviewStatus.OPENED)
    terms = case.demand.terms
    assert terms is not None
    if terms.decision is DecisionWay.RACING and opened.routes is None:
        raise RoutesMissing("The chair names them.", decision=str(terms.decision))
    ranked, proposals = await rank_review(session, case.demand, opened)
    places = _places(ranked, proposals)
    case = Case(case.demand, opened, case.seats)
    if terms.decision is DecisionWay.REVERSE_AUCTION:
        return await _hand_over(session, case, places, actor, now)
    chosen = winners(ranked)
    if not chosen:
        return await fail_review(
            session, case.demand, reason=NO_SUITABLE, at=now, actor=actor.ref, places=places
        )
    return await announce(session, case.demand, opened, places, chosen, at=now, actor=actor.ref)


async def rank_review(
    session: AsyncSession, demand: Demand, review: Review
) -> tuple[list[Ranked], Sequence[Judged]]:
    """Return the ranking that the published rules give with the panel's points."""
    assert demand.terms is not None
    proposals = await judged.admitted(session, demand.id, review.posting)
    points = await results.points_of(session, review.id)
    routes = review.routes or {}
    candidates = [
        Candidate(
            proposal_id=item.id,
            party_id=item.party_id,
            price=item.price,
            handed_in_at=item.handed_in_at,
            points=points[item.id],
            route=routes.get(item.code),
        )
        for item in proposals
        if item.price is not None and item.id in points
    ]
    return rank(candidates, rules_of(demand.terms, demand.content)), proposals


def _places(ranked: Sequence[Ranked], proposals: Sequence[Judged]) -> list[Place]:
    codes = {item.id: item.code for item in proposals}
    return [
        Place(
            proposal_id=item.candidate.proposal_id,
            party_id=item.candidate.party_id,
            code=codes[item.candidate.proposal_id],
            rank=item.rank,
            price=item.candidate.price,
            total=told(item.total),
            contributions={name: told(part) for name, part in item.contributions.items()},
            route=item.candidate.route,
            fate=item.fate,
        )
        for item in ranked
    ]


async def _hand_over(
    session: AsyncSession, case: Case, places: Sequence[Place], actor: Actor, now: datetime
) -> Demand:
    """Call for the reverse auction of those who reach the minimum; the others are out.

    Invariant: DM69.
    """
    below = [place for place in places if place.fate is Fate.BELOW_MINIMUM]
    if len(below) == len(places):
        return await fail_review(
            session, case.demand, reason=NO_SUITABLE, at=now, actor=actor.ref, places=places
        )
    status = advance(REVIEW_TRANSITIONS, state=case.review.status, trigger=ReviewTrigger.HAND_OVER)
    review = replace(case.review, status=status)
    await repository.save(session, review)
    out = [place.proposal_id for place in below]
    await judged.mark(session, out, ProposalStatus.EXCLUDED, reason=str(Fate.BELOW_MINIMUM))
    await tell_results(session, case.demand, review, below, result=None, at=now)
    case = Case(case.demand, review, case.seats)
    await note(
        session, case, "bidding_due", actor.ref, now, public={"eligible": len(places) - len(out)}
    )
    return case.demand


async def fail_review(
    session: AsyncSession,
    demand: Demand,
    *,
    reason: str,
    at: datetime,
    actor: str,
    places: Sequence[Place] = (),
) -> Demand:
    """End the review of a locked demand without a winner; it can be mended and posted anew.

    Args:
        demand: Closed, where nobody was admitted, or under review.
        places: What the rules made of the proposals, so that each proposer learns why.

    Raises:
        TransitionRefused: Neither.

    Invariants: DM55, DM68.
    """
    closed = demand.status is DemandStatus.CLOSED
    trigger = DemandTrigger.LAPSE if closed else DemandTrigger.FAIL
    status = advance(DEMAND_TRANSITIONS, state=demand.status, trigger=trigger)
    failed = replace(demand, status=status, reason=reason, ended_at=at)
    await demands.save(session, failed)
    review = await repository.latest(session, demand.id)
    if review is not None and review.status in _LIVING:
        review = replace(review, status=ReviewStatus.FAILED, reason=reason, ended_at=at)
        await repository.save(session, review)
    await end_result(session, demand.id, at=at)
    named = await judged.admitted(session, demand.id, demand.round)
    lost = [item.id for item in named if item.status == ProposalStatus.WINNER]
    await judged.mark(session, lost, ProposalStatus.NOT_CHOSEN)  # who did not sign has not won
    event = demand_event(failed, "unanswered", actor=actor, at=at, public={"reason": reason})
    await journal.append(session, event)
    if places and review is not None:
        await results.insert_ranking(session, review.id, places)
        await judged.mark(
            session, [place.proposal_id for place in places], ProposalStatus.NOT_CHOSEN
        )
        await tell_results(session, failed, review, places, result=None, at=at)
    return failed


async def give_up(
    session: AsyncSession, actor: Actor, demand_id: DemandId, *, reason: str, now: datetime
) -> Demand:
    """Let a review fail by the exchange's decision, or a demand of which nobody was admitted.

    Raises:
        TransitionRefused: The demand is neither under review nor closed.
        ProposalsUndecided: It is closed, and somebody might still be admitted, or was.
    """
    demand = await lock_demand(session, demand_id)
    if demand.status is DemandStatus.CLOSED:
        try:
            check_begin(await judged.of_round(session, demand.id, demand.round))
        except NoneAdmitted:
            pass
        else:
            advance(DEMAND_TRANSITIONS, state=demand.status, trigger=DemandTrigger.FAIL)
    return await fail_review(session, demand, reason=reason, at=now, actor=actor.ref)


async def end_result(session: AsyncSession, demand_id: DemandId, *, at: datetime) -> None:
    """Note that a demand's result stands no more, or has led to its award."""
    result = await results.latest(session, demand_id)
    if result is not None and result.over_at is None:
        await results.save_times(session, result.id, ends_at=result.ends_at, over_at=at)


async def review_anew(
    session: AsyncSession,
    box: Box,
    demand: Demand,
    *,
    same_panel: bool,
    excluded: Mapping[str, str],
    reason: str,
    at: datetime,
    actor: str,
) -> Demand:
    """Reopen a locked demand whose result is refuted: a new review, the earlier one on record.

    Args:
        excluded: Reasons by the codes of proposals that are judged no more.

    Raises:
        TransitionRefused: The demand's result is not open to objections.

    Invariant: DM73.
    """
    status = advance(DEMAND_TRANSITIONS, state=demand.status, trigger=DemandTrigger.REOPEN)
    demand = replace(demand, status=status)
    await demands.save(session, demand)
    await end_result(session, demand.id, at=at)
    earlier = await repository.latest(session, demand.id)
    # Whom the refuted points kept out of an auction is judged as well.
    await judged.readmit(session, demand.id, demand.round, reason=str(Fate.BELOW_MINIMUM))
    proposals = await judged.admitted(session, demand.id, demand.round)
    await judged.mark(session, [item.id for item in proposals], ProposalStatus.ADMITTED)
    for item in proposals:
        if item.code in excluded:
            await judged.mark(
                session, [item.id], ProposalStatus.EXCLUDED, reason=excluded[item.code]
            )
    review = await _new_review(session, demand, now=at, reason=reason)
    if earlier is not None and same_panel:
        review = await _keep_panel(session, box, earlier.id, review, at)
    case = Case(demand, review, ())
    public = {"same_panel": same_panel, "excluded": sorted(excluded)}
    await note(session, case, "review_reopened", actor, at, public=public)
    if all(item.code in excluded for item in proposals):
        return await fail_review(session, demand, reason=NO_SUITABLE, at=at, actor=actor)
    return demand


async def _keep_panel(
    session: AsyncSession, box: Box, earlier_id: UUID, review: Review, at: datetime
) -> Review:
    """Let those who sat judge again: they declare again, and score anew."""
    sitting = sits(await repository.seats_of(session, earlier_id))
    if not sitting:
        return review
    status = advance(REVIEW_TRANSITIONS, state=review.status, trigger=ReviewTrigger.APPOINT)
    review = await commit_seed(session, box, replace(review, status=status))
    await repository.save(session, review)
    await repository.insert_seats(session, review.id, [_again(seat, at) for seat in sitting])
    return review


def _again(seat: Seat, at: datetime) -> Seat:
    return replace(
        seat,
        id=SeatId(new_id()),
        appointed_at=at,
        declared_at=None,
        handed_in_at=None,
        digest=None,
    )
