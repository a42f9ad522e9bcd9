"""News 推送内容: what a subscription tells of an entry, and why, for people and for programs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from app.matching.domain.entry import Entry
from app.matching.domain.match import Match, Verdict
from app.matching.domain.subscription import Subscription
from app.shared import codes

SHOWN_MAX: Final = 10  # of one message, with reasons
_FACTORS_MAX: Final = 3
_TERMS_MAX: Final = 6
_WHOLE_BP: Final = 10_000
_VERDICTS: Final = {
    Verdict.STRONG: ("高度匹配", "strong match"),
    Verdict.POSSIBLE: ("可能匹配", "possible match"),
}


@dataclass(frozen=True, slots=True)
class News:
    """An entry that is to be told.

    Attributes:
        revision: Of the content that the reasons were taken from.
        content: Title and reasons as JSON without floats; shares and points in basis points.
            ``verdict`` and ``score_bp`` are ``None`` where only the field counted.
    """

    entry_id: UUID
    revision: int
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a party is told of some news."""

    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    data: Mapping[str, Any]


def news_of_match(match: Match) -> News:
    """Return a match as news: its terms, its best factors and its gaps.

    Invariant: MT60.
    """
    # What the words give is told by the terms; what lies apart is no reason, whatever it gives.
    elsewhere = {"coverage", *(gap.factor for gap in match.gaps)}
    factors = [
        item for item in match.contributions if item.points > 0 and item.name not in elsewhere
    ]
    factors.sort(key=lambda item: -item.points)
    return News(
        match.entry_id,
        match.revision,
        {
            "entry_id": str(match.entry_id),
            "kind": str(match.kind),
            "market_id": str(match.market_id),
            "title": match.title,
            "verdict": str(match.verdict),
            "score_bp": round(match.score * _WHOLE_BP),
            "terms": [
                {"text": term.text, "share_bp": round(term.share * _WHOLE_BP)}
                for term in match.terms[:_TERMS_MAX]
            ],
            "factors": [
                {
                    "name": item.name,
                    "points_bp": round(item.points * _WHOLE_BP),
                    "note_zh": item.note_zh,
                    "note_en": item.note_en,
                }
                for item in factors[:_FACTORS_MAX]
            ],
            "gaps": [
                {"factor": gap.factor, "text_zh": gap.text_zh, "text_en": gap.text_en}
                for gap in match.gaps
            ],
        },
    )


def news_of_field(entry: Entry) -> News:
    """Return an entry as news of its technology field."""
    field = entry.facts.technology_field or ""
    label = codes.label("technology_field", field)
    return News(
        entry.id,
        entry.revision,
        {
            "entry_id": str(entry.id),
            "kind": str(entry.kind),
            "market_id": str(entry.market_id),
            "title": entry.title,
            "verdict": None,
            "score_bp": None,
            "terms": [],
            "factors": [
                {
                    "name": "field",
                    "points_bp": None,
                    "note_zh": f"技术领域：{label}",
                    "note_en": f"technology field {field}",
                }
            ],
            "gaps": [],
        },
    )


def in_order(news: Sequence[News]) -> list[News]:
    """Return news best first, ties by id."""
    return sorted(news, key=lambda item: (-(item.content["score_bp"] or 0), item.entry_id))


def message_of(subscription: Subscription, news: Sequence[News]) -> Message:
    """Return what is told of some news, best first; at least one.

    Beyond `SHOWN_MAX` they are counted, and their ids given to programs.

    Invariant: MT60.
    """
    ordered = in_order(news)
    shown, more = ordered[:SHOWN_MAX], len(ordered) - SHOWN_MAX
    name, count = subscription.settings.name, len(ordered)
    lines_zh = [_line_zh(item.content) for item in shown]
    lines_en = [_line_en(item.content) for item in shown]
    if more > 0:
        lines_zh.append(f"另有 {more} 项。")
        lines_en.append(f"And {more} more.")
    return Message(
        title_zh=f"您的匹配订阅“{name}”有 {count} 项新匹配",
        title_en=f"New for your match subscription “{name}”: {count}",
        text_zh="\n".join(lines_zh),
        text_en="\n".join(lines_en),
        data={
            "match_subscription_id": subscription.id,
            "match_subscription": name,
            "items": [item.content for item in shown],
            "more": [item.entry_id for item in ordered[SHOWN_MAX:]],
        },
    )


def _line_zh(content: Mapping[str, Any]) -> str:
    reasons = [factor["note_zh"] for factor in content["factors"]]
    if content["terms"]:
        reasons.insert(0, "匹配词：" + "、".join(term["text"] for term in content["terms"]))
    if content["gaps"]:
        reasons.append("差距：" + "，".join(gap["text_zh"] for gap in content["gaps"]))
    return f"《{content['title']}》{_verdict(content, 0)}{'；'.join(reasons)}。"


def _line_en(content: Mapping[str, Any]) -> str:
    reasons = [factor["note_en"] for factor in content["factors"]]
    if content["terms"]:
        reasons.insert(0, "terms: " + ", ".join(term["text"] for term in content["terms"]))
    if content["gaps"]:
        reasons.append("gaps: " + ", ".join(gap["text_en"] for gap in content["gaps"]))
    return f"“{content['title']}”{_verdict(content, 1)}{'; '.join(reasons)}."


def _verdict(content: Mapping[str, Any], language: int) -> str:
    if content["verdict"] is None:
        return ("：", ": ")[language]
    said = _VERDICTS[Verdict(content["verdict"])][language]
    return (f"（{said}）：", f" ({said}): ")[language]
