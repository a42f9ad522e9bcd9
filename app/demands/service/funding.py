"""Money of an engagement: what leaves its deal's escrow, when, and once."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.engagement import Engagement, Transfer, settle_now
from app.demands.repository import engagements as repository
from app.demands.service.engaging import tell
from app.ledger import public as ledger
from app.shared.money import Money


async def escrow_of(session: AsyncSession, engagement: Engagement) -> Money:
    """Return what lies in the escrow of an engagement's deal, its parties' accounts locked.

    Under the demand's lock only this module takes from that escrow, but for the default of a
    deal that is not signed; a payment that arrives later is told by its own event.
    """
    if engagement.deal_id is None:
        return engagement.nothing
    currency = engagement.price.currency
    await ledger.lock_parties(
        session,
        market_id=engagement.market_id,
        party_ids=engagement.parties,
        currency=currency,
    )
    return await ledger.escrow_of(
        session, market_id=engagement.market_id, deal_id=engagement.deal_id, currency=currency
    )


async def move_money(
    session: AsyncSession, engagement: Engagement, *, cause_id: UUID, at: datetime, actor: str
) -> Engagement:
    """Pay what is due as far as the escrow goes, and give back what an end has left over.

    The caller holds the demand's lock and has saved the engagement. Entry ids follow from
    milestones and causes, so nothing is booked twice.

    Args:
        cause_id: Of what brought this about: the engagement that ends, or an arrived payment.

    Invariants: DM81, DM82, DM83.
    """
    escrow = await escrow_of(session, engagement)
    moved, transfers = settle_now(engagement, escrow, cause_id=cause_id, now=at)
    if moved != engagement:
        await repository.save(session, moved, before=engagement)
    for transfer in transfers:
        if not transfer.amount.amount_minor:
            continue  # a part of nothing: no entry, and none to be told of
        await _book(session, moved, transfer, at=at, actor=actor)
        told = {
            "amount": transfer.amount,
            "entry_id": transfer.entry_id,
            "milestone": transfer.place,
            "finished": moved.finished,
        }
        what = "returned" if transfer.back else "released"
        await tell(session, moved, what, at=at, actor=actor, more=told)
    return moved


async def _book(
    session: AsyncSession, engagement: Engagement, transfer: Transfer, *, at: datetime, actor: str
) -> None:
    assert engagement.deal_id is not None  # there was an escrow
    if transfer.back:
        await ledger.refund_escrow(
            session,
            entry_id=transfer.entry_id,
            market_id=engagement.market_id,
            deal_id=engagement.deal_id,
            party_id=engagement.poster_id,
            amount=transfer.amount,
            at=at,
            actor=actor,
        )
        return
    await ledger.settle_escrow(
        session,
        entry_id=transfer.entry_id,
        market_id=engagement.market_id,
        deal_id=engagement.deal_id,
        seller_id=engagement.solver_id,
        amount=transfer.amount,
        at=at,
        actor=actor,
    )
