"""Sums and medians over lots, in one statement each."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Integer,
    RowMapping,
    cast,
    collate,
    func,
    literal_column,
    select,
    text,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession

from app.insight.domain.cuts import Cut
from app.insight.domain.figures import Competition, Figures, GroupBy, Prices
from app.insight.domain.lots import CURRENCY, Method, Outcome
from app.insight.models import PriceLotRow
from app.insight.repository.cuts import cut

_L: Final = PriceLotRow
_C: Final = PriceLotRow.__table__.c
# Names by their bytes, years and months as numbers: a language's order takes twice as long.
_YEAR: Final = cast(func.date_part(text("'year'"), _C.ended_on), Integer)
_MONTH: Final = cast(func.date_part(text("'month'"), _C.ended_on), Integer)
_QUARTER: Final = cast(func.date_part(text("'quarter'"), _C.ended_on), Integer)
_GROUPS: Final[Mapping[GroupBy, ColumnElement[Any]]] = {
    GroupBy.FIELD: collate(_C.technology_field, "C"),
    GroupBy.SELLER_REGION: collate(func.left(_C.seller_region, text("4")), "C"),
    GroupBy.BUYER_REGION: collate(func.left(_C.buyer_region, text("4")), "C"),
    GroupBy.PRICING_MODE: collate(_C.pricing_mode, "C"),
    GroupBy.SELLER_CLASS: collate(_C.seller_class, "C"),
    GroupBy.MONTH: _YEAR * text("100") + _MONTH,
    GroupBy.QUARTER: _YEAR * text("10") + _QUARTER,
    GroupBy.YEAR: _YEAR,
}
_SOLD: Final = _L.outcome == str(Outcome.SOLD)
_METHOD: Final = collate(_C.method, "C").label("method")
_PRICED: Final = _L.premium_bp.is_not(None)
_APPRAISED: Final = _L.start_ratio_bp.is_not(None)


def _sum(column: Any, which: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.coalesce(func.sum(column).filter(which), 0)


def _median(column: Any) -> ColumnElement[Any]:
    # Nearest rank, one of the values that are there; what is null does not count.
    return func.percentile_disc(text("0.5")).within_group(column)


_RESOLD: Final = _SOLD & ((_L.defaults > 0) | literal_column("earlier.first_at").is_not(None))
_PRICES: Final[Mapping[str, ColumnElement[Any]]] = {
    "unknown_amounts": func.count().filter(_SOLD, ~_L.amount_known),
    "other_currencies": func.count().filter(_SOLD, _L.amount_known, _L.currency != CURRENCY),
    "resold": func.count().filter(_RESOLD),
    "defaults": func.coalesce(func.sum(_L.defaults), 0),
    "priced": func.count().filter(_PRICED),
    "start_minor": _sum(_L.start_minor, _PRICED),
    "price_minor": _sum(_L.price_minor, _PRICED),
    "premium_median_bp": _median(_L.premium_bp),
    "appraised": func.count().filter(_APPRAISED),
    "appraised_minor": _sum(_L.appraisal_minor, _APPRAISED),
    "appraised_start_minor": _sum(_L.start_minor, _APPRAISED),
    "appraised_price_minor": _sum(_L.price_minor, _APPRAISED),
    "start_ratio_median_bp": _median(_L.start_ratio_bp),
    "price_ratio_median_bp": _median(_L.price_ratio_bp),
}
_ENDED: Final[Sequence[Outcome]] = [
    outcome for outcome in Outcome if outcome is not Outcome.RUNNING
]


def _group(by: GroupBy) -> ColumnElement[Any]:
    return _GROUPS[by].label("grouped")


async def count(session: AsyncSession, by: GroupBy, asked: Cut) -> tuple[Figures, list[Figures]]:
    """Return the figures of all lots of a cut, and those of each group in order of its name.

    Lots without a group, such as those of a seller whose region nobody knows, are in the total
    only.

    Invariants: IN2, IN3, IN4, IN5.
    """
    prices = await _prices(session, by, asked)
    competition = await _competition(session, by, asked)
    total = Figures(
        group=None, methods=prices.pop(_ALL, {}), competition=competition.pop(_ALL, Competition())
    )
    groups = [
        Figures(group=name, methods=methods, competition=competition.get(name, Competition()))
        for name, methods in sorted(prices.items())
    ]
    return total, groups


_ALL: Final = ""  # no group has this name


async def _prices(
    session: AsyncSession, by: GroupBy, asked: Cut
) -> dict[str, dict[Method, Prices]]:
    group = _group(by)
    earlier = (
        select(_L.achievement_id, func.min(_L.ended_at).label("first_at"))
        .where(_L.defaults > 0)
        .group_by(_L.achievement_id)
        .subquery("earlier")
    )
    counted = [
        func.count().filter(_L.outcome == str(outcome)).label(f"is_{outcome}") for outcome in _ENDED
    ]
    figures = [column.label(name) for name, column in _PRICES.items()]
    statement = cut(
        select(group, func.grouping(group).label("whole"), _METHOD, *counted, *figures), asked
    ).outerjoin(
        earlier,
        (earlier.c.achievement_id == _L.achievement_id) & (earlier.c.first_at < _L.ended_at),
    )
    rows = await session.execute(
        statement.group_by(func.grouping_sets(tuple_(group, _METHOD), tuple_(_METHOD)))
    )
    found: dict[str, dict[Method, Prices]] = defaultdict(dict)
    for row in rows.mappings():
        name = _name(by, row)
        if name is not None:
            outcomes: dict[Outcome, int] = {outcome: row[f"is_{outcome}"] for outcome in _ENDED}
            values = {key: _whole(row[key]) for key in _PRICES}
            found[name][Method(row["method"])] = Prices(outcomes=outcomes, **values)
    return found


def _whole(value: Any) -> Any:
    return None if value is None else int(value)  # sums of BIGINT are NUMERIC


async def _competition(session: AsyncSession, by: GroupBy, asked: Cut) -> dict[str, Competition]:
    group = _group(by)
    came = [
        func.sum(column).label(name)
        for name, column in (
            ("registered", _L.registered),
            ("qualified", _L.qualified),
            ("deposited", _L.deposited),
        )
    ]
    whole = func.grouping(group).label("whole")
    decided = [str(outcome) for outcome in (Outcome.SOLD, Outcome.FAILED, Outcome.DEFAULTED)]
    statement = cut(
        select(group, whole, _L.bidders, func.count().label("lots"), *came), asked
    ).where(_L.method != str(Method.OFF_FLOOR), _L.outcome.in_(decided))
    rows = await session.execute(
        statement.group_by(func.grouping_sets(tuple_(group, _L.bidders), tuple_(_L.bidders)))
    )
    found: dict[str, Competition] = defaultdict(Competition)
    for row in rows.mappings():
        name = _name(by, row)
        if name is not None:
            found[name] += Competition(
                lots_by_bidders={row["bidders"]: row["lots"]},
                registered=int(row["registered"]),
                qualified=int(row["qualified"]),
                deposited=int(row["deposited"]),
            )
    return found


def _name(by: GroupBy, row: RowMapping) -> str | None:
    """Return a group's name, `_ALL` for all lots, ``None`` for those without a group."""
    if row["whole"]:
        return _ALL
    value = row["grouped"]
    match by:
        case _ if value is None:
            return None
        case GroupBy.SELLER_REGION | GroupBy.BUYER_REGION:
            return f"{value}00"
        case GroupBy.MONTH:
            return f"{value // 100}-{value % 100:02}"
        case GroupBy.QUARTER:
            return f"{value // 10}-Q{value % 10}"
        case _:
            return str(value)
