"""Proposals as a review sees and marks them; the demand's lock guards them."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.proposal import ProposalStatus
from app.demands.domain.review import JUDGED, Judged
from app.demands.models.proposals import ProposalRow
from app.shared.ids import DemandId, PartyId, ProposalId
from app.shared.money import Money


def _judged(row: ProposalRow) -> Judged:
    content = dict(row.content or {})
    opened = row.price_minor is not None and row.currency is not None
    members = {PartyId(UUID(member["party_id"])) for member in row.members}
    return Judged(
        id=ProposalId(row.id),
        party_id=PartyId(row.party_id),
        parties=frozenset({PartyId(row.party_id)} | members),
        code=row.code,
        status=row.status,
        price=Money(row.price_minor or 0, row.currency or "CNY") if opened else None,
        handed_in_at=row.handed_in_at,
        content=content,
        team=str(content.get("team", "")),
    )


async def of_round(session: AsyncSession, demand_id: DemandId, posting: int) -> Sequence[Judged]:
    """Return all proposals to a posting, by code."""
    rows = await session.scalars(
        select(ProposalRow)
        .where(ProposalRow.demand_id == demand_id, ProposalRow.round == posting)
        .order_by(ProposalRow.code)
        .execution_options(populate_existing=True)
    )
    return [_judged(row) for row in rows]


async def admitted(session: AsyncSession, demand_id: DemandId, posting: int) -> Sequence[Judged]:
    """Return the proposals that are judged, by code."""
    found = await of_round(session, demand_id, posting)
    return [item for item in found if item.status in JUDGED]


async def mark(
    session: AsyncSession,
    ids: Collection[ProposalId],
    status: ProposalStatus,
    *,
    reason: str | None = None,
) -> None:
    """Give proposals a status, with the reason of an exclusion."""
    values = {"status": str(status)} | ({} if reason is None else {"reason": reason})
    if ids:
        await session.execute(
            update(ProposalRow)
            .where(ProposalRow.id.in_(ids))
            .values(values)
            .execution_options(synchronize_session=False)
        )


async def readmit(session: AsyncSession, demand_id: DemandId, posting: int, *, reason: str) -> None:
    """Let those be judged again whom a review excluded for a reason of its own."""
    row = ProposalRow
    await session.execute(
        update(row)
        .where(
            row.demand_id == demand_id,
            row.round == posting,
            row.status == str(ProposalStatus.EXCLUDED),
            row.reason == reason,
        )
        .values(status=str(ProposalStatus.ADMITTED), reason=None)
        .execution_options(synchronize_session=False)
    )
