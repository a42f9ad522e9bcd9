"""Consents, proposed changes and objection procedures in the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, or_, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.domain.agreement import Consent, Procedure
from app.listings.domain.relation import Relation
from app.listings.models.objections import ConsentRow, ProcedureRow, ProposalRow
from app.shared.ids import ListingId, MarketId, PartyId, ProcedureId


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Changed terms that wait for consent; ``terms`` are the `jsonable` form."""

    terms: dict[str, Any]
    terms_hash: str
    proposed_by: str
    proposed_at: datetime


async def save_consent(session: AsyncSession, consent: Consent) -> bool:
    """Keep a consent unless the same terms have one; tell whether it did."""
    kept = await session.scalar(
        insert(ConsentRow)
        .values(
            listing_id=consent.listing_id,
            terms_hash=consent.terms_hash,
            party_id=consent.party_id,
            relation=str(consent.relation),
            consented_by=consent.consented_by,
            consented_at=consent.consented_at,
        )
        .on_conflict_do_nothing()
        .returning(ConsentRow.listing_id)
    )
    return kept is not None


async def find_consent(
    session: AsyncSession, listing_id: ListingId, terms_hash: str
) -> Consent | None:
    """Return the consent to exact terms of a listing."""
    row = await session.get(ConsentRow, (listing_id, terms_hash))
    if row is None:
        return None
    return Consent(
        listing_id=ListingId(row.listing_id),
        party_id=PartyId(row.party_id),
        terms_hash=row.terms_hash,
        relation=Relation(row.relation),
        consented_by=row.consented_by,
        consented_at=row.consented_at,
    )


async def save_proposal(session: AsyncSession, listing_id: ListingId, proposal: Proposal) -> None:
    """Keep a proposal, instead of an earlier one."""
    values = {
        "terms": proposal.terms,
        "terms_hash": proposal.terms_hash,
        "proposed_by": proposal.proposed_by,
        "proposed_at": proposal.proposed_at,
    }
    statement = insert(ProposalRow).values(listing_id=listing_id, **values)
    await session.execute(
        statement.on_conflict_do_update(index_elements=["listing_id"], set_=values)
    )


async def find_proposal(session: AsyncSession, listing_id: ListingId) -> Proposal | None:
    """Return the terms that wait for consent."""
    row = await session.get(ProposalRow, listing_id, populate_existing=True)
    if row is None:
        return None
    return Proposal(
        terms=row.terms,
        terms_hash=row.terms_hash,
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
    )


async def drop_proposal(session: AsyncSession, listing_id: ListingId) -> None:
    """Forget a proposal that was published; the journal keeps it."""
    await session.execute(delete(ProposalRow).where(ProposalRow.listing_id == listing_id))


def _procedure(row: ProcedureRow) -> Procedure:
    return Procedure(
        id=ProcedureId(row.id),
        market_id=MarketId(row.market_id),
        party_id=None if row.party_id is None else PartyId(row.party_id),
        version=row.version,
        text=row.text,
        published_at=row.published_at,
    )


async def next_version(session: AsyncSession, market_id: MarketId, party_id: PartyId | None) -> int:
    """Return the version of a publisher's next procedure; of two at once one fails on the index."""
    last = await session.scalar(
        select(func.max(ProcedureRow.version)).where(
            ProcedureRow.market_id == market_id,
            ProcedureRow.party_id.is_not_distinct_from(party_id),
        )
    )
    return (last or 0) + 1


async def insert_procedure(session: AsyncSession, procedure: Procedure) -> None:
    """Publish a procedure, once and for ever."""
    session.add(
        ProcedureRow(
            id=procedure.id,
            market_id=procedure.market_id,
            party_id=procedure.party_id,
            version=procedure.version,
            text=procedure.text,
            published_at=procedure.published_at,
        )
    )
    await session.flush()


async def procedure_in_effect(
    session: AsyncSession, market_id: MarketId, party_id: PartyId
) -> Procedure | None:
    """Return the seller's last procedure, or the exchange's where the seller has none."""
    row = await session.scalar(
        select(ProcedureRow)
        .where(
            ProcedureRow.market_id == market_id,
            or_(ProcedureRow.party_id == party_id, ProcedureRow.party_id.is_(None)),
        )
        .order_by(ProcedureRow.party_id.is_(None), ProcedureRow.version.desc())
        .limit(1)
    )
    return None if row is None else _procedure(row)


async def find_procedures(
    session: AsyncSession,
    *,
    market_id: MarketId | None,
    party_id: PartyId | None,
    before: UUID | None,
    limit: int,
) -> Sequence[Procedure]:
    """Return published procedures, newest first."""
    rows = await session.scalars(
        select(ProcedureRow)
        .where(
            true() if market_id is None else ProcedureRow.market_id == market_id,
            true() if party_id is None else ProcedureRow.party_id == party_id,
            true() if before is None else ProcedureRow.id < before,
        )
        .order_by(ProcedureRow.id.desc())
        .limit(limit)
    )
    return [_procedure(row) for row in rows]
