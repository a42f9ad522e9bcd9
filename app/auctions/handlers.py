"""What auctions do when a deadline passes or a listing is published."""

from collections.abc import Mapping
from typing import Final

from app.auctions.service.create import DEADLINE_TIMER
from app.auctions.service.publish import on_deadline, on_listing_published
from app.platform.reactions import Reaction
from app.platform.secrets import Box
from app.platform.timers import TimerHandler

TIMERS: Final[Mapping[str, TimerHandler]] = {DEADLINE_TIMER: on_deadline}

REACTIONS: Final = (
    Reaction("auctions.announce", frozenset({"listing.published"}), on_listing_published),
)


def timers(_box: Box) -> Mapping[str, TimerHandler]:
    """Return the handlers of due timers."""
    return TIMERS


def reactions(_box: Box) -> tuple[Reaction, ...]:
    """Return what auctions do about other modules' events."""
    return REACTIONS
