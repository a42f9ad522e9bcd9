"""Markets, policies and sessions: all their SQL."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.markets.domain.market import MarketCodeTaken, MarketView, SessionView
from app.markets.domain.policy import Policy, PolicyTerms
from app.markets.domain.selection_terms import SelectionPolicy, SelectionTerms
from app.markets.models import MarketRow, PolicyRow, SelectionTermsRow, SessionRow
from app.shared.ids import MarketId, PolicyId, SelectionTermsId, SessionId


def _market(row: MarketRow) -> MarketView:
    return MarketView(
        id=MarketId(row.id),
        code=row.code,
        name_zh=row.name_zh,
        name_en=row.name_en,
        region_code=row.region_code,
        edition=row.edition,
        sandbox=row.sandbox,
    )


async def insert_market(session: AsyncSession, market: MarketView) -> None:
    """Insert a market whose clock exists.

    Raises:
        MarketCodeTaken: The unique index decides.
    """
    inserted: UUID | None = await session.scalar(
        insert(MarketRow)
        .values(
            id=market.id,
            code=market.code,
            name_zh=market.name_zh,
            name_en=market.name_en,
            region_code=market.region_code,
            edition=market.edition,
            sandbox=market.sandbox,
        )
        .on_conflict_do_nothing()
        .returning(MarketRow.id)
    )
    if inserted is None:
        raise MarketCodeTaken("Choose another code.", field="code")


async def find_market(
    session: AsyncSession, market_id: MarketId, *, lock: bool = False
) -> MarketView | None:
    """Return a market, its row locked if asked."""
    statement = select(MarketRow).where(MarketRow.id == market_id)
    row = await session.scalar(statement.with_for_update() if lock else statement)
    return None if row is None else _market(row)


async def page_of_markets(
    session: AsyncSession, *, before: UUID | None, limit: int
) -> Sequence[MarketView]:
    """Return all markets, newest first."""
    statement = select(MarketRow)
    if before is not None:
        statement = statement.where(MarketRow.id < before)
    rows = await session.scalars(statement.order_by(MarketRow.id.desc()).limit(limit))
    return [_market(row) for row in rows]


def _policy(row: PolicyRow) -> Policy:
    return Policy(
        id=PolicyId(row.id),
        market_id=MarketId(row.market_id),
        seller_class=row.seller_class,
        pricing_mode=row.pricing_mode,
        version=row.version,
        effective_on=row.effective_on,
        terms=PolicyTerms.from_json(row.terms),
    )


async def insert_policies(
    session: AsyncSession, policies: Sequence[Policy], *, entered_by: str, now: datetime
) -> None:
    """Insert new policy versions in one statement."""
    await session.execute(
        insert(PolicyRow),
        [
            {
                "id": policy.id,
                "market_id": policy.market_id,
                "seller_class": policy.seller_class,
                "pricing_mode": policy.pricing_mode,
                "version": policy.version,
                "effective_on": policy.effective_on,
                "terms": policy.terms.as_json(),
                "entered_by": entered_by,
                "entered_at": now,
            }
            for policy in policies
        ],
    )


async def last_version(
    session: AsyncSession, *, market_id: MarketId, seller_class: str, pricing_mode: str
) -> int:
    """Return the highest version so far, 0 if there is none; the caller holds the market."""
    version: int | None = await session.scalar(
        select(func.max(PolicyRow.version)).where(
            PolicyRow.market_id == market_id,
            PolicyRow.seller_class == seller_class,
            PolicyRow.pricing_mode == pricing_mode,
        )
    )
    return version or 0


async def policies_of(
    session: AsyncSession,
    *,
    market_id: MarketId,
    seller_class: str | None = None,
    pricing_mode: str | None = None,
    begun_on: date | None = None,
    before: tuple[date, int, UUID] | None = None,
    limit: int | None = None,
) -> Sequence[Policy]:
    """Return a market's policies, newest first by day and version.

    Args:
        begun_on: Only those that had begun on this day.
        before: Day, version and id of the last page's last policy.
        limit: Rows at most.
    """
    place = tuple_(PolicyRow.effective_on, PolicyRow.version, PolicyRow.id)
    statement = select(PolicyRow).where(PolicyRow.market_id == market_id)
    if seller_class is not None:
        statement = statement.where(PolicyRow.seller_class == seller_class)
    if pricing_mode is not None:
        statement = statement.where(PolicyRow.pricing_mode == pricing_mode)
    if begun_on is not None:
        statement = statement.where(PolicyRow.effective_on <= begun_on)
    if before is not None:
        statement = statement.where(place < before)
    rows = await session.scalars(
        statement.order_by(
            PolicyRow.effective_on.desc(), PolicyRow.version.desc(), PolicyRow.id.desc()
        ).limit(limit)
    )
    return [_policy(row) for row in rows]


def _selection(row: SelectionTermsRow) -> SelectionPolicy:
    return SelectionPolicy(
        id=SelectionTermsId(row.id),
        market_id=MarketId(row.market_id),
        version=row.version,
        effective_on=row.effective_on,
        terms=SelectionTerms.from_json(row.terms),
    )


async def insert_selection_terms(
    session: AsyncSession, policy: SelectionPolicy, *, entered_by: str, now: datetime
) -> None:
    """Insert a version of selection terms."""
    await session.execute(
        insert(SelectionTermsRow).values(
            id=policy.id,
            market_id=policy.market_id,
            version=policy.version,
            effective_on=policy.effective_on,
            terms=policy.terms.as_json(),
            entered_by=entered_by,
            entered_at=now,
        )
    )


async def last_selection_version(session: AsyncSession, market_id: MarketId) -> int:
    """Return the highest version so far, 0 if there is none; the caller holds the market."""
    version: int | None = await session.scalar(
        select(func.max(SelectionTermsRow.version)).where(SelectionTermsRow.market_id == market_id)
    )
    return version or 0


async def selection_terms_of(
    session: AsyncSession,
    market_id: MarketId,
    *,
    begun_on: date | None = None,
    before: tuple[date, int] | None = None,
    limit: int,
) -> Sequence[SelectionPolicy]:
    """Return a market's entered selection terms, newest first by day and version."""
    place = tuple_(SelectionTermsRow.effective_on, SelectionTermsRow.version)
    statement = select(SelectionTermsRow).where(SelectionTermsRow.market_id == market_id)
    if begun_on is not None:
        statement = statement.where(SelectionTermsRow.effective_on <= begun_on)
    if before is not None:
        statement = statement.where(place < before)
    rows = await session.scalars(
        statement.order_by(
            SelectionTermsRow.effective_on.desc(), SelectionTermsRow.version.desc()
        ).limit(limit)
    )
    return [_selection(row) for row in rows]


def _session(row: SessionRow) -> SessionView:
    return SessionView(
        id=SessionId(row.id),
        market_id=MarketId(row.market_id),
        title=row.title,
        edition=row.edition,
        held_on=row.held_on,
    )


async def insert_session(session: AsyncSession, new: SessionView, *, now: datetime) -> None:
    """Insert a session."""
    await session.execute(
        insert(SessionRow).values(
            id=new.id,
            market_id=new.market_id,
            title=new.title,
            edition=new.edition,
            held_on=new.held_on,
            created_at=now,
        )
    )


async def find_session(session: AsyncSession, session_id: SessionId) -> SessionView | None:
    """Return a session."""
    row = await session.get(SessionRow, session_id)
    return None if row is None else _session(row)


async def page_of_sessions(
    session: AsyncSession, *, market_id: MarketId | None, before: UUID | None, limit: int
) -> Sequence[SessionView]:
    """Return sessions, newest first."""
    statement = select(SessionRow)
    if market_id is not None:
        statement = statement.where(SessionRow.market_id == market_id)
    if before is not None:
        statement = statement.where(SessionRow.id < before)
    rows = await session.scalars(statement.order_by(SessionRow.id.desc()).limit(limit))
    return [_session(row) for row in rows]
