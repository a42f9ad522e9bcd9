"""Confirm a winner: the moment at which the contract exists."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.domain.award import award_queue
from app.auctions.domain.model import TRANSITIONS, Trigger
from app.auctions.domain.offering import Award, Outcome
from app.auctions.repository import auctions as repository
from app.auctions.repository import awards
from app.auctions.repository.auctions import Auction
from app.auctions.service.bidders import bidders_of
from app.auctions.service.demand_results import (
    confirm_for_demand,
    confirmation_of,
    lock_demand_of,
)
from app.auctions.service.events import OF_TRIGGER, auction_event
from app.auctions.service.gather import for_closing
from app.auctions.service.publish import bring_up_to
from app.auctions.service.rights import evidence
from app.auctions.vault import Vault
from app.listings import public as listings
from app.platform import journal
from app.platform.access import Actor
from app.platform.clock import market_now
from app.platform.signing import Signer
from app.settlement import public as settlement
from app.shared.ids import PartyId
from app.shared.transitions import advance


async def confirm_auction(
    session: AsyncSession, signer: Signer, vault: Vault, actor: Actor, *, auction_id: UUID
) -> tuple[Auction, str]:
    """Confirm an awarded auction, open its deal, return it with the signed confirmation 成交确认书.

    A demand's auction opens none: see `demand_results.confirm_for_demand`.

    Fixes the award queue, whose standby deposits wait until the winner has signed. The clock is
    read behind the row lock: a moment from before the wait could lie before the end of the
    bidding.

    Raises:
        TransitionRefused: It is not awarded: still running, failed, or confirmed before.
        PriorityUndecided: There is no record of what a holder of a priority right decided.
        DemandNotUnderReview: Its demand has moved on.

    Source: 民法典合同编通则解释 4: the contract exists when the electronic system confirms;
        rules.md §2, D4, D5.
    """
    demand = await lock_demand_of(session, auction_id)
    if demand is not None:
        return await confirm_for_demand(session, signer, vault, actor, demand, auction_id)
    auction = await repository.load(session, auction_id, lock=True)
    now = await market_now(session, auction.market_id)
    auction = await bring_up_to(session, vault, auction, now)
    advance(TRANSITIONS, state=auction.state.status, trigger=Trigger.CONFIRM)
    winner, *standby = await _queue(session, vault, auction)
    auction, confirmation = await conclude(
        session,
        signer,
        actor,
        auction,
        winner,
        trigger=Trigger.CONFIRM,
        standby=standby,
        now=now,
    )
    sold = replace(winner, outcome=Outcome.CONFIRMED, deal_id=auction.deal_id)
    await awards.add(session, auction.id, [sold, *standby])
    return auction, confirmation


async def conclude(
    session: AsyncSession,
    signer: Signer,
    actor: Actor,
    auction: Auction,
    award: Award,
    *,
    trigger: Trigger,
    standby: list[Award],
    now: datetime,
) -> tuple[Auction, str]:
    """Sell a locked auction's lot to a place of its queue; return it with the confirmation.

    Args:
        trigger: ``CONFIRM`` for the winner, ``OPT_IN`` for who stood by.
        standby: The places that wait behind it.

    Raises:
        TransitionRefused: Not in this state.
        PriorityUndecided: See `rights.evidence`.
        BuyerWithoutDeposit: The deposit is not held any more.
    """
    before = auction.state
    status = advance(TRANSITIONS, state=before.status, trigger=trigger)
    assert auction.listing_id is not None
    buyer = await listings.depositor_by_code(session, auction.listing_id, award.bidder_code)
    assert buyer is not None
    rights = await evidence(session, auction, award.party_id)
    deal_id = await settlement.open_deal(
        session,
        listing_id=auction.listing_id,
        buyer_id=award.party_id,
        registration_id=buyer.id,
        price=award.amount,
        source="auction",
        source_id=auction.id,
        confirmed_at=now,
        actor=actor,
        standby=frozenset(waiting.party_id for waiting in standby),
    )
    state = replace(before, status=status, leader=award.bidder_code, leading=award.amount)
    auction = replace(auction, state=state, confirmed_at=now, deal_id=deal_id)
    await repository.save(session, auction)
    confirmation = confirmation_of(auction)
    parties = {"buyer_id": award.party_id, "seller_id": auction.seller_id}
    await journal.append(
        session,
        auction_event(
            auction,
            OF_TRIGGER[trigger],
            before=before,
            at=now,
            actor=actor.ref,
            public={**confirmation, "standby": [waiting.bidder_code for waiting in standby]},
            restricted={**parties, **rights, "queue": _told([award, *standby])},
            audience=frozenset(parties.values()),
        ),
    )
    kid = await signer.active_kid(session)
    return auction, signer.sign(kid, confirmation)


async def _queue(session: AsyncSession, vault: Vault, auction: Auction) -> list[Award]:
    full = await for_closing(session, vault, auction)
    trail = await awards.best_bids(session, auction.id, sign=full.terms.sign)
    bidders = await bidders_of(session, auction, None)
    parties: dict[str, PartyId] = {it.bidder_code: party for party, it in bidders.items()}
    return [
        Award(
            place=number,
            party_id=parties[place.bidder],
            bidder_code=place.bidder,
            amount=place.amount,
        )
        for number, place in enumerate(award_queue(full, trail))
    ]


def _told(queue: list[Award]) -> list[dict[str, Any]]:
    return [
        {
            "place": award.place,
            "party_id": award.party_id,
            "bidder_code": award.bidder_code,
            "amount": award.amount,
        }
        for award in queue
    ]
