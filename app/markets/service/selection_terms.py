"""Selection terms: enter them, find those in effect."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.markets import repository
from app.markets.domain.selection_terms import (
    SelectionPolicy,
    SelectionTerms,
    check_new_terms,
    select_terms,
)
from app.platform import journal
from app.platform.clock import MarketUnknown
from app.platform.journal import NewEvent
from app.shared.calendar import SHANGHAI
from app.shared.ids import MarketId, SelectionTermsId, new_id


async def create_selection_terms(
    session: AsyncSession,
    *,
    market_id: MarketId,
    effective_on: date,
    terms: SelectionTerms,
    actor: str,
    now: datetime,
) -> SelectionPolicy:
    """Enter terms that supersede the present ones from their day on.

    Raises:
        MarketUnknown: There is no such market.
        PolicyInThePast: See `check_new_terms`.
    """
    check_new_terms(effective_on=effective_on, today=now.astimezone(SHANGHAI).date())
    # The market's row orders the versions.
    if await repository.find_market(session, market_id, lock=True) is None:
        raise MarketUnknown("No market has this id.", market_id=market_id)
    policy = SelectionPolicy(
        id=SelectionTermsId(new_id()),
        market_id=market_id,
        version=await repository.last_selection_version(session, market_id) + 1,
        effective_on=effective_on,
        terms=terms,
    )
    await repository.insert_selection_terms(session, policy, entered_by=actor, now=now)
    await journal.append(
        session,
        NewEvent(
            market_id=market_id,
            subject="market",
            subject_id=market_id,
            type="market.selection_terms_entered",
            market_at=now,
            actor=actor,
            public={
                "version": policy.version,
                "effective_on": effective_on,
                "terms": terms.as_json(),
            },
        ),
    )
    return policy


async def selection_terms_for(
    session: AsyncSession, *, market_id: MarketId, on: date
) -> SelectionPolicy:
    """Return the terms in effect on a day, the default if none was entered for it."""
    entered = await repository.selection_terms_of(session, market_id, begun_on=on, limit=1)
    return select_terms(entered, market_id=market_id, on=on)


async def page_of_selection_terms(
    session: AsyncSession,
    *,
    market_id: MarketId,
    begun_on: date | None,
    before: tuple[date, int] | None,
    limit: int,
) -> Sequence[SelectionPolicy]:
    """Return a market's entered terms, the newest day first.

    Raises:
        MarketUnknown: There is no such market.
    """
    if await repository.find_market(session, market_id) is None:
        raise MarketUnknown("No market has this id.", market_id=market_id)
    return await repository.selection_terms_of(
        session, market_id, begun_on=begun_on, before=before, limit=limit
    )
