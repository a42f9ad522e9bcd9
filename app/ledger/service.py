"""Use cases of the ledger: book an entry, hold and end a deposit, reverse."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import repository
from app.ledger.domain.accounts import Account, AccountKey, Purpose, check_limit
from app.ledger.domain.entries import (
    AlreadyReversed,
    Entry,
    EntryDiffers,
    EntryKind,
    EntryUnknown,
    reversal,
    transfer,
)
from app.ledger.domain.holds import (
    TRANSITIONS,
    Hold,
    HoldDiffers,
    HoldState,
    HoldTrigger,
    closing_entry_id,
    holding_entry_id,
    same_hold,
)
from app.platform.access import Actor
from app.platform.journal import NewEvent, append
from app.shared.ids import DealId, EntryId, HoldId
from app.shared.money import Money
from app.shared.transitions import advance

ActorRef = Actor | str  # a timer has no Actor, only its name


def _ref(actor: ActorRef) -> str:
    return actor if isinstance(actor, str) else actor.ref


async def book(session: AsyncSession, entry: Entry, *, at: datetime, actor: ActorRef) -> bool:
    """Book one entry as `book_all` does; return false when it was booked before."""
    return bool(await book_all(session, [entry], at=at, actor=actor))


async def move(
    session: AsyncSession,
    kind: EntryKind,
    *,
    entry_id: EntryId,
    debit: AccountKey,
    credit: AccountKey,
    amount: Money,
    subject_id: UUID,
    reference: str | None,
    at: datetime,
    actor: ActorRef,
) -> None:
    """Book a movement between two accounts of a market, as `book_all` does.

    Raises:
        AmountNotPositive: Zero or below.
    """
    entry = Entry(
        id=entry_id,
        market_id=debit.market_id,
        kind=kind,
        legs=transfer(debit=debit, credit=credit, amount=amount),
        reference=reference,
        subject_id=subject_id,
    )
    await book(session, entry, at=at, actor=actor)


async def book_all(
    session: AsyncSession, entries: Sequence[Entry], *, at: datetime, actor: ActorRef
) -> tuple[Entry, ...]:
    """Book entries in order, each once; return those that were not booked before (G1–G4).

    Every limited account of them is locked, also one that only receives: so the order of its
    postings is the order of the commits, and no statement ever shows it below zero. All are
    booked or none.

    Args:
        at: Market moment of those entries that have none of their own.

    Raises:
        InsufficientFunds: A limited account would fall below zero, entry by entry.
        EntryDiffers: An id was used for another movement.
    """
    keys = {leg.account for entry in entries for leg in entry.legs}
    accounts = await repository.open_accounts(session, keys)
    await repository.lock_accounts(
        session, [account.id for key, account in accounts.items() if key.limited]
    )
    known = await repository.contents_of(session, [entry.id for entry in entries])
    fresh = _unbooked(entries, known)
    if fresh:
        await _check_limits(session, fresh, accounts)
        if not await repository.insert_entries(session, fresh, accounts, at=at, actor=_ref(actor)):
            # Somebody booked one for accounts that are not locked here: so it is another movement.
            raise EntryDiffers("Use a fresh id for another movement.")
        await append(session, *(_booked(entry, at=at, actor=_ref(actor)) for entry in fresh))
    return tuple(fresh)


def _unbooked(entries: Sequence[Entry], known: Mapping[EntryId, str]) -> list[Entry]:
    contents = dict(known)
    fresh = []
    for entry in entries:
        content = contents.get(entry.id)
        if content is None:
            contents[entry.id] = entry.content
            fresh.append(entry)
        elif content != entry.content:
            raise EntryDiffers("Use a fresh id for another movement.", entry_id=entry.id)
    return fresh


async def _check_limits(
    session: AsyncSession, entries: Sequence[Entry], accounts: Mapping[AccountKey, Account]
) -> None:
    """Refuse the first entry that takes a limited account below zero (G3).

    What only passes through an account needs no look at its balance, which was not negative.
    """
    changes = [
        (leg.account, leg.account.shown(leg.amount_minor))
        for entry in entries
        for leg in entry.legs
        if leg.account.limited
    ]
    running: dict[AccountKey, int] = defaultdict(int)
    asked = set()
    for key, change in changes:
        running[key] += change.amount_minor
        if running[key] < 0:
            asked.add(key)
    if not asked:
        return
    sums = await repository.debit_sums(session, [accounts[key].id for key in asked])
    balances = {key: key.shown(sums[accounts[key].id]) for key in asked}
    for key, change in changes:
        if key in asked:
            check_limit(key, available=balances[key], change=change)
            balances[key] += change


def _booked(entry: Entry, *, at: datetime, actor: str) -> NewEvent:
    parties = frozenset(leg.account.party_id for leg in entry.legs if leg.account.party_id)
    return NewEvent(
        market_id=entry.market_id,
        subject="ledger_entry",
        subject_id=entry.id,
        type="ledger.entry_booked",
        market_at=entry.at or at,
        actor=actor,
        restricted={
            "kind": str(entry.kind),
            "reference": entry.reference,
            "subject_id": entry.subject_id,
            "reverses_id": entry.reverses_id,
            "legs": [
                {
                    "purpose": str(leg.account.purpose),
                    "party_id": leg.account.party_id,
                    "subject_id": leg.account.subject_id,
                    "debit": Money(leg.amount_minor, leg.account.currency),
                }
                for leg in entry.legs
            ],
        },
        audience=parties,
    )


async def hold(session: AsyncSession, asked: Hold, *, at: datetime, actor: ActorRef) -> None:
    """Keep a part of a party's funds as a deposit (G6).

    Raises:
        InsufficientFunds: The party's funds are less.
        HoldDiffers: The id was used for another hold.
    """
    entry = Entry(
        id=holding_entry_id(asked.id),
        market_id=asked.market_id,
        kind=EntryKind.HOLD,
        legs=transfer(
            debit=_party(asked, Purpose.FUNDS),
            credit=_party(asked, Purpose.HELD),
            amount=asked.amount,
        ),
        subject_id=asked.id,
    )
    if await repository.insert_hold(session, asked):
        await book(session, entry, at=at, actor=actor)
    elif not same_hold(await repository.get_hold(session, asked.id), asked):
        raise HoldDiffers("Use a fresh id for another hold.", hold_id=asked.id)


async def release(session: AsyncSession, hold_id: HoldId, *, at: datetime, actor: ActorRef) -> None:
    """Give a deposit back to the party's funds (G6).

    Raises:
        HoldUnknown: No such hold.
        TransitionRefused: It was posted to a deal or forfeited.
    """
    known = await _locked_hold(session, hold_id)
    if known.state is not HoldState.VOIDED:
        to = _party(known, Purpose.FUNDS)
        await _close(session, known, HoldTrigger.RELEASE, to, at=at, actor=actor)


async def capture(
    session: AsyncSession, hold_id: HoldId, deal_id: DealId, *, at: datetime, actor: ActorRef
) -> None:
    """Post a deposit to a deal's escrow (G6).

    Raises:
        HoldUnknown: No such hold.
        HoldDiffers: It was posted to another deal.
        TransitionRefused: It was given back or forfeited.
    """
    known = await _locked_hold(session, hold_id)
    if known.state is HoldState.POSTED:
        if known.deal_id != deal_id:
            raise HoldDiffers("The hold was posted to another deal.", hold_id=hold_id)
        return
    to = AccountKey(known.market_id, Purpose.ESCROW, known.amount.currency, subject_id=deal_id)
    await _close(session, known, HoldTrigger.CAPTURE, to, deal_id=deal_id, at=at, actor=actor)


async def forfeit(
    session: AsyncSession, hold_id: HoldId, *, at: datetime, actor: ActorRef, ground: str
) -> None:
    """Take a deposit from its party for good (G6).

    Raises:
        HoldUnknown: No such hold.
        TransitionRefused: It was posted to a deal or given back.
        EntryDiffers: It was forfeited on another ground.
    """
    known = await _locked_hold(session, hold_id)
    to = AccountKey(known.market_id, Purpose.FORFEITED, known.amount.currency)
    if known.state is HoldState.FORFEITED:
        await book(session, _closing(known, HoldTrigger.FORFEIT, to, ground), at=at, actor=actor)
    else:
        await _close(session, known, HoldTrigger.FORFEIT, to, at=at, actor=actor, ground=ground)


async def _locked_hold(session: AsyncSession, hold_id: HoldId) -> Hold:
    """Return a hold as it stands under the lock of its party's accounts.

    That lock, not one on the hold, orders all that happens to a hold: with two kinds of locks
    a use case that has locked its parties beforehand would take them the other way round.
    """
    seen = await repository.get_hold(session, hold_id)
    accounts = await repository.open_accounts(
        session, [_party(seen, Purpose.FUNDS), _party(seen, Purpose.HELD)]
    )
    await repository.lock_accounts(session, [account.id for account in accounts.values()])
    return await repository.get_hold(session, hold_id)


_CLOSING: Final = {
    HoldTrigger.RELEASE: EntryKind.RELEASE,
    HoldTrigger.CAPTURE: EntryKind.CAPTURE,
    HoldTrigger.FORFEIT: EntryKind.FORFEITURE,
}


def _closing(known: Hold, trigger: HoldTrigger, to: AccountKey, ground: str | None) -> Entry:
    return Entry(
        id=closing_entry_id(known.id, trigger),
        market_id=known.market_id,
        kind=_CLOSING[trigger],
        legs=transfer(debit=_party(known, Purpose.HELD), credit=to, amount=known.amount),
        reference=ground,
        subject_id=known.id,
    )


async def _close(
    session: AsyncSession,
    known: Hold,
    trigger: HoldTrigger,
    to: AccountKey,
    *,
    at: datetime,
    actor: ActorRef,
    deal_id: DealId | None = None,
    ground: str | None = None,
) -> None:
    state = advance(TRANSITIONS, state=known.state, trigger=trigger)
    await book(session, _closing(known, trigger, to, ground), at=at, actor=actor)
    await repository.close_hold(session, known.id, state, deal_id)


def _party(hold: Hold, purpose: Purpose) -> AccountKey:
    return AccountKey(hold.market_id, purpose, hold.amount.currency, party_id=hold.party_id)


async def reverse(
    session: AsyncSession,
    *,
    entry_id: EntryId,
    reversal_id: EntryId,
    at: datetime,
    actor: ActorRef,
    reason: str,
) -> None:
    """Correct an entry by booking it the other way round, at most once (G7).

    Raises:
        EntryUnknown: No such entry.
        NotReversible: A hold's entries and reversals are not reversed.
        AlreadyReversed: Another reversal undid it.
        InsufficientFunds: The money has moved on.
    """
    known = await repository.lock_entry(session, entry_id)
    if known is None:
        raise EntryUnknown("There is no such entry.", entry_id=entry_id)
    earlier = await repository.reversal_of(session, entry_id)
    if earlier is not None and earlier != reversal_id:
        raise AlreadyReversed("The entry was reversed before.", reversal_id=earlier)
    await book(session, reversal(known, reversal_id=reversal_id, reason=reason), at=at, actor=actor)
