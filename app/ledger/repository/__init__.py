"""SQL of the ledger; that of statements over a period is in `statements`."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Uuid,
    and_,
    any_,
    cast,
    false,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger.domain.accounts import Account, AccountKey, Purpose
from app.ledger.domain.entries import Entry, EntryKind, Leg, StatementLine
from app.ledger.domain.holds import Hold, HoldState, HoldUnknown
from app.ledger.domain.trial import TrialLine
from app.ledger.models import AccountRow, EntryRow, HoldRow, PostingRow
from app.platform.db import insert_from_json, insert_rows, rows_as_json
from app.shared.ids import AccountId, DealId, EntryId, HoldId, MarketId, PartyId, new_id
from app.shared.money import Money

SUM = func.coalesce(cast(func.sum(PostingRow.amount_minor), BigInteger), 0)


def _array(ids: Collection[UUID]) -> ColumnElement[Any]:
    # One parameter, however many they are.
    return any_(literal(list(ids), ARRAY(Uuid)))


def _key(row: Any) -> AccountKey:
    return AccountKey(
        market_id=MarketId(row.market_id),
        purpose=Purpose(row.purpose),
        currency=row.currency,
        party_id=None if row.party_id is None else PartyId(row.party_id),
        subject_id=row.subject_id,
    )


def account_of(row: Any) -> Account:
    """Return the value of a row."""
    return Account(AccountId(row.id), _key(row))


def _is(key: AccountKey) -> ColumnElement[bool]:
    return and_(
        AccountRow.market_id == key.market_id,
        AccountRow.purpose == key.purpose,
        AccountRow.currency == key.currency,
        AccountRow.party_id == key.party_id,  # IS NULL when there is none
        AccountRow.subject_id == key.subject_id,
    )


async def find_accounts(
    session: AsyncSession, keys: Iterable[AccountKey]
) -> dict[AccountKey, Account]:
    """Return those of the accounts that are open.

    A party has few accounts and a subject fewer, so many are found by these two indexes.
    """
    wanted = frozenset(keys)
    subjects = {key.subject_id for key in wanted if key.subject_id}
    parties = {key.party_id for key in wanted if key.party_id and not key.subject_id}
    markets = {key for key in wanted if not key.party_id and not key.subject_id}
    near = [AccountRow.subject_id == _array(subjects)] if subjects else []
    if parties:
        own = AccountRow.party_id == _array(parties)
        near.append(and_(own, AccountRow.subject_id.is_(None)))
    near += map(_is, markets)
    # Plain rows: an entry's accounts are asked for again and again, and never changed.
    rows = await session.execute(select(*AccountRow.__table__.columns).where(or_(false(), *near)))
    return {account.key: account for account in map(account_of, rows) if account.key in wanted}


async def open_accounts(
    session: AsyncSession, keys: Collection[AccountKey]
) -> dict[AccountKey, Account]:
    """Return the accounts, opening those that are missing; safe beside others that open them."""
    accounts = await find_accounts(session, keys)
    missing = sorted((key for key in keys if key not in accounts), key=repr)
    if not missing:
        return accounts
    rows = [
        {
            "id": new_id(),
            "market_id": key.market_id,
            "party_id": key.party_id,
            "purpose": str(key.purpose),
            "subject_id": key.subject_id,
            "currency": key.currency,
            "side": str(key.side),
            "limited": key.limited,
        }
        for key in missing
    ]
    await insert_rows(session, AccountRow, rows, after="ON CONFLICT DO NOTHING")
    return await find_accounts(session, keys)


async def lock_accounts(session: AsyncSession, ids: Collection[AccountId]) -> None:
    """Lock accounts in id order, to the end of the transaction (G3).

    NO KEY, so that the foreign key check of another transaction's posting to the bank account
    never meets this lock.
    """
    await session.execute(
        select(AccountRow.id)
        .where(AccountRow.id == _array(ids))
        .order_by(AccountRow.id)
        .with_for_update(key_share=True)
    )


async def debit_sums(
    session: AsyncSession, ids: Collection[AccountId], *, at: datetime | None = None
) -> dict[AccountId, int]:
    """Return each account's sum of postings, debit positive, up to and including ``at``."""
    statement = (
        select(PostingRow.account_id, SUM)
        .where(PostingRow.account_id == _array(ids))
        .group_by(PostingRow.account_id)
    )
    if at is not None:
        statement = statement.join(EntryRow, EntryRow.id == PostingRow.entry_id).where(
            EntryRow.at <= at
        )
    rows = await session.execute(statement)
    return dict.fromkeys(ids, 0) | {AccountId(row[0]): row[1] for row in rows}


async def get_account(session: AsyncSession, account_id: UUID) -> Account | None:
    """Return an account."""
    row = await session.get(AccountRow, account_id)
    return None if row is None else account_of(row)


async def contents_of(session: AsyncSession, ids: Collection[EntryId]) -> dict[EntryId, str]:
    """Return the content digests of those of the entries that are booked."""
    rows = await session.execute(
        select(EntryRow.id, EntryRow.content).where(EntryRow.id == _array(ids))
    )
    return {EntryId(row.id): row.content for row in rows}


_CLAIM = "ON CONFLICT (id) DO NOTHING RETURNING id"


async def insert_entries(
    session: AsyncSession,
    entries: Sequence[Entry],
    accounts: Mapping[AccountKey, Account],
    *,
    at: datetime,
    actor: str,
) -> bool:
    """Write entries with all their postings in two statements (G1).

    False, with nothing but new entries written, if one of the ids is taken: the caller refuses
    then, and the transaction ends.
    """
    rows = [
        {
            "id": entry.id,
            "market_id": entry.market_id,
            "kind": str(entry.kind),
            "at": entry.at or at,
            "reference": entry.reference,
            "subject_id": entry.subject_id,
            "reverses_id": entry.reverses_id,
            "actor": actor,
            "content": entry.content,
        }
        for entry in entries
    ]
    claiming = insert_from_json(EntryRow, tuple(rows[0]), after=_CLAIM)
    claimed = (await session.execute(claiming, {"rows": rows_as_json(rows)})).all()
    if len(claimed) < len(entries):
        return False
    await insert_rows(
        session,
        PostingRow,
        [
            {
                "entry_id": entry.id,
                "account_id": accounts[leg.account].id,
                "amount_minor": leg.amount_minor,
                "currency": leg.account.currency,
            }
            for entry in entries
            for leg in entry.legs
        ],
    )
    return True


async def lock_entry(session: AsyncSession, entry_id: EntryId) -> Entry | None:
    """Lock a booked entry against a second reversal and return it."""
    row = await session.get(EntryRow, entry_id, with_for_update=True)
    if row is None:
        return None
    legs = await session.execute(
        select(PostingRow.amount_minor, AccountRow)
        .join(AccountRow, AccountRow.id == PostingRow.account_id)
        .where(PostingRow.entry_id == entry_id)
        .order_by(PostingRow.seq)
    )
    return Entry(
        id=EntryId(row.id),
        market_id=MarketId(row.market_id),
        kind=EntryKind(row.kind),
        legs=tuple(Leg(_key(account), amount) for amount, account in legs),
        reference=row.reference,
        subject_id=row.subject_id,
        reverses_id=None if row.reverses_id is None else EntryId(row.reverses_id),
    )


async def reversal_of(session: AsyncSession, entry_id: EntryId) -> EntryId | None:
    """Return the entry that reversed this one."""
    found = await session.scalar(select(EntryRow.id).where(EntryRow.reverses_id == entry_id))
    return None if found is None else EntryId(found)


def _hold(row: HoldRow) -> Hold:
    return Hold(
        id=HoldId(row.id),
        market_id=MarketId(row.market_id),
        party_id=PartyId(row.party_id),
        subject_id=row.subject_id,
        amount=Money(row.amount_minor, row.currency),
        state=HoldState(row.state),
        deal_id=None if row.deal_id is None else DealId(row.deal_id),
    )


async def insert_hold(session: AsyncSession, hold: Hold) -> bool:
    """Write a new hold; false if the id is taken."""
    claimed = await session.scalar(
        insert(HoldRow)
        .values(
            id=hold.id,
            market_id=hold.market_id,
            party_id=hold.party_id,
            subject_id=hold.subject_id,
            amount_minor=hold.amount.amount_minor,
            currency=hold.amount.currency,
            state=str(hold.state),
        )
        .on_conflict_do_nothing()
        .returning(HoldRow.id)
    )
    return claimed is not None


async def get_hold(session: AsyncSession, hold_id: HoldId) -> Hold:
    """Return a hold as it stands now.

    Raises:
        HoldUnknown: No such hold.
    """
    row = await session.get(HoldRow, hold_id, populate_existing=True)
    if row is None:
        raise HoldUnknown("There is no such hold.", hold_id=hold_id)
    return _hold(row)


async def close_hold(
    session: AsyncSession, hold_id: HoldId, state: HoldState, deal_id: DealId | None
) -> None:
    """Record how a hold ended; the caller holds the lock of the party's accounts."""
    await session.execute(
        update(HoldRow).where(HoldRow.id == hold_id).values(state=str(state), deal_id=deal_id)
    )


async def list_accounts(
    session: AsyncSession,
    *,
    market_id: MarketId,
    party_id: PartyId | None,
    purpose: Purpose | None,
    before: UUID | None,
    limit: int,
    at: datetime | None = None,
) -> list[tuple[Account, Money]]:
    """Return accounts with their balances, newest first, in one query.

    Args:
        at: As of `debit_sums`; accounts that were opened later show zero.
    """
    postings = select(SUM).where(PostingRow.account_id == AccountRow.id).correlate(AccountRow)
    if at is not None:
        postings = postings.join(EntryRow, EntryRow.id == PostingRow.entry_id).where(
            EntryRow.at <= at
        )
    total = postings.scalar_subquery()
    statement = select(AccountRow, total).where(AccountRow.market_id == market_id)
    if party_id is not None:
        statement = statement.where(AccountRow.party_id == party_id)
    if purpose is not None:
        statement = statement.where(AccountRow.purpose == purpose)
    if before is not None:
        statement = statement.where(AccountRow.id < before)
    rows = await session.execute(statement.order_by(AccountRow.id.desc()).limit(limit))
    found = ((account_of(row), sum_minor) for row, sum_minor in rows)
    return [(account, account.key.shown(sum_minor)) for account, sum_minor in found]


async def statement_of(
    session: AsyncSession, account: Account, *, after: int, limit: int
) -> Sequence[StatementLine]:
    """Return an account's postings behind ``after`` in booking order, with running balance."""
    running = func.sum(PostingRow.amount_minor).over(order_by=PostingRow.seq)
    lines = (
        select(
            PostingRow.seq,
            PostingRow.entry_id,
            PostingRow.amount_minor,
            cast(running, BigInteger).label("running"),
        )
        .where(PostingRow.account_id == account.id)
        .subquery()
    )
    rows = await session.execute(
        select(lines, EntryRow.kind, EntryRow.at, EntryRow.reference, EntryRow.subject_id)
        .join(EntryRow, EntryRow.id == lines.c.entry_id)
        .where(lines.c.seq > after)
        .order_by(lines.c.seq)
        .limit(limit)
    )
    return [
        StatementLine(
            seq=row.seq,
            entry_id=EntryId(row.entry_id),
            kind=EntryKind(row.kind),
            at=row.at,
            reference=row.reference,
            subject_id=row.subject_id,
            change=account.key.shown(row.amount_minor),
            balance=account.key.shown(row.running),
        )
        for row in rows
    ]


async def trial_lines(session: AsyncSession, market_id: MarketId) -> tuple[TrialLine, ...]:
    """Return a market's accounts summed by purpose and currency, in one query."""
    rows = await session.execute(
        select(
            AccountRow.purpose,
            AccountRow.currency,
            func.count(AccountRow.id.distinct()).label("accounts"),
            SUM.label("debit"),
        )
        .outerjoin(PostingRow, PostingRow.account_id == AccountRow.id)
        .where(AccountRow.market_id == market_id)
        .group_by(AccountRow.purpose, AccountRow.currency)
        .order_by(AccountRow.purpose, AccountRow.currency)
    )
    return tuple(
        TrialLine(Purpose(row.purpose), row.accounts, Money(row.debit, row.currency))
        for row in rows
    )
