"""What becomes of prize money when a challenge event ends; the caller holds the event's lock."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.challenge import Challenge
from app.demands.domain.challenge_results import PrizeAwarded
from app.demands.repository import challenge_results as repository
from app.ledger import public as ledger
from app.platform.access import Actor
from app.shared.ids import EntryId, new_id


async def check_cancellable(session: AsyncSession, challenge: Challenge) -> None:
    """Refuse to cancel an event of which a prize was given.

    Raises:
        PrizeAwarded: One was; finish the event instead.

    Invariant: DM127.
    """
    if await repository.awards_of(session, challenge.id):
        raise PrizeAwarded("A prize was given: finish the event instead.")


async def return_funds(
    session: AsyncSession, challenge: Challenge, *, actor: Actor, now: datetime
) -> None:
    """Give every sponsor back what its prizes have left.

    The sponsors' accounts are locked all at once: another event's may come in another order.

    Invariant: DM127.
    """
    funds = await repository.funds_of(session, challenge.id)
    for currency in sorted({fund.amount.currency for fund in funds}):
        await ledger.lock_parties(
            session,
            market_id=challenge.market_id,
            party_ids={fund.party_id for fund in funds},
            currency=currency,
        )
    for fund in funds:
        left = await ledger.escrow_of(
            session,
            market_id=challenge.market_id,
            deal_id=fund.escrow_id,
            currency=fund.amount.currency,
        )
        if left.amount_minor:
            await ledger.refund_escrow(
                session,
                entry_id=EntryId(new_id()),
                market_id=challenge.market_id,
                deal_id=fund.escrow_id,
                party_id=fund.party_id,
                amount=left,
                at=now,
                actor=actor,
            )
        await repository.note_return(session, challenge.id, fund, left=left, at=now)
