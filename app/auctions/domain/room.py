"""The public live state of an auction, and what of it an event has changed."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from app.auctions.domain.model import AuctionStatus, BiddingState

_UNREAD: Final = frozenset({AuctionStatus.SCHEDULED, AuctionStatus.SEALED, AuctionStatus.OPENING})


def room(state: BiddingState) -> dict[str, object]:
    """Return what everybody may see now, as values that `jsonable` knows, keys always the same.

    Nothing of it comes from what only the judging may know: entries, limits and the reserve.
    Sealed bids show no leader before they are opened; a round's result is published with it.

    Source: README, AU23.
    """
    phase = state.pause.status if state.pause is not None else state.status
    shown = phase not in _UNREAD or state.round_no > 1
    return {
        "status": str(state.status),
        "deadline_at": state.deadline_at,
        "running_since": state.running_since,
        "leader_code": state.leader if shown else None,
        "leading": state.leading if shown else None,
        "bid_count": state.bid_count,
        "judged_count": state.judged_count,
        "contested": state.contested and shown,
        "extensions": state.extensions,
        "round_no": state.round_no,
        "eliminated": sorted(state.eliminated),
        "pause": _pause(state),
    }


def changes(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, object]:
    """Return the keys that differ, so that ``{**before, **changes(before, after)} == after``."""
    return {key: value for key, value in after.items() if key not in before or before[key] != value}


def _pause(state: BiddingState) -> dict[str, object] | None:
    if state.pause is None:
        return None
    return {
        "status": str(state.pause.status),
        "time_left_s": state.pause.time_left // timedelta(seconds=1),
        "resumes_at": state.pause.resumes_at,
    }
