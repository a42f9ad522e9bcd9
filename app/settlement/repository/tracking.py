"""Conversion tracking in the database."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.settlement.domain.outcomes import Outcome, OutcomeFigures, OutcomeStatus
from app.settlement.domain.tracking import (
    Conversion,
    ConversionNotOpen,
    ConversionStatus,
    ConversionTrigger,
    FailureReason,
    Milestone,
    MilestoneKind,
    Report,
)
from app.settlement.models.tracking import ConversionReportRow, ConversionRow, OutcomeRow
from app.shared.ids import DealId, FileId, MarketId, PartyId
from app.shared.jsonable import jsonable
from app.shared.money import Money

_C: Final = ConversionRow
_CURRENCY: Final = "CNY"
_AMOUNTS: Final = ("output", "sales", "profit", "tax", "exports")


def _values(conversion: Conversion) -> dict[str, Any]:
    reason = conversion.failure_reason
    return {
        "status": str(conversion.status),
        "version": conversion.version,
        "milestones": jsonable(list(conversion.milestones)),
        "every_months": conversion.every_months,
        "until_on": conversion.until_on,
        "reports": conversion.reports,
        "last_report_at": conversion.last_report_at,
        "converted_on": conversion.converted_on,
        "failure_reason": None if reason is None else str(reason),
    }


async def insert_conversion(session: AsyncSession, conversion: Conversion) -> bool:
    """Write a new tracking; false if the deal has one (ST240)."""
    new = await session.scalar(
        insert(_C)
        .values(
            deal_id=conversion.deal_id,
            market_id=conversion.market_id,
            opened_on=conversion.opened_on,
            **_values(conversion),
        )
        .on_conflict_do_nothing()
        .returning(_C.deal_id)
    )
    return new is not None


async def get_conversion(session: AsyncSession, deal_id: DealId) -> Conversion:
    """Return a deal's tracking.

    Raises:
        ConversionNotOpen: It has not begun.
    """
    conversion = await find_conversion(session, deal_id)
    if conversion is None:
        raise ConversionNotOpen("The contract has not taken effect.")
    return conversion


async def find_conversion(session: AsyncSession, deal_id: DealId) -> Conversion | None:
    """Return a deal's tracking, if it has begun; it changes under the deal's lock."""
    row = await session.scalar(
        select(_C).where(_C.deal_id == deal_id).execution_options(populate_existing=True)
    )
    if row is None:
        return None
    reason = row.failure_reason
    return Conversion(
        deal_id=DealId(row.deal_id),
        market_id=MarketId(row.market_id),
        status=ConversionStatus(row.status),
        version=row.version,
        milestones=tuple(map(_milestone, row.milestones)),
        every_months=row.every_months,
        opened_on=row.opened_on,
        until_on=row.until_on,
        reports=row.reports,
        last_report_at=row.last_report_at,
        converted_on=row.converted_on,
        failure_reason=None if reason is None else FailureReason(reason),
    )


def _milestone(told: dict[str, Any]) -> Milestone:
    reached = told["reached_on"]
    return Milestone(
        number=told["number"],
        kind=MilestoneKind(told["kind"]),
        planned_on=date.fromisoformat(told["planned_on"]),
        note=told["note"],
        reached_on=None if reached is None else date.fromisoformat(reached),
    )


async def save_conversion(session: AsyncSession, conversion: Conversion) -> None:
    """Write what may change of a tracking; the caller holds its lock."""
    await session.execute(
        update(_C).where(_C.deal_id == conversion.deal_id).values(**_values(conversion))
    )


async def insert_report(session: AsyncSession, deal_id: DealId, report: Report) -> None:
    """Write a report; its number is free under the tracking's lock."""
    reason = report.failure_reason
    await session.execute(
        insert(ConversionReportRow).values(
            deal_id=deal_id,
            number=report.number,
            party_id=report.party_id,
            says=str(report.says),
            reported_on=report.reported_on,
            text=report.text,
            milestone=report.milestone,
            failure_reason=None if reason is None else str(reason),
            evidence=list(report.evidence),
            at=report.at,
        )
    )


async def find_reports(
    session: AsyncSession, deal_id: DealId, *, before: int | None, limit: int
) -> Sequence[Report]:
    """Return a deal's reports, the newest first."""
    row = ConversionReportRow
    statement = select(row).where(row.deal_id == deal_id)
    if before is not None:
        statement = statement.where(row.number < before)
    rows = await session.scalars(statement.order_by(row.number.desc()).limit(limit))
    return [
        Report(
            number=found.number,
            party_id=PartyId(found.party_id),
            says=ConversionTrigger(found.says),
            reported_on=found.reported_on,
            text=found.text,
            milestone=found.milestone,
            failure_reason=(
                None if found.failure_reason is None else FailureReason(found.failure_reason)
            ),
            evidence=tuple(map(FileId, found.evidence)),
            at=found.at,
        )
        for found in rows
    ]


async def outcomes_of(session: AsyncSession, deal_id: DealId) -> Sequence[Outcome]:
    """Return what was stated of a deal, the first year first."""
    rows = await session.scalars(
        select(OutcomeRow)
        .where(OutcomeRow.deal_id == deal_id)
        .order_by(OutcomeRow.year)
        .execution_options(populate_existing=True)
    )
    return [
        Outcome(
            year=row.year,
            version=row.version,
            party_id=PartyId(row.party_id),
            figures=figures_of(row),
            note=row.note,
            stated_at=row.stated_at,
            status=OutcomeStatus(row.status),
            answered_at=row.answered_at,
            dispute=row.dispute,
        )
        for row in rows
    ]


def figures_of(row: OutcomeRow) -> OutcomeFigures:
    """Return a row's figures."""
    amounts = {name: getattr(row, f"{name}_minor") for name in _AMOUNTS}
    return OutcomeFigures(
        jobs=row.jobs,
        **{
            name: None if minor is None else Money(minor, _CURRENCY)
            for name, minor in amounts.items()
        },
    )


async def put_outcome(session: AsyncSession, deal_id: DealId, outcome: Outcome) -> None:
    """Write a year's figures over those of before; the caller holds the tracking's lock."""
    values: dict[str, Any] = {
        "version": outcome.version,
        "party_id": outcome.party_id,
        "jobs": outcome.figures.jobs,
        "note": outcome.note,
        "stated_at": outcome.stated_at,
        "status": str(outcome.status),
        "answered_at": outcome.answered_at,
        "dispute": outcome.dispute,
    }
    for name in _AMOUNTS:
        amount = getattr(outcome.figures, name)
        values[f"{name}_minor"] = None if amount is None else amount.amount_minor
    await session.execute(
        insert(OutcomeRow)
        .values(deal_id=deal_id, year=outcome.year, **values)
        .on_conflict_do_update(index_elements=[OutcomeRow.deal_id, OutcomeRow.year], set_=values)
    )
