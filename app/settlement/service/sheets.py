"""Use case: gather what is known of a deal and write its registration preparation sheet."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands import public as demands
from app.identity.public import Party, PartyKind, get_party
from app.listings import public as listings
from app.platform.access import Actor
from app.settlement import repository
from app.settlement.domain.checks import run_checks
from app.settlement.domain.deal import Deal
from app.settlement.domain.report import Check
from app.settlement.domain.sheet import Facts, SheetField, Side, write_sheet
from app.settlement.service.settling import require_seller
from app.shared.calendar import SHANGHAI


@dataclass(frozen=True, slots=True)
class Sheet:
    """The sheet of a deal in its present state."""

    deal: Deal
    fields: tuple[SheetField, ...]
    checks: tuple[Check, ...]

    @property
    def ready(self) -> bool:
        """Whether every check passed (ST9)."""
        return all(check.passed for check in self.checks)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Names of the fields that stay empty, required or not."""
        return tuple(field.name for field in self.fields if field.value is None)


def _side(party: Party) -> Side:
    return Side(
        organisation=party.kind is PartyKind.ORGANISATION,
        name=party.name,
        credit_code=party.credit_code,
        party_type=party.party_type,
        scale=party.scale,
        address=party.address,
        representative=party.representative,
        contact=party.contact,
        phone=party.phone,
        postcode=party.postcode,
        region_code=party.region_code,
        industry=party.industry,
        in_high_tech_zone=party.in_high_tech_zone,
        listed=party.listed,
    )


async def write(session: AsyncSession, actor: Actor, deal_id: UUID, *, now: datetime) -> Sheet:
    """Return a deal's sheet with its checks; nothing is stored.

    Raises:
        NotYours: Staff of another party than the seller.
    """
    deal = await repository.get_deal(session, deal_id)
    require_seller(actor, deal)
    facts = await _facts(session, deal, now)
    fields = write_sheet(facts)
    return Sheet(deal, fields, run_checks(facts, fields))


async def _facts(session: AsyncSession, deal: Deal, now: datetime) -> Facts:
    of_listing = deal.demand_id is None
    told: dict[str, Any] = await (_of_listing if of_listing else _of_demand)(session, deal)
    return Facts(
        price=deal.price,
        confirmed_on=deal.confirmed_at.astimezone(SHANGHAI).date(),
        today=now.astimezone(SHANGHAI).date(),
        seller=_side(await get_party(session, deal.seller_id)),
        buyer=_side(await get_party(session, deal.buyer_id)),
        contract=await repository.get_contract(session, deal.id),
        **told,
    )


async def _of_listing(session: AsyncSession, deal: Deal) -> dict[str, Any]:
    assert deal.listing_id is not None
    listing = await listings.get_listing(session, deal.listing_id)
    content = (await listings.get_achievement(session, listing.achievement_id)).content
    return {
        "title": content.title,
        "abstract": content.abstract,
        "technology_field": content.technology_field,
        "ip_kind": content.ip_kind,
        "plan_source": content.plan_source,
        "conversion_mode": listing.conversion_mode,
    }


async def _of_demand(session: AsyncSession, deal: Deal) -> dict[str, Any]:
    """Return what a demand knows: the right and the plan come with the contract (ST25)."""
    assert deal.demand_id is not None
    content = (await demands.get_demand(session, deal.demand_id)).content
    return {
        "title": content.title,
        "abstract": content.background,
        "technology_field": content.technology_field,
        "ip_kind": None,
        "plan_source": None,
        "cooperation_mode": content.cooperation_mode,
    }
