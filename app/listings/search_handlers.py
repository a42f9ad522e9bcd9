"""What searches do about events of achievements and listings."""

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.service import saved_searches, searching
from app.platform.journal import JournalEvent
from app.platform.reactions import Reaction
from app.shared.ids import AchievementId, ListingId

_ACCEPTED: Final = "achievement.accepted"
_PUBLISHED: Final = "listing.published"
_TYPES: Final = frozenset(
    {
        _ACCEPTED,
        "achievement.confirmed",
        "achievement.edited",
        "achievement.resubmitted",
        "achievement.went_stale",
        "achievement.withdrawn",
        _PUBLISHED,
    }
)


async def follow(session: AsyncSession, event: JournalEvent) -> None:
    """Let searches find what an event has changed, and tell whom a saved search serves.

    The cursor starts at the journal's beginning, so what was accepted before there was a search
    is indexed by the same way.
    """
    subject = UUID(str(event.subject_id))
    if event.type == _PUBLISHED:
        document = await searching.index_listing(session, ListingId(subject))
    else:
        document = await searching.reindex_achievement(session, AchievementId(subject))
    if document is not None and event.type in {_ACCEPTED, _PUBLISHED}:
        await saved_searches.tell_of(session, document, at=event.market_at)


SEARCH: Final = Reaction("listings.search", _TYPES, follow)
