"""Priority rights 优先购买权: whether a holder may match a price, and when holders are told."""

from datetime import datetime, timedelta
from typing import Final

from app.auctions.domain.model import AuctionStatus
from app.auctions.domain.terms import PriorityMode
from app.shared.money import Money

NOTIFICATION: Final = timedelta(days=3)
"""Holders are told this long before the opening (rules.md §2; a default)."""

_MATCHED_IN: Final = {
    PriorityMode.AFTER: frozenset({AuctionStatus.MATCHING}),
    PriorityMode.INSIDE: frozenset({AuctionStatus.FREE, AuctionStatus.TIMED}),
}


def notified_in_time(notified_at: datetime, *, opens_at: datetime) -> bool:
    """Tell whether a holder was told early enough before the opening.

    Source: rules.md §2, priority rights; README, AU43.
    """
    return notified_at + NOTIFICATION <= opens_at


def may_match(
    *,
    mode: PriorityMode,
    status: AuctionStatus,
    leading: Money | None,
    leader_rank: int | None,
    holder_rank: int | None,
) -> bool:
    """Tell whether a holder may take the lead at an equal price.

    Args:
        leader_rank, holder_rank: 1 is the best; ``None`` without a right.

    Source: rules.md §3, priority holder in bidding; README, AU40, AU41.
    """
    if holder_rank is None or leading is None or status not in _MATCHED_IN.get(mode, ()):
        return False
    return leader_rank is None or holder_rank < leader_rank
