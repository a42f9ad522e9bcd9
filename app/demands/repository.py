"""Demands in the database; returns domain values, never rows."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.demand import (
    Answerer,
    Budget,
    BudgetKind,
    Confidentiality,
    Demand,
    DemandContent,
    DemandStatus,
    Milestone,
    Target,
    TargetOperator,
)
from app.demands.models import DemandRow
from app.shared.access import Viewer
from app.shared.ids import DemandId, MarketId, PartyId
from app.shared.jsonable import jsonable
from app.shared.money import Money


def _target(item: dict[str, Any]) -> Target:
    upper = item["value_max"]
    return Target(
        name=item["name"],
        operator=TargetOperator(item["operator"]),
        value=Decimal(item["value"]),
        value_max=None if upper is None else Decimal(upper),
        unit=item["unit"],
        test_method=item["test_method"],
    )


def _milestone(item: dict[str, Any]) -> Milestone:
    return Milestone(
        title=item["title"],
        due_on=date.fromisoformat(item["due_on"]),
        deliverable=item["deliverable"],
        metric=item["metric"],
        share_bp=item["share_bp"],
    )


def _budget(row: DemandRow) -> Budget:
    currency = row.budget_currency
    low, high = (
        None if minor is None or currency is None else Money(minor, currency)
        for minor in (row.budget_low_minor, row.budget_high_minor)
    )
    return Budget(kind=BudgetKind(row.budget_kind), low=low, high=high)


def _demand(row: DemandRow) -> Demand:
    return Demand(
        id=DemandId(row.id),
        market_id=MarketId(row.market_id),
        party_id=PartyId(row.party_id),
        status=DemandStatus(row.status),
        submitted_at=row.submitted_at,
        reviewed_at=row.reviewed_at,
        refusal_reason=row.refusal_reason,
        content=DemandContent(
            title=row.title,
            technology_field=row.technology_field,
            background=row.background,
            targets=tuple(_target(item) for item in row.targets),
            due_on=row.due_on,
            budget=_budget(row),
            cooperation_mode=row.cooperation_mode,
            ip_ownership=row.ip_ownership,
            failure_risk_rule=row.failure_risk_rule,
            who_may_answer=tuple(Answerer(name) for name in row.who_may_answer),
            confidentiality=Confidentiality(row.confidentiality),
            milestones=tuple(_milestone(item) for item in row.milestones),
        ),
    )


async def insert(session: AsyncSession, demand: Demand) -> None:
    """Insert a new demand."""
    content = demand.content
    low, high = content.budget.low, content.budget.high
    session.add(
        DemandRow(
            id=demand.id,
            market_id=demand.market_id,
            party_id=demand.party_id,
            status=str(demand.status),
            title=content.title,
            technology_field=content.technology_field,
            background=content.background,
            targets=jsonable(content.targets),
            due_on=content.due_on,
            budget_kind=str(content.budget.kind),
            budget_low_minor=None if low is None else low.amount_minor,
            budget_high_minor=None if high is None else high.amount_minor,
            budget_currency=None if low is None else low.currency,
            cooperation_mode=content.cooperation_mode,
            ip_ownership=content.ip_ownership,
            failure_risk_rule=content.failure_risk_rule,
            who_may_answer=[str(kind) for kind in content.who_may_answer],
            confidentiality=str(content.confidentiality),
            milestones=jsonable(content.milestones),
            submitted_at=demand.submitted_at,
            reviewed_at=demand.reviewed_at,
            refusal_reason=demand.refusal_reason,
        )
    )
    await session.flush()


async def save_review(session: AsyncSession, demand: Demand) -> None:
    """Save status and decision; the content never changes here."""
    await session.execute(
        update(DemandRow)
        .where(DemandRow.id == demand.id)
        .values(
            status=str(demand.status),
            reviewed_at=demand.reviewed_at,
            refusal_reason=demand.refusal_reason,
        )
    )


async def find(session: AsyncSession, demand_id: DemandId, *, lock: bool = False) -> Demand | None:
    """Return a demand, under its row lock if asked."""
    statement = select(DemandRow).where(DemandRow.id == demand_id)
    if lock:
        statement = statement.with_for_update()
    row = await session.scalar(statement.execution_options(populate_existing=True))
    return None if row is None else _demand(row)


def _seen_by(viewer: Viewer) -> ColumnElement[bool]:
    # The same rule as domain.demand.may_see; a test holds them together.
    seen: list[ColumnElement[bool]] = [
        (DemandRow.status == str(DemandStatus.POSTED))
        & (DemandRow.confidentiality == str(Confidentiality.PUBLIC))
    ]
    if viewer.party_id is not None:
        seen.append(DemandRow.party_id == viewer.party_id)
    if viewer.staff_of is not None:
        seen.append(DemandRow.market_id == viewer.staff_of)
    return or_(*seen)


async def find_page(
    session: AsyncSession,
    viewer: Viewer,
    *,
    market_id: MarketId | None,
    technology_field: str | None,
    before: DemandId | None,
    limit: int,
) -> Sequence[Demand]:
    """Return what the viewer may see, newest first, below ``before``."""
    rows = await session.scalars(
        select(DemandRow)
        .where(
            _seen_by(viewer),
            true() if market_id is None else DemandRow.market_id == market_id,
            true() if technology_field is None else DemandRow.technology_field == technology_field,
            true() if before is None else DemandRow.id < before,
        )
        .order_by(DemandRow.id.desc())
        .limit(limit)
    )
    return [_demand(row) for row in rows]
