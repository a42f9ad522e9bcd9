"""Notices as data for other sites, which may keep and show them."""

from typing import Annotated, Final, Self
from uuid import UUID

from fastapi import Header, Query, Response

from app.listings.domain.listing import PricingMode
from app.listings.domain.notice import NoticeKind
from app.listings.endpoints.paging import before, following
from app.listings.repository.board import NoticeFilters, PostedNotice
from app.listings.schemas.listings import NoticeView
from app.listings.service import board
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.schema import Instant, Limit, Page
from app.shared.ids import MarketId, NoticeId

routes = router(tag="notices")

# The content never changes, but an objection or a suspension must not stay unseen for long.
_CACHE: Final = "public, max-age=60"


class PostedNoticeView(NoticeView):
    """A notice with its listing, market and pricing mode."""

    listing_id: UUID
    market_id: UUID
    pricing_mode: PricingMode

    @classmethod
    def of(cls, posted: PostedNotice) -> Self:
        """Return the view."""
        notice = NoticeView.model_validate(posted.notice)
        return cls(
            **dict(notice),
            listing_id=posted.notice.listing_id,
            market_id=posted.market_id,
            pricing_mode=posted.pricing_mode,
        )


@routes.get("/notices")
async def list_notices(
    session: SessionDep,
    response: Response,
    market_id: UUID | None = None,
    kind: NoticeKind | None = None,
    pricing_mode: PricingMode | None = None,
    open_: Annotated[
        bool | None, Query(alias="open", description="Whether its period still runs")
    ] = None,
    published_since: Instant | None = None,
    number: Annotated[str | None, Query(max_length=24)] = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[PostedNoticeView]:
    """List all notices, newest first; they may be kept for a minute."""
    below = before(cursor)
    filters = NoticeFilters(
        market_id=None if market_id is None else MarketId(market_id),
        kind=kind,
        pricing_mode=pricing_mode,
        open=open_,
        since=published_since,
        number=number,
    )
    found = await board.list_notices(
        session,
        filters,
        before=None if below is None else NoticeId(below),
        limit=limit + 1,
    )
    response.headers["Cache-Control"] = _CACHE
    return Page(
        items=[PostedNoticeView.of(item) for item in found[:limit]],
        next=following([item.notice.id for item in found], limit),
    )


@routes.get(
    "/notices/{notice_id}",
    response_model=PostedNoticeView,
    responses={304: {"description": "The caller has it as it is"}},
)
async def get_notice(
    notice_id: UUID,
    session: SessionDep,
    response: Response,
    if_none_match: Annotated[str | None, Header(max_length=400)] = None,
) -> Response | PostedNoticeView:
    """Return a notice; its `ETag` is its content's hash with its status, all that changes."""
    posted = await board.read_notice(session, NoticeId(notice_id))
    etag = f'"{posted.notice.content_hash}-{posted.notice.status}"'
    headers = {"ETag": etag, "Cache-Control": _CACHE}
    known = {tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")}
    if etag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return PostedNoticeView.of(posted)
