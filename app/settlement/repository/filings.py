"""Filings at the registration office in the database."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.settlement.domain.filing import (
    Decision,
    Filed,
    Filing,
    FilingStatus,
    Recognised,
)
from app.settlement.domain.refusal_ground import RefusalGround
from app.settlement.models import DealRow, FilingRow
from app.shared.ids import DealId, MarketId, PartyId
from app.shared.money import Money

_NUMBER_UNIQUE: Final = "uq_registration_filings_number"
_YUAN: Final = "CNY"
_AMOUNTS: Final = ("total_amount", "technology_amount", "equipment_amount", "foreign_amount")


def _filing(row: FilingRow) -> Filing:
    return Filing(
        deal_id=DealId(row.deal_id),
        market_id=MarketId(row.market_id),
        version=row.version,
        decision=Decision(
            status=FilingStatus(row.status),
            decided_on=row.decided_on,
            recognised=_recognised(row),
            ground=None if row.ground is None else RefusalGround(row.ground),
            reason=row.reason,
        ),
        filed=None if row.filed is None else _filed_from_json(row.filed),
    )


def _recognised(row: FilingRow) -> Recognised | None:
    number, kind = row.registration_number, row.recognised_type
    total, amount = row.recognised_total_minor, row.recognised_technology_minor
    if number is None or kind is None or total is None or amount is None:
        return None
    return Recognised(
        number=number,
        total_amount=Money(total, _YUAN),
        technology_amount=Money(amount, _YUAN),
        contract_type=kind,
    )


def _values(filing: Filing, *, differs: bool) -> dict[str, Any]:
    decision, told = filing.decision, filing.decision.recognised
    return {
        "version": filing.version,
        "status": str(decision.status),
        "decided_on": decision.decided_on,
        "registration_number": None if told is None else told.number,
        "recognised_total_minor": None if told is None else told.total_amount.amount_minor,
        "recognised_technology_minor": (
            None if told is None else told.technology_amount.amount_minor
        ),
        "recognised_type": None if told is None else told.contract_type,
        "ground": decision.ground,
        "reason": decision.reason,
        "filed": None if filing.filed is None else _filed_to_json(filing.filed),
        "differs": differs,
    }


def _filed_to_json(filed: Filed) -> dict[str, Any]:
    """Return the JSON in which a frozen sheet is kept."""
    return {
        "contract_version": filed.contract_version,
        "contract_type": filed.contract_type,
        "amount_known": filed.amount_known,
        "mixed": filed.mixed,
        **{name: _money_to_json(getattr(filed, name)) for name in _AMOUNTS},
    }


def _filed_from_json(told: Mapping[str, Any]) -> Filed:
    """Return the frozen sheet of its JSON."""
    amounts = {name: _money_from_json(told[name]) for name in _AMOUNTS}
    return Filed(
        contract_version=told["contract_version"],
        contract_type=told["contract_type"],
        amount_known=told["amount_known"],
        mixed=told["mixed"],
        **amounts,
    )


def _money_to_json(money: Money | None) -> dict[str, str] | None:
    return None if money is None else money.as_json()


def _money_from_json(told: Mapping[str, str] | None) -> Money | None:
    return None if told is None else Money.parse(told["amount"], told["currency"])


async def save(session: AsyncSession, filing: Filing, *, differs: bool) -> bool:
    """Write a filing unless another deal of the market has its number; tell whether it did.

    The caller holds the deal's lock. Invariant: ST221, also for two that come at once.
    """
    values = _values(filing, differs=differs)
    statement = (
        insert(FilingRow)
        .values(deal_id=filing.deal_id, market_id=filing.market_id, **values)
        .on_conflict_do_update(index_elements=["deal_id"], set_=values)
    )
    try:
        async with session.begin_nested():
            await session.execute(statement)
    except IntegrityError as failure:
        if _NUMBER_UNIQUE in str(failure.orig):
            return False
        raise
    return True


async def find(session: AsyncSession, deal_id: DealId) -> Filing | None:
    """Return a deal's filing, if anything was entered of it."""
    row = await session.get(FilingRow, deal_id, populate_existing=True)
    return None if row is None else _filing(row)


async def find_many(session: AsyncSession, deal_ids: Collection[DealId]) -> Mapping[DealId, Filing]:
    """Return the filings of many deals by deal, in one query."""
    rows = await session.scalars(select(FilingRow).where(FilingRow.deal_id.in_(deal_ids)))
    return {DealId(row.deal_id): _filing(row) for row in rows}


async def list_filings(
    session: AsyncSession,
    *,
    market_id: MarketId,
    seller_id: PartyId | None,
    status: FilingStatus | None,
    differs: bool | None,
    before: UUID | None,
    limit: int,
) -> Sequence[tuple[str, Filing]]:
    """Return filings with their deals' numbers, of the newest deal first.

    Args:
        differs: Only those that were recognised otherwise than filed, or only the others.
    """
    statement = (
        select(DealRow.number, FilingRow)
        .join(DealRow, DealRow.id == FilingRow.deal_id)
        .where(FilingRow.market_id == market_id)
    )
    if seller_id is not None:
        statement = statement.where(DealRow.seller_id == seller_id)
    if status is not None:
        statement = statement.where(FilingRow.status == str(status))
    if differs is not None:
        statement = statement.where(FilingRow.differs if differs else ~FilingRow.differs)
    if before is not None:
        statement = statement.where(FilingRow.deal_id < before)
    rows = await session.execute(
        statement.order_by(FilingRow.deal_id.desc())
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    return [(number, _filing(row)) for number, row in rows]


async def deal_ids_by_number(
    session: AsyncSession, market_id: MarketId, numbers: Collection[str]
) -> Mapping[str, DealId]:
    """Return the deals of these human numbers in a market, in one query."""
    rows = await session.execute(
        select(DealRow.number, DealRow.id).where(
            DealRow.market_id == market_id, DealRow.number.in_(numbers)
        )
    )
    return {number: DealId(deal_id) for number, deal_id in rows}
