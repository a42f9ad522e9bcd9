"""Bank accounts and payment references in the database."""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.banking.domain.bank_accounts import BankAccount
from app.banking.domain.matching import TargetKind
from app.banking.models import BankAccountRow, PaymentReferenceRow
from app.shared.ids import MarketId, PartyId


def _account(row: BankAccountRow) -> BankAccount:
    return BankAccount(
        id=row.id,
        market_id=MarketId(row.market_id),
        party_id=PartyId(row.party_id),
        holder_name=row.holder_name,
        account_number=row.account_number,
        bank_name=row.bank_name,
        bank_code=row.bank_code,
        of_exchange=row.of_exchange,
        entered_at=row.entered_at,
        entered_by=row.entered_by,
    )


async def insert_account(session: AsyncSession, account: BankAccount) -> None:
    """Write a party's account; it takes the place of the one before."""
    await session.execute(
        insert(BankAccountRow).values(
            id=account.id,
            market_id=account.market_id,
            party_id=account.party_id,
            holder_name=account.holder_name,
            account_number=account.account_number,
            bank_name=account.bank_name,
            bank_code=account.bank_code,
            of_exchange=account.of_exchange,
            entered_at=account.entered_at,
            entered_by=account.entered_by,
        )
    )


async def account_of(session: AsyncSession, party_id: UUID) -> BankAccount | None:
    """Return where a party is paid: what it entered last."""
    row = await session.scalar(
        select(BankAccountRow)
        .where(BankAccountRow.party_id == party_id)
        .order_by(BankAccountRow.id.desc())
        .limit(1)
    )
    return None if row is None else _account(row)


async def exchange_account(session: AsyncSession, market_id: MarketId) -> BankAccount | None:
    """Return to which account payers of a market transfer: what the exchange entered last."""
    row = await session.scalar(
        select(BankAccountRow)
        .where(BankAccountRow.market_id == market_id, BankAccountRow.of_exchange)
        .order_by(BankAccountRow.id.desc())
        .limit(1)
    )
    return None if row is None else _account(row)


async def exchange_numbers(session: AsyncSession, market_id: MarketId) -> frozenset[str]:
    """Return every account that a market's exchange has ever entered."""
    found = await session.scalars(
        select(BankAccountRow.account_number).where(
            BankAccountRow.market_id == market_id, BankAccountRow.of_exchange
        )
    )
    return frozenset(found)


async def claim_reference(
    session: AsyncSession, *, reference: str, market_id: MarketId, kind: TargetKind, target_id: UUID
) -> bool:
    """Give a reference to a target; false if another target has it.

    Repeating it for the same target is true and changes nothing.
    """
    await session.execute(
        insert(PaymentReferenceRow)
        .values(reference=reference, market_id=market_id, kind=str(kind), target_id=target_id)
        .on_conflict_do_nothing()
    )
    holder = await session.scalar(
        select(PaymentReferenceRow.target_id).where(PaymentReferenceRow.reference == reference)
    )
    return holder == target_id


async def reference_of(session: AsyncSession, target_id: UUID) -> str | None:
    """Return a target's reference, once it was issued."""
    found: str | None = await session.scalar(
        select(PaymentReferenceRow.reference).where(PaymentReferenceRow.target_id == target_id)
    )
    return found


async def targets_of(
    session: AsyncSession, market_id: MarketId, references: Collection[str]
) -> Mapping[UUID, TargetKind]:
    """Return what the references of a market stand for."""
    rows = await session.execute(
        select(PaymentReferenceRow.target_id, PaymentReferenceRow.kind).where(
            PaymentReferenceRow.market_id == market_id,
            PaymentReferenceRow.reference.in_(references),
        )
    )
    return {row.target_id: TargetKind(row.kind) for row in rows}


async def references_of(session: AsyncSession, target_ids: Collection[UUID]) -> Mapping[UUID, str]:
    """Return the references of targets that have one."""
    rows = await session.execute(
        select(PaymentReferenceRow.target_id, PaymentReferenceRow.reference).where(
            PaymentReferenceRow.target_id.in_(target_ids)
        )
    )
    return {row.target_id: row.reference for row in rows}
