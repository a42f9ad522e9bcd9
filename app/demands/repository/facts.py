"""What the statistics know: written an event at a time, read in sums."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Text, cast, delete, func, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.facts import Facts, NoTakeUp, Outcome, Said
from app.demands.domain.statistics import Figures, GroupBy
from app.demands.models import DemandFactsRow
from app.shared.ids import DemandId, MarketId

_F: Final = DemandFactsRow
_GROUPS: Final[dict[GroupBy, ColumnElement[Any]]] = {
    GroupBy.FIELD: DemandFactsRow.__table__.c.technology_field,
    GroupBy.REGION: func.left(DemandFactsRow.__table__.c.region_code, text("4")).concat("00"),
    GroupBy.EDITION: cast(DemandFactsRow.__table__.c.edition_id, Text),
    GroupBy.MONTH: func.to_char(
        func.timezone(text("'Asia/Shanghai'"), DemandFactsRow.__table__.c.posted_at),
        text("'YYYY-MM'"),
    ),
}


async def find_said(session: AsyncSession, demand_id: DemandId, round_: int) -> Said:
    """Return what is known of a posting, under its row's lock."""
    said: Said | None = await session.scalar(
        select(_F.said).where(_F.demand_id == demand_id, _F.round == round_).with_for_update()
    )
    return said or {}


async def put(
    session: AsyncSession,
    market_id: MarketId,
    demand_id: DemandId,
    round_: int,
    said: Said,
    facts: Facts,
) -> None:
    """Write all that is known of a posting."""
    values = {
        "market_id": market_id,
        "posted_at": facts.posted_at,
        "technology_field": facts.technology_field,
        "region_code": facts.region_code,
        "edition_id": None if facts.edition_id is None else UUID(facts.edition_id),
        "amount_minor": facts.amount_minor,
        "open_budget": facts.open_budget,
        "proposals": facts.proposals,
        "first_answer_at": facts.first_answer_at,
        "outcome": str(facts.outcome),
        "reason": None if facts.reason is None else str(facts.reason),
        "taken_up_at": facts.taken_up_at,
        "taken_minor": facts.taken_minor,
        "said": dict(said),
    }
    await session.execute(
        insert(_F)
        .values(demand_id=demand_id, round=round_, **values)
        .on_conflict_do_update(index_elements=[_F.demand_id, _F.round], set_=values)
    )


async def clear(session: AsyncSession) -> None:
    """Forget everything, to read the journal anew."""
    await session.execute(delete(_F))


def _is(outcome: Outcome) -> ColumnElement[bool]:
    return _F.outcome == str(outcome)


_COUNTS: Final[dict[str, ColumnElement[Any]]] = {
    "posted": func.count(),
    "demands": func.count(_F.demand_id.distinct()),
    "amount_minor": func.coalesce(func.sum(_F.amount_minor), 0),
    "open_budgets": func.count().filter(_F.open_budget),
    "other_currencies": func.count().filter(~_F.open_budget, _F.amount_minor.is_(None)),
    "running": func.count().filter(_is(Outcome.RUNNING)),
    "answered": func.count().filter(_F.proposals > 0),
    "taken_up": func.count().filter(_is(Outcome.TAKEN_UP)),
    "taken_minor": func.coalesce(func.sum(_F.taken_minor), 0),
    # Of a discrete percentile the value is one of those that are there: the nearest rank.
    "first_answer": func.percentile_disc(text("0.5")).within_group(
        _F.first_answer_at - _F.posted_at
    ),
}


async def count(
    session: AsyncSession,
    by: GroupBy,
    *,
    begins_at: datetime | None,
    ends_at: datetime | None,
    market_id: MarketId | None,
) -> tuple[Figures, Sequence[Figures]]:
    """Return the figures of all postings of a period, and those of each group by its name.

    Postings without a group, such as those in no edition, are in the total only.

    Invariants: DM114, DM115, DM116.
    """
    group = _GROUPS[by].label("grouped")
    reasons = {
        reason: func.count().filter(_F.reason == str(reason)).label(f"reason_{reason}")
        for reason in NoTakeUp
    }
    counts = [column.label(name) for name, column in _COUNTS.items()]
    asked = select(group, func.grouping(group).label("whole"), *counts, *reasons.values()).where(
        _F.posted_at.is_not(None)
    )
    if begins_at is not None:
        asked = asked.where(_F.posted_at >= begins_at)
    if ends_at is not None:
        asked = asked.where(_F.posted_at < ends_at)
    if market_id is not None:
        asked = asked.where(_F.market_id == market_id)
    rows = await session.execute(asked.group_by(func.grouping_sets(group, tuple_())))
    total: Figures | None = None
    groups: list[Figures] = []
    for row in rows.mappings():
        figures = _figures(dict(row))
        if row["whole"]:
            total = figures
        elif figures.group is not None:
            groups.append(figures)
    assert total is not None  # the empty grouping set has one row, also of nothing
    return total, sorted(groups, key=lambda figures: figures.group or "")


def _figures(row: dict[str, Any]) -> Figures:
    values: dict[str, Any] = {name: row[name] for name in _COUNTS}
    for name, value in values.items():
        if value is not None and not isinstance(value, timedelta):
            values[name] = int(value)  # sums of BIGINT are NUMERIC
    return Figures(
        group=None if row["whole"] else row["grouped"],
        reasons={reason: row[f"reason_{reason}"] for reason in NoTakeUp},
        **values,
    )
