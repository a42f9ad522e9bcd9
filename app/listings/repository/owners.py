"""Whose what listings hold is: the market and the parties of every object with an id."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.repository import (
    achievements,
    imports,
    listings,
    notices,
    objections,
    registrations,
    roadshows,
    rooms,
    saved_searches,
)
from app.platform.access import Owner
from app.shared.ids import (
    AchievementId,
    ImportId,
    ListingId,
    NoticeId,
    RegistrationId,
    RoadshowId,
    RoomId,
    SavedSearchId,
)


async def owner_of_import(session: AsyncSession, import_id: UUID) -> Owner | None:
    """Return a bulk import's market and party."""
    found = await imports.find(session, ImportId(import_id))
    return None if found is None else Owner(found.market_id, frozenset({found.party_id}))


async def owner_of_achievement(session: AsyncSession, achievement_id: UUID) -> Owner | None:
    """Return an achievement's market and owner."""
    found = await achievements.find(session, AchievementId(achievement_id))
    return None if found is None else Owner(found.market_id, frozenset({found.party_id}))


async def owner_of_listing(session: AsyncSession, listing_id: UUID) -> Owner | None:
    """Return a listing's market and seller."""
    found = await listings.find(session, ListingId(listing_id))
    return None if found is None else Owner(found.market_id, frozenset({found.seller_id}))


async def owner_of_registration(session: AsyncSession, registration_id: UUID) -> Owner | None:
    """Return a registration's market and buyer."""
    found = await registrations.find(session, RegistrationId(registration_id))
    return None if found is None else Owner(found.market_id, frozenset({found.party_id}))


async def owner_of_objection(session: AsyncSession, objection_id: UUID) -> Owner | None:
    """Return an objection's market, with the seller that decides it and who filed it."""
    return await objections.owner_of_objection(session, objection_id)


async def owner_of_notice(session: AsyncSession, notice_id: UUID) -> Owner | None:
    """Return the market and seller of a notice's listing."""
    notice = await notices.find(session, NoticeId(notice_id))
    return None if notice is None else await owner_of_listing(session, notice.listing_id)


async def owner_of_saved_search(session: AsyncSession, saved_search_id: UUID) -> Owner | None:
    """Return a saved search's market and party."""
    found = await saved_searches.find(session, SavedSearchId(saved_search_id))
    return None if found is None else Owner(found.market_id, frozenset({found.party_id}))


async def owner_of_roadshow(session: AsyncSession, roadshow_id: UUID) -> Owner | None:
    """Return a roadshow's market; it belongs to no party."""
    found = await roadshows.find(session, RoadshowId(roadshow_id))
    return None if found is None else Owner(found.market_id, frozenset())


async def owner_of_room(session: AsyncSession, room_id: UUID) -> Owner | None:
    """Return a deal room's market and its two sides."""
    found = await rooms.find(session, RoomId(room_id))
    return None if found is None else Owner(found.market_id, found.sides)
