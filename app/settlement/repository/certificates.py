"""Certificates in the database."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.settlement.domain.certificates import (
    Certificate,
    CertificateKind,
    CertificateUnknown,
    RevocationGround,
)
from app.settlement.models import CertificateRow
from app.shared.calendar import SHANGHAI
from app.shared.ids import DealId, MarketId


def _certificate(row: CertificateRow) -> Certificate:
    ground = row.revocation_ground
    return Certificate(
        number=row.number,
        deal_id=DealId(row.deal_id),
        market_id=MarketId(row.market_id),
        kind=CertificateKind(row.kind),
        issued_at=row.issued_at,
        facts=row.facts,
        public=row.public,
        kid=row.kid,
        revoked_at=row.revoked_at,
        revocation_ground=None if ground is None else RevocationGround(ground),
        revocation_reason=row.revocation_reason,
    )


async def next_number(session: AsyncSession, *, issued_at: datetime) -> str:
    """Return the next number; a rollback leaves a gap, which is allowed."""
    value = await session.scalar(select(func.nextval("certificate_numbers")))
    return f"ZP-C-{issued_at.astimezone(SHANGHAI).year}-{value:06}"


async def insert(session: AsyncSession, certificate: Certificate) -> None:
    """Write a new certificate; the caller holds its deal's lock."""
    session.add(
        CertificateRow(
            number=certificate.number,
            deal_id=certificate.deal_id,
            market_id=certificate.market_id,
            kind=str(certificate.kind),
            issued_at=certificate.issued_at,
            facts=dict(certificate.facts),
            public=dict(certificate.public),
            kid=certificate.kid,
        )
    )
    await session.flush()


async def save_revocation(session: AsyncSession, certificate: Certificate) -> None:
    """Write a certificate's revocation; the caller holds its deal's lock."""
    await session.execute(
        update(CertificateRow)
        .where(CertificateRow.number == certificate.number)
        .values(
            revoked_at=certificate.revoked_at,
            revocation_ground=certificate.revocation_ground,
            revocation_reason=certificate.revocation_reason,
        )
    )


async def get(session: AsyncSession, number: str, *, deal_id: DealId | None = None) -> Certificate:
    """Return a certificate as it stands now.

    Args:
        deal_id: Only if it is this deal's.

    Raises:
        CertificateUnknown: There is none.
    """
    row = await session.get(CertificateRow, number, populate_existing=True)
    if row is None or deal_id not in {None, row.deal_id}:
        raise CertificateUnknown("Compare the number with the paper.", field="number")
    return _certificate(row)


async def of_deal(session: AsyncSession, deal_id: DealId) -> Sequence[Certificate]:
    """Return a deal's certificates, revoked ones too, in the order of their numbers."""
    rows = await session.scalars(
        select(CertificateRow)
        .where(CertificateRow.deal_id == deal_id)
        .order_by(CertificateRow.issued_at, CertificateRow.number)
        .execution_options(populate_existing=True)
    )
    return [_certificate(row) for row in rows]


async def revoked(session: AsyncSession, market_id: MarketId) -> Sequence[Certificate]:
    """Return all revoked certificates of a market by number."""
    rows = await session.scalars(
        select(CertificateRow)
        .where(CertificateRow.market_id == market_id, CertificateRow.revoked_at.is_not(None))
        .order_by(CertificateRow.number)
        .execution_options(populate_existing=True)
    )
    return [_certificate(row) for row in rows]
