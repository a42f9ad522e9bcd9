"""A published plan in words: notices to parties, the printed document, the sheet."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from app.shared.calendar import SHANGHAI
from app.shared.ids import PartyId

_HEADER = (
    "时段",
    "时间",
    "桌号",
    "需求",
    "需求单位",
    "成果",
    "成果单位",
    "综合得分",
    "推荐理由",
)


def clock(text: str) -> str:
    """Return the time of day in Shanghai of a stored moment."""
    return f"{datetime.fromisoformat(text).astimezone(SHANGHAI):%H:%M}"


def _span(meeting: Mapping[str, Any]) -> str:
    return f"{clock(meeting['starts_at'])}—{clock(meeting['ends_at'])}"


def _score(meeting: Mapping[str, Any]) -> str:
    return f"{meeting['score_bp'] / 100:.1f}"


def told_part(part: Mapping[str, Any], party_id: PartyId) -> tuple[str, str]:
    """Return a party's own schedule in Chinese and in English, a line a meeting, with reasons."""
    lines_zh, lines_en = [], []
    for it in part["meetings"]:
        other = "achievement" if it["demand"]["party_id"] == str(party_id) else "demand"
        whom = it[other]["party_name"]
        lines_zh.append(
            f"{_span(it)} {it['table']}号桌，与{whom}对接："
            f"需求“{it['demand']['title']}”与成果“{it['achievement']['title']}”。"
            f"推荐理由：{it['why_zh']}"
        )
        lines_en.append(
            f"{_span(it)} table {it['table']}, with {whom}: '{it['demand']['title']}' and "
            f"'{it['achievement']['title']}'. Why: {it['why_en']}"
        )
    for it in part["without"]:
        title = it["entry"]["title"]
        lines_zh.append(f"“{title}”未安排对接：{it['why_zh']}。")
        lines_en.append(f"'{title}' has no meeting: {it['why_en']}.")
    if not lines_zh:
        return "新版日程中没有贵单位的对接安排。", "The new version has no meeting of yours."
    return "\n".join(lines_zh), "\n".join(lines_en)


def printed(
    content: Mapping[str, Any], part: Mapping[str, Any], *, content_hash: str, exchange: str
) -> dict[str, Any]:
    """Return what the Chinese document of a plan, or of a party's part of it, is made of."""
    held_on = date.fromisoformat(content["held_on"])
    moment = datetime.fromisoformat(content["published_at"]).astimezone(SHANGHAI)
    return {
        "title": content["title"],
        "exchange": exchange,
        "version": content["version"],
        "held_on": f"{held_on:%Y年%m月%d日}",
        "place": content["place"],
        "tables": content["tables"],
        "published_at": f"{moment:%Y年%m月%d日 %H:%M}",
        "content_hash": content_hash,
        "optimal": content["optimal"],
        "slots": [
            {
                "name": f"第{number}时段 {clock(slot['starts_at'])}—{clock(slot['ends_at'])}",
                "meetings": [
                    _printed_meeting(meeting)
                    for meeting in part["meetings"]
                    if meeting["slot"] == number
                ],
            }
            for number, slot in enumerate(content["slots"], start=1)
        ],
        "without": [
            [it["entry"]["title"] or it["entry"]["id"], it["entry"]["party_name"], it["why_zh"]]
            for it in part["without"]
        ],
    }


def _printed_meeting(meeting: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "table": str(meeting["table"]),
        "demand": meeting["demand"]["title"],
        "demand_party": meeting["demand"]["party_name"],
        "achievement": meeting["achievement"]["title"],
        "achievement_party": meeting["achievement"]["party_name"],
        "score": _score(meeting),
        "why": meeting["why_zh"],
    }


def sheets(part: Mapping[str, Any]) -> Sequence[tuple[str, Sequence[Sequence[str]]]]:
    """Return the sheets of a plan, or of a party's part of it: meetings, and who has none."""
    meetings = [
        (
            str(it["slot"]),
            _span(it),
            str(it["table"]),
            it["demand"]["title"],
            it["demand"]["party_name"],
            it["achievement"]["title"],
            it["achievement"]["party_name"],
            _score(it),
            it["why_zh"],
        )
        for it in part["meetings"]
    ]
    without = [
        (it["entry"]["title"] or it["entry"]["id"], it["entry"]["party_name"] or "", it["why_zh"])
        for it in part["without"]
    ]
    return [
        ("对接日程", [_HEADER, *meetings]),
        ("未安排", [("条目", "单位", "原因"), *without]),
    ]
