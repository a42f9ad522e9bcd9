"""Follow an engagement's deal and its stored moments."""

from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.engagement import Engagement, EngagementStatus, fall, sign
from app.demands.domain.milestone import EngagedMilestone, MilestoneStatus
from app.demands.repository import engagements as repository
from app.demands.service.delivering import watch_decision
from app.demands.service.engaging import end_demand, lock_engagement, tell
from app.demands.service.funding import move_money
from app.platform.access import SYSTEM
from app.platform.inbox import NewNotification, notify
from app.platform.journal import JournalEvent
from app.shared.ids import DealId, EngagementId, MilestoneId

_NOT_SIGNED: Final = {
    "buyer": "需求方未签约 / the poster did not sign the contract",
    "seller": "揭榜方未签约 / the solver did not sign the contract",
}


async def follow_deal(
    session: AsyncSession, engagement_id: EngagementId, event: JournalEvent
) -> None:
    """Take what a deal's event says; telling it twice changes nothing.

    Invariants: DM77, DM81, DM87.
    """
    at = event.market_at
    demand, engagement = await lock_engagement(session, engagement_id, now=at)
    opened = engagement.status is EngagementStatus.OPENED
    match event.type:
        case "deal.opened":
            # A later deal of the same engagement cannot be: a default lets it fall.
            changed = replace(engagement, deal_id=DealId(event.subject_id))
            await repository.save(session, changed, before=engagement)
        case "deal.signed" if opened:
            signed_at = datetime.fromisoformat(event.public["signed_at"])
            changed = sign(engagement, signed_at=signed_at)
            await repository.save(session, changed, before=engagement)
            told = {"signed_at": signed_at}
            await tell(session, changed, "contracted", at=at, actor=SYSTEM, told=told)
        case "deal.defaulted" if opened:
            side = str(event.restricted.get("side", "buyer"))
            changed = fall(engagement, reason=_NOT_SIGNED[side], at=at)
            await repository.save(session, changed, before=engagement)
            await tell(session, changed, "fallen", at=at, actor=SYSTEM, more={"side": side})
            await end_demand(session, demand, at=at, actor=SYSTEM)
        case "deal.payment_received":
            payment_id = UUID(event.restricted["payment_id"])
            await move_money(session, engagement, cause_id=payment_id, at=at, actor=SYSTEM)


async def _milestone(
    session: AsyncSession, milestone_id: MilestoneId, due_at: datetime
) -> tuple[Engagement, EngagedMilestone] | None:
    found = await repository.find_by_milestone(session, milestone_id)
    if found is None:
        return None
    _, engagement = await lock_engagement(session, found.id, now=due_at)
    return engagement, next(it for it in engagement.milestones if it.id == milestone_id)


async def tell_silence(session: AsyncSession, milestone_id: MilestoneId, due_at: datetime) -> None:
    """Tell both sides that nobody decided on a delivery in the announced time (DM90)."""
    found = await _milestone(session, milestone_id, due_at)
    if found is None or found[1].status is not MilestoneStatus.DELIVERED:
        return
    engagement, milestone = found
    if milestone.decide_by_at != due_at:
        await watch_decision(session, engagement, milestone)  # delivered anew
        return
    await _notify(
        session,
        engagement,
        milestone,
        "decision_due",
        due_at,
        ("验收期限已届满", "The time to decide is over"),
        (
            "需求方未在期限内作出验收决定，交易所可依据材料作出决定。",
            "The exchange may decide now.",
        ),
    )


async def end_remedy(session: AsyncSession, milestone_id: MilestoneId, due_at: datetime) -> None:
    """Let the stored moment fail a milestone that was not mended, and tell both sides (DM79)."""
    found = await _milestone(session, milestone_id, due_at)
    if found is None or found[1].status is not MilestoneStatus.FAILED:
        return
    await _notify(
        session,
        *found,
        "milestone_failed",
        due_at,
        ("里程碑整改期限已届满", "The time to mend the milestone is over"),
        ("该里程碑未在整改期内完成，可协商结算或申请终止。", "Settle it, or ask for the end."),
    )


async def _notify(
    session: AsyncSession,
    engagement: Engagement,
    milestone: EngagedMilestone,
    what: str,
    at: datetime,
    title: tuple[str, str],
    text: tuple[str, str],
) -> None:
    lead = f"{engagement.number} · {milestone.place}. {milestone.title}"
    await notify(
        session,
        *(
            NewNotification(
                market_id=engagement.market_id,
                party_id=party_id,
                topic=f"engagement.{what}",
                title_zh=title[0],
                title_en=title[1],
                text_zh=f"{lead}：{text[0]}",
                text_en=f"{lead}: {text[1]}",
                dedupe_key=f"engagement.{what}:{milestone.id}:{at.isoformat()}",
                market_at=at,
                data={"engagement_id": engagement.id, "milestone": milestone.place},
            )
            for party_id in sorted(engagement.parties)
        ),
    )
