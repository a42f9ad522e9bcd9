"""Interrupt, resume, cancel, annul: with a reason, journaled with who and why (AU47, AU49)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.domain import control
from app.auctions.domain.ending import DealStands, Ground, check_resumption
from app.auctions.domain.model import BiddingState
from app.auctions.repository import auctions as repository
from app.auctions.repository.auctions import Auction
from app.auctions.service.create import DEADLINE_TIMER
from app.auctions.service.demand_results import lock_demand_of, void_for_demand
from app.auctions.service.events import auction_event
from app.auctions.service.offering import release
from app.auctions.service.publish import await_deadline
from app.auctions.service.staff import take
from app.auctions.vault import Vault
from app.platform import journal, timers
from app.platform.access import Actor
from app.settlement import public as settlement


async def pause_auction(
    session: AsyncSession, vault: Vault, actor: Actor, *, auction_id: UUID, reason: str
) -> tuple[Auction, datetime]:
    """Interrupt an auction; what was left of its phase is kept whole.

    Raises:
        AuctionNotAnnounced: Its listing is a draft.
        TransitionRefused: It does not run.
    """
    auction, now = await take(session, vault, auction_id)
    paused = control.pause(auction.state, at=now)
    return await _store(session, actor, auction, paused, "paused", now, {"reason": reason}), now


async def announce_resumption(
    session: AsyncSession,
    vault: Vault,
    actor: Actor,
    *,
    auction_id: UUID,
    resumes_at: datetime,
    reason: str,
) -> tuple[Auction, datetime]:
    """Announce when a paused auction goes on; announcing anew moves it.

    Raises:
        AuctionNotAnnounced: Its listing is a draft.
        TransitionRefused: It is not paused.
        ResumptionTooEarly: Names the earliest moment, the notice that the terms promise.
        ResumptionTooLate: Names the latest.
    """
    auction, now = await take(session, vault, auction_id)
    check_resumption(resumes_at, now=now)
    notice = timedelta(seconds=auction.state.terms.resumption_notice_s)
    state = control.announce_resumption(
        auction.state, resumes_at=resumes_at, now=now, notice=notice
    )
    public = {"reason": reason, "resumes_at": resumes_at}
    auction = await _store(session, actor, auction, state, "resumption_announced", now, public)
    await await_deadline(session, auction)
    return auction, now


async def cancel_auction(
    session: AsyncSession, vault: Vault, actor: Actor, *, auction_id: UUID, reason: str
) -> tuple[Auction, datetime]:
    """End an auction before it has a result (终结).

    Its listing fails and all deposits go back; its demand stays unanswered.

    Raises:
        AuctionNotAnnounced: Its listing is a draft.
        TransitionRefused: It has its result, or was cancelled.
    """
    auction, now = await take(session, vault, auction_id)
    state = control.cancel(auction.state, at=now)
    await timers.cancel(session, kind=DEADLINE_TIMER, subject_id=auction.id)
    return await _store(session, actor, auction, state, "cancelled", now, {"reason": reason}), now


async def annul_auction(
    session: AsyncSession,
    vault: Vault,
    actor: Actor,
    *,
    auction_id: UUID,
    ground: Ground,
    reason: str,
) -> tuple[Auction, datetime]:
    """Void a result: the listing fails, held deposits go back; the demand stays unanswered.

    Raises:
        AuctionNotAnnounced: Its listing is a draft.
        TransitionRefused: It has no result.
        DealStands: Its deal lives; names it. What was paid and who owes what is undone first.
        ResultStands: Its demand is contracted.

    Source: rules.md §3, annulment grounds; README, AU49, AU102.
    """
    demand = await lock_demand_of(session, auction_id)
    auction, now = await take(session, vault, auction_id)
    state = control.annul(auction.state)
    if demand is not None:
        await void_for_demand(session, demand, auction, actor, at=now)
    # A deal is opened under the auction's row lock, which is held here.
    if auction.deal_id is not None:
        deal = await settlement.get_deal(session, auction.deal_id)
        if deal.status is not settlement.DealStatus.DEFAULTED:
            raise DealStands("End the deal first.", deal_id=deal.id, deal_status=str(deal.status))
    await release(session, auction)  # the listing's failure gives the deposits back
    public = {"ground": ground, "reason": reason}
    return await _store(session, actor, auction, state, "annulled", now, public), now


async def _store(
    session: AsyncSession,
    actor: Actor,
    auction: Auction,
    state: BiddingState,
    what: str,
    now: datetime,
    public: Mapping[str, Any],
) -> Auction:
    after = replace(auction, state=state)
    await repository.save(session, after)
    await journal.append(
        session,
        auction_event(after, what, before=auction.state, at=now, actor=actor.ref, public=public),
    )
    return after
