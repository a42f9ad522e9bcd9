"""Due items and royalty reports in the database."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.db import insert_from_json, rows_as_json
from app.settlement.domain.deal import DealStatus
from app.settlement.domain.dues import OPEN, Due, DueKind, DueState
from app.settlement.domain.effects import ConditionKind
from app.settlement.domain.royalty import ReportState, RoyaltyReport
from app.settlement.domain.terms import CostBearer
from app.settlement.models.deals import DealRow
from app.settlement.models.terms import DueRow, ReportRow
from app.settlement.models.texts import ConditionRow
from app.shared.ids import DealId, FileId, MarketId, PartyId
from app.shared.money import Money


def _due(row: DueRow) -> Due:
    return Due(
        number=row.number,
        kind=DueKind(row.kind),
        amount=None if row.amount_minor is None else Money(row.amount_minor, row.currency),
        paid=Money(row.paid_minor, row.currency),
        within_price=row.within_price,
        due_at=row.due_at,
        call_at=row.call_at,
        report_by_at=row.report_by_at,
        state=DueState(row.state),
        label=row.label,
        waits_for=row.waits_for,
        series=row.series,
        period=row.period,
    )


def _row(deal_id: DealId, due: Due) -> dict[str, Any]:
    return {
        "deal_id": deal_id,
        "number": due.number,
        "kind": due.kind,
        "currency": due.paid.currency,
        "amount_minor": None if due.amount is None else due.amount.amount_minor,
        "paid_minor": due.paid.amount_minor,
        "within_price": due.within_price,
        "due_at": due.due_at,
        "call_at": due.call_at,
        "report_by_at": due.report_by_at,
        "state": due.state,
        "label": due.label,
        "waits_for": due.waits_for,
        "series": due.series,
        "period": due.period,
    }


_CHANGING: Final = ("amount_minor", "paid_minor", "within_price", "due_at", "call_at", "state")
_UPSERT: Final = "ON CONFLICT (deal_id, number) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in _CHANGING
)


async def save_dues(session: AsyncSession, dues: Sequence[tuple[DealId, Due]]) -> None:
    """Write items, new or changed, in one statement; the caller holds the deals' locks."""
    if dues:
        rows = [_row(deal_id, due) for deal_id, due in dues]
        statement = insert_from_json(DueRow, tuple(rows[0]), after=_UPSERT)
        await session.execute(statement, {"rows": rows_as_json(rows)})


async def drop_dues(session: AsyncSession, deal_id: DealId, numbers: Collection[int]) -> None:
    """Remove items that a new schedule replaces; the journal keeps what they were."""
    await session.execute(
        delete(DueRow).where(DueRow.deal_id == deal_id, DueRow.number.in_(numbers))
    )


async def dues_of(session: AsyncSession, deal_id: DealId) -> list[Due]:
    """Return a deal's items by number."""
    return (await dues_of_deals(session, [deal_id]))[deal_id]


async def dues_of_deals(
    session: AsyncSession, deal_ids: Collection[DealId]
) -> dict[DealId, list[Due]]:
    """Return the items of deals by number, in one query."""
    rows = await session.scalars(
        select(DueRow)
        .where(DueRow.deal_id.in_(deal_ids))
        .order_by(DueRow.deal_id, DueRow.number)
        .execution_options(populate_existing=True)
    )
    found: dict[DealId, list[Due]] = {deal_id: [] for deal_id in deal_ids}
    for row in rows:
        found[DealId(row.deal_id)].append(_due(row))
    return found


@dataclass(frozen=True, slots=True)
class ListedDue:
    """An open item with the deal it belongs to."""

    deal_id: DealId
    deal_number: str
    seller_id: PartyId
    buyer_id: PartyId
    due: Due


async def list_open(
    session: AsyncSession,
    *,
    market_id: MarketId,
    party_id: PartyId | None,
    overdue_at: datetime | None,
    after: tuple[datetime, UUID, int] | None,
    limit: int,
) -> list[ListedDue]:
    """Return open items that have a day, the oldest first: a market's, or those of a party.

    Of deals in default none; of a deal that ended without its whole price nothing of the price.

    Args:
        overdue_at: Only what should have been paid, or reported, before this moment.
        after: Due moment, deal and number of the last item of the page before.
    """
    statement = (
        select(DueRow, DealRow.number.label("deal_number"), DealRow.seller_id, DealRow.buyer_id)
        .join(DealRow, DealRow.id == DueRow.deal_id)
        .where(
            DealRow.market_id == market_id,
            DueRow.state.in_([str(state) for state in OPEN]),
            DueRow.due_at.is_not(None),
            DealRow.status != str(DealStatus.DEFAULTED),
            or_(~DueRow.within_price, DealRow.status == str(DealStatus.OPENED)),
        )
    )
    if party_id is not None:
        statement = statement.where(
            or_(DealRow.seller_id == party_id, DealRow.buyer_id == party_id)
        )
    if overdue_at is not None:
        statement = statement.where(_late(overdue_at))
    if after is not None:
        statement = statement.where(tuple_(DueRow.due_at, DueRow.deal_id, DueRow.number) > after)
    rows = await session.execute(
        statement.order_by(DueRow.due_at, DueRow.deal_id, DueRow.number).limit(limit)
    )
    return [
        ListedDue(
            DealId(row.DueRow.deal_id),
            row.deal_number,
            PartyId(row.seller_id),
            PartyId(row.buyer_id),
            _due(row.DueRow),
        )
        for row in rows
    ]


def _late(moment: datetime) -> ColumnElement[bool]:
    unreported = and_(DueRow.amount_minor.is_(None), DueRow.report_by_at <= moment)
    return or_(DueRow.due_at <= moment, unreported)


async def held_back(session: AsyncSession, deal_ids: Collection[DealId]) -> set[DealId]:
    """Return those of the deals whose contract still waits for its effect (ST43)."""
    row = ConditionRow
    found = await session.scalars(
        select(row.deal_id).where(
            row.deal_id.in_(deal_ids),
            row.fulfilled_on.is_(None),
            row.kind != str(ConditionKind.LICENCE_FILING),
        )
    )
    return {DealId(deal_id) for deal_id in found}


def _report(row: ReportRow) -> RoyaltyReport:
    report_id, paid_by = row.audit_report_id, row.audit_paid_by
    return RoyaltyReport(
        due_number=row.due_number,
        series=row.series,
        period=row.period,
        base=Money(row.base_minor, row.currency),
        evidence_id=FileId(row.evidence_id),
        reported_at=row.reported_at,
        state=ReportState(row.state),
        objection=row.objection,
        objected_at=row.objected_at,
        audited=None if row.audited_minor is None else Money(row.audited_minor, row.currency),
        audit_report_id=None if report_id is None else FileId(report_id),
        audited_at=row.audited_at,
        audit_paid_by=None if paid_by is None else CostBearer(paid_by),
    )


async def reports_of(session: AsyncSession, deal_id: DealId) -> list[RoyaltyReport]:
    """Return a deal's royalty reports in the order of their periods."""
    rows = await session.scalars(
        select(ReportRow)
        .where(ReportRow.deal_id == deal_id)
        .order_by(ReportRow.series, ReportRow.period)
        .execution_options(populate_existing=True)
    )
    return [_report(row) for row in rows]


async def save_report(session: AsyncSession, deal_id: DealId, report: RoyaltyReport) -> None:
    """Write a report, new or changed; the caller holds the deal's lock."""
    audited = report.audited
    values = {
        "series": report.series,
        "period": report.period,
        "currency": report.base.currency,
        "base_minor": report.base.amount_minor,
        "evidence_id": report.evidence_id,
        "reported_at": report.reported_at,
        "state": str(report.state),
        "objection": report.objection,
        "objected_at": report.objected_at,
        "audited_minor": None if audited is None else audited.amount_minor,
        "audit_report_id": report.audit_report_id,
        "audited_at": report.audited_at,
        "audit_paid_by": report.audit_paid_by,
    }
    await session.execute(
        insert(ReportRow)
        .values(deal_id=deal_id, due_number=report.due_number, **values)
        .on_conflict_do_update(index_elements=["deal_id", "due_number"], set_=values)
    )
