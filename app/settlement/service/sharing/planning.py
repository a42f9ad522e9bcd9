"""Open a deal's sharing, and plan it until the notice."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.listings import public as listings
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
from app.settlement.repository import get_deal
from app.settlement.repository import sharing as repository
from app.settlement.service.sharing.keeping import figures, keep, locked, require_unit, tell
from app.settlement.service.sharing.reminding import remind
from app.settlement.service.sharing.schemes import require_scheme, usual_scheme
from app.settlement.service.terms import terms_of
from app.shared.errors import Conflict
from app.shared.ids import SharingId, new_id
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
    if deal.listing_id is None:
        return Achieved(title=None, completers=(), granted=None)
    listing = await listings.get_listing(session, deal.listing_id)
    content = (await listings.get_achievement(session, listing.achievement_id)).content
    return Achieved(
        title=content.title,
        completers=tuple((one.name, one.share_bp) for one in content.completers),
        granted=content.empowerment is listings.Empowerment.OWNERSHIP_SHARE,
    )


async def open_sharing(
    session: AsyncSession, actor: Actor, deal_id: UUID, *, now: datetime
) -> Sharing:
    """Open a deal's sharing with the completers as persons and the unit's scheme.

    What an investment brought are shares, if the price terms count them.

    Raises:
        NotYours: Staff of another party than the seller.
        SharingExists: Names it.
    """
    deal = await get_deal(session, deal_id, lock=True)
    require_unit(actor, deal.seller_id)
    known = await achieved(session, deal)
    stake = (await terms_of(session, deal)).shares
    shares = None if stake is None else stake.share_count
    basis = Basis.NET_INCOME if shares is None else Basis.SHARES
    plan = first_plan(
        await usual_scheme(session, deal.seller_id, basis, now=now),
        known.completers,
        granted=bool(known.granted),
        currency=deal.price.currency,
        shares_total=shares,
    )
    incomes = await repository.incomes_of(session, deal.id)
    sharing = Sharing(
        id=SharingId(new_id()),
        number=await repository.next_number(session, at=now),
        market_id=deal.market_id,
        deal_id=deal.id,
        seller_id=deal.seller_id,
        currency=deal.price.currency,
        status=SharingStatus.DRAFT,
        version=1,
        plan=plan,
        opened_at=now,
        due_on=standing(plan, incomes, ()).due_on if plan.persons else None,
    )
    if not await repository.insert_sharing(session, sharing):
        raise SharingExists("Read it, and change its plan.", deal_id=deal.id)
    await tell(session, sharing, "opened", actor, now, restricted={"plan": plan})
    await remind(session, sharing, now=now)
    return sharing


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
