"""Fix the contract's data, version by version."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.access import Actor
from app.settlement import repository
from app.settlement.domain.contract import Contract, check_contract, check_version
from app.settlement.domain.deal import Deal
from app.settlement.service.settling import journal_deal, require_seller


async def fix_contract(
    session: AsyncSession,
    actor: Actor,
    deal_id: UUID,
    contract: Contract,
    *,
    seen: str | None,
    now: datetime,
) -> tuple[Deal, Contract]:
    """Write the contract's data over the version that the caller has seen (ST6, ST7).

    Raises:
        NotYours: Staff of another party than the seller.
        VersionMissing, VersionMismatch: See `check_version`.
        CodeUnknown, ContractTypeTooBroad, TechnologyAmountOutOfRange: See `check_contract`.
    """
    deal = await repository.get_deal(session, deal_id, lock=True)
    require_seller(actor, deal)
    check_version(seen, present=deal.contract_version)
    check_contract(contract, price=deal.price)
    fixed = replace(deal, contract_version=deal.contract_version + 1)
    await repository.save_contract(session, deal.id, contract, currency=deal.price.currency)
    await repository.save_deal(session, fixed)
    told = {"version": fixed.contract_version, "contract": contract}
    await journal_deal(session, fixed, "contract_fixed", actor, now, restricted=told)
    return fixed, contract
