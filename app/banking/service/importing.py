"""Import a bank statement: all its lines or none, each once whichever file it comes in.

Judging a line takes some milliseconds, a file may have 20,000: the worker judges them, each in a
transaction of its own, behind the request.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.banking.domain.bank_accounts import plain_number
from app.banking.domain.lines import BankLine, Direction, LineStatus
from app.banking.domain.statement import (
    BankStatement,
    check_balances,
    once_each,
    serial_fault,
)
from app.banking.domain.statement_form import (
    FORM,
    SHEET,
    StatedLine,
    StatementFaulty,
    read_line,
)
from app.banking.repository import accounts, lines
from app.banking.service.telling import line_event
from app.ledger import public as ledger
from app.platform import journal
from app.platform.access import Actor, ObjectUnknown
from app.platform.clock import market_now
from app.platform.db import Database
from app.platform.files.lookup import find_own_file, read_content
from app.platform.tables.sheets import read_sheet
from app.settings import Settings
from app.shared.errors import RuleBroken
from app.shared.ids import FileId, new_id
from app.shared.money import Money
from app.shared.tables.form import Header

SLICE_LINES: Final = 500  # a transaction; an arrival is booked with each


class AccountNotTheExchanges(RuleBroken):
    """A statement is of an account that the exchange has entered."""

    code = "account_not_the_exchanges"
    title_zh = "该账号不是交易机构登记的账户"
    title_en = "The account is not one of the exchange's"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is imported.

    Attributes:
        account_number: The exchange's own account.
        opening, closing: Its balances before and after, if they are known.
    """

    file_id: FileId
    account_number: str
    opening: Money | None
    closing: Money | None


@dataclass(frozen=True, slots=True)
class _Read:
    header: Header
    lines: Sequence[StatedLine]


async def import_statement(
    database: Database, settings: Settings, actor: Actor, asked: Asked
) -> BankStatement:
    """Take in a statement's lines; `judging` follows each (a reaction).

    The same file again, also at once, takes in nothing twice and goes on where a broken call
    ended (BK1).

    Raises:
        ObjectUnknown: The exchange has no such file.
        AccountNotTheExchanges: Names the accounts that are.
        ImportFileUnreadable, ImportEmpty, ImportTooLong, ImportColumnsInvalid: Not the template.
        StatementFaulty, StatementUnbalanced: Nothing was taken in.
    """
    async with database.transaction() as session:
        now = await market_now(session, actor.market_id)
        account_number = await _account(session, actor, asked)
        file = await find_own_file(session, actor.party_id, asked.file_id)
        if file is None:
            raise ObjectUnknown("Your party has no such file.", field="file_id")
    content = await read_content(settings, file.sha256)
    read = await asyncio.to_thread(_open, content, file.media_type, asked, now)
    statement = _statement(actor, asked, account_number, read.lines, now)
    async with database.transaction() as session:
        unknown = await _unknown(session, actor, account_number, read)
        await lines.insert_statement(session, statement)
    for start in range(0, len(unknown), SLICE_LINES):
        part = unknown[start : start + SLICE_LINES]
        async with database.transaction() as session:
            await _take_in(session, actor, statement, part, now=now)
    async with database.transaction() as session:
        return await lines.get_statement(session, statement.id)


async def _account(session: AsyncSession, actor: Actor, asked: Asked) -> str:
    number = plain_number(asked.account_number)
    own = await accounts.exchange_numbers(session, actor.market_id)
    if number not in own:
        raise AccountNotTheExchanges(
            "Enter the exchange's bank account first.",
            field="account_number",
            accepted=sorted(own),
        )
    return number


def _open(content: bytes, media_type: str, asked: Asked, now: datetime) -> _Read:
    sheet = read_sheet(content, media_type, SHEET)
    header = FORM.match_header(sheet.header.cells, row=sheet.header.number)
    stated, faults = [], []
    for row in sheet.rows:
        line, told = read_line(header, row, now=now)
        faults += told
        if line is not None:
            stated.append(line)
    once, reused = once_each(header, stated)
    faults += reused
    if faults:
        raise StatementFaulty(faults)
    check_balances(header, once, opening=asked.opening, closing=asked.closing)
    # In the bank's order: who paid first is judged first.
    return _Read(header, sorted(once, key=lambda line: (line.at, line.row.number)))


def _statement(
    actor: Actor,
    asked: Asked,
    account_number: str,
    stated: Sequence[StatedLine],
    now: datetime,
) -> BankStatement:
    return BankStatement(
        id=new_id(),
        market_id=actor.market_id,
        file_id=asked.file_id,
        account_number=account_number,
        lines=len(stated),
        fresh=0,
        opening=asked.opening,
        closing=asked.closing,
        first_at=stated[0].at,
        last_at=stated[-1].at,
        imported_at=now,
        imported_by=actor.ref,
        counts={},
    )


async def _unknown(
    session: AsyncSession, actor: Actor, account_number: str, read: _Read
) -> Sequence[StatedLine]:
    """Return the lines that no earlier file had."""
    serials = [line.serial for line in read.lines]
    known = await lines.known_contents(session, actor.market_id, account_number, serials)
    faults = [
        serial_fault(read.header, line, "此前导入的流水")
        for line in read.lines
        if known.get(line.serial, line.content) != line.content
    ]
    if faults:
        raise StatementFaulty(faults)
    return [line for line in read.lines if line.serial not in known]


async def _take_in(
    session: AsyncSession,
    actor: Actor,
    statement: BankStatement,
    part: Sequence[StatedLine],
    *,
    now: datetime,
) -> None:
    """Write the lines that are new, and book what came in into suspense at the bank's moment."""
    new = await lines.insert_new(session, [_line(statement, stated) for stated in part])
    entries = [
        ledger.unidentified(
            arrival_id=line.id,
            market_id=line.market_id,
            amount=line.amount,
            reference=line.serial,
            at=line.at,
        )
        for line in new
        if line.direction is Direction.CREDIT
    ]
    await ledger.book_all(session, entries, at=now, actor=actor)
    events = [line_event(line, "arrived", at=now, actor=actor) for line in new]
    await journal.append(session, *events)


def _line(statement: BankStatement, stated: StatedLine) -> BankLine:
    return BankLine(
        id=new_id(),
        market_id=statement.market_id,
        statement_id=statement.id,
        account_number=statement.account_number,
        serial=stated.serial,
        direction=stated.direction,
        amount=stated.amount,
        at=stated.at,
        counterparty_name=stated.counterparty_name,
        counterparty_account=stated.counterparty_account,
        counterparty_bank=stated.counterparty_bank,
        remark=stated.remark,
        status=LineStatus.NEW,
        assigned=Money(0, stated.amount.currency),
    )
