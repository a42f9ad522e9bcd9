"""Sessions: announce and read."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.markets import repository
from app.markets.domain.market import SessionView
from app.platform import journal
from app.platform.access import ObjectUnknown
from app.platform.journal import NewEvent
from app.shared import codes
from app.shared.ids import MarketId, SessionId, new_id


async def create_session(
    session: AsyncSession,
    *,
    market_id: MarketId,
    title: str,
    edition: str,
    held_on: date,
    actor: str,
    now: datetime,
) -> SessionId:
    """Announce a session.

    Raises:
        CodeUnknown: The edition is not in its table.
    """
    codes.require("edition", edition, field="edition")
    new = SessionView(
        id=SessionId(new_id()), market_id=market_id, title=title, edition=edition, held_on=held_on
    )
    await repository.insert_session(session, new, now=now)
    await journal.append(
        session,
        NewEvent(
            market_id=market_id,
            subject="session",
            subject_id=new.id,
            type="session.announced",
            market_at=now,
            actor=actor,
            public={"title": title, "edition": edition, "held_on": held_on},
        ),
    )
    return new.id


async def get_session(session: AsyncSession, session_id: SessionId) -> SessionView:
    """Return a session.

    Raises:
        ObjectUnknown: There is none.
    """
    found = await repository.find_session(session, session_id)
    if found is None:
        raise ObjectUnknown("There is no such session.", session_id=session_id)
    return found


async def page_of_sessions(
    session: AsyncSession, *, market_id: MarketId | None, before: UUID | None, limit: int
) -> Sequence[SessionView]:
    """Return sessions, newest first, of one market or of all."""
    return await repository.page_of_sessions(
        session, market_id=market_id, before=before, limit=limit
    )
