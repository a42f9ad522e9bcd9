"""What other modules may do with money.

Every id comes from the caller and is the idempotency key: repeating a call with the same
content does nothing, with other content it raises a `Conflict`. ``at`` is the market's moment.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import repository, service
from app.ledger.domain.accounts import AccountKey, InsufficientFunds, Purpose
from app.ledger.domain.entries import Entry, EntryKind, transfer
from app.ledger.domain.holds import Hold, HoldState
from app.ledger.domain.trial import TrialLine, totals
from app.ledger.service import ActorRef, reverse
from app.platform.access import Owner
from app.shared.ids import AccountId, DealId, EntryId, HoldId, MarketId, PartyId
from app.shared.money import Money

__all__ = [
    "Hold",
    "HoldState",
    "InsufficientFunds",
    "TrialLine",
    "balance",
    "capture",
    "escrow_of",
    "forfeit",
    "forfeit_escrow",
    "forfeited_of",
    "funds_of",
    "get_hold",
    "hold",
    "lock_parties",
    "owner_of_account",
    "pay_into_escrow",
    "pay_out",
    "receive",
    "refund_escrow",
    "release",
    "reverse",
    "settle_escrow",
    "totals",
    "trial_balance",
]


def _bank(market_id: MarketId, currency: str) -> AccountKey:
    return AccountKey(market_id, Purpose.BANK, currency)


def _funds(market_id: MarketId, party_id: PartyId, currency: str) -> AccountKey:
    return AccountKey(market_id, Purpose.FUNDS, currency, party_id=party_id)


def _escrow(market_id: MarketId, deal_id: DealId, currency: str) -> AccountKey:
    return AccountKey(market_id, Purpose.ESCROW, currency, subject_id=deal_id)


def _forfeited(market_id: MarketId, currency: str) -> AccountKey:
    return AccountKey(market_id, Purpose.FORFEITED, currency)


async def receive(
    session: AsyncSession,
    *,
    entry_id: EntryId,
    market_id: MarketId,
    party_id: PartyId,
    amount: Money,
    reference: str,
    at: datetime,
    actor: ActorRef,
) -> None:
    """Book money that the bank received from a party: bank → its funds.

    Raises:
        AmountNotPositive: Zero or below.
        EntryDiffers: The id was used for another movement.
    """
    legs = transfer(
        debit=_bank(market_id, amount.currency),
        credit=_funds(market_id, party_id, amount.currency),
        amount=amount,
    )
    entry = Entry(
        id=entry_id, market_id=market_id, kind=EntryKind.RECEIPT, legs=legs, reference=reference
    )
    await service.book(session, entry, at=at, actor=actor)


async def hold(
    session: AsyncSession,
    *,
    hold_id: HoldId,
    market_id: MarketId,
    party_id: PartyId,
    amount: Money,
    subject_id: UUID,
    at: datetime,
    actor: ActorRef,
) -> None:
    """Keep a part of a party's funds as a deposit: funds → held.

    Args:
        subject_id: What the deposit is for, e.g. the listing.

    Raises:
        InsufficientFunds: The party's funds are less; says what is there.
        HoldDiffers: The id was used for another hold.
    """
    asked = Hold(
        id=hold_id,
        market_id=market_id,
        party_id=party_id,
        subject_id=subject_id,
        amount=amount,
    )
    await service.hold(session, asked, at=at, actor=actor)


async def release(session: AsyncSession, *, hold_id: HoldId, at: datetime, actor: ActorRef) -> None:
    """Give a deposit back: held → funds. Repeating it does nothing.

    Raises:
        HoldUnknown: No such hold.
        TransitionRefused: It was posted to a deal or forfeited.
    """
    await service.release(session, hold_id, at=at, actor=actor)


async def capture(
    session: AsyncSession, *, hold_id: HoldId, deal_id: DealId, at: datetime, actor: ActorRef
) -> None:
    """Post a deposit to a deal: held → the deal's escrow. Repeating it does nothing.

    Raises:
        HoldUnknown: No such hold.
        HoldDiffers: It was posted to another deal.
        TransitionRefused: It was given back or forfeited.
    """
    await service.capture(session, hold_id, deal_id, at=at, actor=actor)


async def forfeit(
    session: AsyncSession, *, hold_id: HoldId, at: datetime, actor: ActorRef, ground: str
) -> None:
    """Take a deposit from its party for good: held → forfeited. Repeating it does nothing.

    Args:
        ground: Why, as the party will read it on its statement.

    Raises:
        HoldUnknown: No such hold.
        TransitionRefused: It was posted to a deal or given back.
        EntryDiffers: It was forfeited on another ground.
    """
    await service.forfeit(session, hold_id, at=at, actor=actor, ground=ground)


async def pay_into_escrow(
    session: AsyncSession,
    *,
    entry_id: EntryId,
    market_id: MarketId,
    party_id: PartyId,
    deal_id: DealId,
    amount: Money,
    at: datetime,
    actor: ActorRef,
) -> None:
    """Move a party's money to a deal: funds → the deal's escrow.

    Raises:
        InsufficientFunds: The party's funds are less.
        EntryDiffers: The id was used for another movement.
    """
    legs = transfer(
        debit=_funds(market_id, party_id, amount.currency),
        credit=_escrow(market_id, deal_id, amount.currency),
        amount=amount,
    )
    entry = Entry(
        id=entry_id,
        market_id=market_id,
        kind=EntryKind.ESCROW_PAYMENT,
        legs=legs,
        subject_id=deal_id,
    )
    await service.book(session, entry, at=at, actor=actor)


async def settle_escrow(
    session: AsyncSession,
    *,
    entry_id: EntryId,
    market_id: MarketId,
    deal_id: DealId,
    seller_id: PartyId,
    amount: Money,
    at: datetime,
    actor: ActorRef,
) -> None:
    """Hand a deal's money to its seller: the deal's escrow → the seller's funds.

    Raises:
        InsufficientFunds: The escrow holds less.
        EntryDiffers: The id was used for another movement.
    """
    legs = transfer(
        debit=_escrow(market_id, deal_id, amount.currency),
        credit=_funds(market_id, seller_id, amount.currency),
        amount=amount,
    )
    entry = Entry(
        id=entry_id, market_id=market_id, kind=EntryKind.SETTLEMENT, legs=legs, subject_id=deal_id
    )
    await service.book(session, entry, at=at, actor=actor)


async def forfeit_escrow(
    session: AsyncSession,
    *,
    entry_id: EntryId,
    market_id: MarketId,
    deal_id: DealId,
    amount: Money,
    at: datetime,
    actor: ActorRef,
    ground: str,
) -> None:
    """Take a captured deposit from a buyer in default: the deal's escrow → forfeited.

    Raises:
        InsufficientFunds: The escrow holds less.
        EntryDiffers: The id was used for another movement.
    """
    legs = transfer(
        debit=_escrow(market_id, deal_id, amount.currency),
        credit=_forfeited(market_id, amount.currency),
        amount=amount,
    )
    entry = Entry(
        id=entry_id,
        market_id=market_id,
        kind=EntryKind.ESCROW_FORFEITURE,
        legs=legs,
        reference=ground,
        subject_id=deal_id,
    )
    await service.book(session, entry, at=at, actor=actor)


async def refund_escrow(
    session: AsyncSession,
    *,
    entry_id: EntryId,
    market_id: MarketId,
    deal_id: DealId,
    party_id: PartyId,
    amount: Money,
    at: datetime,
    actor: ActorRef,
) -> None:
    """Give a buyer back what it paid to a deal that ended: the deal's escrow → its funds.

    Raises:
        InsufficientFunds: The escrow holds less.
        EntryDiffers: The id was used for another movement.
    """
    legs = transfer(
        debit=_escrow(market_id, deal_id, amount.currency),
        credit=_funds(market_id, party_id, amount.currency),
        amount=amount,
    )
    entry = Entry(
        id=entry_id,
        market_id=market_id,
        kind=EntryKind.ESCROW_REFUND,
        legs=legs,
        subject_id=deal_id,
    )
    await service.book(session, entry, at=at, actor=actor)


async def pay_out(
    session: AsyncSession,
    *,
    entry_id: EntryId,
    market_id: MarketId,
    party_id: PartyId,
    amount: Money,
    reference: str,
    at: datetime,
    actor: ActorRef,
) -> None:
    """Book money that the bank paid to a party: its funds → bank.

    Raises:
        InsufficientFunds: The party's funds are less.
        EntryDiffers: The id was used for another movement.
    """
    legs = transfer(
        debit=_funds(market_id, party_id, amount.currency),
        credit=_bank(market_id, amount.currency),
        amount=amount,
    )
    entry = Entry(
        id=entry_id, market_id=market_id, kind=EntryKind.PAYOUT, legs=legs, reference=reference
    )
    await service.book(session, entry, at=at, actor=actor)


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
    return await _balance_of(session, _funds(market_id, party_id, currency))


async def escrow_of(
    session: AsyncSession, *, market_id: MarketId, deal_id: DealId, currency: str = "CNY"
) -> Money:
    """Return what is kept for a deal."""
    return await _balance_of(session, _escrow(market_id, deal_id, currency))


async def forfeited_of(
    session: AsyncSession, *, market_id: MarketId, currency: str = "CNY"
) -> Money:
    """Return what a market's parties have lost."""
    return await _balance_of(session, _forfeited(market_id, currency))


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
