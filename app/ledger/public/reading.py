"""What lies where; and the lock of several parties' accounts."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import repository
from app.ledger.domain.accounts import (
    AccountKey,
    Purpose,
    escrow_account,
    forfeited_account,
    funds_account,
    outgoing_account,
    suspense_account,
)
from app.ledger.domain.holds import Hold
from app.ledger.domain.trial import TrialLine
from app.platform.access import Owner
from app.shared.ids import AccountId, DealId, HoldId, MarketId, PartyId
from app.shared.money import Money


async def lock_parties(
    session: AsyncSession, *, market_id: MarketId, party_ids: Collection[PartyId], currency: str
) -> None:
    """Lock the accounts of several parties in id order before a use case books many entries.

    Two use cases that touch the same parties in different order would else wait for each other.
    """
    accounts = await repository.open_accounts(
        session,
        {
            AccountKey(market_id, purpose, currency, party_id=party_id)
            for party_id in party_ids
            for purpose in (Purpose.FUNDS, Purpose.HELD)
        },
    )
    await repository.lock_accounts(session, [account.id for account in accounts.values()])


async def balance(
    session: AsyncSession, account_id: AccountId, at: datetime | None = None
) -> Money | None:
    """Return an account's balance on its normal side, or ``None`` if there is no such account.

    Args:
        at: Market moment; entries at it count. ``None`` means all entries.
    """
    account = await repository.get_account(session, account_id)
    if account is None:
        return None
    sums = await repository.debit_sums(session, [account_id], at=at)
    return account.key.shown(sums[account_id])


async def _balance_of(session: AsyncSession, key: AccountKey) -> Money:
    account = (await repository.find_accounts(session, [key])).get(key)
    if account is None:
        return Money(0, key.currency)
    return key.shown((await repository.debit_sums(session, [account.id]))[account.id])


async def funds_of(
    session: AsyncSession, *, market_id: MarketId, party_id: PartyId, currency: str = "CNY"
) -> Money:
    """Return what a party is free to use."""
    return await _balance_of(session, funds_account(market_id, party_id, currency))


async def escrow_of(
    session: AsyncSession, *, market_id: MarketId, deal_id: DealId, currency: str = "CNY"
) -> Money:
    """Return what is kept for a deal."""
    return await _balance_of(session, escrow_account(market_id, deal_id, currency))


async def forfeited_of(
    session: AsyncSession, *, market_id: MarketId, currency: str = "CNY"
) -> Money:
    """Return what a market's parties have lost."""
    return await _balance_of(session, forfeited_account(market_id, currency))


async def suspense_of(
    session: AsyncSession, *, market_id: MarketId, arrival_id: UUID, currency: str = "CNY"
) -> Money:
    """Return what of an arrival is nobody's yet."""
    return await _balance_of(session, suspense_account(market_id, arrival_id, currency))


async def outgoing_of(
    session: AsyncSession, *, market_id: MarketId, order_id: UUID, currency: str = "CNY"
) -> Money:
    """Return what a payment order sends and the bank has not paid yet."""
    return await _balance_of(session, outgoing_account(market_id, order_id, currency))


async def get_hold(session: AsyncSession, hold_id: HoldId) -> Hold:
    """Return a hold.

    Raises:
        HoldUnknown: No such hold.
    """
    return await repository.get_hold(session, hold_id)


async def trial_balance(session: AsyncSession, market_id: MarketId) -> tuple[TrialLine, ...]:
    """Return a market's accounts summed by purpose and currency; `totals` of it are zero (G2)."""
    return await repository.trial_lines(session, market_id)


async def owner_of_account(session: AsyncSession, account_id: UUID) -> Owner | None:
    """Return whose an account is; the exchange's own belong to no party."""
    account = await repository.get_account(session, account_id)
    if account is None:
        return None
    party_id = account.key.party_id
    return Owner(account.key.market_id, frozenset() if party_id is None else frozenset({party_id}))
