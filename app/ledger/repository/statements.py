"""SQL of statements: what stood in an account before a moment, and what moved until another."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger.domain.accounts import Account
from app.ledger.domain.entries import EntryKind, StatementLine
from app.ledger.models import EntryRow, PostingRow
from app.ledger.repository import SUM
from app.shared.ids import AccountId, EntryId
from app.shared.money import Money


async def sum_before(session: AsyncSession, account_id: AccountId, moment: datetime) -> int:
    """Return an account's sum of postings, debit positive, of movements before a moment."""
    total = await session.scalar(
        select(SUM)
        .join(EntryRow, EntryRow.id == PostingRow.entry_id)
        .where(PostingRow.account_id == account_id, EntryRow.at < moment)
    )
    return total or 0


async def postings_between(
    session: AsyncSession,
    account: Account,
    *,
    opening: Money,
    start: datetime,
    end: datetime,
    limit: int,
) -> Sequence[StatementLine]:
    """Return an account's postings with ``start`` ≤ moment < ``end``, in order of moments.

    Args:
        opening: The balance before, on the account's normal side.
    """
    rows = await session.execute(
        select(
            PostingRow.seq,
            PostingRow.entry_id,
            PostingRow.amount_minor,
            EntryRow.kind,
            EntryRow.at,
            EntryRow.reference,
            EntryRow.subject_id,
        )
        .join(EntryRow, EntryRow.id == PostingRow.entry_id)
        .where(PostingRow.account_id == account.id, EntryRow.at >= start, EntryRow.at < end)
        .order_by(EntryRow.at, PostingRow.seq)
        .limit(limit)
    )
    balance, lines = opening, []
    for row in rows:
        change = account.key.shown(row.amount_minor)
        balance += change
        lines.append(
            StatementLine(
                seq=row.seq,
                entry_id=EntryId(row.entry_id),
                kind=EntryKind(row.kind),
                at=row.at,
                reference=row.reference,
                subject_id=row.subject_id,
                change=change,
                balance=balance,
            )
        )
    return lines
