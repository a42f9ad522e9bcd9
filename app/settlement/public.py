"""What other modules may use of settlement."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.access import Actor, Owner
from app.settlement import repository
from app.settlement.domain.deal import Deal, DealStatus, DefaultReason, Side
from app.settlement.domain.keeping import Breach
from app.settlement.domain.payment import Payment, same_name
from app.settlement.repository.vouchers import owner_of_voucher
from app.settlement.service import defaulting, keeping, opening
from app.settlement.service.linting import LintedFile, lint_content, template
from app.settlement.service.owing import PaymentDue, payments_due
from app.settlement.service.paying import record_payment
from app.settlement.service.verifying import is_certificate, verify_certificate
from app.shared.ids import DealId, ListingId, PartyId, RegistrationId
from app.shared.money import Money

__all__ = [
    "Deal",
    "DealStatus",
    "DefaultReason",
    "LintedFile",
    "Payment",
    "PaymentDue",
    "Side",
    "confirmed_at_of",
    "deals_of",
    "default_deal",
    "get_deal",
    "is_certificate",
    "lint_content",
    "lock_deals",
    "open_deal",
    "owner_of_deal",
    "owner_of_voucher",
    "payments_due",
    "record_payment",
    "record_signing",
    "same_name",
    "template",
    "verify_certificate",
]


async def open_deal(
    session: AsyncSession,
    *,
    listing_id: ListingId,
    buyer_id: PartyId,
    registration_id: RegistrationId,
    price: Money,
    source: str,
    source_id: UUID,
    confirmed_at: datetime,
    actor: Actor,
    standby: frozenset[PartyId] = frozenset(),
) -> DealId:
    """Open the deal of a listing: the winner's deposit becomes a part of the price.

    The others' deposits are paid back at once, by the route they came and without interest;
    those on standby when the buyer has signed or the price is paid. A listing whose last deal
    ended in default is sold anew, also before it has heard of that.
    Journals ``deal.opened``, public with listing, price, start and premium rate; the listing
    learns of its sale from that event.

    Args:
        registration_id: The buyer's registration, whose id is also its deposit's hold.
        price: At least the listing's floor.
        source, source_id: What found the price, e.g. ``auction`` and its id.
        confirmed_at: The market moment at which the contract exists.
        standby: Who would buy if the buyer defaults (候补); may name the buyer, too.

    Raises:
        DealExists: The listing has its living deal.
        ListingNotForSale: Its disclosure runs, or it has its outcome.
        BuyerWithoutDeposit: The buyer's registration holds no deposit here, or no more.
        PriceBelowFloor: Names the floor.

    Invariants: ST1, ST8. Source: rules.md D5; 民法典合同编通则解释 4.
    """
    return await opening.open_deal(
        session,
        listing_id=listing_id,
        buyer_id=buyer_id,
        registration_id=registration_id,
        price=price,
        source=source,
        source_id=source_id,
        confirmed_at=confirmed_at,
        actor=actor,
        standby=standby,
    )


async def record_signing(
    session: AsyncSession,
    *,
    deal_id: DealId,
    signed_at: datetime,
    at: datetime,
    actor: Actor,
    text_hash: str | None = None,
) -> Deal:
    """Record that both parties have signed; standby deposits go back in the same transaction.

    Journals ``deal.signed``, public with listing and ``signed_at``.

    Args:
        signed_at: Between the confirmation and ``at``.
        at: The market's now.
        text_hash: SHA-256 of the signed text.

    Raises:
        ObjectUnknown: No such deal.
        TransitionRefused: It ended in default.
        DealSigned: It was signed before.
        SigningOutOfRange: Names the range.

    Invariant: ST12.
    """
    return await keeping.record_signing(
        session, actor, deal_id, signed_at=signed_at, text_hash=text_hash, now=at
    )


async def default_deal(
    session: AsyncSession,
    *,
    deal_id: DealId,
    ground: str,
    at: datetime,
    actor: Actor,
    refused: bool = False,
    side: Side = Side.BUYER,
    finding: DefaultReason | None = None,
) -> Deal:
    """Declare a side of a deal in default: by a buyer's its deposit is lost, the rest goes back.

    By a seller's everything goes back, and the listing ends.

    Journals ``deal.defaulted``, public with the listing only; the listing comes back from that
    event. Standby deposits stay held.

    Args:
        ground: The operator's reason, 1 to 2000 characters; the buyer reads it.
        refused: The side refused in writing; without that the deadline must be over.
        finding: False material or collusion, which need no deadline.

    Raises:
        ObjectUnknown: No such deal.
        TransitionRefused: It is settled, or ended before.
        DefaultTooEarly: Names the earliest moment.

    Invariants: ST13, ST14. Source: rules.md D3, D4.
    """
    breach = Breach(side=side, words=ground, refused=refused, finding=finding)
    return await defaulting.default_deal(session, actor, deal_id, breach, now=at)


async def deals_of(session: AsyncSession, listing_id: ListingId) -> Sequence[Deal]:
    """Return a listing's deals in the order they were opened; all but the last are in default."""
    return await repository.deals_of(session, listing_id)


async def confirmed_at_of(
    session: AsyncSession, listing_ids: Collection[ListingId]
) -> Mapping[ListingId, datetime]:
    """Return when the deals of sold listings were confirmed, but for defaults, in one query.

    Each was published as ``deal.opened`` with its listing.
    """
    return await repository.confirmed_at_of(session, listing_ids)


async def lock_deals(session: AsyncSession, deal_ids: Collection[UUID]) -> Collection[Deal]:
    """Lock deals in id order before a use case books for several of them.

    Raises:
        ObjectUnknown: One of them does not exist.
    """
    return (await repository.lock_deals(session, set(deal_ids))).values()


async def get_deal(session: AsyncSession, deal_id: DealId) -> Deal:
    """Return a deal.

    Raises:
        ObjectUnknown: There is none.
    """
    return await repository.get_deal(session, deal_id)


async def owner_of_deal(session: AsyncSession, deal_id: UUID) -> Owner | None:
    """Return a deal's market, with its seller and buyer."""
    return await repository.owner_of_deal(session, deal_id)
