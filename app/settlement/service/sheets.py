"""Use case: gather what is known of a deal, write its registration sheet and lint it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands import public as demands
from app.identity.public import Party, PartyKind, get_parties
from app.listings import public as listings
from app.platform.access import Actor
from app.settlement import repository
from app.settlement.domain.contract import Contract
from app.settlement.domain.deal import Deal
from app.settlement.domain.registration.linter import lint
from app.settlement.domain.registration.record import ContractRecord, Side
from app.settlement.domain.registration.report import Report
from app.settlement.domain.sheet import SheetField, write_sheet
from app.settlement.repository.contracts import get_contracts
from app.settlement.service.agreed import agreed_of
from app.settlement.service.settling import require_seller
from app.shared.calendar import SHANGHAI
from app.shared.ids import DealId, PartyId

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
    return (await gather_many(session, [deal], now=now))[deal.id]


async def gather_many(
    session: AsyncSession, deals: Collection[Deal], *, now: datetime
) -> Mapping[DealId, ContractRecord]:
    """Return the records of many deals, in as many queries as of one."""
    told = await _sources(session, deals)
    contracts = await get_contracts(session, told.keys())
    agreed = await agreed_of(session, deals)
    sides = {deal.seller_id for deal in deals} | {deal.buyer_id for deal in deals}
    parties = {party.id: party for party in await get_parties(session, sides)}
    return {
        deal.id: _record(
            deal,
            {**told[deal.id], **agreed[deal.id]},
            contracts.get(deal.id, Contract()),
            parties,
            now=now,
        )
        for deal in deals
    }


async def _sources(
    session: AsyncSession, deals: Collection[Deal]
) -> Mapping[DealId, Mapping[str, Any]]:
    """Return what each deal's listing or demand knows."""
    listed = {deal.listing_id for deal in deals if deal.listing_id is not None}
    asked = {deal.demand_id for deal in deals if deal.demand_id is not None}
    offers = await listings.get_offers(session, listed) if listed else {}
    wanted = await demands.get_demands(session, asked) if asked else ()
    posted = {demand.id: demand for demand in wanted}
    return {
        deal.id: _of_offer(*offers[deal.listing_id])
        for deal in deals
        if deal.listing_id is not None
    } | {
        deal.id: _of_demand(posted[deal.demand_id]) for deal in deals if deal.demand_id is not None
    }


def _record(
    deal: Deal,
    told: Mapping[str, Any],
    contract: Contract,
    parties: Mapping[PartyId, Party],
    *,
    now: datetime,
) -> ContractRecord:
    known = {**told, **_of_contract(contract)}
    technology, on_top = contract.technology_amount, told["total_amount"] - deal.price
    if technology is not None and on_top.amount_minor > 0:
        known["technology_amount"] = technology + on_top  # royalties are paid for technology
    return ContractRecord(
        number=deal.number,
        confirmed_on=deal.confirmed_at.astimezone(SHANGHAI).date(),
        filing_on=now.astimezone(SHANGHAI).date(),
        seller=_side(parties[deal.seller_id], Contract()),
        buyer=_side(parties[deal.buyer_id], contract),
        **known,
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


def _of_offer(listing: listings.Listing, offered: listings.Achievement) -> dict[str, Any]:
    content = offered.content
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


def _of_demand(demand: demands.Demand) -> dict[str, Any]:
    """Return what a demand knows: the right and the plan come with the contract (ST25)."""
    content = demand.content
    return {
        "project_name": content.title,
        "technical_content": content.background,
        "technology_field": content.technology_field,
        "cooperation_mode": content.cooperation_mode,
        "ip_ownership": content.ip_ownership,
        "failure_risk_rule": content.failure_risk_rule,
    }
