"""Read a sharing with everything that belongs to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.access import Actor, ObjectUnknown
from app.settlement.domain.sharing.awards import (
    AwardPayment,
    Income,
    Sharing,
    SharingStatus,
    Standing,
    as_of,
    standing,
)
from app.settlement.domain.sharing.comparing import judge
from app.settlement.domain.sharing.floors import FloorFinding
from app.settlement.domain.sharing.notices import (
    AwardNoticeMissing,
    SharingObjection,
    day_in_shanghai,
)
from app.settlement.repository import sharing as repository
from app.settlement.service.sharing.keeping import floors_of, require_unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A sharing as its unit sees it."""

    sharing: Sharing
    standing: Standing
    floors: tuple[FloorFinding, ...]
    incomes: Sequence[Income]
    payments: Sequence[AwardPayment]
    objections: Sequence[SharingObjection]
    today: date


async def read_sharing(
    session: AsyncSession, actor: Actor, deal_id: UUID, *, now: datetime
) -> Whole:
    """Return a deal's sharing as its stored deadline has decided it.

    Raises:
        ObjectUnknown: The deal has none.
        NotYours: It is another unit's.

    Invariants: ST141, ST144.
    """
    found = await repository.find_of_deal(session, deal_id)
    if found is None:
        raise ObjectUnknown("The deal has no sharing yet.")
    require_unit(actor, found.seller_id)
    return await whole(session, found, now=now)


async def whole(session: AsyncSession, sharing: Sharing, *, now: datetime) -> Whole:
    """Return everything that belongs to a sharing."""
    incomes = await repository.incomes_of(session, sharing.deal_id)
    payments = await repository.award_payments_of(session, sharing.id)
    decided = as_of(sharing, now)
    known = standing(decided.plan, incomes, payments)
    floors = await floors_of(session, decided.seller_id, decided.plan.basis, now=now)
    return Whole(
        sharing=decided,
        standing=known,
        floors=judge(decided.plan, known, floors) if decided.plan.persons else (),
        incomes=incomes,
        payments=payments,
        objections=await repository.objections_of(session, decided.id),
        today=day_in_shanghai(now),
    )


async def read_notice(
    session: AsyncSession, actor: Actor, deal_id: UUID, *, now: datetime
) -> Sharing:
    """Return a sharing that was noticed.

    Raises:
        ObjectUnknown, NotYours: See `read_sharing`.
        AwardNoticeMissing: It was not, or it came back as a draft.
    """
    sharing = (await read_sharing(session, actor, deal_id, now=now)).sharing
    if sharing.notice is None or sharing.status is SharingStatus.DRAFT:
        raise AwardNoticeMissing("Publish it first.")
    return sharing
