"""Export registration sheets: of one deal, or of a period's deals part by part."""

import io
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.access import Actor
from app.platform.documents import render_pdf
from app.platform.tables.sheets import write_csv, write_xlsx
from app.settlement import repository
from app.settlement.domain.deal import Deal
from app.settlement.domain.registration.linter import lint
from app.settlement.domain.registration_export import (
    About,
    Exported,
    as_json,
    contract_table,
    printed,
    sheets,
)
from app.settlement.repository.exports import deals_confirmed
from app.settlement.repository.filings import find_many
from app.settlement.service.settling import require_seller
from app.settlement.service.sheets import gather_many
from app.shared.calendar import SHANGHAI
from app.shared.canonical import canonical_json
from app.shared.errors import RuleBroken
from app.shared.ids import PartyId

_TEMPLATE: Final = Path(__file__).parents[1] / "documents" / "registration_sheet.typ"
PRINTED_MAX: Final = 50  # about 0.15 s each


class ExportForm(StrEnum):
    """The files of an export."""

    XLSX = "xlsx"
    CSV = "csv"
    JSON = "json"
    PDF = "pdf"  # of several deals a ZIP of them


class PeriodUnordered(RuleBroken):
    """A period ends on the day it begins, or later."""

    code = "export_period_unordered"
    title_zh = "导出期间的结束日期早于开始日期"
    title_en = "The period ends before it begins"


async def one(session: AsyncSession, actor: Actor, deal_id: UUID, *, now: datetime) -> Exported:
    """Return a deal's sheet for export.

    Raises:
        NotYours: Staff of another party than the seller.
    """
    deal = await repository.get_deal(session, deal_id)
    require_seller(actor, deal)
    return (await _exported(session, [deal], now=now))[0]


async def part(
    session: AsyncSession,
    actor: Actor,
    *,
    seller_id: PartyId | None,
    starts_on: date,
    ends_on: date,
    after: tuple[datetime, UUID] | None,
    limit: int,
    now: datetime,
) -> tuple[Sequence[Exported], tuple[datetime, UUID] | None]:
    """Return the next sheets of a period, and after which deal the following part begins.

    Args:
        starts_on, ends_on: Days in Shanghai, both included.

    Raises:
        PeriodUnordered: Names the first day.

    Invariant: ST231.
    """
    if ends_on < starts_on:
        raise PeriodUnordered("Turn the days round.", field="ends_on", minimum=starts_on)
    deals = await deals_confirmed(
        session,
        market_id=actor.market_id,
        seller_id=seller_id,
        start=_midnight(starts_on),
        end=_midnight(ends_on + timedelta(days=1)),
        after=after,
        limit=limit + 1,
    )
    shown = deals[:limit]
    last = (shown[-1].confirmed_at, shown[-1].id) if len(deals) > limit else None
    return await _exported(session, shown, now=now), last


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=SHANGHAI)


async def _exported(
    session: AsyncSession, deals: Sequence[Deal], *, now: datetime
) -> list[Exported]:
    records = await gather_many(session, deals, now=now)
    decided = await find_many(session, records.keys())
    return [
        Exported(
            deal_id=deal.id,
            number=deal.number,
            contract_version=deal.contract_version,
            record=records[deal.id],
            report=lint(records[deal.id]),
            filing=decided.get(deal.id),
        )
        for deal in deals
    ]


def write(
    items: Sequence[Exported], form: ExportForm, about: About, *, following: str | None = None
) -> bytes:
    """Return the file of an export; slow, call it in a thread.

    Args:
        following: Cursor of the next part, told in JSON.
    """
    match form:
        case ExportForm.XLSX:
            return write_xlsx(sheets(items, about))
        case ExportForm.CSV:
            return write_csv(contract_table(items))
        case ExportForm.JSON:
            return canonical_json(as_json(items, about, following=following))
        case ExportForm.PDF:
            return _zipped(items, about)


def write_one(item: Exported, form: ExportForm, about: About) -> bytes:
    """Return the file of one deal's sheet; slow, call it in a thread."""
    return _print(item, about) if form is ExportForm.PDF else write([item], form, about)


def _print(item: Exported, about: About) -> bytes:
    return render_pdf(_TEMPLATE, printed(item, about), at=about.made_at)


def _zipped(items: Sequence[Exported], about: About) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for item in items:
            archive.writestr(f"{item.number}.pdf", _print(item, about))
    return packed.getvalue()
