"""Import demands in bulk: read the whole file, then keep its good rows as drafts, in slices."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.content import DemandContent, content_to_json
from app.demands.domain.gate import FieldPrices, assess_demand, quartiles
from app.demands.domain.importing import FORM
from app.demands.domain.importing_result import DemandImport
from app.demands.domain.importing_rows import hints, number_of, read_row
from app.demands.repository import imports
from app.demands.service.import_files import SHEET
from app.demands.service.import_keeping import ReadRow, keep_rows
from app.identity.public import require_verified
from app.platform.access import Actor, ObjectUnknown
from app.platform.clock import market_now
from app.platform.db import Database
from app.platform.files.lookup import find_own_file, read_content
from app.platform.tables.sheets import Sheet, read_sheet
from app.platform.tables.slices import in_slices
from app.settings import Settings
from app.shared import codes
from app.shared.calendar import SHANGHAI
from app.shared.canonical import digest
from app.shared.ids import DemandImportId, FileId, MarketId, new_id
from app.shared.tables.form import Header, RawRow
from app.valuations.public import deal_prices

SLICE_ROWS: Final = 100  # about a fifth of a second a transaction, half if drafts change


@dataclass(frozen=True, slots=True)
class _Frame:
    """What rows are judged by.

    Attributes:
        first: The first row of each number of the poster's own.
        prices: What past deals in yuan came to, by technology field.
    """

    header: Header
    first: Mapping[str, int]
    today: date
    prices: Mapping[str, FieldPrices | None]


async def import_demands(
    database: Database, settings: Settings, actor: Actor, file_id: FileId
) -> DemandImport:
    """Keep the good rows of a file of the actor's party as its drafts.

    A row is recognised by the poster's own number, so the same file again changes nothing and
    goes on where a broken call ended. Invariants: DM100, DM101.

    Raises:
        PartyNotVerified: The exchange has not verified the party.
        ObjectUnknown: The party has no such file.
        ImportFileUnreadable, ImportEmpty, ImportTooLong, ImportColumnsInvalid: Nothing was stored.
    """
    async with database.transaction() as session:
        await require_verified(session, actor.party_id)
        file = await find_own_file(session, actor.party_id, file_id)
        if file is None:
            raise ObjectUnknown("Your party has no such file.", field="file_id")
    content = await read_content(settings, file.sha256)
    sheet, header, first = await asyncio.to_thread(_open, content, file.media_type)
    async with database.transaction() as session:
        now = await market_now(session, actor.market_id)
        prices = await _prices(session, actor.market_id)
        started = DemandImport(
            id=DemandImportId(new_id()),
            market_id=actor.market_id,
            party_id=actor.party_id,
            file_id=file_id,
            rows=len(sheet.rows),
            started_at=now,
        )
        await imports.insert(session, started, started_by=actor.ref)
    frame = _Frame(header, first, now.astimezone(SHANGHAI).date(), prices)

    async def keep(session: AsyncSession, read: Sequence[ReadRow]) -> None:
        await keep_rows(session, actor, started, header, read)

    await in_slices(database, sheet.rows, partial(_read, frame), keep, size=SLICE_ROWS)
    async with database.transaction() as session:
        ended = await market_now(session, actor.market_id)
        await imports.finish(session, started.id, at=ended)
        return await _found(session, started, ended)


async def _found(session: AsyncSession, started: DemandImport, at: datetime) -> DemandImport:
    found = await imports.find(session, started.id)
    return replace(started, finished_at=at) if found is None else found


async def _prices(session: AsyncSession, market_id: MarketId) -> Mapping[str, FieldPrices | None]:
    return {
        name: quartiles(
            await deal_prices(session, market_id, technology_field=name, currency="CNY")
        )
        for name in codes.table("technology_field").names
    }


def _open(content: bytes, media_type: str) -> tuple[Sheet, Header, Mapping[str, int]]:
    sheet = read_sheet(content, media_type, SHEET)
    header = FORM.match_header(sheet.header.cells, row=sheet.header.number)
    first: dict[str, int] = {}
    for row in sheet.rows:
        first.setdefault(number_of(header, row), row.number)
    return sheet, header, first


def _read(frame: _Frame, rows: Sequence[RawRow]) -> list[ReadRow]:
    return [_read_one(frame, row) for row in rows]


def _read_one(frame: _Frame, row: RawRow) -> ReadRow:
    first = frame.first.get(number_of(frame.header, row), row.number)
    read = read_row(frame.header, row, today=frame.today, first=first)
    if read.content is None:
        return ReadRow(row, read.number, None, read.faults, (), "")
    report = assess_demand(read.content, today=frame.today, prices=_prices_for(frame, read.content))
    said = hints(frame.header, row, read, report)
    told: dict[str, Any] = content_to_json(read.content)
    return ReadRow(row, read.number, read.content, (), said, digest(told))


def _prices_for(frame: _Frame, content: DemandContent) -> FieldPrices | None:
    return frame.prices.get(content.technology_field)


async def read_import(session: AsyncSession, import_id: DemandImportId) -> DemandImport:
    """Return an import.

    Raises:
        ObjectUnknown: There is none.
    """
    found = await imports.find(session, import_id)
    if found is None:
        raise ObjectUnknown("There is no such import.")
    return found
