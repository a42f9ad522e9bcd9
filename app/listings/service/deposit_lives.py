"""Read a deposit's life from journal and ledger, for its party and the market's staff."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import public as ledger
from app.listings.domain.deposit import Deposit, DepositUse, Earnest, earnest_of
from app.listings.domain.deposit_life import DepositLife, Told, tell_life
from app.listings.domain.registration import Registration
from app.listings.repository import deposits, notices
from app.listings.service.publishing import require_listing
from app.listings.service.registering import require_registration
from app.platform import journal
from app.platform.access import ObjectUnknown
from app.platform.journal import JournalEvent
from app.shared.ids import HoldId, RegistrationId
from app.shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositSeen:
    """A deposit with its life, and what its party had been shown.

    Attributes:
        becomes: What the notice says that the winner's becomes.
        held: What the ledger holds of it now.
        on_its_way: What is ordered at the bank and not paid yet.
        terms: The forfeiture terms as accepted, word for word.
        earnest: How far it has the effect of 定金.
    """

    deposit: Deposit
    registration: Registration
    life: DepositLife
    becomes: DepositUse
    overdue: bool
    held: Money
    on_its_way: Money
    terms: str | None
    notice_number: str | None
    earnest: Earnest | None


async def read_deposit(
    session: AsyncSession, registration_id: RegistrationId, *, now: datetime
) -> DepositSeen:
    """Return a registration's deposit and how it came to stand where it does.

    Raises:
        ObjectUnknown: There is no such registration, or it owes no deposit (yet).

    Source: rules.md D1–D5, L11; README, LS27.
    """
    registration = await require_registration(session, registration_id)
    deposit = await deposits.find_deposit(session, registration_id)
    if deposit is None:
        raise ObjectUnknown("The registration owes no deposit.")
    listing = await require_listing(session, registration.listing_id)
    events = [_told(event) for event in await journal.history(session, registration_id)]
    life = tell_life(events)
    nothing = Money(0, deposit.amount.currency)
    on_its_way = nothing
    if life.refund is not None:
        order_id = UUID(life.refund.order_id)
        orders = await journal.history(session, order_id)
        life = tell_life([*events, *(_told(event) for event in orders)])
        on_its_way = await ledger.outgoing_of(
            session,
            market_id=deposit.market_id,
            order_id=order_id,
            currency=deposit.amount.currency,
        )
    held = nothing
    if life.arrival is not None:
        hold = await ledger.get_hold(session, HoldId(registration_id))
        held = hold.amount if hold.state is ledger.HoldState.HELD else nothing
    shown = await notices.find_accepted(session, listing.id, registration.accepted_terms_hash)
    policy = listing.policy
    return DepositSeen(
        deposit=deposit,
        registration=registration,
        life=life,
        becomes=listing.deposit_becomes,
        overdue=deposit.is_overdue(now),
        held=held,
        on_its_way=on_its_way,
        terms=None if shown is None else shown.content["forfeiture_terms"],
        notice_number=None if shown is None else shown.number,
        earnest=None
        if policy is None
        else earnest_of(
            deposit.amount,
            await _value(session, deposit) or listing.floor,
            share_bp=policy.earnest_share_bp,
        ),
    )


async def _value(session: AsyncSession, deposit: Deposit) -> Money | None:
    """Return the price of the deal that a deposit was bound to, as it was published."""
    if deposit.deal_id is None:
        return None
    for event in await journal.history(session, deposit.deal_id):
        if event.type == "deal.opened":
            return Money.parse(event.public["price"]["amount"], event.public["price"]["currency"])
    return None


def _told(event: JournalEvent) -> Told:
    return Told(
        event.type, event.market_at, str(event.restricted.get("actor", "")), event.restricted
    )
