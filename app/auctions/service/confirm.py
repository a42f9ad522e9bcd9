"""Confirm the winner: the moment at which the contract exists."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.domain.model import TRANSITIONS, Trigger
from app.auctions.repository import auctions as repository
from app.auctions.repository.auctions import Auction
from app.auctions.service.events import auction_event
from app.auctions.service.publish import bring_up_to
from app.auctions.service.rights import evidence
from app.auctions.vault import Vault
from app.listings import public as listings
from app.platform import journal
from app.platform.access import Actor
from app.platform.clock import market_now
from app.platform.signing import Signer
from app.settlement import public as settlement
from app.shared.jsonable import jsonable
from app.shared.transitions import advance


async def confirm_auction(
    session: AsyncSession, signer: Signer, vault: Vault, actor: Actor, *, auction_id: UUID
) -> tuple[Auction, str]:
    """Confirm an awarded auction, open its deal, return it with the signed confirmation 成交确认书.

    The clock is read behind the row lock: a moment from before the wait could lie before the
    end of the bidding.

    Raises:
        TransitionRefused: It is not awarded: still running, failed, or confirmed before.
        PriorityUndecided: There is no record of what a holder of a priority right decided.

    Source: 民法典合同编通则解释 4: the contract exists when the electronic system confirms.
    """
    auction = await repository.load(session, auction_id, lock=True)
    now = await market_now(session, auction.market_id)
    auction = await bring_up_to(session, vault, auction, now)
    state = auction.state
    status = advance(TRANSITIONS, state=state.status, trigger=Trigger.CONFIRM)
    assert state.leader is not None
    assert state.leading is not None
    winner = await listings.depositor_by_code(session, auction.listing_id, state.leader)
    assert winner is not None
    rights = await evidence(session, auction, winner.party_id)
    deal_id = await settlement.open_deal(
        session,
        listing_id=auction.listing_id,
        buyer_id=winner.party_id,
        registration_id=winner.id,
        price=state.leading,
        source="auction",
        source_id=auction.id,
        confirmed_at=now,
        actor=actor,
    )
    auction = replace(
        auction, state=replace(state, status=status), confirmed_at=now, deal_id=deal_id
    )
    await repository.save(session, auction)
    confirmation = _confirmation(auction)
    await journal.append(
        session,
        auction_event(
            auction,
            "confirmed",
            before=state,
            at=now,
            actor=actor.ref,
            public=confirmation,
            restricted={"buyer_id": winner.party_id, "seller_id": auction.seller_id, **rights},
            audience=frozenset({winner.party_id, auction.seller_id}),
        ),
    )
    kid = await signer.active_kid(session)
    return auction, signer.sign(kid, confirmation)


def _confirmation(auction: Auction) -> dict[str, Any]:
    result: dict[str, Any] = jsonable(
        {
            "kind": "deal_confirmation",
            "auction_id": auction.id,
            "listing_id": auction.listing_id,
            "deal_id": auction.deal_id,
            "bidder_code": auction.state.leader,
            "start": auction.state.terms.start,
            "price": auction.state.leading,
            "confirmed_at": auction.confirmed_at,
        }
    )
    return result
