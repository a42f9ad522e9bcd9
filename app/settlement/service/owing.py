"""What buyers owe, as an arrival at the bank is judged by it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.settlement.domain.deal import DealStatus
from app.settlement.domain.dues import owed
from app.settlement.repository import dues as due_rows
from app.settlement.repository import owing as repository
from app.shared.ids import DealId, MarketId, PartyId
from app.shared.money import Money


@dataclass(frozen=True, slots=True)
class PaymentDue:
    """What a deal's buyer owes.

    Attributes:
        owed: The most that the schedule takes now.
        open: Whether anything is owed.
    """

    deal_id: DealId
    number: str
    buyer_id: PartyId
    owed: Money
    open: bool


async def payments_due(
    session: AsyncSession,
    market_id: MarketId,
    *,
    deal_ids: Collection[UUID],
    numbers: Collection[str],
    buyer_ids: Collection[PartyId],
    amount: Money | None,
    limit: int,
) -> Sequence[PaymentDue]:
    """Return what the deals named owe, and those that may owe it: by buyer, or by amount.

    Those named by id or by number come also if nothing is owed (any more).
    """
    deals = await repository.find_deals(
        session,
        market_id,
        deal_ids=deal_ids,
        numbers=numbers,
        buyer_ids=buyer_ids,
        amount=amount,
        limit=limit,
    )
    dues = await due_rows.dues_of_deals(session, [deal.id for deal in deals])
    found = []
    for deal in deals:
        signed = deal.signed_at is not None
        rest = owed(dues[deal.id], currency=deal.price.currency, signed=signed)
        over = deal.status is DealStatus.DEFAULTED
        found.append(
            PaymentDue(
                deal.id, deal.number, deal.buyer_id, rest, rest.amount_minor > 0 and not over
            )
        )
    return found
