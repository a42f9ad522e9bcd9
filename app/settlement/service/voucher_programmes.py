"""Enter voucher programmes as their issuers announce them."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.platform import journal
from app.platform.access import Actor
from app.platform.journal import NewEvent
from app.settlement.domain.voucher import Programme, check_programme
from app.settlement.repository import vouchers
from app.shared.codes import require_region


async def enter_programme(
    session: AsyncSession, actor: Actor, programme: Programme, *, now: datetime
) -> None:
    """Enter a programme as its issuer announced it, publicly and for good.

    Raises:
        CodeUnknown: The region is none of GB/T 2260.
        VoucherProgrammeInvalid: See `check_programme`.
    """
    require_region(programme.region_code, field="region_code")
    check_programme(programme)
    await vouchers.insert_programme(session, programme, entered_by=actor.ref, now=now)
    event = NewEvent(
        market_id=programme.market_id,
        subject="voucher_programme",
        subject_id=programme.id,
        type="voucher_programme.entered",
        market_at=now,
        actor=actor.ref,
        public={"programme": programme},
    )
    await journal.append(session, event)
