"""Routes of the unit's annual conversion report 科技成果转化年度报告: JSON and XLSX."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from app.platform.access import ActorDep
from app.platform.db import SessionDep
from app.platform.routing import router, self_transacted_router
from app.platform.runtime import RuntimeDep
from app.platform.tables.http import table_file
from app.platform.tables.report import TableFormat
from app.platform.tables.sheets import write_xlsx
from app.settlement.domain.annual_sheets import annual_sheets
from app.settlement.schemas.annual import AnnualReportView
from app.settlement.service.annual import annual_report
from app.shared.ids import PartyId

routes = router(tag="settlement")
files = self_transacted_router(tag="settlement")

Year = Annotated[int, Query(ge=2001, le=2199, description="Calendar year in Asia/Shanghai")]


@routes.get("/parties/{party_id}/conversion-report")
async def get_conversion_report(
    party_id: UUID, year: Year, actor: ActorDep, session: SessionDep
) -> AnnualReportView:
    """Return a unit's year as a seller, computed now, beside the year before.

    Contracts count when they are signed, money when it arrives, awards when they are paid,
    outcomes in the year they speak of. For the unit's own staff and the exchange's.
    """
    report = await annual_report(session, actor.market_id, PartyId(party_id), year)
    return AnnualReportView.of(report)


@files.get("/parties/{party_id}/conversion-report/table", response_class=Response)
async def get_conversion_report_table(
    party_id: UUID, year: Year, actor: ActorDep, runtime: RuntimeDep
) -> Response:
    """Return the same report as XLSX: summary, by way, awards, outcomes, ten largest contracts."""
    async with runtime.database.transaction() as session:
        report = await annual_report(session, actor.market_id, PartyId(party_id), year)
    content = await asyncio.to_thread(write_xlsx, annual_sheets(report))
    return table_file(content, TableFormat.XLSX, f"科技成果转化年度报告-{year}")
