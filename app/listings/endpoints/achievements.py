"""Achievements over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Header, Path, Query, Response

from app.listings.domain.achievement import AchievementStatus
from app.listings.domain.versions import etag
from app.listings.endpoints.paging import before, following
from app.listings.schemas.achievements import (
    AchievementBody,
    AchievementSummary,
    AchievementView,
    Code,
    NewAchievement,
    VersionSummary,
    VersionView,
)
from app.listings.service import achievements, editing
from app.listings.service.rooms import may_read_restricted
from app.platform.access import ActorDep
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.schema import Instant, Limit, Page, decode_cursor, encode_cursor
from app.shared.ids import AchievementId, MarketId

routes = router(tag="achievements")

_NUMBERS_END = 2**31  # of an INTEGER column


def _version_number(key: object) -> int:
    if not isinstance(key, int) or not 0 <= key < _NUMBERS_END:
        raise ValueError("no version")
    return key


@routes.post("/achievements", status_code=201)
async def collect_achievement(
    body: NewAchievement, actor: ActorDep, session: SessionDep
) -> AchievementView:
    """Store a result of the caller's verified party and, unless it is a draft, submit it."""
    now = await market_now(session, actor.market_id)
    return AchievementView.of_seen(
        await achievements.collect_achievement(
            session, actor, body.content(), draft=body.draft, now=now
        ),
        actor.viewer,
    )


@routes.get("/achievements")
async def list_achievements(
    actor: ActorDep,
    session: SessionDep,
    market_id: UUID | None = None,
    technology_field: Code | None = None,
    status: AchievementStatus | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[AchievementSummary]:
    """List achievements, newest first: accepted public ones, and all of the caller's own.

    The market's operators and auditors see all of their market.
    """
    below = before(cursor)
    found = await achievements.list_achievements(
        session,
        actor,
        market_id=None if market_id is None else MarketId(market_id),
        technology_field=technology_field,
        status=status,
        before=None if below is None else AchievementId(below),
        limit=limit + 1,
    )
    return Page(
        items=[AchievementSummary.of(item) for item in found[:limit]],
        next=following([item.id for item in found], limit),
    )


@routes.get("/achievements/{achievement_id}")
async def get_achievement(
    achievement_id: UUID, actor: ActorDep, session: SessionDep, response: Response
) -> AchievementView:
    """Return an achievement that the caller may see; the `ETag` is its content's version."""
    found = await achievements.read_achievement(session, actor, AchievementId(achievement_id))
    response.headers["ETag"] = etag(found.version)
    let_in = await may_read_restricted(session, actor.viewer.party_id, found)  # by a deal room
    return AchievementView.of_seen(found, actor.viewer, judging=let_in)


@routes.put("/achievements/{achievement_id}")
async def edit_achievement(
    achievement_id: UUID,
    body: AchievementBody,
    actor: ActorDep,
    session: SessionDep,
    response: Response,
    if_match: Annotated[
        str | None, Header(description="ETag of the achievement as last read", max_length=100)
    ] = None,
) -> AchievementView:
    """Edit an achievement: the whole content replaces the version named by `If-Match`.

    An accepted or stale one goes back to the first check; while a listing offers it, it is not
    edited. Without `If-Match` it is refused with 400, with another than the present version with
    409. The same content again changes nothing.
    """
    edited = await editing.edit_achievement(
        session,
        actor,
        AchievementId(achievement_id),
        body.content(),
        seen=if_match,
        now=await market_now(session, actor.market_id),
    )
    response.headers["ETag"] = etag(edited.version)
    return AchievementView.of_seen(edited, actor.viewer)


@routes.get("/achievements/{achievement_id}/versions")
async def list_versions(
    achievement_id: UUID,
    actor: ActorDep,
    session: SessionDep,
    on: Annotated[
        Instant | None, Query(description="Only the version that stood at this moment")
    ] = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[VersionSummary]:
    """List the versions of an achievement's content, newest first.

    Others than its owner and the market's operators and auditors see the present one only.
    """
    achievement, found = await editing.list_versions(
        session,
        actor,
        AchievementId(achievement_id),
        on=on,
        before=None if cursor is None else decode_cursor(cursor, _version_number)[0],
        limit=limit + 1,
    )
    return Page(
        items=[VersionSummary.of_seen(achievement, item, actor.viewer) for item in found[:limit]],
        next=encode_cursor(found[limit - 1].number) if len(found) > limit else None,
    )


@routes.get("/achievements/{achievement_id}/versions/{number}")
async def get_version(
    achievement_id: UUID,
    number: Annotated[int, Path(ge=1, lt=_NUMBERS_END)],
    actor: ActorDep,
    session: SessionDep,
    response: Response,
) -> VersionView:
    """Return one version of an achievement's content; a restricted one shows its public part."""
    achievement, version = await editing.read_version(
        session, actor, AchievementId(achievement_id), number
    )
    response.headers["ETag"] = etag(version.number)
    return VersionView.of_seen(achievement, version, actor.viewer)
