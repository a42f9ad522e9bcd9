"""What parties are told of a matchmaking day: their own meetings, with the reason of each."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from app.matching.domain.matchmaking import Day, Plan
from app.matching.domain.plan_texts import told_part
from app.matching.domain.planning import part_of, told_anew
from app.platform.inbox import NewNotification
from app.shared.ids import PartyId


def tell_published(day: Day, plan: Plan, before: Plan | None) -> Iterator[NewNotification]:
    """Yield what each party is told for whom the plan says anything new.

    Invariants: MT86, MT87.
    """
    known = None if before is None else before.content
    for party in told_anew(known, plan.content):
        part = part_of(plan.content, party)
        zh, en = told_part(part, party)
        yield NewNotification(
            market_id=day.market_id,
            party_id=party,
            topic="matching.day_published",
            title_zh=f"对接日程已发布：{day.title}（第{plan.version}版）",
            title_en=f"Schedule of a matchmaking day, version {plan.version}",
            text_zh=f"{day.held_on:%Y年%m月%d日}，{day.place}。\n{zh}",
            text_en=f"{day.held_on.isoformat()}, {day.place}.\n{en}",
            data={
                "day_id": day.id,
                "version": plan.version,
                "meetings": [
                    {
                        "starts_at": it["starts_at"],
                        "table": it["table"],
                        "demand_id": it["demand"]["id"],
                        "achievement_id": it["achievement"]["id"],
                    }
                    for it in part["meetings"]
                ],
            },
            dedupe_key=f"matchmaking_day:{day.id}:{plan.version}",
            market_at=plan.published_at,
        )


def tell_cancelled(
    day: Day, parties: Sequence[PartyId], *, at: datetime
) -> Iterator[NewNotification]:
    """Yield what each party of a published plan is told when the day does not take place."""
    for party in parties:
        yield NewNotification(
            market_id=day.market_id,
            party_id=party,
            topic="matching.day_cancelled",
            title_zh=f"对接日已取消：{day.title}",
            title_en="A matchmaking day is cancelled",
            text_zh=f"原定{day.held_on:%Y年%m月%d日}的对接日已取消。原因：{day.reason}",
            text_en=f"The day of {day.held_on.isoformat()} is cancelled: {day.reason}",
            data={"day_id": day.id},
            dedupe_key=f"matchmaking_day_cancelled:{day.id}",
            market_at=at,
        )
