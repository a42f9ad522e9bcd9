"""Dossiers in the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, true
from sqlalchemy.ext.asyncio import AsyncSession

from app.dossiers.models import DossierRow
from app.shared.ids import DossierId, ListingId, MarketId, PartyId


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """A dossier that was made.

    Attributes:
        party_id: For whom: what it holds is what this party's role could see.
        manifest, kid: What was signed, and with which key.
        sha256, size_bytes: Of the archive.
    """

    id: DossierId
    listing_id: ListingId
    market_id: MarketId
    party_id: PartyId
    made_at: datetime
    made_by: str
    manifest: dict[str, Any]
    kid: str
    sha256: str
    size_bytes: int


def _dossier(row: DossierRow) -> Dossier:
    return Dossier(
        id=DossierId(row.id),
        listing_id=ListingId(row.listing_id),
        market_id=MarketId(row.market_id),
        party_id=PartyId(row.party_id),
        made_at=row.made_at,
        made_by=row.made_by,
        manifest=row.manifest,
        kid=row.kid,
        sha256=row.sha256,
        size_bytes=row.size_bytes,
    )


async def insert(session: AsyncSession, dossier: Dossier) -> None:
    """Insert a dossier, once and for ever."""
    session.add(
        DossierRow(
            id=dossier.id,
            listing_id=dossier.listing_id,
            market_id=dossier.market_id,
            party_id=dossier.party_id,
            made_at=dossier.made_at,
            made_by=dossier.made_by,
            manifest=dossier.manifest,
            kid=dossier.kid,
            sha256=dossier.sha256,
            size_bytes=dossier.size_bytes,
        )
    )
    await session.flush()


async def find(session: AsyncSession, dossier_id: DossierId) -> Dossier | None:
    """Return a dossier."""
    row = await session.get(DossierRow, dossier_id)
    return None if row is None else _dossier(row)


async def of_listing(
    session: AsyncSession,
    listing_id: ListingId,
    party_id: PartyId | None,
    *,
    before: UUID | None,
    limit: int,
) -> Sequence[Dossier]:
    """Return a listing's dossiers, newest first; only those of a party, if one is given."""
    rows = await session.scalars(
        select(DossierRow)
        .where(
            DossierRow.listing_id == listing_id,
            true() if party_id is None else DossierRow.party_id == party_id,
            true() if before is None else DossierRow.id < before,
        )
        .order_by(DossierRow.id.desc())
        .limit(limit)
    )
    return [_dossier(row) for row in rows]
