"""The quality gate 质量门: what buyers will miss in a result, told before it is submitted.

It reads what the seller wrote and judges nobody's technology: every rule is a plain look at the
content, so that the same content has the same score on the same day and each point is explained.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from app.listings.domain.content import (
    SHARES_BP,
    AchievementContent,
    Confidentiality,
    Empowerment,
    IpAsset,
    IpStatus,
    Secrecy,
)
from app.listings.domain.gate_rules import RULES, Complaint, GateRule
from app.shared import codes
from app.shared.errors import RuleBroken

SCORE_MAX: Final = 100
ABSTRACT_CHARACTERS_MIN: Final = 60
SUMMARY_CHARACTERS_MIN: Final = 20
WORDS_CHARACTERS_MIN: Final = 6  # below it a field says something like 见附件 or 无
YEARS_LEFT_MIN: Final = 3
# From 4/9 of a scale on a result claims to have been tried: level 4 of nine is the laboratory.
_TRIED_NUMERATOR, _TRIED_DENOMINATOR = 4, 9
_NO_RIGHT: Final = "no_ip"
_IN_FORCE: Final = frozenset(
    {IpStatus.GRANTED, IpStatus.REGISTERED, IpStatus.PENDING, IpStatus.KEPT_SECRET}
)
# Digits, and the Chinese ways to say a share or a multiple: 八成, 两倍, 百分之五, 一半.
_NUMBER: Final = re.compile(r"\d|[一二两三四五六七八九十百千]+(?:成|倍|个百分点)|百分之|一半|过半")
_APPLICATION: Final = re.compile(
    r"用于|适用|适合|面向|应用|用作|用在|可用|供.{0,8}使用|服务于|场景|领域|行业|市场|产线|生产线|车间|工厂"
    r"|企业|客户|用户|医院|临床|农户|养殖|种植|电站|机组|施工|运维|检修|巡检|替代|取代|代替|配套|嵌入"
    r"|产业化|示范"
)


@dataclass(frozen=True, slots=True)
class GateItem:
    """One rule and whether the content passes it."""

    rule: GateRule
    passed: bool


@dataclass(frozen=True, slots=True)
class GateReport:
    """What the gate says of a content on a day.

    Attributes:
        score: Sum of the weights of the rules that are passed, 0..100.
        items: One a rule, in a fixed order.
    """

    score: int
    items: tuple[GateItem, ...]

    @property
    def failed(self) -> tuple[str, ...]:
        """Return the names of the rules that are not passed, in order."""
        return tuple(item.rule.name for item in self.items if not item.passed)

    def lost(self) -> Mapping[Complaint, int]:
        """Return the points lost to each complaint."""
        found = dict.fromkeys(Complaint, 0)
        for item in self.items:
            if not item.passed:
                found[item.rule.complaint] += item.rule.weight
        return found

    def journaled(self) -> dict[str, Any]:
        """Return what is kept of the report at submission."""
        return {"score": self.score, "failed": self.failed}


class GateScoreTooLow(RuleBroken):
    """The market's terms ask for a better description than this."""

    code = "gate_score_too_low"
    title_zh = "成果信息质量未达到提交要求"
    title_en = "The description is below what the market asks for"


def assess(content: AchievementContent, today: date) -> GateReport:
    """Return what buyers will miss in a content.

    Args:
        today: In Asia/Shanghai; rights run out.

    Invariant: LS45. Source: default; the complaints are those of issue 4.
    """
    items = tuple(GateItem(rule, _CHECKS[rule.name](content, today)) for rule in RULES)
    return GateReport(sum(item.rule.weight for item in items if item.passed), items)


def require_score(report: GateReport, *, minimum: int) -> None:
    """Refuse a submission below the market's score.

    Raises:
        GateScoreTooLow: Names what fails and how to mend it.

    Invariant: LS45.
    """
    if report.score < minimum:
        raise GateScoreTooLow(
            "Mend what the gate names.",
            score=report.score,
            minimum=minimum,
            errors=[
                {
                    "field": item.rule.field,
                    "rule": item.rule.name,
                    "message": f"{item.rule.message_zh} {item.rule.message_en}",
                    "accepted": {"mend_zh": item.rule.mend_zh, "weight": item.rule.weight},
                }
                for item in report.items
                if not item.passed
            ],
        )


def _plain(text: str | None) -> str:
    return "".join(unicodedata.normalize("NFKC", text or "").split())


def _says_something(text: str | None) -> bool:
    return len(_plain(text)) >= WORDS_CHARACTERS_MIN


def _claims_to_be_tried(content: AchievementContent) -> bool:
    entries = codes.table("readiness_scale").entries
    last = next(
        (int(e.code) for e in entries if e.name == content.readiness.scale and e.code), None
    )
    return last is None or content.readiness.level * _TRIED_DENOMINATOR >= last * _TRIED_NUMERATOR


def _has_evidence(content: AchievementContent, _today: date) -> bool:
    if not _claims_to_be_tried(content):
        return True
    return _says_something(content.evidence) or bool(content.attachments)


def _compares(content: AchievementContent, _today: date) -> bool:
    return _says_something(content.state_of_the_art)


def _compares_in_numbers(content: AchievementContent, _today: date) -> bool:
    return bool(_NUMBER.search(_plain(content.state_of_the_art)))


def _measures(content: AchievementContent, _today: date) -> bool:
    return bool(_NUMBER.search(_plain(content.abstract)))


def _rights(content: AchievementContent) -> tuple[IpAsset, ...]:
    return tuple(asset for asset in content.ip_assets if asset.kind != _NO_RIGHT)


def _has_rights(content: AchievementContent, _today: date) -> bool:
    return bool(_rights(content))


def _rights_last(content: AchievementContent, today: date) -> bool:
    rights = _rights(content)
    return bool(rights) and all(
        asset.status in _IN_FORCE and _lasts(asset.expires_on, today) for asset in rights
    )


def _lasts(ends: date | None, today: date) -> bool:
    # Compared as numbers: 29 February has no anniversary.
    if ends is None:
        return True
    return (ends.year - YEARS_LEFT_MIN, ends.month, ends.day) >= (
        today.year,
        today.month,
        today.day,
    )


def _empowers(content: AchievementContent, _today: date) -> bool:
    return not content.service_result or content.empowerment is not Empowerment.NONE


def _shares_are_whole(content: AchievementContent, _today: date) -> bool:
    return sum(completer.share_bp for completer in content.completers) == SHARES_BP


def _has_price(content: AchievementContent, _today: date) -> bool:
    return content.price_idea is not None


def _has_basis(content: AchievementContent, _today: date) -> bool:
    return _says_something(content.price_basis)


def _is_cleared(content: AchievementContent, _today: date) -> bool:
    return content.secrecy is Secrecy.CLEARED


def _is_applied(content: AchievementContent, _today: date) -> bool:
    return bool(_APPLICATION.search(_plain(content.title + content.abstract)))


def _is_long_enough(content: AchievementContent, _today: date) -> bool:
    return len(_plain(content.abstract)) >= ABSTRACT_CHARACTERS_MIN


def _has_summary(content: AchievementContent, _today: date) -> bool:
    if content.confidentiality is Confidentiality.PUBLIC:
        return True
    return len(_plain(content.public_summary)) >= SUMMARY_CHARACTERS_MIN


def _has_keywords(content: AchievementContent, _today: date) -> bool:
    return any(_plain(word) for word in content.keywords)


_CHECKS: Final[Mapping[str, Callable[[AchievementContent, date], bool]]] = {
    "readiness_without_evidence": _has_evidence,
    "comparison_missing": _compares,
    "comparison_without_number": _compares_in_numbers,
    "effect_not_measured": _measures,
    "rights_missing": _has_rights,
    "rights_not_in_force": _rights_last,
    "empowerment_not_stated": _empowers,
    "shares_unclear": _shares_are_whole,
    "price_missing": _has_price,
    "price_without_basis": _has_basis,
    "secrecy_not_cleared": _is_cleared,
    "application_unclear": _is_applied,
    "abstract_too_short": _is_long_enough,
    "summary_missing": _has_summary,
    "keywords_missing": _has_keywords,
}
