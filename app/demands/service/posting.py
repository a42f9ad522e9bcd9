"""Post a demand 发榜, give it a later deadline, post it anew."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.bidding import check_plan_fits
from app.demands.domain.checking import check_content
from app.demands.domain.demand import (
    DEMAND_TRANSITIONS,
    Demand,
    DemandStatus,
    DemandTrigger,
    require_reason,
)
from app.demands.domain.notice import DemandNoticeKind, posting_facts
from app.demands.domain.posting import PostingTerms
from app.demands.domain.posting_checks import check_extension, check_posting
from app.demands.repository import demands as repository
from app.demands.service.editions import require_open
from app.demands.service.locking import lock_demand
from app.demands.service.noticing import demand_event, publish_notice
from app.identity.public import Party, get_party, require_verified
from app.platform import journal, timers
from app.platform.access import Actor
from app.shared.calendar import SHANGHAI
from app.shared.ids import DemandId, EditionId
from app.shared.transitions import advance

CLOSE: Final = "demand.close"


async def post_demand(
    session: AsyncSession,
    actor: Actor,
    demand_id: DemandId,
    terms: PostingTerms,
    *,
    edition_id: EditionId | None,
    now: datetime,
) -> Demand:
    """Post a reviewed demand with the terms of a new round.

    Args:
        edition_id: An open edition that will list it.

    Raises:
        ObjectUnknown: There is no such demand.
        TransitionRefused: It is not reviewed.
        EditionNotOpen: There is no such open edition in its market.
        PartyNotVerified: The exchange has not verified the poster.
        DemandInvalid: Time has broken what was in order, such as a date.
        PostingInvalid: Names every fault of the terms.

    Invariants: DM5, DM6, DM7.
    """
    demand = await lock_demand(session, demand_id)
    status = advance(DEMAND_TRANSITIONS, state=demand.status, trigger=DemandTrigger.POST)
    await require_open(session, demand.market_id, edition_id)
    poster = await require_verified(session, demand.party_id)
    check_content(demand.content, today=now.astimezone(SHANGHAI).date())
    check_posting(terms, demand.content, planned=demand.bidding is not None, now=now)
    check_plan_fits(demand.bidding, terms, demand.content)
    posted = replace(
        demand,
        status=status,
        round=demand.round + 1,
        terms=terms,
        terms_hash=None,
        edition_id=edition_id,
        posted_at=now,
        closes_at=terms.closes_at,
        reason=None,
        due_at=None,
        auction_id=None,
    )
    return await _publish(session, posted, DemandNoticeKind.POSTING, poster, actor, now)


async def extend_posting(
    session: AsyncSession,
    actor: Actor,
    demand_id: DemandId,
    *,
    closes_at: datetime,
    questions_until: datetime,
    reason: str,
    now: datetime,
) -> Demand:
    """Give an open demand a later deadline; nothing else of a posting changes.

    Raises:
        ObjectUnknown: There is no such demand.
        TransitionRefused: It is not posted.
        DeadlineNotLater: The deadline would come sooner, has passed, or lies too far.

    Invariant: DM5.
    """
    demand = await lock_demand(session, demand_id)
    advance(DEMAND_TRANSITIONS, state=demand.status, trigger=DemandTrigger.CHANGE)
    assert demand.terms is not None
    terms = replace(demand.terms, closes_at=closes_at, questions_until=questions_until)
    check_extension(terms, demand.terms, demand.content, now=now)
    changed = replace(demand, terms=terms, closes_at=closes_at)
    poster = await get_party(session, demand.party_id)
    return await _publish(
        session, changed, DemandNoticeKind.CHANGE, poster, actor, now, reason=reason
    )


async def _publish(
    session: AsyncSession,
    demand: Demand,
    kind: DemandNoticeKind,
    poster: Party,
    actor: Actor,
    now: datetime,
    **more: str,
) -> Demand:
    assert demand.closes_at is not None
    content = demand.content
    facts = posting_facts(demand, poster_name=poster.name)
    published = await publish_notice(
        session,
        demand,
        kind,
        facts | more,
        what="posted" if kind is DemandNoticeKind.POSTING else "changed",
        at=now,
        actor=actor.ref,
        closes_at=demand.closes_at,
        public={
            "title": content.title,
            "technology_field": content.technology_field,
            "region_code": poster.region_code,
            "budget": content.budget,
            "edition_id": demand.edition_id,
            "closes_at": demand.closes_at,
        },
    )
    await watch_close(session, published)
    return published


async def watch_close(session: AsyncSession, demand: Demand) -> None:
    """Set the timer of an open demand's deadline.

    A worker that has it in hand waits for this demand, and sets it anew itself.
    """
    assert demand.closes_at is not None
    if not await timers.is_in_hand(session, kind=CLOSE, subject_id=demand.id):
        await timers.schedule(
            session,
            market_id=demand.market_id,
            kind=CLOSE,
            subject_id=demand.id,
            due_at=demand.closes_at,
        )


async def revise_demand(
    session: AsyncSession, actor: Actor, demand_id: DemandId, *, now: datetime
) -> Demand:
    """Take an unanswered demand back to its poster, to be mended and posted anew.

    Raises:
        ObjectUnknown: There is no such demand.
        TransitionRefused: It was answered, or never posted.
    """
    demand = await lock_demand(session, demand_id)
    status = advance(DEMAND_TRANSITIONS, state=demand.status, trigger=DemandTrigger.REVISE)
    revised = replace(demand, status=status, bidding=None, ended_at=None)
    await repository.save(session, revised)
    await journal.append(
        session, demand_event(revised, "revised", actor=actor.ref, at=now, public={})
    )
    return revised


async def return_reviewed(
    session: AsyncSession, actor: Actor, demand_id: DemandId, *, reason: str | None, now: datetime
) -> Demand:
    """Return a reviewed demand to its poster, who wants to change it or has to.

    Raises:
        ObjectUnknown: There is no such demand.
        TransitionRefused: It is not reviewed.
        DemandReasonMissing: There is no reason.
    """
    demand = await lock_demand(session, demand_id)
    if demand.status is not DemandStatus.REVIEWED:
        advance(DEMAND_TRANSITIONS, state=demand.status, trigger=DemandTrigger.POST)
    status = advance(DEMAND_TRANSITIONS, state=demand.status, trigger=DemandTrigger.RETURN)
    returned = replace(demand, status=status, reason=require_reason(reason), bidding=None)
    await repository.save(session, returned)
    event = demand_event(
        returned, "returned", actor=actor.ref, at=now, restricted={"reason": reason}
    )
    await journal.append(session, event)
    return returned
