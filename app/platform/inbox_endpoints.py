"""The inbox over HTTP."""

from typing import Any
from uuid import UUID

from app.platform import inbox
from app.platform.access import ActorDep, ObjectUnknown
from app.platform.clock import market_now
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.schema import Limit, Page, UtcView, View, decode_cursor, encode_cursor
from app.shared.ids import NotificationId

routes = router(tag="notifications")


class NotificationView(View):
    """What the caller's party was told; the Chinese text is the authoritative one."""

    id: UUID
    topic: str
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    data: dict[str, Any]
    market_at: UtcView
    read_at: UtcView | None


@routes.get("/notifications")
async def list_notifications(
    actor: ActorDep,
    session: SessionDep,
    unread: bool | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[NotificationView]:
    """List what the caller's party was told, newest first."""
    below = None if cursor is None else decode_cursor(cursor, UUID)[0]
    found = await inbox.find_page(
        session, actor.party_id, unread=unread, before=below, limit=limit + 1
    )
    return Page(
        items=[NotificationView.model_validate(row) for row in found[:limit]],
        next=encode_cursor(str(found[limit - 1].id)) if len(found) > limit else None,
    )


@routes.post("/notifications/{notification_id}/read")
async def read_notification(
    notification_id: UUID, actor: ActorDep, session: SessionDep
) -> NotificationView:
    """Note that a notification was read; again changes nothing."""
    now = await market_now(session, actor.market_id)
    row = await inbox.mark_read(session, NotificationId(notification_id), now=now)
    if row is None:
        raise ObjectUnknown("There is no such notification.")
    return NotificationView.model_validate(row)
