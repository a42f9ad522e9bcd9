"""Use case: gather what is known of a deal, write its registration sheet and lint it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands import public as demands
from app.identity.public import Party, PartyKind, get_party
from app.listings import public as listings
from app.platform.access import Actor
from app.settlement import repository
from app.settlement.domain.contract import Contract
from app.settlement.domain.deal import Deal
from app.settlement.domain.registration.linter import lint
from app.settlement.domain.registration.record import ContractRecord, Side
from app.settlement.domain.registration.report import Report
from app.settlement.domain.sheet import SheetField, write_sheet
from app.settlement.service.settling import require_seller
from app.shared.calendar import SHANGHAI

_PATENTS: Final = frozenset({"invention_patent", "utility_model", "design"})
_LICENCES: Final = {
    "licence_exclusive": "exclusive",
    "licence_sole": "sole",
    "licence_ordinary": "ordinary",
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """The sheet of a deal in its present state."""

    deal: Deal
    record: ContractRecord
    fields: tuple[SheetField, ...]
    report: Report

    @property
    def ready(self) -> bool:
        """Whether nothing found is an error (ST9)."""
        return self.report.ready

    @property
    def unknown(self) -> tuple[str, ...]:
        """Names of the fields that stay empty, required or not."""
        return tuple(field.name for field in self.fields if field.value is None)


async def write(session: AsyncSession, actor: Actor, deal_id: UUID, *, now: datetime) -> Sheet:
    """Return a deal's sheet with its findings; nothing is stored.

    Raises:
        NotYours: Staff of another party than the seller.
    """
    deal = await repository.get_deal(session, deal_id)
    require_seller(actor, deal)
    record = await gather(session, deal, now=now)
    return Sheet(deal, record, write_sheet(record), lint(record))


async def gather(session: AsyncSession, deal: Deal, *, now: datetime) -> ContractRecord:
    """Return all that is known of a deal as its registration sees it; the rest stays unknown."""
    of_listing = deal.demand_id is None
    told: dict[str, Any] = await (_of_listing if of_listing else _of_demand)(session, deal)
    contract = await repository.get_contract(session, deal.id)
    told |= _of_contract(contract)
    return ContractRecord(
        number=deal.number,
        total_amount=deal.price,
        amount_known=True,
        confirmed_on=deal.confirmed_at.astimezone(SHANGHAI).date(),
        filing_on=now.astimezone(SHANGHAI).date(),
        seller=_side(await get_party(session, deal.seller_id), Contract()),
        buyer=_side(await get_party(session, deal.buyer_id), contract),
        **told,
    )


def _of_contract(contract: Contract) -> dict[str, Any]:
    """Return what the contract says, where it says it; else the achievement has the word."""
    names = (
        "project_name",
        "contract_type",
        "technology_amount",
        "signed_on",
        "starts_on",
        "ends_on",
        "payment_mode",
        "plan_source",
        "social_economic_objective",
        "ip_kind",
        "related_party",
        "in_writing",
        "patent_ends_on",
    )
    told = {name: getattr(contract, name) for name in names}
    return {name: value for name, value in told.items() if value is not None}


def _side(party: Party, contract: Contract) -> Side:
    """Return a party; the contract says of the buyer what kind of institution it is."""
    return Side(
        natural_person=party.kind is not PartyKind.ORGANISATION,
        name=party.name,
        credit_code=party.credit_code,
        type=party.party_type,
        scale=party.scale,
        address=party.address,
        representative=party.representative,
        contact=party.contact,
        phone=party.phone,
        postcode=party.postcode,
        region=party.region_code,
        industry=party.industry,
        in_high_tech_zone=party.in_high_tech_zone,
        listed=party.listed,
        is_transfer_institution=contract.buyer_is_transfer_institution,
        is_rd_institution=contract.buyer_is_rd_institution,
        is_converted_institute=contract.buyer_is_converted_institute,
    )


async def _of_listing(session: AsyncSession, deal: Deal) -> dict[str, Any]:
    assert deal.listing_id is not None
    listing = await listings.get_listing(session, deal.listing_id)
    content = (await listings.get_achievement(session, listing.achievement_id)).content
    patents = [asset for asset in content.ip_assets if asset.kind in _PATENTS]
    ends = [asset.expires_on for asset in patents if asset.expires_on is not None]
    return {
        "project_name": content.title,
        "technical_content": content.abstract,
        "technology_field": content.technology_field,
        "ip_kind": content.ip_kind,
        "plan_source": content.plan_source,
        "conversion_mode": listing.conversion_mode,
        "patent_numbers": tuple(asset.number for asset in patents if asset.number),
        "patent_ends_on": min(ends, default=None),
        "licence_kind": _LICENCES.get(listing.conversion_mode),
    }


async def _of_demand(session: AsyncSession, deal: Deal) -> dict[str, Any]:
    """Return what a demand knows: the right and the plan come with the contract (ST25)."""
    assert deal.demand_id is not None
    content = (await demands.get_demand(session, deal.demand_id)).content
    return {
        "project_name": content.title,
        "technical_content": content.background,
        "technology_field": content.technology_field,
        "cooperation_mode": content.cooperation_mode,
        "ip_ownership": content.ip_ownership,
        "failure_risk_rule": content.failure_risk_rule,
    }
