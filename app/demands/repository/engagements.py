"""Engagements with their milestones and deliveries in the database."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, true, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.delivery import (
    CostKind,
    CostLine,
    CostReport,
    Delivery,
    HandedFile,
    Measured,
    Report,
)
from app.demands.domain.engagement import Engagement, EngagementStatus
from app.demands.domain.failure import RiskRule
from app.demands.domain.milestone import EngagedMilestone, MilestoneStatus
from app.demands.models import DeliveryRow, EngagementMilestoneRow, EngagementRow
from app.shared.calendar import SHANGHAI
from app.shared.ids import (
    DealId,
    DemandId,
    EngagementId,
    FileId,
    MarketId,
    MilestoneId,
    PartyId,
    ProposalId,
)
from app.shared.jsonable import jsonable
from app.shared.money import Money

_MILESTONE = (
    "place",
    "title",
    "due_on",
    "deliverable",
    "metric",
    "share_bp",
    "delivered_at",
    "decide_by_at",
    "decided_at",
    "reason",
    "remedy_due_at",
    "released_at",
)
_PLAIN = (
    "number",
    "round",
    "rank",
    "poster_risk_bp",
    "lump_sum",
    "third_party",
    "racing",
    "opened_at",
    "sign_by_at",
    "pay_by_at",
    "signed_at",
    "ended_at",
    "reason",
    "costs",
    "proposal",
    "outcome",
)


def _engagement(row: EngagementRow, milestones: Sequence[EngagedMilestone]) -> Engagement:
    entitled = row.entitled_minor
    return Engagement(
        id=EngagementId(row.id),
        market_id=MarketId(row.market_id),
        demand_id=DemandId(row.demand_id),
        proposal_id=ProposalId(row.proposal_id),
        poster_id=PartyId(row.poster_id),
        solver_id=PartyId(row.solver_id),
        status=EngagementStatus(row.status),
        price=Money(row.price_minor, row.currency),
        failure_risk_rule=RiskRule(row.failure_risk_rule),
        released=Money(row.released_minor, row.currency),
        returned=Money(row.returned_minor, row.currency),
        milestones=tuple(milestones),
        deal_id=None if row.deal_id is None else DealId(row.deal_id),
        entitled=None if entitled is None else Money(entitled, row.currency),
        **{name: getattr(row, name) for name in _PLAIN},
    )


def _milestone(row: EngagementMilestoneRow, currency: str) -> EngagedMilestone:
    return EngagedMilestone(
        id=MilestoneId(row.id),
        amount=Money(row.amount_minor, currency),
        status=MilestoneStatus(row.status),
        **{name: getattr(row, name) for name in _MILESTONE},
    )


def _columns(engagement: Engagement) -> dict[str, Any]:
    entitled = engagement.entitled
    return {
        "status": str(engagement.status),
        "released_minor": engagement.released.amount_minor,
        "returned_minor": engagement.returned.amount_minor,
        "deal_id": engagement.deal_id,
        "signed_at": engagement.signed_at,
        "ended_at": engagement.ended_at,
        "reason": engagement.reason,
        "costs": jsonable(engagement.costs),
        "proposal": None if engagement.proposal is None else jsonable(engagement.proposal),
        "entitled_minor": None if entitled is None else entitled.amount_minor,
        "outcome": None if engagement.outcome is None else jsonable(engagement.outcome),
    }


def _milestone_columns(milestone: EngagedMilestone) -> dict[str, Any]:
    return {name: getattr(milestone, name) for name in _MILESTONE} | {
        "status": str(milestone.status),
        "amount_minor": milestone.amount.amount_minor,
    }


async def next_number(session: AsyncSession, *, now: datetime) -> str:
    """Return the next human number; a rollback leaves a gap, which is allowed."""
    value = await session.scalar(select(func.nextval("engagement_numbers")))
    return f"ZP-E-{now.astimezone(SHANGHAI).year}-{value:06}"


async def insert(session: AsyncSession, engagement: Engagement) -> None:
    """Insert a new engagement with its milestones."""
    kept = {name: getattr(engagement, name) for name in _PLAIN} | _columns(engagement)
    session.add(
        EngagementRow(
            id=engagement.id,
            market_id=engagement.market_id,
            demand_id=engagement.demand_id,
            proposal_id=engagement.proposal_id,
            poster_id=engagement.poster_id,
            solver_id=engagement.solver_id,
            currency=engagement.price.currency,
            price_minor=engagement.price.amount_minor,
            failure_risk_rule=str(engagement.failure_risk_rule),
            **kept,
        )
    )
    await session.flush()
    session.add_all(
        EngagementMilestoneRow(
            id=milestone.id, engagement_id=engagement.id, **_milestone_columns(milestone)
        )
        for milestone in engagement.milestones
    )
    await session.flush()


async def save(session: AsyncSession, engagement: Engagement, *, before: Engagement) -> None:
    """Save what changed since ``before``; the caller holds the demand's lock."""
    await session.execute(
        update(EngagementRow)
        .where(EngagementRow.id == engagement.id)
        .values(_columns(engagement))
        .execution_options(synchronize_session=False)
    )
    for milestone in engagement.milestones:
        if milestone in before.milestones:
            continue
        await session.execute(
            update(EngagementMilestoneRow)
            .where(EngagementMilestoneRow.id == milestone.id)
            .values(_milestone_columns(milestone))
            .execution_options(synchronize_session=False)
        )


async def _whole(session: AsyncSession, rows: Sequence[EngagementRow]) -> list[Engagement]:
    currencies = {row.id: row.currency for row in rows}
    found = await session.scalars(
        select(EngagementMilestoneRow)
        .where(EngagementMilestoneRow.engagement_id.in_(currencies))
        .order_by(EngagementMilestoneRow.place)
        .execution_options(populate_existing=True)
    )
    milestones: dict[UUID, list[EngagedMilestone]] = {row.id: [] for row in rows}
    for row in found:
        milestones[row.engagement_id].append(_milestone(row, currencies[row.engagement_id]))
    return [_engagement(row, milestones[row.id]) for row in rows]


async def find(session: AsyncSession, engagement_id: EngagementId) -> Engagement | None:
    """Return an engagement as it stands now."""
    row = await session.get(EngagementRow, engagement_id, populate_existing=True)
    return None if row is None else (await _whole(session, [row]))[0]


async def find_by_milestone(session: AsyncSession, milestone_id: MilestoneId) -> Engagement | None:
    """Return the engagement of a milestone."""
    row = await session.get(EngagementMilestoneRow, milestone_id, populate_existing=True)
    return None if row is None else await find(session, EngagementId(row.engagement_id))


async def of_demand(session: AsyncSession, demand_id: DemandId) -> Sequence[Engagement]:
    """Return a demand's engagements in the order they were opened."""
    rows = await session.scalars(
        select(EngagementRow)
        .where(EngagementRow.demand_id == demand_id)
        .order_by(EngagementRow.id)
        .execution_options(populate_existing=True)
    )
    return await _whole(session, rows.all())


async def find_page(
    session: AsyncSession,
    *,
    market_id: MarketId,
    party_id: PartyId | None,
    demand_id: DemandId | None,
    before: EngagementId | None,
    limit: int,
) -> Sequence[Engagement]:
    """Return engagements newest first: a market's, or those a party posts or works for."""
    row = EngagementRow
    rows = await session.scalars(
        select(row)
        .where(
            row.market_id == market_id,
            true()
            if party_id is None
            else or_(row.poster_id == party_id, row.solver_id == party_id),
            true() if demand_id is None else row.demand_id == demand_id,
            true() if before is None else row.id < before,
        )
        .order_by(row.id.desc())
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    return await _whole(session, rows.all())


def _files(told: Sequence[Mapping[str, Any]]) -> tuple[HandedFile, ...]:
    return tuple(HandedFile(FileId(UUID(it["file_id"])), it["name"], it["sha256"]) for it in told)


def _values(told: Sequence[Mapping[str, Any]]) -> tuple[Measured, ...]:
    return tuple(
        Measured(it["target"], Decimal(it["value"]), it["unit"], it["test_method"]) for it in told
    )


def _money(told: Mapping[str, str]) -> Money:
    return Money.parse(told["amount"], told["currency"])


def _delivery(row: DeliveryRow) -> Delivery:
    costs, report = row.costs, row.report
    return Delivery(
        milestone_id=MilestoneId(row.milestone_id),
        number=row.number,
        text=row.text,
        files=_files(row.files),
        values=_values(row.values),
        costs=None
        if costs is None
        else CostReport(
            _money(costs["total"]),
            tuple(CostLine(CostKind(it["kind"]), _money(it["amount"])) for it in costs["lines"]),
        ),
        delivered_at=row.delivered_at,
        report=None
        if report is None
        else Report(
            by=report["by"],
            text=report["text"],
            files=_files(report["files"]),
            values=_values(report["values"]),
            reported_at=datetime.fromisoformat(report["reported_at"]),
        ),
    )


async def put_delivery(session: AsyncSession, delivery: Delivery) -> None:
    """Insert a delivery, or add the third party's report to it."""
    told = jsonable(delivery)
    values = {
        "milestone_id": delivery.milestone_id,
        "number": delivery.number,
        "text": delivery.text,
        "files": told["files"],
        "values": told["values"],
        "costs": told["costs"],
        "delivered_at": delivery.delivered_at,
        "report": told["report"],
    }
    await session.execute(
        upsert(DeliveryRow)
        .values(values)
        .on_conflict_do_update(
            index_elements=["milestone_id", "number"], set_={"report": told["report"]}
        )
    )


async def deliveries_of(
    session: AsyncSession, milestone_ids: Sequence[MilestoneId]
) -> Sequence[Delivery]:
    """Return what was delivered for milestones, in the order it was."""
    rows = await session.scalars(
        select(DeliveryRow)
        .where(DeliveryRow.milestone_id.in_(milestone_ids))
        .order_by(DeliveryRow.delivered_at, DeliveryRow.number)
        .execution_options(populate_existing=True)
    )
    return [_delivery(row) for row in rows]
