"""What the result of a demand's auction does: it opens no deal, the demand announces it."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.domain.award import ranking
from app.auctions.domain.ending import DemandNotUnderReview, ResultStands
from app.auctions.domain.model import TRANSITIONS, Trigger
from app.auctions.domain.offering import Award, Outcome
from app.auctions.repository import auctions as repository
from app.auctions.repository import awards
from app.auctions.repository.auctions import Auction
from app.auctions.service.bidders import bidder_by_code
from app.auctions.service.events import auction_event, lot_of
from app.auctions.service.gather import for_closing
from app.auctions.service.publish import bring_up_to
from app.auctions.vault import Vault
from app.demands import public as demands
from app.platform import journal
from app.platform.access import Actor
from app.platform.clock import market_now
from app.platform.signing import Signer
from app.shared.jsonable import jsonable
from app.shared.transitions import advance


async def lock_demand_of(session: AsyncSession, auction_id: UUID) -> demands.Demand | None:
    """Lock and return the demand that an auction belongs to; ``None`` for a listing's.

    Its lock comes before the auction's, here and everywhere.

    Raises:
        AuctionUnknown: There is no such auction.
    """
    found = await repository.load(session, auction_id)
    if found.demand_id is None:
        return None
    return await demands.get_demand(session, found.demand_id, lock=True)


async def confirm_for_demand(
    session: AsyncSession,
    signer: Signer,
    vault: Vault,
    actor: Actor,
    demand: demands.Demand,
    auction_id: UUID,
) -> tuple[Auction, str]:
    """Confirm the awarded auction of a locked demand; return it with the signed confirmation.

    The confirmation fixes winner, price and ranking, and the demand announces the result with it.
    The contract is the demand's: it hears objections, and only then engages the winner.

    Raises:
        DemandNotUnderReview: It was withdrawn, or has another auction.
        TransitionRefused: The auction is not awarded.

    Source: rules.md §4 (review → result notice → contract); README, AU100.
    """
    waits = demand.status is demands.DemandStatus.EVALUATING
    if not waits or demand.auction_id != auction_id:
        raise DemandNotUnderReview(
            "Nothing waits for this result.", demand_id=demand.id, demand_status=str(demand.status)
        )
    auction = await repository.load(session, auction_id, lock=True)
    now = await market_now(session, auction.market_id)
    auction = await bring_up_to(session, vault, auction, now)
    before = auction.state
    status = advance(TRANSITIONS, state=before.status, trigger=Trigger.CONFIRM)
    full = await for_closing(session, vault, auction)
    places = ranking(full, await awards.best_bids(session, auction.id, sign=full.terms.sign))
    winner = await bidder_by_code(session, auction, places[0].bidder)
    assert winner is not None
    auction = replace(auction, state=replace(before, status=status), confirmed_at=now)
    await repository.save(session, auction)
    award = Award(
        place=0,
        party_id=winner.party_id,
        bidder_code=winner.bidder_code,
        amount=places[0].amount,
        outcome=Outcome.CONFIRMED,
    )
    await awards.add(session, auction.id, [award])
    confirmation = confirmation_of(auction)
    told = [{"bidder_code": place.bidder, "amount": place.amount} for place in places]
    parties = {"winner_id": winner.party_id, "poster_id": auction.seller_id}
    event = auction_event(
        auction,
        "confirmed",
        before=before,
        at=now,
        actor=actor.ref,
        public={**confirmation, "ranking": told},
        restricted=parties,
        audience=frozenset(parties.values()),
    )
    await journal.append(session, event)
    await demands.announce_bidding(session, demand, jsonable(told), at=now, actor=actor.ref)
    kid = await signer.active_kid(session)
    return auction, signer.sign(kid, confirmation)


async def void_for_demand(
    session: AsyncSession, demand: demands.Demand, auction: Auction, actor: Actor, *, at: datetime
) -> None:
    """Undo what a locked demand made of a result that is annulled in this transaction.

    Raises:
        ResultStands: Its winner works on it by contract.

    Source: README, AU102.
    """
    if demand.status in demands.WORKED_ON:
        raise ResultStands(
            "Let the engagement end first.", demand_id=demand.id, demand_status=str(demand.status)
        )
    if demand.auction_id == auction.id:
        await demands.void_bidding(session, demand, at=at, actor=actor.ref)


def confirmation_of(auction: Auction) -> dict[str, Any]:
    """Return what the exchange signs of a confirmed auction 成交确认书.

    Of a demand's auction it is the word on winner and price; there is no deal yet.
    """
    result: dict[str, Any] = jsonable(
        {
            "kind": "deal_confirmation" if auction.demand_id is None else "result_confirmation",
            "auction_id": auction.id,
            **lot_of(auction),
            "deal_id": auction.deal_id,
            "bidder_code": auction.state.leader,
            "start": auction.state.terms.start,
            "price": auction.state.leading,
            "confirmed_at": auction.confirmed_at,
        }
    )
    return result
