"""SQL of parties."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.domain.party import (
    CreditCodeTaken,
    NewParty,
    Party,
    PartyKind,
    PartyStatus,
)
from app.identity.models import PartyRow
from app.platform.access import Owner
from app.shared.ids import MarketId, PartyId, new_id

_TYPED = {"kind", "beneficial_owners"}
_PLAIN = [spec.name for spec in fields(NewParty) if spec.name not in _TYPED]


def party_of(row: PartyRow) -> Party:
    """Return a row as the domain's value."""
    return Party(
        id=PartyId(row.id),
        market_id=MarketId(row.market_id),
        kind=PartyKind(row.kind),
        status=PartyStatus(row.status),
        beneficial_owners=tuple(row.beneficial_owners),
        **{name: getattr(row, name) for name in _PLAIN},
    )


async def insert_party(
    session: AsyncSession, *, market_id: MarketId, new: NewParty, status: PartyStatus, now: datetime
) -> PartyId:
    """Insert a party.

    Raises:
        CreditCodeTaken: The unique index decides, so two at once cannot both succeed.
    """
    party_id: UUID | None = await session.scalar(
        insert(PartyRow)
        .values(id=new_id(), market_id=market_id, status=status, registered_at=now, **asdict(new))
        .on_conflict_do_nothing()
        .returning(PartyRow.id)
    )
    if party_id is None:
        raise CreditCodeTaken(
            "Ask the party's own staff, or the exchange, to add you as a member.",
            field="credit_code",
        )
    return PartyId(party_id)


async def find_parties(session: AsyncSession, party_ids: Collection[PartyId]) -> Sequence[Party]:
    """Return parties, oldest first."""
    rows = await session.scalars(
        select(PartyRow).where(PartyRow.id.in_(party_ids)).order_by(PartyRow.id)
    )
    return [party_of(row) for row in rows]


async def find_named(
    session: AsyncSession, market_id: MarketId, names: Collection[str]
) -> Sequence[Party]:
    """Return a market's parties that are registered under one of the names exactly."""
    rows = await session.scalars(
        select(PartyRow)
        .where(PartyRow.market_id == market_id, PartyRow.name.in_(names))
        .order_by(PartyRow.id)
    )
    return [party_of(row) for row in rows]


async def find_party(
    session: AsyncSession, party_id: PartyId, *, lock: bool = False
) -> Party | None:
    """Return a party, its row locked if asked."""
    statement = select(PartyRow).where(PartyRow.id == party_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = await session.scalar(statement)
    return None if row is None else party_of(row)


async def save_decision(
    session: AsyncSession, party_id: PartyId, *, status: PartyStatus, reason: str | None
) -> None:
    """Save an operator's decision on a locked party."""
    await session.execute(
        update(PartyRow)
        .where(PartyRow.id == party_id)
        .values(status=status, decision_reason=reason)
    )


async def page_of_parties(
    session: AsyncSession,
    *,
    market_id: MarketId,
    status: PartyStatus | None,
    name: str | None,
    before: UUID | None,
    limit: int,
) -> Sequence[Party]:
    """Return the market's parties, newest first.

    Args:
        name: Part of the name, letter case ignored.
        before: Id of the last page's last party.
        limit: Rows at most.
    """
    statement = select(PartyRow).where(PartyRow.market_id == market_id)
    if status is not None:
        statement = statement.where(PartyRow.status == status)
    if name is not None:
        statement = statement.where(PartyRow.name.icontains(name, autoescape=True))
    if before is not None:
        statement = statement.where(PartyRow.id < before)
    rows = await session.scalars(statement.order_by(PartyRow.id.desc()).limit(limit))
    return [party_of(row) for row in rows]


async def owner_of_party(session: AsyncSession, party_id: UUID) -> Owner | None:
    """Return a party as its own owner."""
    market_id: UUID | None = await session.scalar(
        select(PartyRow.market_id).where(PartyRow.id == party_id)
    )
    if market_id is None:
        return None
    return Owner(MarketId(market_id), frozenset({PartyId(party_id)}))
