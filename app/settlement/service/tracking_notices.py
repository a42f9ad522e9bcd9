"""Say to both sides of a deal what is missing of its conversion."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.inbox import NewNotification, notify
from app.settlement.domain.deal import Deal
from app.settlement.domain.tracking import MILESTONE_LABELS, Reminder


async def tell_reminder(
    session: AsyncSession, deal: Deal, reminder: Reminder, *, at: datetime
) -> None:
    """Tell seller and buyer, once a reminder however often its timer is handled (ST246)."""
    chinese, english = _words(reminder)
    await notify(
        session,
        *(
            NewNotification(
                market_id=deal.market_id,
                party_id=party_id,
                topic="settlement.conversion_reminder",
                title_zh=f"请填报成果转化进展：{deal.number}",
                title_en=f"Report how the conversion goes: {deal.number}",
                text_zh=chinese,
                text_en=english,
                dedupe_key=f"conversion:{deal.id}:{at.isoformat()}",
                market_at=at,
                data={
                    "deal_id": deal.id,
                    "silent": reminder.silent,
                    "overdue": [step.number for step in reminder.overdue],
                    "missing_years": list(reminder.missing_years),
                },
            )
            for party_id in (deal.seller_id, deal.buyer_id)
        ),
    )


def _words(reminder: Reminder) -> tuple[str, str]:
    chinese: list[str] = []
    english: list[str] = []
    if reminder.silent:
        chinese.append("近期未收到进展报告。")
        english.append("No progress was reported lately.")
    if reminder.overdue:
        steps = "、".join(
            f"{MILESTONE_LABELS[step.kind]}（计划{step.planned_on}）" for step in reminder.overdue
        )
        chinese.append(f"以下节点已逾期：{steps}。")
        named = ", ".join(f"{step.kind} (planned {step.planned_on})" for step in reminder.overdue)
        english.append(f"Overdue: {named}.")
    if reminder.missing_years:
        years = "、".join(map(str, reminder.missing_years))
        chinese.append(f"尚未填报{years}年度效益数据。")
        named = ", ".join(map(str, reminder.missing_years))
        english.append(f"No figures were stated for {named}.")
    return "".join(chinese), " ".join(english)
