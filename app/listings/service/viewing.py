"""Who looks, and what it may see."""

from app.listings.domain.achievement import Viewer
from app.platform.access import Actor, Role

_STAFF = frozenset({Role.OPERATOR, Role.AUDITOR})


def viewer_of(actor: Actor) -> Viewer:
    """Return the caller as one who looks; the nil party of the anonymous owns nothing."""
    return Viewer(
        party_id=None if actor.role is Role.ANONYMOUS else actor.party_id,
        staff_of=actor.market_id if actor.role in _STAFF else None,
    )
