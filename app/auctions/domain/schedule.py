"""Spread the openings of a session's lots."""

from collections.abc import Collection
from datetime import datetime, timedelta


def first_free(opens_at: datetime, taken: Collection[datetime], spread_s: int) -> datetime:
    """Return the first moment ``opens_at + k · spread_s`` that keeps its distance from all taken.

    Args:
        spread_s: Seconds that no two openings lie within.

    Source: README, AU25.
    """
    spread = timedelta(seconds=spread_s)
    moment = opens_at
    while any(abs(other - moment) < spread for other in taken):
        moment += spread
    return moment
