"""Demands in the database."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.content import (
    Acceptance,
    Answerer,
    Budget,
    BudgetKind,
    Confidentiality,
    DemandContent,
    content_to_json,
    milestone_from_json,
    target_from_json,
)
from app.demands.domain.demand import Demand, DemandStatus
from app.demands.domain.posting import PostingTerms
from app.demands.models import DemandRow
from app.platform.db import insert_rows
from app.shared.calendar import SHANGHAI
from app.shared.ids import AuctionId, DemandId, EditionId, MarketId, PartyId
from app.shared.jsonable import jsonable
from app.shared.money import Money


def _budget(row: DemandRow) -> Budget:
    currency = row.budget_currency
    low, high = (
        None if minor is None or currency is None else Money(minor, currency)
        for minor in (row.budget_low_minor, row.budget_high_minor)
    )
    return Budget(kind=BudgetKind(row.budget_kind), low=low, high=high)


def _content(row: DemandRow) -> DemandContent:
    return DemandContent(
        title=row.title,
        technology_field=row.technology_field,
        background=row.background,
        restricted_text=row.restricted_text,
        targets=tuple(target_from_json(item) for item in row.targets),
        due_on=row.due_on,
        budget=_budget(row),
        cooperation_mode=row.cooperation_mode,
        ip_ownership=row.ip_ownership,
        failure_risk_rule=row.failure_risk_rule,
        poster_risk_bp=row.poster_risk_bp,
        who_may_answer=tuple(Answerer(name) for name in row.who_may_answer),
        confidentiality=Confidentiality(row.confidentiality),
        milestones=tuple(milestone_from_json(item) for item in row.milestones),
        acceptance=Acceptance(row.acceptance),
        third_party=row.third_party,
        lump_sum=row.lump_sum,
    )


def to_demand(row: DemandRow) -> Demand:
    """Return the demand of a row; for the repositories of this module."""
    return Demand(
        id=DemandId(row.id),
        number=row.number,
        market_id=MarketId(row.market_id),
        party_id=PartyId(row.party_id),
        status=DemandStatus(row.status),
        content=_content(row),
        version=row.version,
        created_at=row.created_at,
        submitted_at=row.submitted_at,
        reviewed_at=row.reviewed_at,
        due_at=row.due_at,
        reason=row.reason,
        round=row.round,
        edition_id=None if row.edition_id is None else EditionId(row.edition_id),
        terms=None if row.terms is None else PostingTerms.from_json(row.terms),
        terms_hash=row.terms_hash,
        notice_count=row.notice_count,
        posted_at=row.posted_at,
        closes_at=row.closes_at,
        auction_id=None if row.auction_id is None else AuctionId(row.auction_id),
        bidding=row.bidding,
        merged_into=None if row.merged_into is None else DemandId(row.merged_into),
        split_from=None if row.split_from is None else DemandId(row.split_from),
        ended_at=row.ended_at,
    )


def _content_columns(content: DemandContent) -> dict[str, Any]:
    plain = content_to_json(content)
    low, high = content.budget.low, content.budget.high
    del plain["budget"]
    return plain | {
        "due_on": content.due_on,
        "budget_kind": str(content.budget.kind),
        "budget_low_minor": None if low is None else low.amount_minor,
        "budget_high_minor": None if high is None else high.amount_minor,
        "budget_currency": None if low is None else low.currency,
    }


def _state_columns(demand: Demand) -> dict[str, Any]:
    return {
        "status": str(demand.status),
        "submitted_at": demand.submitted_at,
        "reviewed_at": demand.reviewed_at,
        "due_at": demand.due_at,
        "reason": demand.reason,
        "round": demand.round,
        "edition_id": demand.edition_id,
        "terms": None if demand.terms is None else demand.terms.as_json(),
        "terms_hash": demand.terms_hash,
        "notice_count": demand.notice_count,
        "posted_at": demand.posted_at,
        "closes_at": demand.closes_at,
        "auction_id": demand.auction_id,
        "bidding": None if demand.bidding is None else jsonable(demand.bidding),
        "merged_into": demand.merged_into,
        "split_from": demand.split_from,
        "ended_at": demand.ended_at,
    }


async def next_number(session: AsyncSession, *, now: datetime) -> str:
    """Return the next human number; a rollback leaves a gap, which is allowed."""
    value = await session.scalar(select(func.nextval("demand_numbers")))
    return f"ZP-N-{now.astimezone(SHANGHAI).year}-{value:06}"


async def insert(session: AsyncSession, demand: Demand) -> None:
    """Insert a new demand."""
    session.add(
        DemandRow(
            id=demand.id,
            number=demand.number,
            market_id=demand.market_id,
            party_id=demand.party_id,
            version=demand.version,
            created_at=demand.created_at,
            **_state_columns(demand),
            **_content_columns(demand.content),
        )
    )
    await session.flush()


async def next_numbers(session: AsyncSession, count: int, *, now: datetime) -> Sequence[str]:
    """Return as many human numbers in one statement."""
    drawn = select(func.nextval("demand_numbers")).select_from(func.generate_series(1, count))
    year = now.astimezone(SHANGHAI).year
    return [f"ZP-N-{year}-{value:06}" for value in await session.scalars(drawn)]


async def insert_many(session: AsyncSession, demands: Sequence[Demand]) -> None:
    """Insert new demands in one statement; at least one."""
    rows = [
        {
            "id": demand.id,
            "number": demand.number,
            "market_id": demand.market_id,
            "party_id": demand.party_id,
            "version": demand.version,
            "created_at": demand.created_at,
            **_state_columns(demand),
            **_content_columns(demand.content),
            "due_on": demand.content.due_on.isoformat(),  # it travels as JSON
        }
        for demand in demands
    ]
    await insert_rows(session, DemandRow, rows)


async def save_contents(session: AsyncSession, demands: Sequence[Demand]) -> None:
    """Save the contents and versions of demands; the caller holds the rows' locks."""
    rows = [
        {"id": demand.id, "version": demand.version} | _content_columns(demand.content)
        for demand in demands
    ]
    await session.execute(update(DemandRow), rows)


async def save(session: AsyncSession, demand: Demand) -> None:
    """Save all but the content; the caller holds the row's lock."""
    await _update(session, demand, _state_columns(demand))


async def save_content(session: AsyncSession, demand: Demand) -> None:
    """Save everything, the content and its version too; the caller holds the row's lock."""
    values = {"version": demand.version} | _state_columns(demand) | _content_columns(demand.content)
    await _update(session, demand, values)


async def _update(session: AsyncSession, demand: Demand, values: dict[str, Any]) -> None:
    await session.execute(
        update(DemandRow)
        .where(DemandRow.id == demand.id)
        .values(values)
        .execution_options(synchronize_session=False)
    )


async def find(session: AsyncSession, demand_id: DemandId, *, lock: bool = False) -> Demand | None:
    """Return a demand, under its row lock if asked."""
    statement = select(DemandRow).where(DemandRow.id == demand_id)
    if lock:
        statement = statement.with_for_update()
    row = await session.scalar(statement.execution_options(populate_existing=True))
    return None if row is None else to_demand(row)


async def ids_of_posted(session: AsyncSession, *, after: UUID, limit: int) -> Sequence[DemandId]:
    """Return the next ids of demands that are posted, in order."""
    found = await session.scalars(
        select(DemandRow.id)
        .where(DemandRow.id > after, DemandRow.status == str(DemandStatus.POSTED))
        .order_by(DemandRow.id)
        .limit(limit)
    )
    return [DemandId(id_) for id_ in found]


async def find_many(
    session: AsyncSession, demand_ids: Collection[DemandId], *, lock: bool = False
) -> Sequence[Demand]:
    """Return those of the demands that exist, in the order of their ids, locked so if asked."""
    statement = select(DemandRow).where(DemandRow.id.in_(demand_ids)).order_by(DemandRow.id)
    if lock:
        statement = statement.with_for_update()
    rows = await session.scalars(statement.execution_options(populate_existing=True))
    return [to_demand(row) for row in rows]
