"""Open a deal's sharing, and plan it until the notice."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.listings import public as listings
from app.platform import journal
from app.platform.access import Actor
from app.settlement.domain.contract import check_version
from app.settlement.domain.deal import Deal
from app.settlement.domain.sharing.awards import (
    Plan,
    Sharing,
    SharingPersonUnknown,
    SharingStatus,
    SharingTrigger,
    standing,
)
from app.settlement.domain.sharing.comparing import check_plan
from app.settlement.domain.sharing.dividing import Choice
from app.settlement.domain.sharing.income import CostLine, check_costs
from app.settlement.domain.sharing.notices import choose, day_in_shanghai, keep_options
from app.settlement.domain.sharing.plans import first_plan
from app.settlement.domain.sharing.schemes import Basis, Scheme, SharingBasisUnknown
from app.settlement.repository import lock_deals
from app.settlement.repository import sharing as repository
from app.settlement.repository.terms import terms_of_deals
from app.settlement.service.sharing.keeping import (
    figures,
    keep,
    locked,
    require_unit,
    sharing_event,
)
from app.settlement.service.sharing.reminding import remind_new
from app.settlement.service.sharing.schemes import require_scheme, usual_schemes
from app.shared.errors import Conflict
from app.shared.ids import DealId, SharingId, new_id
from app.shared.money import Money


class SharingExists(Conflict):
    """A deal has one sharing; ``number`` names it."""

    code = "sharing_exists"
    title_zh = "该成交已有收益分配"
    title_en = "The deal has its sharing already"


@dataclass(frozen=True, slots=True, kw_only=True)
class Achieved:
    """What a deal's achievement says of who completed it.

    Attributes:
        granted: Whether ownership was granted; ``None`` where there is no achievement.
    """

    title: str | None
    completers: tuple[tuple[str, int], ...]
    granted: bool | None


async def achieved(session: AsyncSession, deal: Deal) -> Achieved:
    """Return the completers of what a deal sold; a demand's work has none on record."""
    return (await _achieved_by_deals(session, [deal]))[deal.id]


async def _achieved_by_deals(
    session: AsyncSession, deals: Collection[Deal]
) -> dict[DealId, Achieved]:
    listed = {deal.listing_id for deal in deals if deal.listing_id is not None}
    offers = await listings.get_offers(session, listed) if listed else {}
    unknown = Achieved(title=None, completers=(), granted=None)
    return {
        deal.id: unknown if deal.listing_id is None else _achieved(offers[deal.listing_id][1])
        for deal in deals
    }


def _achieved(achievement: listings.Achievement) -> Achieved:
    content = achievement.content
    return Achieved(
        title=content.title,
        completers=tuple((one.name, one.share_bp) for one in content.completers),
        granted=content.empowerment is listings.Empowerment.OWNERSHIP_SHARE,
    )


async def open_sharing(
    session: AsyncSession, actor: Actor, deal_id: UUID, *, now: datetime
) -> Sharing:
    """Open a deal's sharing; see `open_sharings`."""
    (sharing,) = await open_sharings(session, actor, [deal_id], now=now)
    return sharing


async def open_sharings(
    session: AsyncSession, actor: Actor, deal_ids: Collection[UUID], *, now: datetime
) -> list[Sharing]:
    """Open deals' sharings, all or none, with the completers as persons and the unit's scheme.

    What an investment brought are shares, if the price terms count them. The deals are locked
    in id order, in which their sharings come back.

    Raises:
        ObjectUnknown: No such deal.
        NotYours: Staff of another party than a seller.
        SharingExists: Names the first deal that has one.
    """
    deals = await lock_deals(session, set(deal_ids))
    for deal in deals.values():
        require_unit(actor, deal.seller_id)
    if not deals:
        return []
    plans = await _first_plans(session, list(deals.values()), now=now)
    incomes = await repository.incomes_of_deals(session, deals)
    numbers = await repository.next_numbers(session, len(deals), at=now)
    opened = [
        Sharing(
            id=SharingId(new_id()),
            number=number,
            market_id=deal.market_id,
            deal_id=deal.id,
            seller_id=deal.seller_id,
            currency=deal.price.currency,
            status=SharingStatus.DRAFT,
            version=1,
            plan=plan,
            opened_at=now,
            due_on=standing(plan, incomes[deal.id], ()).due_on if plan.persons else None,
        )
        for deal, plan, number in zip(deals.values(), plans, numbers, strict=True)
    ]
    there = await repository.insert_sharings(session, opened)
    if there:
        raise SharingExists("Read it, and change its plan.", deal_id=min(there))
    events = [
        sharing_event(sharing, "opened", actor, now, restricted={"plan": sharing.plan})
        for sharing in opened
    ]
    await journal.append(session, *events)
    await remind_new(session, opened, now=now)
    return opened


async def _first_plans(
    session: AsyncSession, deals: Sequence[Deal], *, now: datetime
) -> list[Plan]:
    """Return the plan that each deal's sharing begins with."""
    known = await _achieved_by_deals(session, deals)
    # A demand's deal has none of its own, and no shares.
    terms = await terms_of_deals(session, {deal.id: deal.terms_version for deal in deals})
    stakes = {deal_id: fixed.shares for deal_id, fixed in terms.items()}
    counts = {deal_id: stake.share_count for deal_id, stake in stakes.items() if stake is not None}
    bases = {deal.id: Basis.SHARES if deal.id in counts else Basis.NET_INCOME for deal in deals}
    wanted = {(deal.seller_id, bases[deal.id]) for deal in deals}
    schemes = await usual_schemes(session, wanted, now=now)
    return [
        first_plan(
            schemes[deal.seller_id, bases[deal.id]],
            known[deal.id].completers,
            granted=bool(known[deal.id].granted),
            currency=deal.price.currency,
            shares_total=counts.get(deal.id),
        )
        for deal in deals
    ]


async def plan_sharing(
    session: AsyncSession,
    actor: Actor,
    deal_id: UUID,
    draft: Callable[[Scheme, str], Plan],
    *,
    scheme_name: str,
    scheme_version: int | None,
    seen: str | None,
    now: datetime,
) -> Sharing:
    """Write the plan over the version that the caller has seen; recorded choices stay.

    Args:
        draft: Makes the plan of the scheme named and the deal's currency.

    Raises:
        SharingSchemeUnknown: Names those in force.
        ObjectUnknown, NotYours: See `keeping.locked`.
        VersionMissing, VersionMismatch: See `check_version`.
        TransitionRefused: It is under notice or final.
        SharingBasisUnknown: Also for the operating profit, which no deal brings.
        SharingFiguresMissing, SharingCurrencyDiffers, FiscalMoneyNotCost,
        SharingPersonsInvalid: See `check_plan`.
    """
    sharing, _ = await locked(session, actor, deal_id, now=now)
    check_version(seen, present=sharing.version)
    moved = sharing.moved(SharingTrigger.PLAN, version=sharing.version + 1)
    scheme = await require_scheme(session, sharing.seller_id, scheme_name, scheme_version, now=now)
    plan = draft(scheme, sharing.currency)
    if plan.basis is Basis.OPERATING_PROFIT:
        raise SharingBasisUnknown(
            "A deal brings income or shares; compare profits as a what-if.",
            field="basis",
            accepted=[str(Basis.NET_INCOME), str(Basis.SHARES)],
        )
    planned = keep_options(plan, sharing.plan.persons)
    check_plan(planned, currency=sharing.currency)
    moved = replace(moved, plan=planned)
    return await keep(session, moved, "planned", actor, now, restricted={"plan": planned})


async def record_option(
    session: AsyncSession,
    actor: Actor,
    deal_id: UUID,
    *,
    person: int,
    choice: Choice,
    chosen_on: date,
    statement: str,
    now: datetime,
) -> Sharing:
    """Record before the notice what a person with a share of ownership wants (ST140).

    Raises:
        ObjectUnknown, NotYours: See `keeping.locked`.
        TransitionRefused: It is under notice or final.
        SharingPersonUnknown, SharingOptionNeedless, SharingOptionInFuture: See `choose`.
    """
    sharing, _ = await locked(session, actor, deal_id, now=now)
    moved = sharing.moved(SharingTrigger.PLAN, version=sharing.version + 1)
    if person > len(sharing.plan.persons):
        raise SharingPersonUnknown(
            "Persons are numbered from 1.", field="person", maximum=len(sharing.plan.persons)
        )
    plan, option = choose(
        sharing,
        person,
        choice,
        chosen_on=chosen_on,
        statement=statement,
        today=day_in_shanghai(now),
    )
    told = {
        "person": sharing.plan.persons[person - 1].name,
        "statement": statement,
        "option": option,
    }
    moved = replace(moved, plan=plan)
    return await keep(session, moved, "option_recorded", actor, now, restricted=told)


async def add_costs(
    session: AsyncSession,
    actor: Actor,
    deal_id: UUID,
    costs: Sequence[CostLine],
    tax: Money | None,
    *,
    now: datetime,
) -> Sharing:
    """Add what a later income cost; the noticed persons and shares stay as they are.

    What was paid is not asked back: it counts as paid ahead of the next income.

    Raises:
        ObjectUnknown, NotYours: See `keeping.locked`.
        TransitionRefused: It is not final: costs are then a part of the plan.
        FiscalMoneyNotCost, SharingCurrencyDiffers: See `check_costs`.
    """
    sharing, _ = await locked(session, actor, deal_id, now=now)
    moved = sharing.moved(SharingTrigger.CHARGE)
    more = tax or Money(0, sharing.currency)
    check_costs(costs, more, currency=sharing.currency)
    plan = replace(sharing.plan, costs=(*sharing.plan.costs, *costs), tax=sharing.plan.tax + more)
    check_costs(plan.costs, plan.tax, currency=sharing.currency)
    moved = replace(moved, plan=plan, version=sharing.version + 1)
    if moved.status is SharingStatus.FINAL and (await figures(session, moved)).complete:
        moved = moved.moved(SharingTrigger.COMPLETE)
    told = {"costs": tuple(costs), "tax": tax}
    return await keep(session, moved, "charged", actor, now, restricted=told)
