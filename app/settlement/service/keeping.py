"""Record the signing of a deal; note what a re-run brought less."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.listings import public as listings
from app.listings.public import Listing
from app.platform.access import Actor
from app.settlement import repository
from app.settlement.domain import keeping
from app.settlement.domain.deal import Deal, Side
from app.settlement.service.effects import take_effect
from app.settlement.service.settling import journal_deal


async def record_signing(
    session: AsyncSession,
    actor: Actor,
    deal_id: UUID,
    *,
    signed_at: datetime,
    text_hash: str | None,
    now: datetime,
    naming_consent: bool = False,
) -> Deal:
    """Note that both parties have signed; who stood by for a default gets the deposit back.

    Without an open condition the contract takes effect by that (ST44).

    Args:
        naming_consent: The buyer lets the result notice name it (ST42).

    Raises:
        TransitionRefused, DealSigned, SigningOutOfRange: See `keeping.sign`.
    """
    deal = await repository.get_deal(session, deal_id, lock=True)
    signed = keeping.sign(deal, signed_at=signed_at, text_hash=text_hash, now=now)
    await repository.save_deal(session, signed)
    # Here and not by a reaction: the deal's lock keeps a default from coming between.
    if deal.listing_id is not None:
        listing = await listings.get_listing(session, deal.listing_id)
        await listings.return_deposits(session, listing, at=now, actor=actor)
    told = {"signed_at": signed_at}
    kept = {"signed_text_hash": text_hash, "naming_consent": naming_consent}
    await journal_deal(session, signed, "signed", actor, now, public=told, restricted=kept)
    return await take_effect(session, signed, now=now, actor=actor)


async def note_shortfalls(
    session: AsyncSession, listing: Listing, resale: Deal, *, actor: Actor | str
) -> None:
    """Note what those owe who defaulted on this achievement in an earlier listing (ST16).

    Not those of the same listing: its next bidder buys in the same auction, not in a re-run.
    """
    offers = await listings.listings_of_achievement(session, listing.achievement_id)
    for earlier in await repository.lock_defaulted(session, offers - {listing.id}):
        if earlier.default_side is not Side.BUYER:
            continue  # its seller broke its word
        if earlier.price.currency != resale.price.currency:
            continue  # nobody fixed a rate for this
        short = keeping.fall_short(earlier, resold_at=resale.price)
        await repository.save_deal(session, short)
        told = {"shortfall": short.shortfall, "resold_at": resale.price, "resale_id": resale.id}
        await journal_deal(
            session, short, "shortfall_noted", actor, resale.confirmed_at, restricted=told
        )
