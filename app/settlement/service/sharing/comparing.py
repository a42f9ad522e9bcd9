"""What if: compare schemes on a deal, or on figures that somebody gives."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.public import get_party
from app.platform.access import Actor, ObjectUnknown
from app.settlement.domain.deal import Deal
from app.settlement.domain.sharing.awards import Income, Plan
from app.settlement.domain.sharing.catalogue import (
    find_scheme,
    in_force,
    newest,
    shipped_floors,
    shipped_schemes,
)
from app.settlement.domain.sharing.comparing import Outcome, compare
from app.settlement.domain.sharing.dividing import GrantMode, Person
from app.settlement.domain.sharing.floors import binding
from app.settlement.domain.sharing.income import CostLine, SharingFiguresMissing
from app.settlement.domain.sharing.notices import day_in_shanghai
from app.settlement.domain.sharing.plans import first_plan
from app.settlement.domain.sharing.schemes import Basis, Scheme
from app.settlement.repository import get_deal
from app.settlement.repository import sharing as repository
from app.settlement.service.sharing.keeping import require_unit
from app.settlement.service.sharing.planning import achieved
from app.shared import codes
from app.shared.ids import PartyId
from app.shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is compared; what is left out comes from the deal, or is nothing.

    Attributes:
        schemes: Name and version; empty for all that know the basis and fit the currency.
        gross: By default the deal's price.
        seller_class, region_code: Whose law; by default the unit's own.
    """

    deal_id: UUID | None
    basis: Basis
    schemes: tuple[tuple[str, int | None], ...]
    gross: Money | None
    costs: tuple[CostLine, ...] | None
    tax: Money | None
    persons: tuple[Person, ...] | None
    grant_mode: GrantMode | None
    shares_total: int | None
    profits: tuple[Money, ...]
    seller_class: str | None
    region_code: str | None


@dataclass(frozen=True, slots=True)
class Compared:
    """The schemes side by side, in the order asked for."""

    currency: str
    outcomes: Sequence[Outcome]


async def compare_schemes(
    session: AsyncSession, actor: Actor, asked: Question, *, now: datetime
) -> Compared:
    """Evaluate schemes side by side; nothing is written.

    Raises:
        ObjectUnknown: No such deal in the actor's market.
        NotYours: The deal is another unit's.
        CodeUnknown: No such class of sellers, or region.
        SharingSchemeUnknown: Names those in force.
        SharingFiguresMissing: Neither a deal nor a figure to share, or nobody to share among.
        And what `domain.sharing.comparing.compare` refuses.

    Invariant: ST146.
    """
    if asked.seller_class is not None:
        codes.require("seller_class", asked.seller_class, field="seller_class")
    if asked.region_code is not None:
        codes.require(codes.REGIONS, asked.region_code, field="region_code")
    deal = None if asked.deal_id is None else await _deal(session, actor, asked.deal_id)
    unit_id = actor.party_id if deal is None else deal.seller_id
    gross = asked.gross or (None if deal is None else deal.price)
    if gross is None and asked.basis is Basis.NET_INCOME:
        raise SharingFiguresMissing("Give a deal or a gross amount.", field="gross")
    currency = _currency(gross, asked)
    plan = _with(await _known_plan(session, deal, currency), asked, currency)
    unit = await get_party(session, unit_id)
    floors = binding(
        shipped_floors(),
        basis=asked.basis,
        seller_class=asked.seller_class or unit.seller_class,
        region_code=asked.region_code or unit.region_code,
        on=day_in_shanghai(now),
    )
    chosen = await _schemes(session, unit_id, asked, currency, now)
    nothing = Money(0, currency)
    incomes = [] if gross is None else [Income(1, gross, nothing, now)]
    outcomes = compare(
        plan, chosen, incomes, currency=currency, floors=floors, profits=asked.profits
    )
    return Compared(currency, outcomes)


async def _deal(session: AsyncSession, actor: Actor, deal_id: UUID) -> Deal:
    deal = await get_deal(session, deal_id)
    if deal.market_id != actor.market_id:
        raise ObjectUnknown("There is no such deal in your market.")
    require_unit(actor, deal.seller_id)
    return deal


def _currency(gross: Money | None, asked: Question) -> str:
    figures = [gross, *asked.profits, asked.tax]
    return next((figure.currency for figure in figures if figure is not None), "CNY")


async def _known_plan(session: AsyncSession, deal: Deal | None, currency: str) -> Plan:
    """Return the deal's plan, or the one it would begin with; else an empty one."""
    if deal is not None:
        found = await repository.find_of_deal(session, deal.id)
        if found is not None:
            return found.plan
        known = await achieved(session, deal)
        return first_plan(shipped_schemes()[0], known.completers, granted=False, currency=currency)
    return first_plan(shipped_schemes()[0], (), granted=False, currency=currency)


def _with(plan: Plan, asked: Question, currency: str) -> Plan:
    """Return the plan with what was asked in place of what is known."""
    changed: dict[str, Any] = {
        name: value
        for name in ("costs", "tax", "persons", "grant_mode", "shares_total")
        if (value := getattr(asked, name)) is not None
    }
    if plan.tax.currency != currency:
        changed = {"tax": Money(0, currency)} | changed
    return replace(plan, basis=asked.basis, **changed)


async def _schemes(
    session: AsyncSession, unit_id: PartyId, asked: Question, currency: str, now: datetime
) -> Sequence[Scheme]:
    own = await repository.schemes_of(session, unit_id)
    today = day_in_shanghai(now)
    if asked.schemes:
        return [find_scheme(own, name, version, on=today) for name, version in asked.schemes]
    usable = newest(in_force((*shipped_schemes(), *own), on=today))
    return [
        scheme
        for scheme in usable
        if asked.basis in scheme.rules and scheme.currency in {None, currency}
    ]
