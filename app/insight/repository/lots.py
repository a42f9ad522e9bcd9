"""Lots: written an event at a time, listed one by one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.insight.domain.cuts import Cut
from app.insight.domain.lots import Lot, Method, Outcome, Told, ratio_bp
from app.insight.models import PriceLotRow, PriceSayingRow
from app.insight.repository.cuts import cut
from app.platform.reactions import ReactionCursor
from app.shared.calendar import SHANGHAI
from app.shared.ids import ListingId, MarketId

_L: Final = PriceLotRow
_S: Final = PriceSayingRow
_AS_THEY_ARE: Final = (
    "number",
    "title",
    "technology_field",
    "seller_region",
    "seller_class",
    "buyer_region",
    "pricing_mode",
    "sandbox",
    "ended_at",
    "bidders",
    "registered",
    "qualified",
    "deposited",
    "currency",
    "appraisal_minor",
    "start_minor",
    "price_minor",
    "amount_known",
    "defaults",
)


async def keep(
    session: AsyncSession, listing_id: ListingId, told: Told
) -> Mapping[str, Mapping[str, Any]] | None:
    """Keep what an event says; return all that is known, or ``None`` if nothing is new (IN1)."""
    new = insert(_S).values(
        listing_id=listing_id, part=told.part, version=told.version, said=dict(told.said)
    )
    kept = await session.scalar(
        new.on_conflict_do_update(
            index_elements=[_S.listing_id, _S.part],
            set_={"version": new.excluded.version, "said": new.excluded.said},
            where=_S.version < new.excluded.version,
        ).returning(_S.part)
    )
    if kept is None:
        return None
    rows = await session.execute(select(_S.part, _S.said).where(_S.listing_id == listing_id))
    return {row.part: row.said for row in rows}


async def put(session: AsyncSession, market_id: MarketId, listing_id: ListingId, lot: Lot) -> None:
    """Write a lot over what was counted of it before."""
    priced = lot.is_priced
    appraised = priced and lot.appraisal_minor is not None
    values: dict[str, Any] = {name: getattr(lot, name) for name in _AS_THEY_ARE} | {
        "market_id": market_id,
        "achievement_id": UUID(lot.achievement_id),
        "outcome": str(lot.outcome),
        "method": str(lot.method),
        "ended_on": None if lot.ended_at is None else lot.ended_at.astimezone(SHANGHAI).date(),
        "premium_bp": _bp((lot.price_minor or 0) - lot.start_minor, lot.start_minor, priced),
        "start_ratio_bp": _bp(lot.start_minor, lot.appraisal_minor or 0, appraised),
        "price_ratio_bp": _bp(lot.price_minor or 0, lot.appraisal_minor or 0, appraised),
    }
    await session.execute(
        insert(_L)
        .values(listing_id=listing_id, **values)
        .on_conflict_do_update(index_elements=[_L.listing_id], set_=values)
    )


def _bp(part: int, whole: int, known: bool) -> int | None:
    return ratio_bp(part, whole) if known else None


async def start_anew(session: AsyncSession, reaction: str) -> None:
    """Forget everything and send a reaction back to the journal's start (IN1)."""
    await session.execute(
        update(ReactionCursor)
        .where(ReactionCursor.name == reaction)
        .values(epoch=0, txid=0, seq=0, attempts=0, retry_at=None, last_error=None)
    )
    await session.execute(delete(_S))
    await session.execute(delete(_L))


async def find_page(
    session: AsyncSession, asked: Cut, *, before: tuple[datetime, UUID] | None, limit: int
) -> Sequence[tuple[ListingId, Lot]]:
    """Return the lots that ended in a cut, the last one first."""
    statement = cut(select(_L), asked)
    if before is not None:
        statement = statement.where(tuple_(_L.ended_at, _L.listing_id) < before)
    rows = await session.scalars(
        statement.order_by(_L.ended_at.desc(), _L.listing_id.desc()).limit(limit)
    )
    return [(ListingId(row.listing_id), _lot(row)) for row in rows]


def _lot(row: PriceLotRow) -> Lot:
    return Lot(
        **{name: getattr(row, name) for name in _AS_THEY_ARE},
        achievement_id=str(row.achievement_id),
        outcome=Outcome(row.outcome),
        method=Method(row.method),
    )
