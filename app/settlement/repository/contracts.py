"""Contracts in the database."""

from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.settlement.domain.contract import Contract
from app.settlement.models import ContractRow
from app.shared.ids import DealId
from app.shared.money import Money

# The amount is two columns in the row.
_PLAIN = tuple(spec.name for spec in fields(Contract) if spec.name != "technology_amount")


async def get_contract(session: AsyncSession, deal_id: DealId) -> Contract:
    """Return the contract's data; all unknown before they are fixed."""
    row = await session.get(ContractRow, deal_id, populate_existing=True)
    return Contract() if row is None else _contract(row)


def _contract(row: ContractRow) -> Contract:
    amount = row.technology_amount_minor
    return Contract(
        technology_amount=None if amount is None else Money(amount, row.currency),
        **{name: getattr(row, name) for name in _PLAIN},
    )


async def get_contracts(
    session: AsyncSession, deal_ids: Collection[DealId]
) -> Mapping[DealId, Contract]:
    """Return the contracts that are fixed, by deal, in one query."""
    rows = await session.scalars(
        select(ContractRow)
        .where(ContractRow.deal_id.in_(deal_ids))
        .execution_options(populate_existing=True)
    )
    return {DealId(row.deal_id): _contract(row) for row in rows}


async def save_contract(
    session: AsyncSession, deal_id: DealId, contract: Contract, *, currency: str
) -> None:
    """Write a contract's data over the earlier version; the caller holds the deal's lock."""
    amount = contract.technology_amount
    values: dict[str, Any] = {name: getattr(contract, name) for name in _PLAIN}
    values |= {
        "currency": currency,
        "technology_amount_minor": None if amount is None else amount.amount_minor,
    }
    await session.execute(
        insert(ContractRow)
        .values(deal_id=deal_id, **values)
        .on_conflict_do_update(index_elements=["deal_id"], set_=values)
    )
