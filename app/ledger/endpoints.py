"""Routes of the ledger: accounts, statements, the trial balance."""

import asyncio
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import repository
from app.ledger.domain.accounts import Account, Purpose
from app.ledger.domain.statement import (
    LINES_MAX,
    Statement,
    check_length,
    check_period,
    sheet_rows,
)
from app.ledger.repository import statements
from app.ledger.schemas import (
    AccountView,
    BalanceView,
    StatementLineView,
    StatementView,
    TrialBalanceView,
)
from app.platform.access import ActorDep, ObjectUnknown, Role
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router, self_transacted_router
from app.platform.runtime import RuntimeDep
from app.platform.schema import Instant, Limit, Page, decode_cursor, encode_cursor
from app.platform.tables.http import table_file
from app.platform.tables.report import TableFormat
from app.platform.tables.sheets import write_xlsx
from app.shared.ids import PartyId

routes = router(tag="ledger")
sheets = self_transacted_router(tag="ledger")

_AT: Final = "Market moment, movements at it count; without it, all movements"
# Movements carry the market's moment or an earlier one, so behind it nothing is left out.
_BEHIND: Final = timedelta(microseconds=1)


class StatementFormat(StrEnum):
    """How a statement is answered."""

    JSON = "json"
    XLSX = "xlsx"


_SEES_ALL = frozenset({Role.OPERATOR, Role.AUDITOR})


@routes.get("/accounts")
async def list_accounts(
    actor: ActorDep,
    session: SessionDep,
    purpose: Purpose | None = None,
    party_id: Annotated[
        UUID | None, Query(description="For operators and auditors; a party sees its own only")
    ] = None,
    at: Annotated[Instant | None, Query(description=_AT)] = None,
    limit: Limit = 50,
    cursor: str | None = None,
) -> Page[AccountView]:
    """List accounts with their balances, newest first: a party's own, or the market's.

    With `at`, the balances of that moment; accounts that were opened later show zero.
    """
    whose = PartyId(party_id) if party_id else None
    found = await repository.list_accounts(
        session,
        market_id=actor.market_id,
        party_id=whose if actor.role in _SEES_ALL else actor.party_id,
        purpose=purpose,
        before=None if cursor is None else decode_cursor(cursor, UUID)[0],
        limit=limit + 1,
        at=at,
    )
    page = found[:limit]
    return Page(
        items=[AccountView.of(account, balance) for account, balance in page],
        next=encode_cursor(str(page[-1][0].id)) if len(found) > limit else None,
    )


@routes.get("/accounts/{account_id}/postings")
async def list_postings(
    account_id: UUID, session: SessionDep, limit: Limit = 50, cursor: str | None = None
) -> Page[StatementLineView]:
    """Return an account's statement in booking order, each posting with the running balance."""
    account = await _account(session, account_id)
    found = await repository.statement_of(
        session,
        account,
        after=0 if cursor is None else decode_cursor(cursor, int)[0],
        limit=limit + 1,
    )
    page = found[:limit]
    return Page(
        items=[StatementLineView.model_validate(line) for line in page],
        next=encode_cursor(page[-1].seq) if len(found) > limit else None,
    )


@routes.get("/accounts/{account_id}/balance")
async def get_balance(
    account_id: UUID,
    actor: ActorDep,
    session: SessionDep,
    at: Annotated[Instant | None, Query(description=_AT)] = None,
) -> BalanceView:
    """Return what stood in an account at any past moment, derived from the postings."""
    account = await _account(session, account_id)
    sums = await repository.debit_sums(session, [account.id], at=at)
    return BalanceView(
        account_id=account.id,
        at=at or await market_now(session, actor.market_id),
        balance=account.key.shown(sums[account.id]),
    )


@sheets.get("/accounts/{account_id}/statement", response_model=StatementView)
async def get_statement(
    account_id: UUID,
    actor: ActorDep,
    runtime: RuntimeDep,
    start: Annotated[Instant, Query(alias="from", description="First moment")],
    end: Annotated[
        Instant | None, Query(alias="to", description="Moment behind the last; default: now")
    ] = None,
    kind: Annotated[StatementFormat, Query(alias="format")] = StatementFormat.JSON,
) -> StatementView | Response:
    """Return an account's statement 对账单 of a period, as JSON or XLSX, up to 20,000 lines.

    Lines stand in the order of their moments; opening balance + changes = closing balance.
    """
    async with runtime.database.transaction() as session:
        until = end or await market_now(session, actor.market_id) + _BEHIND
        statement = await _statement(session, account_id, start, until)
    if kind is StatementFormat.JSON:
        return StatementView.of(statement)
    rows = sheet_rows(statement)
    content = await asyncio.to_thread(write_xlsx, [("对账单", rows)])
    return table_file(content, TableFormat.XLSX, "对账单")


async def _statement(
    session: AsyncSession, account_id: UUID, start: datetime, end: datetime
) -> Statement:
    check_period(start, end)
    account = await _account(session, account_id)
    opening = account.key.shown(await statements.sum_before(session, account.id, start))
    lines = await statements.postings_between(
        session, account, opening=opening, start=start, end=end, limit=LINES_MAX + 1
    )
    check_length(len(lines))
    return Statement(account=account, start=start, end=end, opening=opening, lines=lines)


async def _account(session: AsyncSession, account_id: UUID) -> Account:
    account = await repository.get_account(session, account_id)
    if account is None:
        raise ObjectUnknown("There is no such account in your market.")
    return account


@routes.get("/ledger/balance")
async def get_trial_balance(actor: ActorDep, session: SessionDep) -> TrialBalanceView:
    """Return the trial balance of the caller's market: sums by purpose, and their totals, zero."""
    return TrialBalanceView.of(await repository.trial_lines(session, actor.market_id))


ROUTERS: Final = (routes, sheets)
