"""What other modules may use of markets."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.markets import repository
from app.markets.domain.market import MarketView, SessionView
from app.markets.domain.policy import Policy, PolicyMissing, PolicyTerms
from app.markets.domain.selection_terms import SelectionPolicy, SelectionTerms
from app.markets.service import founding, policies, selection_terms, sessions
from app.platform.access import Owner
from app.shared.ids import MarketId, SessionId

__all__ = [
    "MarketView",
    "Policy",
    "PolicyMissing",
    "PolicyTerms",
    "SelectionPolicy",
    "SelectionTerms",
    "SessionView",
    "create_market",
    "create_session",
    "get_market",
    "get_session",
    "newest_markets",
    "owner_of_market",
    "owner_of_session",
    "policy_for",
    "selection_terms_for",
]


async def create_market(
    session: AsyncSession,
    *,
    code: str,
    name_zh: str,
    name_en: str,
    region_code: str,
    edition: str,
    starts_at: datetime | None,
    actor: str,
) -> MarketId:
    """Found a market with its clock and default policies in effect from its first day.

    Args:
        code: 3 to 40 of a-z, 0-9 and hyphen, unique.
        starts_at: A sandbox's first moment, aware; ``None`` makes a live market.
        actor: ``Actor.ref`` or ``SYSTEM``.

    Raises:
        MarketCodeMalformed, MarketCodeTaken, CodeUnknown: Nothing was founded.
    """
    return await founding.create_market(
        session,
        code=code,
        name_zh=name_zh,
        name_en=name_en,
        region_code=region_code,
        edition=edition,
        starts_at=starts_at,
        actor=actor,
    )


async def get_market(session: AsyncSession, market_id: MarketId) -> MarketView:
    """Return a market.

    Raises:
        MarketUnknown: There is none.
    """
    return await founding.get_market(session, market_id)


async def newest_markets(session: AsyncSession, *, limit: int) -> Sequence[MarketView]:
    """Return the markets that were founded last, newest first."""
    return await founding.page_of_markets(session, before=None, limit=limit)


async def policy_for(
    session: AsyncSession, *, market_id: MarketId, seller_class: str, pricing_mode: str, on: date
) -> Policy:
    """Return the policy in effect on a day.

    Args:
        on: Day in Asia/Shanghai.

    Raises:
        PolicyMissing: None was.

    Source: markets/README.md, M2.
    """
    return await policies.policy_for(
        session, market_id=market_id, seller_class=seller_class, pricing_mode=pricing_mode, on=on
    )


async def selection_terms_for(
    session: AsyncSession, *, market_id: MarketId, on: date
) -> SelectionPolicy:
    """Return the selection terms in effect on a day, the default if the market entered none.

    Args:
        on: Day in Asia/Shanghai.

    Source: markets/README.md, M6.
    """
    return await selection_terms.selection_terms_for(session, market_id=market_id, on=on)


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
    """Announce a session and journal it.

    Raises:
        CodeUnknown: The edition is not in its table.
    """
    return await sessions.create_session(
        session,
        market_id=market_id,
        title=title,
        edition=edition,
        held_on=held_on,
        actor=actor,
        now=now,
    )


async def get_session(session: AsyncSession, session_id: SessionId) -> SessionView:
    """Return a session.

    Raises:
        ObjectUnknown: There is none.
    """
    return await sessions.get_session(session, session_id)


async def owner_of_market(session: AsyncSession, market_id: UUID) -> Owner | None:
    """Return a market as its own place; it belongs to no party."""
    market = await repository.find_market(session, MarketId(market_id))
    return None if market is None else Owner(market.id, frozenset())


async def owner_of_session(session: AsyncSession, session_id: UUID) -> Owner | None:
    """Return the market of a session; it belongs to no party."""
    found = await repository.find_session(session, SessionId(session_id))
    return None if found is None else Owner(found.market_id, frozenset())
