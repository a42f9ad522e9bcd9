"""Found a market, with its clock and its first policies."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.markets import repository
from app.markets.domain.defaults import PRICING_MODES, SELLER_CLASSES, default_terms
from app.markets.domain.market import MarketView, check_new_market
from app.markets.domain.policy import Policy
from app.markets.service.policies import entered
from app.platform import clock, journal
from app.platform.clock import MarketUnknown
from app.platform.journal import NewEvent
from app.shared.calendar import SHANGHAI
from app.shared.ids import MarketId, PolicyId, new_id


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
    """Found a market with its clock and the default policies."""
    check_new_market(code=code, region_code=region_code, edition=edition)
    market = MarketView(
        id=MarketId(new_id()),
        code=code,
        name_zh=name_zh,
        name_en=name_en,
        region_code=region_code,
        edition=edition,
        sandbox=starts_at is not None,
    )
    await clock.start_clock(session, market_id=market.id, starts_at=starts_at)
    await repository.insert_market(session, market)
    now = await clock.market_now(session, market.id)
    first_day = now.astimezone(SHANGHAI).date()
    policies = [
        Policy(
            id=PolicyId(new_id()),
            market_id=market.id,
            seller_class=seller_class,
            pricing_mode=pricing_mode,
            version=1,
            effective_on=first_day,
            terms=default_terms(seller_class, pricing_mode),
        )
        for seller_class in SELLER_CLASSES
        for pricing_mode in PRICING_MODES
    ]
    await repository.insert_policies(session, policies, entered_by=actor, now=now)
    founded = NewEvent(
        market_id=market.id,
        subject="market",
        subject_id=market.id,
        type="market.founded",
        market_at=now,
        actor=actor,
        public={
            "code": code,
            "name_zh": name_zh,
            "name_en": name_en,
            "region_code": region_code,
            "edition": edition,
            "sandbox": market.sandbox,
        },
    )
    await journal.append(session, founded, *(entered(p, actor, now) for p in policies))
    return market.id


async def get_market(session: AsyncSession, market_id: MarketId) -> MarketView:
    """Return a market.

    Raises:
        MarketUnknown: There is none.
    """
    market = await repository.find_market(session, market_id)
    if market is None:
        raise MarketUnknown("No market has this id.", market_id=market_id)
    return market


async def page_of_markets(
    session: AsyncSession, *, before: UUID | None, limit: int
) -> Sequence[MarketView]:
    """Return all markets, newest first."""
    return await repository.page_of_markets(session, before=before, limit=limit)
