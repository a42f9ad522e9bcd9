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


def check_resumption(resumes_at: datetime, *, now: datetime) -> None:
    """Refuse a resumption too far ahead.

    Raises:
        ResumptionTooLate: Names the latest moment.
    """
    latest = now + PAUSED_AT_MOST
    if resumes_at > latest:
        raise ResumptionTooLate("Resume within a year.", field="resumes_at", maximum=latest)
