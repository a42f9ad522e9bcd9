"""What staff may do to an announced auction beside the bidding, and why not."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from app.shared.errors import Conflict, RuleBroken

PAUSED_AT_MOST: Final = timedelta(days=366)
"""A resumption is announced within a year; a suspension normally lasts a month (rules.md L5)."""


class Ground(StrEnum):
    """Why a result is void (rules.md §3, annulment grounds)."""

    MISDESCRIPTION = "misdescription"  # 标的重大瑕疵未如实披露
    SYSTEM_ERROR = "system_error"
    COLLUSION = "collusion"
    UNQUALIFIED_WINNER = "unqualified_winner"
    UNEQUAL_CONDITIONS = "unequal_conditions"


class AuctionNotAnnounced(Conflict):
    """The listing's notice has not announced the auction: there is nothing to control yet."""

    code = "auction_not_announced"
    title_zh = "竞价尚未公告"
    title_en = "The auction is not announced yet"


class ResumptionTooLate(RuleBroken):
    """A resumption so far away is no interruption any more: cancel and announce anew."""

    code = "resumption_too_late"
    title_zh = "恢复时间过晚，请终结后重新公告"
    title_en = "The resumption lies too far ahead"


class DealStands(Conflict):
    """A result is not annulled while the deal that it led to lives."""

    code = "deal_stands"
    title_zh = "已成交的合同尚未解除，不能撤销竞价结果"
    title_en = "The result cannot be annulled while its deal stands"


class DemandNotUnderReview(Conflict):
    """A result is confirmed for a demand that waits for it, not for one that has moved on."""

    code = "demand_not_under_review"
    title_zh = "该需求不在等待本场竞价的结果"
    title_en = "The demand does not wait for this auction's result"


class ResultStands(Conflict):
    """A result is not annulled while the winner works on the demand by contract."""

    code = "result_stands"
    title_zh = "揭榜合同尚未解除，不能撤销竞价结果"
    title_en = "The result cannot be annulled while the demand is contracted"


class PointsFromReview(RuleBroken):
    """The points of a demand's weighted auction are those of its review's panel."""

    code = "points_from_review"
    title_zh = "需求竞价的评分取自专家评审，不另行提交"
    title_en = "The points come from the demand's review"


def check_resumption(resumes_at: datetime, *, now: datetime) -> None:
    """Refuse a resumption too far ahead.

    Raises:
        ResumptionTooLate: Names the latest moment.
    """
    latest = now + PAUSED_AT_MOST
    if resumes_at > latest:
        raise ResumptionTooLate("Resume within a year.", field="resumes_at", maximum=latest)
