"""Results as they were shown; only ever added."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.matching.domain.entry import EntryKind
from app.matching.domain.match import Basis, StoredResult, Verdict
from app.matching.domain.storing import basis_to_json
from app.matching.models import MatchResultRow
from app.platform.access import ObjectUnknown, Owner
from app.shared.ids import MarketId, PartyId

_R: Final = MatchResultRow.__table__


async def latest(session: AsyncSession, entry_id: UUID) -> StoredResult | None:
    """Return the newest result of an entry; one result an entry and moment, so ids order them."""
    of_entry = select(_R).where(_R.c.entry_id == entry_id).order_by(_R.c.id.desc()).limit(1)
    return await _one(session, of_entry)


async def get(session: AsyncSession, result_id: UUID) -> StoredResult:
    """Return a result.

    Raises:
        ObjectUnknown: There is none.
    """
    found = await _one(session, select(_R).where(_R.c.id == result_id))
    if found is None:
        raise ObjectUnknown("There is no such result.")
    return found


async def owner_of(session: AsyncSession, result_id: UUID) -> Owner | None:
    """Return a result's market and the party whose entry found it."""
    row = (
        await session.execute(select(_R.c.market_id, _R.c.party_id).where(_R.c.id == result_id))
    ).one_or_none()
    if row is None:
        return None
    return Owner(MarketId(row.market_id), frozenset({PartyId(row.party_id)}))


async def add(session: AsyncSession, result: StoredResult) -> None:
    """Keep a result."""
    await session.execute(
        insert(MatchResultRow).values(
            id=result.id,
            market_id=result.market_id,
            party_id=result.party_id,
            kind=str(result.kind),
            entry_id=result.entry_id,
            revision=result.revision,
            computed_at=result.computed_at,
            verdict=str(result.verdict),
            basis=basis_to_json(result.basis),
            excluded=dict(result.excluded),
            matches=list(result.matches),
        )
    )


async def _one(session: AsyncSession, statement: Select[Any]) -> StoredResult | None:
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else read_result(row)


def read_result(row: Row[Any]) -> StoredResult:
    """Return a row's result."""
    return StoredResult(
        id=row.id,
        market_id=MarketId(row.market_id),
        party_id=PartyId(row.party_id),
        kind=EntryKind(row.kind),
        entry_id=row.entry_id,
        revision=row.revision,
        computed_at=row.computed_at,
        verdict=Verdict(row.verdict),
        basis=Basis(**row.basis),
        excluded=row.excluded,
        matches=tuple(row.matches),
    )
