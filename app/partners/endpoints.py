"""The change feed."""

from typing import Annotated, Final

from fastapi import Query
from pydantic import Field

from app.partners.schemas import EventView, FeedPage
from app.platform import feed
from app.platform.access import ActorDep, Role
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.schema import Limit

routes = router(tag="partners")

EventType = Annotated[str, Field(pattern=r"^[a-z][a-z._]{0,59}$")]
# Until a deadline nobody may count proposals, or who accepts a demand's confidentiality; behind it
# each is told elsewhere (DM31, DM38).
NEVER_TOLD: Final = ("commitment", "confidentiality")
SECRET_SUBJECTS: Final = (
    *NEVER_TOLD,
    "registration",
    "ledger_entry",
    "market_view",
    "room",
    "roadshow_signup",
    "match_result",
)


@routes.get("/events")
async def list_events(
    actor: ActorDep,
    session: SessionDep,
    limit: Limit = 100,
    cursor: str | None = None,
    event_type: Annotated[list[EventType] | None, Query(alias="type", max_length=20)] = None,
) -> FeedPage:
    """Return the market's next events behind a cursor; none that is committed is ever skipped.

    Complete but not ordered within a subject: apply by ``subject_version``. A page ends before
    the oldest change that is still being made, so there is no delay to wait out. Partners are not
    told of registrations, ledger entries, deal rooms, market views, sign-ups to roadshows and
    judgements of matches: their number is a secret. Commitments to sealed proposals and
    acceptances of a demand's confidentiality are shown to nobody: each is told with its demand,
    behind the deadline.
    """
    after = feed.START if cursor is None else feed.Cursor.parse(cursor)
    events, place = await feed.read(
        session,
        after=after,
        limit=limit,
        market_id=actor.market_id,
        types=event_type,
        without=SECRET_SUBJECTS if actor.role is Role.PARTNER else NEVER_TOLD,
    )
    return FeedPage(items=[EventView.of(event, actor) for event in events], next=str(place))
