"""What the two sides of a case, and its broker, are told."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from app.matching.domain.cases import IDLE, Case
from app.matching.domain.reasons import told_reasons
from app.platform.inbox import NewNotification
from app.shared.calendar import SHANGHAI


def _shown(moment: datetime) -> str:
    return f"{moment.astimezone(SHANGHAI):%Y年%m月%d日 %H:%M}"


def tell_meeting(case: Case, facts: Mapping[str, Any]) -> Iterator[NewNotification]:
    """Yield what each side is told of a meeting: when, where, and why the two fit.

    Invariant: MT74.
    """
    pair = case.pair
    when, where = _shown(facts["starts_at"]), facts["place"]
    note_zh = f"备注：{facts['message'].rstrip('。')}。" if facts["message"] else ""
    note_en = f" Note: {facts['message']}" if facts["message"] else ""
    for party in dict.fromkeys(pair.sides):
        why_zh, why_en = told_reasons(pair.told_to(party))
        yield NewNotification(
            market_id=case.market_id,
            party_id=party,
            topic="matching.meeting_arranged",
            title_zh="技术经理人为您安排了供需对接",
            title_en="A broker has arranged a meeting for you",
            text_zh=f"需求“{pair.demand_title}”与成果“{pair.achievement_title}”"
            f"将于{when}在{where}对接。{note_zh}推荐理由：{why_zh}",
            text_en=f"The demand '{pair.demand_title}' meets the achievement "
            f"'{pair.achievement_title}' at {facts['starts_at'].isoformat()}, {where}."
            f"{note_en} Why: {why_en}",
            data={
                "case_id": case.id,
                "demand_id": pair.demand_id,
                "achievement_id": pair.achievement_id,
                "starts_at": facts["starts_at"],
                "place": where,
            },
            dedupe_key=f"match_case:{case.id}:{case.acts}",
            market_at=case.acted_at,
        )


def tell_called_off(case: Case) -> Iterator[NewNotification]:
    """Yield what each side is told when an arranged meeting falls away with its case."""
    pair = case.pair
    for party in dict.fromkeys(pair.sides):
        yield NewNotification(
            market_id=case.market_id,
            party_id=party,
            topic="matching.meeting_called_off",
            title_zh="供需对接已取消",
            title_en="A meeting is called off",
            text_zh=f"需求“{pair.demand_title}”与成果“{pair.achievement_title}”的对接已取消。",
            text_en=f"The meeting of '{pair.demand_title}' with '{pair.achievement_title}' "
            "is called off.",
            data={"case_id": case.id},
            dedupe_key=f"match_case:{case.id}:{case.acts}",
            market_at=case.acted_at,
        )


def tell_lapsed(case: Case) -> NewNotification:
    """Return what a broker is told whose case went back to the queue.

    Invariant: MT77.
    """
    pair = case.pair
    return NewNotification(
        market_id=case.market_id,
        party_id=case.broker_id,
        topic="matching.case_lapsed",
        title_zh="撮合案超期未跟进，配对已退回队列",
        title_en="A case was not followed up; its pair is in the queue again",
        text_zh=f"需求“{pair.demand_title}”与成果“{pair.achievement_title}”"
        f"已{IDLE.days}天无进展，其他技术经理人现可领取。",
        text_en=f"'{pair.demand_title}' with '{pair.achievement_title}' was not touched for "
        f"{IDLE.days} days; other brokers can take it now.",
        data={"case_id": case.id},
        dedupe_key=f"match_case_lapsed:{case.id}",
        market_at=case.acted_at,
    )
