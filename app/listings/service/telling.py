"""What the journal says of achievements."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.listings.domain.achievement import Achievement, AchievementStatus
from app.platform.journal import NewEvent

_EVERYBODY_KNEW = frozenset({AchievementStatus.ACCEPTED, AchievementStatus.STALE})


def achievement_event(
    achievement: Achievement,
    what: str,
    *,
    actor: str,
    at: datetime,
    public: Mapping[str, Any] | None = None,
    restricted: Mapping[str, Any] | None = None,
    staff_only: bool = False,
) -> NewEvent:
    """Return an event of an achievement, its restricted part for the owner and staff.

    Args:
        what: Past participle, as in ``achievement.accepted``.
        actor: ``Actor.ref`` or ``SYSTEM``.
        staff_only: Keep the restricted part from the owner, too.
    """
    return NewEvent(
        market_id=achievement.market_id,
        subject="achievement",
        subject_id=achievement.id,
        type=f"achievement.{what}",
        market_at=at,
        actor=actor,
        public=public or {},
        restricted=restricted or {},
        audience=frozenset() if staff_only else frozenset({achievement.party_id}),
    )


def shelf_part(achievement: Achievement) -> dict[str, Any]:
    """Return what everybody may read for ever of an achievement that lies on the shelf."""
    content = achievement.content
    if achievement.status is not AchievementStatus.ACCEPTED:
        return {}
    return {
        "title": content.title,
        "abstract": content.told_abstract,
        "technology_field": content.technology_field,
        "kind": content.kind,
        "conversion_modes": content.conversion_modes,
    }


def leaving_part(before: Achievement, after: Achievement) -> dict[str, Any]:
    """Return what everybody reads of one that leaves: its state, if it was known at all.

    Invariant: LS2, LS49.
    """
    return {"status": after.status} if before.status in _EVERYBODY_KNEW else {}
