"""Effect conditions in the database."""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.settlement.domain.effects import Condition, ConditionKind
from app.settlement.models import ConditionRow
from app.shared.ids import DealId, FileId
from app.shared.money import Money


async def conditions_of(session: AsyncSession, deal_id: UUID) -> tuple[Condition, ...]:
    """Return a deal's conditions in the contract's order."""
    return (await conditions_of_deals(session, [DealId(deal_id)])).get(DealId(deal_id), ())


async def conditions_of_deals(
    session: AsyncSession, deal_ids: Collection[DealId]
) -> dict[DealId, tuple[Condition, ...]]:
    """Return the conditions of deals that have any, in the contracts' order, in one query."""
    rows = await session.scalars(
        select(ConditionRow)
        .where(ConditionRow.deal_id.in_(deal_ids))
        .order_by(ConditionRow.deal_id, ConditionRow.number)
        .execution_options(populate_existing=True)
    )
    found: dict[DealId, list[Condition]] = {}
    for row in rows:
        found.setdefault(DealId(row.deal_id), []).append(_condition(row))
    return {deal_id: tuple(items) for deal_id, items in found.items()}


def _condition(row: ConditionRow) -> Condition:
    return Condition(
        number=row.number,
        kind=ConditionKind(row.kind),
        description=row.description,
        amount=None if row.amount_minor is None else Money(row.amount_minor, row.currency),
        due_on=row.due_on,
        fulfilled_on=row.fulfilled_on,
        evidence_id=None if row.evidence_id is None else FileId(row.evidence_id),
        note=row.note,
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
    )


async def replace_conditions(
    session: AsyncSession, deal_id: DealId, conditions: Sequence[Condition], *, currency: str
) -> None:
    """Write a deal's conditions over the earlier ones; the caller holds its lock."""
    await session.execute(delete(ConditionRow).where(ConditionRow.deal_id == deal_id))
    for item in conditions:
        await add_condition(session, deal_id, item, currency=currency)


async def add_condition(
    session: AsyncSession, deal_id: DealId, item: Condition, *, currency: str
) -> None:
    """Write a further condition or duty; the caller holds the deal's lock."""
    await session.execute(
        insert(ConditionRow).values(
            deal_id=deal_id,
            number=item.number,
            kind=str(item.kind),
            description=item.description,
            currency=currency,
            amount_minor=None if item.amount is None else item.amount.amount_minor,
            due_on=item.due_on,
        )
    )


async def save_fulfilment(session: AsyncSession, deal_id: DealId, item: Condition) -> None:
    """Note that a condition was met; the caller holds the deal's lock."""
    await session.execute(
        update(ConditionRow)
        .where(ConditionRow.deal_id == deal_id, ConditionRow.number == item.number)
        .values(
            fulfilled_on=item.fulfilled_on,
            evidence_id=item.evidence_id,
            note=item.note,
            recorded_at=item.recorded_at,
            recorded_by=item.recorded_by,
        )
    )


async def save_due(session: AsyncSession, deal_id: DealId, number: int, due_on: date) -> None:
    """Note by when a duty is due."""
    await session.execute(
        update(ConditionRow)
        .where(ConditionRow.deal_id == deal_id, ConditionRow.number == number)
        .values(due_on=due_on)
    )
