"""What other modules may use of dossiers."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.dossiers import repository
from app.dossiers.verify import check as check_dossier
from app.dossiers.verify import verify_archive
from app.platform.access import Owner
from app.shared.ids import DossierId

__all__ = ["check_dossier", "owner_of_dossier", "verify_archive"]


async def owner_of_dossier(session: AsyncSession, dossier_id: UUID) -> Owner | None:
    """Return for whom a dossier was made."""
    found = await repository.find(session, DossierId(dossier_id))
    return None if found is None else Owner(found.market_id, frozenset({found.party_id}))
