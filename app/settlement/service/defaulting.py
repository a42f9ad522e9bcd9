"""Declare that a side of a deal did not keep its word; money, deposit and charges follow.

Locks: the deal, then registrations, vouchers, the parties' accounts, and what belongs to the deal
alone (its escrow and fees).
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import public as ledger
from app.listings import public as listings
from app.listings.public import DepositUse, ForfeitureGround, Listing
from app.platform.access import Actor
from app.settlement import repository
from app.settlement.domain import keeping
from app.settlement.domain.deal import Deal, DefaultReason, Side
from app.settlement.domain.dues import first_unpaid_at
from app.settlement.domain.keeping import Breach, lost_deposit
from app.settlement.repository import dues
from app.settlement.service.charging import drop_charges
from app.settlement.service.settling import journal_deal
from app.settlement.service.vouching import undo_vouchers
from app.shared.money import Money

# Refusing in writing is not signing, or once signed not paying.
_GROUNDS: Final = {
    DefaultReason.NOT_SIGNED: ForfeitureGround.NOT_SIGNED,
    DefaultReason.NOT_PAID: ForfeitureGround.NOT_PAID,
    DefaultReason.FALSE_MATERIAL: ForfeitureGround.FALSE_MATERIAL,
    DefaultReason.COLLUSION: ForfeitureGround.COLLUSION,
}


async def default_deal(
    session: AsyncSession, actor: Actor, deal_id: UUID, breach: Breach, *, now: datetime
) -> Deal:
    """End a deal of which a side did not keep its word.

    By its buyer's default the deposit is lost and the rest goes back; by its seller's everything
    goes back, the deposit by the route it came, and nobody stays away from the achievement.

    Raises:
        TransitionRefused: It is settled, or ended before.
        DealPaid, DealSigned, DealRunsByMilestones, DefaultTooEarly: See `keeping.default`.

    Invariants: ST13, ST14, ST106, ST114, ST116, LS24, LS29. Source: rules.md D3, D4.
    """
    deal = await repository.get_deal(session, deal_id, lock=True)
    unpaid_at = first_unpaid_at(await dues.dues_of(session, deal.id))
    ended = keeping.default(deal, breach, unpaid_at=unpaid_at, now=now)
    await repository.save_deal(session, ended)
    listing = None
    if deal.listing_id is not None:
        listing = await listings.get_listing(session, deal.listing_id)
        if breach.side is Side.BUYER:
            await _lose_deposit(session, ended, listing, now=now, actor=actor)
    by_voucher = await undo_vouchers(session, ended, room=ended.returned, now=now, actor=actor)
    await _lock_sides(session, ended)
    lost = lost_deposit(ended)
    refunded = ended.returned - by_voucher
    await _empty_escrow(session, ended, lost, refunded, now=now, actor=actor)
    await drop_charges(session, ended, now=now, actor=actor)
    if listing is not None and breach.side is Side.SELLER:
        await _send_deposit_back(session, ended, listing, now=now, actor=actor)
    told = {
        "side": breach.side,
        "reason": ended.default_reason,
        "ground": breach.words,
        "price": deal.price,
        "forfeited": lost,
        "refunded": refunded,
        "vouchers_returned": by_voucher,
    }
    await journal_deal(session, ended, "defaulted", actor, now, restricted=told)
    return ended


async def _empty_escrow(
    session: AsyncSession,
    deal: Deal,
    lost: Money,
    refunded: Money,
    *,
    now: datetime,
    actor: Actor,
) -> None:
    assert deal.default_ground is not None
    if lost.amount_minor:  # an agreement takes none
        await ledger.forfeit_escrow(
            session,
            entry_id=keeping.forfeiture_entry_id(deal.id),
            market_id=deal.market_id,
            deal_id=deal.id,
            amount=lost,
            at=now,
            actor=actor,
            ground=deal.default_ground,
        )
    if refunded.amount_minor > 0:
        await ledger.refund_escrow(
            session,
            entry_id=keeping.refund_entry_id(deal.id),
            market_id=deal.market_id,
            deal_id=deal.id,
            party_id=deal.buyer_id,
            amount=refunded,
            at=now,
            actor=actor,
        )


async def _lose_deposit(
    session: AsyncSession, deal: Deal, listing: Listing, *, now: datetime, actor: Actor
) -> None:
    """Note the buyer's loss; a bond, which lies outside the escrow, is taken here."""
    assert deal.registration_id is not None  # a listing's
    assert deal.default_reason is not None
    assert deal.default_ground is not None
    signed = deal.signed_at is not None
    refusal = ForfeitureGround.NOT_PAID if signed else ForfeitureGround.NOT_SIGNED
    ground = _GROUNDS.get(deal.default_reason, refusal)
    if listing.deposit_becomes is DepositUse.PERFORMANCE_BOND:
        await listings.forfeit_deposits(
            session,
            listing,
            [deal.buyer_id],
            ground=ground,
            words=deal.default_ground,
            at=now,
            actor=actor,
            deal_id=deal.id,
            lock_with={deal.seller_id},
        )
        return
    # Before the ledger's locks: registrations come first everywhere.
    await listings.record_forfeiture(
        session,
        listing,
        deal.registration_id,
        deal_id=deal.id,
        amount=deal.forfeitable,
        ground=ground,
        words=deal.default_ground,
        at=now,
        actor=actor,
    )


async def _send_deposit_back(
    session: AsyncSession, deal: Deal, listing: Listing, *, now: datetime, actor: Actor
) -> None:
    """Order the deposit back by its own route; the rest of the money waits in the buyer's funds."""
    if listing.deposit_becomes is DepositUse.PERFORMANCE_BOND:
        await listings.return_bond(session, deal.id, at=now, actor=actor)
    elif deal.deposit.amount_minor:
        assert deal.registration_id is not None
        await listings.return_price(
            session, listing, deal.registration_id, deal.deposit, at=now, actor=actor
        )


async def _lock_sides(session: AsyncSession, deal: Deal) -> None:
    await ledger.lock_parties(
        session,
        market_id=deal.market_id,
        party_ids={deal.buyer_id, deal.seller_id},
        currency=deal.price.currency,
    )
