"""Import decisions of the registration office from a table, row by row, with a report."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.access import Actor, ObjectUnknown, Role
from app.platform.clock import market_now
from app.platform.db import Database
from app.platform.files.lookup import find_own_file, read_content
from app.platform.tables import report
from app.platform.tables.report import TableFormat
from app.platform.tables.sheets import Sheet, read_sheet
from app.settings import Settings
from app.settlement import repository
from app.settlement.domain.filing import FilingStatus, is_same, unfiled
from app.settlement.domain.filing_table import (
    COLUMNS,
    EXAMPLE,
    FORM,
    ROWS_MAX,
    SHEET,
    WORDS,
    FilingRead,
    fault_of,
    read_row,
)
from app.settlement.repository import filings
from app.settlement.service.filing import write
from app.shared.errors import DomainError
from app.shared.ids import DealId, FileId
from app.shared.tables.form import Fault, Header, ImportTooLong, RawRow

_SLICE_ROWS: Final = 50  # a transaction of them takes about a third of a second


class RowOutcome(StrEnum):
    """What became of a row."""

    ENTERED = "entered"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class RowResult:
    """One row of the report."""

    row: int
    deal_number: str
    outcome: RowOutcome
    deal_id: DealId | None
    faults: Sequence[Fault]


async def import_filings(
    database: Database, settings: Settings, actor: Actor, file_id: FileId
) -> Sequence[RowResult]:
    """Enter the good rows of a file of the actor's party; tell of every row what became of it.

    A row that says what is entered already changes nothing, so the same file again is harmless
    and goes on where a broken call ended. What is registered otherwise is corrected deal by deal.

    Raises:
        ObjectUnknown: The party has no such file.
        ImportFileUnreadable, ImportEmpty, ImportTooLong, ImportColumnsInvalid: Nothing was entered.

    Invariant: ST226.
    """
    async with database.transaction() as session:
        file = await find_own_file(session, actor.party_id, file_id)
        if file is None:
            raise ObjectUnknown("Your party has no such file.", field="file_id")
    content = await read_content(settings, file.sha256)
    sheet, header, reads = await asyncio.to_thread(_open, content, file.media_type)
    results: list[RowResult] = []
    for at in range(0, len(reads), _SLICE_ROWS):
        async with database.transaction() as session:
            now = await market_now(session, actor.market_id)
            results += await _enter(
                session,
                actor,
                header,
                list(zip(sheet.rows, reads, strict=True))[at : at + _SLICE_ROWS],
                now=now,
            )
    return results


def _open(content: bytes, media_type: str) -> tuple[Sheet, Header, list[FilingRead]]:
    sheet = read_sheet(content, media_type, SHEET)
    if len(sheet.rows) > ROWS_MAX:
        raise ImportTooLong("Split the file.", field="file_id", accepted_rows_max=ROWS_MAX)
    header = FORM.match_header(sheet.header.cells, row=sheet.header.number)
    place = header.places["deal_number"]
    first: dict[str, int] = {}
    reads = []
    for row in sheet.rows:
        number = row.cells[place] if place < len(row.cells) else ""
        known = first.setdefault(number, row.number) if number else row.number
        reads.append(read_row(header, row, first=known))
    return sheet, header, reads


async def _enter(
    session: AsyncSession,
    actor: Actor,
    header: Header,
    rows: Sequence[tuple[RawRow, FilingRead]],
    *,
    now: datetime,
) -> list[RowResult]:
    """Enter a slice of rows, the deals locked in the order of their ids."""
    numbers = {read.deal_number for _, read in rows}
    known = await filings.deal_ids_by_number(session, actor.market_id, numbers)
    ordered = sorted(rows, key=lambda pair: str(known.get(pair[1].deal_number, "")))
    results = [
        await _enter_one(session, actor, header, row, read, known, now=now) for row, read in ordered
    ]
    return sorted(results, key=lambda result: result.row)


async def _enter_one(
    session: AsyncSession,
    actor: Actor,
    header: Header,
    row: RawRow,
    read: FilingRead,
    known: Mapping[str, DealId],
    *,
    now: datetime,
) -> RowResult:
    def told(outcome: RowOutcome, *faults: Fault, deal_id: DealId | None = None) -> RowResult:
        return RowResult(read.row, read.deal_number, outcome, deal_id, faults)

    def fault(field: str | None, rule: str, message: str, mend: str) -> Fault:
        return fault_of(header, row, field, rule=rule, message=message, mend=mend)

    if read.decision is None:
        return told(RowOutcome.REFUSED, *read.faults)
    deal_id = known.get(read.deal_number)
    deal = None if deal_id is None else await repository.get_deal(session, deal_id, lock=True)
    if deal is None or (actor.role is not Role.OPERATOR and deal.seller_id != actor.party_id):
        return told(
            RowOutcome.REFUSED,
            fault("deal_number", "deal_unknown", "没有此编号的成交", "核对成交编号"),
        )
    filing = await filings.find(session, deal.id) or unfiled(deal.id, deal.market_id)
    if is_same(filing, read.decision):
        return told(RowOutcome.UNCHANGED, deal_id=deal.id)
    if filing.decision.status is FilingStatus.REGISTERED:
        message = "该合同已录入登记结果，且与本行不同"
        mend = "逐件更正：PUT /v1/deals/{deal_id}/filing"
        return told(RowOutcome.REFUSED, fault("deal_number", "entered_otherwise", message, mend))
    try:
        await write(session, actor, deal, filing, read.decision, now=now)
    except DomainError as refused:
        field = refused.fields.get("field")
        named = field if isinstance(field, str) else None
        return told(
            RowOutcome.REFUSED, fault(named, refused.code, refused.title_zh, refused.detail)
        )
    return told(RowOutcome.ENTERED, deal_id=deal.id)


@cache
def template(kind: TableFormat) -> bytes:
    """Return the table to fill in: header and example; as XLSX also accepted words and notes."""
    words = {
        column.label: tuple(WORDS.vocabulary(column.vocabulary).labels.values())
        for column in COLUMNS
        if column.vocabulary
    }
    return report.write_template(kind, sheet=SHEET, columns=COLUMNS, example=EXAMPLE, words=words)
