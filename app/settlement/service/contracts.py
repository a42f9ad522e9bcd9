"""Fix the contract's data, version by version."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.access import Actor
from app.settlement import repository
from app.settlement.domain.contract import (
    Contract,
    check_contract,
    check_stated,
    check_version,
)
from app.settlement.domain.deal import Deal
from app.settlement.domain.signing import TextKind
from app.settlement.repository import texts
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
        ContractSigned: The text that both sides signed states otherwise.
    """
    deal = await repository.get_deal(session, deal_id, lock=True)
    require_seller(actor, deal)
    check_version(seen, present=deal.contract_version)
    check_contract(contract, price=deal.price)
    if await _stands_in_its_text(session, deal):
        check_stated(contract, signed=await repository.get_contract(session, deal.id))
    fixed = replace(deal, contract_version=deal.contract_version + 1)
    await repository.save_contract(session, deal.id, contract, currency=deal.price.currency)
    await repository.save_deal(session, fixed)
    told = {"version": fixed.contract_version, "contract": contract}
    await journal_deal(session, fixed, "contract_fixed", actor, now, restricted=told)
    return fixed, contract


async def _stands_in_its_text(session: AsyncSession, deal: Deal) -> bool:
    """Tell whether both sides have signed a text that was written from these data."""
    if deal.signed_text_hash is None:
        return False
    newest = await texts.find_text(session, deal.id, await texts.newest_number(session, deal.id))
    return (
        newest is not None
        and newest.kind is TextKind.GENERATED
        and newest.text_hash == deal.signed_text_hash
    )
