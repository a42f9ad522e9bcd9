"""Routes of bank statements and of the queue of their lines."""

import asyncio
from functools import lru_cache
from uuid import UUID

from fastapi import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.banking.domain.lines import BankLine, Direction, LineStatus
from app.banking.domain.statement_form import COLUMNS, EXAMPLE, SHEET
from app.banking.repository import lines
from app.banking.schemas.statements import (
    AssignmentBody,
    BankLineDetail,
    BankLineView,
    LineReason,
    NewStatement,
    StatementImportView,
)
from app.banking.service import assigning, importing
from app.banking.service.targets import candidates_for
from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router, self_transacted_router
from app.platform.runtime import RuntimeDep
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.platform.tables.http import Format, table_file
from app.platform.tables.report import TableFormat, write_template

routes = router(tag="banking")
bulk = self_transacted_router(tag="banking")


@lru_cache(maxsize=2)
def _template(kind: TableFormat) -> bytes:
    return write_template(kind, sheet=SHEET, columns=COLUMNS, example=EXAMPLE, words={})


@bulk.get("/bank-statements/template", response_class=Response)
async def get_statement_template(kind: Format = TableFormat.XLSX) -> Response:
    """Return the template of bank statements 银行流水导入模板; banks' own headings fit, too."""
    return table_file(await asyncio.to_thread(_template, kind), kind, "银行流水导入模板")


@bulk.post("/bank-statements", status_code=201)
async def import_bank_statement(
    body: NewStatement, actor: ActorDep, runtime: RuntimeDep
) -> StatementImportView:
    """Import a statement of one of the exchange's accounts from an uploaded XLSX or CSV table.

    All lines are taken in or none: every cell that cannot be read is told with its mend, and
    balances that are given, in the body or by line, must add up. A line is known by account and
    流水号, so the same line in the same or another file is one arrival; sending a file again
    changes nothing and goes on where a broken call ended. The worker judges the lines behind the
    request, in the bank's order; ``counts`` of the import tells how far it is. What came in is
    matched to deposits and prices by payment reference, amount and payer: the certain is booked,
    money from another name goes back, the rest waits in the queue. What went out executes payment
    orders.
    """
    done = await importing.import_statement(runtime.database, runtime.settings, actor, body.asked())
    return StatementImportView.of(done)


@routes.get("/bank-statements")
async def list_bank_statements(
    actor: ActorDep, session: SessionDep, limit: Limit = 50, cursor: str | None = None
) -> Page[StatementImportView]:
    """List the market's imported statements, newest first."""
    found = await lines.find_statements(
        session,
        actor.market_id,
        before=None if cursor is None else decode_cursor(cursor, UUID)[0],
        limit=limit + 1,
    )
    page = found[:limit]
    return Page(
        items=[StatementImportView.of(statement) for statement in page],
        next=encode_cursor(str(page[-1].id)) if len(found) > limit else None,
    )


@routes.get("/bank-statements/{bank_statement_id}")
async def get_bank_statement(bank_statement_id: UUID, session: SessionDep) -> StatementImportView:
    """Return an import and how the lines that it brought stand now."""
    return StatementImportView.of(await lines.get_statement(session, bank_statement_id))


@routes.get("/bank-lines")
async def list_bank_lines(
    actor: ActorDep,
    session: SessionDep,
    status: LineStatus | None = None,
    direction: Direction | None = None,
    statement_id: UUID | None = None,
    limit: Limit = 50,
    cursor: str | None = None,
) -> Page[BankLineView]:
    """List the market's bank lines, oldest first; `status=queued` is the clerk's work queue."""
    found = await lines.find_page(
        session,
        actor.market_id,
        status=status,
        direction=direction,
        statement_id=statement_id,
        after=None if cursor is None else decode_cursor(cursor, UUID)[0],
        limit=limit + 1,
    )
    page = found[:limit]
    return Page(
        items=[BankLineView.model_validate(line) for line in page],
        next=encode_cursor(str(page[-1].id)) if len(found) > limit else None,
    )


@routes.get("/bank-lines/{bank_line_id}")
async def get_bank_line(bank_line_id: UUID, session: SessionDep) -> BankLineDetail:
    """Return a line; of a queued arrival with what it may pay now, the best first, and why."""
    return await _detail(session, await lines.get_line(session, bank_line_id))


@routes.post("/bank-lines/{bank_line_id}/assignment")
async def assign_bank_line(
    bank_line_id: UUID, body: AssignmentBody, actor: ActorDep, session: SessionDep
) -> BankLineDetail:
    """Book a queued line: an arrival by one or several shares, what went out by its order.

    All shares are booked or none; what is left stays in the queue. The rules of deposits and
    deals apply as ever: the bank's moment decides, and nobody pays for another.
    """
    now = await market_now(session, actor.market_id)
    if body.order_id is not None:
        line = await assigning.execute_order(session, actor, bank_line_id, body.order_id, now=now)
    else:
        line = await assigning.assign_shares(session, actor, bank_line_id, body.plain(), now=now)
    return await _detail(session, line)


@routes.post("/bank-lines/{bank_line_id}/return")
async def return_bank_line(
    bank_line_id: UUID, body: LineReason, actor: ActorDep, session: SessionDep
) -> BankLineDetail:
    """Order what is left of a queued arrival back to the account that it came from."""
    now = await market_now(session, actor.market_id)
    line = await assigning.return_rest(session, actor, bank_line_id, reason=body.reason, now=now)
    return await _detail(session, line)


@routes.post("/bank-lines/{bank_line_id}/dismissal")
async def dismiss_bank_line(
    bank_line_id: UUID, body: LineReason, actor: ActorDep, session: SessionDep
) -> BankLineDetail:
    """Strike a queued line that moves no money of ours: recorded by hand before, a bank's fee.

    An arrival leaves the books again; the reason stays.
    """
    now = await market_now(session, actor.market_id)
    line = await assigning.dismiss(session, actor, bank_line_id, reason=body.reason, now=now)
    return await _detail(session, line)


async def _detail(session: AsyncSession, line: BankLine) -> BankLineDetail:
    parts = await lines.parts_of(session, line.id)
    open_arrival = line.status is LineStatus.QUEUED and line.direction is Direction.CREDIT
    candidates = await candidates_for(session, line) if open_arrival else ()
    return BankLineDetail.whole(line, parts, candidates)
