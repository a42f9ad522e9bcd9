"""Bank statements and their lines in the database."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import String, any_, func, literal, select, true, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.banking.domain.lines import BankLine, Direction, LineStatus, Part, PartKind
from app.banking.domain.matching import Doubt
from app.banking.domain.statement import BankStatement
from app.banking.models import BankLinePartRow, BankLineRow, BankStatementRow
from app.platform.access import ObjectUnknown, Owner
from app.platform.db import insert_from_json, rows_as_json
from app.shared.ids import FileId, MarketId
from app.shared.money import Money


def _line(row: BankLineRow) -> BankLine:
    return BankLine(
        id=row.id,
        market_id=MarketId(row.market_id),
        statement_id=row.statement_id,
        account_number=row.account_number,
        serial=row.serial,
        direction=Direction(row.direction),
        amount=Money(row.amount_minor, row.currency),
        at=row.at,
        counterparty_name=row.counterparty_name,
        counterparty_account=row.counterparty_account,
        counterparty_bank=row.counterparty_bank,
        remark=row.remark,
        status=LineStatus(row.status),
        assigned=Money(row.assigned_minor, row.currency),
        parts=row.parts,
        doubt=None if row.doubt is None else Doubt(row.doubt),
        doubt_detail=row.doubt_detail,
        reason=row.reason,
    )


async def insert_statement(session: AsyncSession, statement: BankStatement) -> None:
    """Write an import."""
    await session.execute(
        insert(BankStatementRow).values(
            id=statement.id,
            market_id=statement.market_id,
            file_id=statement.file_id,
            account_number=statement.account_number,
            line_count=statement.lines,
            currency="CNY",
            opening_minor=None if statement.opening is None else statement.opening.amount_minor,
            closing_minor=None if statement.closing is None else statement.closing.amount_minor,
            first_at=statement.first_at,
            last_at=statement.last_at,
            imported_at=statement.imported_at,
            imported_by=statement.imported_by,
        )
    )


_ONCE = "ON CONFLICT (market_id, account_number, serial) DO NOTHING RETURNING id"


async def insert_new(session: AsyncSession, lines: Sequence[BankLine]) -> Sequence[BankLine]:
    """Write those lines whose account and serial number are new; return them (BK1).

    Of two that write the same line at once one does, and the other waits for it.
    """
    # In one order for everybody, so that no two importers wait for each other in a ring.
    ordered = sorted(lines, key=lambda line: line.serial)
    rows = [
        {
            "id": line.id,
            "market_id": line.market_id,
            "statement_id": line.statement_id,
            "account_number": line.account_number,
            "serial": line.serial,
            "direction": str(line.direction),
            "amount_minor": line.amount.amount_minor,
            "assigned_minor": line.assigned.amount_minor,
            "currency": line.amount.currency,
            "at": line.at,
            "counterparty_name": line.counterparty_name,
            "counterparty_account": line.counterparty_account,
            "counterparty_bank": line.counterparty_bank,
            "remark": line.remark,
            "status": str(line.status),
            "parts": line.parts,
        }
        for line in ordered
    ]
    statement = insert_from_json(BankLineRow, tuple(rows[0]), after=_ONCE)
    inserted = await session.execute(statement, {"rows": rows_as_json(rows)})
    new = {row.id for row in inserted}
    return [line for line in lines if line.id in new]


async def known_contents(
    session: AsyncSession, market_id: MarketId, account_number: str, serials: Collection[str]
) -> Mapping[str, tuple[Direction, Money, datetime]]:
    """Return what those of an account's lines say that have one of these serial numbers."""
    row = BankLineRow
    rows = await session.execute(
        select(row.serial, row.direction, row.amount_minor, row.currency, row.at).where(
            row.market_id == market_id,
            row.account_number == account_number,
            row.serial == any_(literal(list(serials), ARRAY(String))),
        )
    )
    return {
        found.serial: (
            Direction(found.direction),
            Money(found.amount_minor, found.currency),
            found.at,
        )
        for found in rows
    }


async def get_line(session: AsyncSession, line_id: UUID, *, lock: bool = False) -> BankLine:
    """Return a line, under its row lock if asked.

    Raises:
        ObjectUnknown: There is none.
    """
    statement = select(BankLineRow).where(BankLineRow.id == line_id)
    if lock:
        statement = statement.with_for_update()
    row = await session.scalar(statement.execution_options(populate_existing=True))
    if row is None:
        raise ObjectUnknown("There is no such bank line.")
    return _line(row)


async def save_line(session: AsyncSession, line: BankLine) -> None:
    """Save where a line stands; the caller holds its lock."""
    await session.execute(
        update(BankLineRow)
        .where(BankLineRow.id == line.id)
        .values(
            status=str(line.status),
            assigned_minor=line.assigned.amount_minor,
            parts=line.parts,
            doubt=None if line.doubt is None else str(line.doubt),
            doubt_detail=line.doubt_detail,
            reason=line.reason,
        )
    )


async def insert_part(session: AsyncSession, line_id: UUID, part: Part) -> None:
    """Write what a part of a line became."""
    await session.execute(
        insert(BankLinePartRow).values(
            line_id=line_id,
            number=part.number,
            kind=str(part.kind),
            target_id=part.target_id,
            amount_minor=part.amount.amount_minor,
            currency=part.amount.currency,
            at=part.at,
            actor=part.actor,
        )
    )


async def parts_of(session: AsyncSession, line_id: UUID) -> Sequence[Part]:
    """Return the parts of a line in order."""
    rows = await session.scalars(
        select(BankLinePartRow)
        .where(BankLinePartRow.line_id == line_id)
        .order_by(BankLinePartRow.number)
    )
    return [
        Part(
            number=row.number,
            kind=PartKind(row.kind),
            target_id=row.target_id,
            amount=Money(row.amount_minor, row.currency),
            at=row.at,
            actor=row.actor,
        )
        for row in rows
    ]


async def arrival_of(session: AsyncSession, target_id: UUID) -> BankLine | None:
    """Return the last arrival that paid a target: where its money came from."""
    row = await session.scalar(
        select(BankLineRow)
        .join(BankLinePartRow, BankLinePartRow.line_id == BankLineRow.id)
        .where(
            BankLinePartRow.target_id == target_id,
            BankLinePartRow.kind == str(PartKind.DEPOSIT),
        )
        .order_by(BankLineRow.id.desc())
        .limit(1)
    )
    return None if row is None else _line(row)


async def find_page(
    session: AsyncSession,
    market_id: MarketId,
    *,
    status: LineStatus | None,
    direction: Direction | None,
    statement_id: UUID | None,
    after: UUID | None,
    limit: int,
) -> Sequence[BankLine]:
    """Return a market's lines, the oldest first: who came first is worked first."""
    row = BankLineRow
    rows = await session.scalars(
        select(row)
        .where(
            row.market_id == market_id,
            true() if status is None else row.status == str(status),
            true() if direction is None else row.direction == str(direction),
            true() if statement_id is None else row.statement_id == statement_id,
            true() if after is None else row.id > after,
        )
        .order_by(row.id)
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    return [_line(found) for found in rows]


def _statement(row: BankStatementRow, counts: Mapping[LineStatus, int]) -> BankStatement:
    def money(minor: int | None) -> Money | None:
        return None if minor is None else Money(minor, row.currency)

    return BankStatement(
        id=row.id,
        market_id=MarketId(row.market_id),
        file_id=FileId(row.file_id),
        account_number=row.account_number,
        lines=row.line_count,
        fresh=sum(counts.values()),
        opening=money(row.opening_minor),
        closing=money(row.closing_minor),
        first_at=row.first_at,
        last_at=row.last_at,
        imported_at=row.imported_at,
        imported_by=row.imported_by,
        counts=counts,
    )


async def find_statements(
    session: AsyncSession, market_id: MarketId, *, before: UUID | None, limit: int
) -> Sequence[BankStatement]:
    """Return a market's imports, newest first, in two queries."""
    row = BankStatementRow
    found = await session.scalars(
        select(row)
        .where(row.market_id == market_id, true() if before is None else row.id < before)
        .order_by(row.id.desc())
        .limit(limit)
    )
    rows = found.all()
    counts = await _counts(session, [item.id for item in rows])
    return [_statement(item, counts.get(item.id, {})) for item in rows]


async def get_statement(session: AsyncSession, statement_id: UUID) -> BankStatement:
    """Return an import and how the lines that it brought stand now.

    Raises:
        ObjectUnknown: There is none.
    """
    row = await session.get(BankStatementRow, statement_id)
    if row is None:
        raise ObjectUnknown("There is no such bank statement.")
    counts = await _counts(session, [row.id])
    return _statement(row, counts.get(row.id, {}))


async def _counts(
    session: AsyncSession, statement_ids: Collection[UUID]
) -> Mapping[UUID, Mapping[LineStatus, int]]:
    rows = await session.execute(
        select(BankLineRow.statement_id, BankLineRow.status, func.count())
        .where(BankLineRow.statement_id.in_(statement_ids))
        .group_by(BankLineRow.statement_id, BankLineRow.status)
    )
    counts: dict[UUID, dict[LineStatus, int]] = {}
    for statement_id, status, count in rows:
        counts.setdefault(statement_id, {})[LineStatus(status)] = count
    return counts


async def owner_of_line(session: AsyncSession, line_id: UUID) -> Owner | None:
    """Return a line's market; it belongs to no party."""
    row = await session.get(BankLineRow, line_id)
    return None if row is None else Owner(MarketId(row.market_id), frozenset())


async def owner_of_statement(session: AsyncSession, statement_id: UUID) -> Owner | None:
    """Return a statement's market; it belongs to no party."""
    row = await session.get(BankStatementRow, statement_id)
    return None if row is None else Owner(MarketId(row.market_id), frozenset())
