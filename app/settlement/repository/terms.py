"""Price terms in the database: versions in force, and the supplement that waits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.settlement.domain.terms import PriceTerms
from app.settlement.models.terms import SupplementRow, TermsRow
from app.shared.ids import DealId

_TERMS: Final = TypeAdapter(PriceTerms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplement:
    """A change of signed terms that waits for both sides.

    Attributes:
        version: Of the terms that it changes.
        text_hash: SHA-256 of the supplementary agreement's text.
    """

    version: int
    terms: PriceTerms
    reason: str
    text_hash: str
    proposed_at: datetime
    seller_agreed_at: datetime | None = None
    buyer_agreed_at: datetime | None = None


async def find_terms(session: AsyncSession, deal_id: DealId, version: int) -> PriceTerms | None:
    """Return a version of a deal's terms; there is no version 0."""
    row = await session.get(TermsRow, (deal_id, version))
    return None if row is None else _TERMS.validate_python(row.terms)


async def terms_of_deals(
    session: AsyncSession, versions: Mapping[DealId, int]
) -> dict[DealId, PriceTerms]:
    """Return the named version of each deal's terms, in one query; there is no version 0."""
    pairs = [(deal_id, version) for deal_id, version in versions.items() if version]
    if not pairs:
        return {}
    rows = await session.scalars(
        select(TermsRow).where(tuple_(TermsRow.deal_id, TermsRow.version).in_(pairs))
    )
    return {DealId(row.deal_id): _TERMS.validate_python(row.terms) for row in rows}


async def insert_terms(
    session: AsyncSession,
    deal_id: DealId,
    version: int,
    terms: PriceTerms,
    *,
    now: datetime,
    supplement: Supplement | None = None,
) -> None:
    """Write a version; of a supplement with why and by whom it was agreed."""
    agreed: dict[str, Any] = {}
    if supplement is not None:
        agreed = {
            "reason": supplement.reason,
            "text_hash": supplement.text_hash,
            "seller_agreed_at": supplement.seller_agreed_at,
            "buyer_agreed_at": supplement.buyer_agreed_at,
        }
    stored = _TERMS.dump_python(terms, mode="json")
    await session.execute(
        insert(TermsRow).values(
            deal_id=deal_id, version=version, terms=stored, fixed_at=now, **agreed
        )
    )


async def find_supplement(session: AsyncSession, deal_id: DealId) -> Supplement | None:
    """Return the change of a deal's terms that waits for both sides."""
    row = await session.scalar(
        select(SupplementRow)
        .where(SupplementRow.deal_id == deal_id)
        .execution_options(populate_existing=True)
    )
    if row is None:
        return None
    return Supplement(
        version=row.version,
        terms=_TERMS.validate_python(row.terms),
        reason=row.reason,
        text_hash=row.text_hash,
        proposed_at=row.proposed_at,
        seller_agreed_at=row.seller_agreed_at,
        buyer_agreed_at=row.buyer_agreed_at,
    )


async def save_supplement(session: AsyncSession, deal_id: DealId, supplement: Supplement) -> None:
    """Write the change that waits, over an earlier one; the caller holds the deal's lock."""
    values = {
        "version": supplement.version,
        "terms": _TERMS.dump_python(supplement.terms, mode="json"),
        "reason": supplement.reason,
        "text_hash": supplement.text_hash,
        "proposed_at": supplement.proposed_at,
        "seller_agreed_at": supplement.seller_agreed_at,
        "buyer_agreed_at": supplement.buyer_agreed_at,
    }
    await session.execute(
        insert(SupplementRow)
        .values(deal_id=deal_id, **values)
        .on_conflict_do_update(index_elements=["deal_id"], set_=values)
    )


async def drop_supplement(session: AsyncSession, deal_id: DealId) -> None:
    """Remove the change that waited: it is in force, or was withdrawn."""
    await session.execute(delete(SupplementRow).where(SupplementRow.deal_id == deal_id))
