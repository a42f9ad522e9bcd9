"""The board of demands in the database: what a viewer may know, in order."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Text, cast, func, literal, or_, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.board import (
    BoardFilters,
    BoardOrder,
    BoardPlace,
    ListedDemand,
)
from app.demands.domain.content import Budget, BudgetKind, Confidentiality
from app.demands.domain.demand import DemandStatus
from app.demands.models import ChallengeDemandRow, DemandBoardRow, DemandRow
from app.shared.access import Viewer
from app.shared.ids import DemandId
from app.shared.money import Money
from app.shared.regions import region_prefix
from app.shared.words import Term, tokens_of

_B: Final = DemandBoardRow
_KEYS: Final[Mapping[BoardOrder, tuple[ColumnElement[Any], bool]]] = {
    BoardOrder.NEWEST: (DemandBoardRow.__table__.c.listed_at, True),
    BoardOrder.CLOSING: (DemandBoardRow.__table__.c.closes_at, False),
    BoardOrder.BUDGET: (DemandBoardRow.__table__.c.amount_minor, True),
}


def seen_by(viewer: Viewer) -> ColumnElement[bool]:
    """Return the condition of `domain.demand.may_see`; a test holds them together.

    Invariant: DM2.
    """
    seen: list[ColumnElement[bool]] = [_B.known.is_(True)]
    if viewer.party_id is not None:
        seen.append(_B.party_id == viewer.party_id)
    if viewer.staff_of is not None:
        seen.append(_B.market_id == viewer.staff_of)
    return or_(*seen)


async def find_page(
    session: AsyncSession,
    viewer: Viewer,
    filters: BoardFilters,
    *,
    order: BoardOrder,
    after: BoardPlace | None,
    limit: int,
) -> Sequence[tuple[BoardPlace, ListedDemand]]:
    """Return what the viewer may see, with its places in the order.

    Invariants: DM110, DM111.
    """
    key, descending = _KEYS[order]
    ids = select(_B.demand_id, key.label("key")).where(seen_by(viewer), *_conditions(filters))
    if order is BoardOrder.CLOSING:
        ids = ids.where(_B.status == str(DemandStatus.POSTED))
    if after is not None:
        here, there = tuple_(key, _B.demand_id), _place(after)
        ids = ids.where(here < there if descending else here > there)
    if descending:
        ids = ids.order_by(key.desc(), _B.demand_id.desc())
    else:
        ids = ids.order_by(key, _B.demand_id)
    if filters.terms:
        await _plan_for_words(session)
    places = {
        demand_id: BoardPlace(at, DemandId(demand_id))
        for demand_id, at in await session.execute(ids.limit(limit))
    }
    listed = await _listed(session, places)
    return [(place, listed[demand_id]) for demand_id, place in places.items()]


# A page shows few of the columns; the others would have to be fetched and parsed.
_SHOWN: Final = [
    column
    for column in DemandRow.__table__.c
    if column.name in ListedDemand.__dataclass_fields__ or column.name.startswith("budget_")
]


async def _listed(session: AsyncSession, ids: Collection[UUID]) -> Mapping[UUID, ListedDemand]:
    rows = await session.execute(select(*_SHOWN).where(DemandRow.id.in_(ids)))
    return {row["id"]: _demand(dict(row)) for row in rows.mappings()}


def _demand(values: dict[str, Any]) -> ListedDemand:
    kind, currency = values.pop("budget_kind"), values.pop("budget_currency")
    low, high = (values.pop(f"budget_{end}_minor") for end in ("low", "high"))
    budget = Budget(
        kind=BudgetKind(kind),
        low=None if low is None else Money(low, currency),
        high=None if high is None else Money(high, currency),
    )
    names = {"status": DemandStatus, "confidentiality": Confidentiality}
    told = {name: read(values[name]) for name, read in names.items()}
    return ListedDemand(budget=budget, **(values | told))


def _place(after: BoardPlace) -> ColumnElement[Any]:
    return tuple_(literal(after.key), literal(after.demand_id))


async def _plan_for_words(session: AsyncSession) -> None:
    # The planner takes looking at a row's words to be cheap, and would walk through the whole
    # board in its order for words that few demands have.
    await session.execute(
        text(
            "SELECT set_config('plan_cache_mode', 'force_custom_plan', true),"
            " set_config('enable_indexscan', 'off', true),"
            " set_config('enable_seqscan', 'off', true)"
        )
    )


def _conditions(filters: BoardFilters) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = []
    for column, value in (
        (_B.market_id, filters.market_id),
        (_B.technology_field, filters.technology_field),
        (_B.edition_id, filters.edition_id),
        (_B.cooperation_mode, filters.cooperation_mode),
    ):
        if value is not None:
            asked.append(column == value)
    if filters.statuses:
        asked.append(_B.status.in_([str(status) for status in filters.statuses]))
    if filters.region_code is not None:
        asked.append(_B.region_code.startswith(region_prefix(filters.region_code)))
    if filters.challenge_id is not None:
        attached = select(ChallengeDemandRow.demand_id).where(
            ChallengeDemandRow.challenge_id == filters.challenge_id
        )
        asked.append(_B.demand_id.in_(attached))
    return asked + _ranges(filters)


def _ranges(filters: BoardFilters) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = []
    if filters.budget_min is not None:
        asked.append(_B.amount_minor >= filters.budget_min.amount_minor)
    if filters.budget_max is not None:
        asked.append((_B.amount_minor >= 0) & (_B.low_minor <= filters.budget_max.amount_minor))
    if filters.due_before is not None:
        asked.append(_B.due_on <= filters.due_before)
    if filters.closing_before is not None:
        still_open = _B.status == str(DemandStatus.POSTED)
        asked.append(still_open & (_B.closes_at < filters.closing_before))
    if filters.terms:
        query = cast(cast(_words_asked(filters.terms), Text), TSQUERY)
        asked.append(_B.words.bool_op("@@")(query))
    return asked


def _words_asked(terms: Sequence[Term]) -> str:
    # A token holds letters, digits and points only, so none has to be escaped.
    return " & ".join(
        f"'{term.text}':*" if term.begins else " & ".join(f"'{token}'" for token in term.tokens)
        for term in terms
    )


async def put_words(
    session: AsyncSession, demand_id: DemandId, *, region_code: str | None, texts: Sequence[str]
) -> None:
    """Write what a posted demand is found by."""
    words = " ".join(f"'{token}'" for token in sorted(tokens_of(*texts)))
    await session.execute(
        update(_B)
        .where(_B.demand_id == demand_id)
        .values(
            region_code=func.coalesce(region_code, _B.region_code),
            words=cast(cast(words, Text), TSVECTOR),
        )
        .execution_options(synchronize_session=False)
    )
