"""Record what the unit paid its people."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.access import Actor
from app.settlement.domain.sharing.awards import (
    AwardPayment,
    Sharing,
    SharingTrigger,
    check_award_payment,
    quantity_of,
)
from app.settlement.domain.sharing.notices import day_in_shanghai
from app.settlement.repository import sharing as repository
from app.settlement.service.sharing.keeping import figures, keep, locked
from app.shared.ids import new_id
from app.shared.money import Money


async def record_award_payment(
    session: AsyncSession,
    actor: Actor,
    deal_id: UUID,
    *,
    person: int,
    amount: Money | None,
    shares: int | None,
    paid_on: date,
    reference: str,
    now: datetime,
) -> Sharing:
    """Record a payment to a person, or shares registered in the person's name (ST142).

    The sharing's lock lets one payment see the other, whoever records them at once.

    Raises:
        ObjectUnknown, NotYours: See `keeping.locked`.
        SharingFiguresMissing, SharingCurrencyDiffers: See `quantity_of`.
        TransitionRefused, SharingPersonUnknown, AwardAboveOwed, AwardPaidInFuture: See
            `check_award_payment`.
    """
    sharing, known = await locked(session, actor, deal_id, now=now)
    quantity = quantity_of(sharing, amount, shares)
    payment = AwardPayment(new_id(), person, quantity, paid_on, reference)
    check_award_payment(sharing, known, payment, today=day_in_shanghai(now))
    await repository.insert_award_payment(session, sharing.id, payment, at=now)
    moved = sharing.moved(SharingTrigger.PAY)
    complete = (await figures(session, moved)).complete
    if complete:
        moved = moved.moved(SharingTrigger.COMPLETE)
    told = {"payment": payment, "person": sharing.plan.persons[payment.person - 1].name}
    return await keep(
        session, moved, "paid" if complete else "award_paid", actor, now, restricted=told
    )
