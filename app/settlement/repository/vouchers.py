"""Voucher programmes and vouchers in the database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.access import ObjectUnknown, Owner
from app.settlement.domain.voucher import Programme, Voucher, VoucherStatus, VoucherUse
from app.settlement.models import VoucherProgrammeRow, VoucherRow
from app.shared.ids import DealId, MarketId, PartyId, VoucherId, VoucherProgrammeId
from app.shared.money import Money


def _programme(row: VoucherProgrammeRow) -> Programme:
    return Programme(
        id=VoucherProgrammeId(row.id),
        market_id=MarketId(row.market_id),
        name=row.name,
        issuer=row.issuer,
        region_code=row.region_code,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        cap=Money(row.cap_minor, row.currency),
        year_cap=Money(row.year_cap_minor, row.currency),
        share_bp=row.share_bp,
        uses=tuple(VoucherUse(use) for use in row.uses),
    )


async def insert_programme(
    session: AsyncSession, programme: Programme, *, entered_by: str, now: datetime
) -> None:
    """Write a programme."""
    await session.execute(
        insert(VoucherProgrammeRow).values(
            id=programme.id,
            market_id=programme.market_id,
            name=programme.name,
            issuer=programme.issuer,
            region_code=programme.region_code,
            valid_from=programme.valid_from,
            valid_to=programme.valid_to,
            currency=programme.cap.currency,
            cap_minor=programme.cap.amount_minor,
            year_cap_minor=programme.year_cap.amount_minor,
            share_bp=programme.share_bp,
            uses=[str(use) for use in programme.uses],
            entered_by=entered_by,
            entered_at=now,
        )
    )


async def get_programme(session: AsyncSession, programme_id: UUID) -> Programme:
    """Return a programme.

    Raises:
        ObjectUnknown: There is none.
    """
    row = await session.get(VoucherProgrammeRow, programme_id)
    if row is None:
        raise ObjectUnknown("There is no such programme.", field="programme_id")
    return _programme(row)


async def page_of_programmes(
    session: AsyncSession, *, market_id: MarketId, before: UUID | None, limit: int
) -> Sequence[Programme]:
    """Return a market's programmes, newest first."""
    statement = select(VoucherProgrammeRow).where(VoucherProgrammeRow.market_id == market_id)
    if before is not None:
        statement = statement.where(VoucherProgrammeRow.id < before)
    rows = await session.scalars(statement.order_by(VoucherProgrammeRow.id.desc()).limit(limit))
    return [_programme(row) for row in rows]


def _voucher(row: VoucherRow) -> Voucher:
    return Voucher(
        id=VoucherId(row.id),
        programme_id=VoucherProgrammeId(row.programme_id),
        market_id=MarketId(row.market_id),
        number=row.number,
        holder_id=PartyId(row.holder_id),
        status=VoucherStatus(row.status),
        face=Money(row.face_minor, row.currency),
        expires_on=row.expires_on,
        issued_at=row.issued_at,
        deal_id=None if row.deal_id is None else DealId(row.deal_id),
        charge_number=row.charge_number,
        used=None if row.used_minor is None else Money(row.used_minor, row.currency),
        reserved_at=row.reserved_at,
        redeemed_at=row.redeemed_at,
        claimed_at=row.claimed_at,
        settled_at=row.settled_at,
        bank_reference=row.bank_reference,
        round=row.round,
    )


def _course(voucher: Voucher) -> dict[str, Any]:
    return {
        "status": str(voucher.status),
        "deal_id": voucher.deal_id,
        "charge_number": voucher.charge_number,
        "used_minor": None if voucher.used is None else voucher.used.amount_minor,
        "reserved_at": voucher.reserved_at,
        "redeemed_at": voucher.redeemed_at,
        "claimed_at": voucher.claimed_at,
        "settled_at": voucher.settled_at,
        "bank_reference": voucher.bank_reference,
        "round": voucher.round,
    }


async def insert_voucher(session: AsyncSession, voucher: Voucher) -> bool:
    """Write a new voucher; false if the programme has one of this number."""
    claimed = await session.scalar(
        insert(VoucherRow)
        .values(
            id=voucher.id,
            programme_id=voucher.programme_id,
            market_id=voucher.market_id,
            number=voucher.number,
            holder_id=voucher.holder_id,
            currency=voucher.face.currency,
            face_minor=voucher.face.amount_minor,
            expires_on=voucher.expires_on,
            issued_at=voucher.issued_at,
            **_course(voucher),
        )
        .on_conflict_do_nothing()
        .returning(VoucherRow.id)
    )
    return claimed is not None


async def get_voucher(session: AsyncSession, voucher_id: UUID) -> Voucher:
    """Return a voucher as it stands now.

    Raises:
        ObjectUnknown: There is none.
    """
    row = await session.get(VoucherRow, voucher_id, populate_existing=True)
    if row is None:
        raise ObjectUnknown("There is no such voucher in your market.")
    return _voucher(row)


async def lock_holders(session: AsyncSession, voucher: Voucher) -> Sequence[Voucher]:
    """Lock and return all vouchers that a voucher's holder has in its programme, in id order.

    Two uses at once, of one voucher or of two under one yearly cap, see each other so.
    """
    rows = await session.scalars(
        select(VoucherRow)
        .where(
            VoucherRow.holder_id == voucher.holder_id,
            VoucherRow.programme_id == voucher.programme_id,
        )
        .order_by(VoucherRow.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return [_voucher(row) for row in rows]


async def of_deal(
    session: AsyncSession, deal_id: DealId, *, lock: bool = False
) -> Sequence[Voucher]:
    """Return the vouchers that are used for a deal, in id order.

    The deal's lock keeps them still for who only reads: locking them behind a holder's would let
    two deals wait for each other.
    """
    statement = select(VoucherRow).where(VoucherRow.deal_id == deal_id).order_by(VoucherRow.id)
    if lock:
        statement = statement.with_for_update()
    rows = await session.scalars(statement.execution_options(populate_existing=True))
    return [_voucher(row) for row in rows]


async def save_voucher(session: AsyncSession, voucher: Voucher) -> None:
    """Save where a voucher stands; the caller holds its lock."""
    await session.execute(
        update(VoucherRow).where(VoucherRow.id == voucher.id).values(**_course(voucher))
    )


async def page_of_vouchers(
    session: AsyncSession,
    *,
    market_id: MarketId,
    holder_id: PartyId | None,
    status: VoucherStatus | None,
    before: UUID | None,
    limit: int,
) -> Sequence[Voucher]:
    """Return a market's vouchers, or a holder's, newest first."""
    statement = select(VoucherRow).where(VoucherRow.market_id == market_id)
    if holder_id is not None:
        statement = statement.where(VoucherRow.holder_id == holder_id)
    if status is not None:
        statement = statement.where(VoucherRow.status == str(status))
    if before is not None:
        statement = statement.where(VoucherRow.id < before)
    rows = await session.scalars(statement.order_by(VoucherRow.id.desc()).limit(limit))
    return [_voucher(row) for row in rows]


async def owner_of_voucher(session: AsyncSession, voucher_id: UUID) -> Owner | None:
    """Return a voucher's market and holder."""
    row = await session.get(VoucherRow, voucher_id)
    if row is None:
        return None
    return Owner(MarketId(row.market_id), frozenset({PartyId(row.holder_id)}))
