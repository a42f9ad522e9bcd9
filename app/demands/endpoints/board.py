"""The board of demands and its statistics over HTTP."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Query

from app.demands.domain.board import BoardFilters, BoardOrder, BoardPlace
from app.demands.domain.demand import DemandStatus
from app.demands.domain.statistics import GroupBy, period
from app.demands.repository import board, facts
from app.demands.schemas.board import StatisticsView
from app.demands.schemas.demands import Code, DemandSummary
from app.platform.access import ActorDep
from app.platform.db import SessionDep
from app.platform.routing import router
from app.platform.schema import Instant, Limit, Page, decode_cursor, encode_cursor
from app.shared.ids import ChallengeId, DemandId, EditionId, MarketId
from app.shared.money import AMOUNT_MINOR_MAX, AmountInvalid, Money
from app.shared.words import terms_of

routes = router(tag="demands")

Region = Annotated[str, Query(pattern=r"^[0-9]{6}$", description="GB/T 2260, with all its parts")]
Yuan = Annotated[
    str, Query(pattern=r"^[0-9]{1,15}(\.[0-9]{1,2})?$", description="CNY, a decimal string")
]
Words = Annotated[str, Query(min_length=1, max_length=200, description="Words of its public part")]

_FIRST: Final = date(2000, 1, 1)
_LAST: Final = date(2199, 12, 31)


def _moment(key: object) -> datetime:
    moment = datetime.fromisoformat(str(key))
    if moment.tzinfo is None:
        raise ValueError("a moment has its offset")
    return moment.astimezone(UTC)  # one that has no day there is refused


def _minor(key: object) -> int:
    if not isinstance(key, int) or abs(key) > AMOUNT_MINOR_MAX:
        raise ValueError("no amount")
    return key


_KEYS: Final[dict[BoardOrder, Callable[[Any], datetime | int]]] = {
    BoardOrder.NEWEST: _moment,
    BoardOrder.CLOSING: _moment,
    BoardOrder.BUDGET: _minor,
}


def _after(order: BoardOrder, cursor: str | None) -> BoardPlace | None:
    if cursor is None:
        return None
    key, demand_id = decode_cursor(cursor, _KEYS[order], UUID)
    return BoardPlace(key, DemandId(demand_id))


def _cursor(place: BoardPlace) -> str:
    key = place.key.isoformat() if isinstance(place.key, datetime) else place.key
    return encode_cursor(key, str(place.demand_id))


def _money(amount: str | None) -> Money | None:
    try:
        return None if amount is None else Money.parse(amount)
    except AmountInvalid:  # more than can be booked: nothing costs that much
        return Money(AMOUNT_MINOR_MAX)


@routes.get("/demands")
async def list_demands(
    actor: ActorDep,
    session: SessionDep,
    market_id: UUID | None = None,
    status: Annotated[list[DemandStatus] | None, Query(max_length=17)] = None,
    technology_field: Code | None = None,
    region_code: Region | None = None,
    edition_id: UUID | None = None,
    challenge_id: UUID | None = None,
    cooperation_mode: Code | None = None,
    budget_min: Yuan | None = None,
    budget_max: Yuan | None = None,
    due_before: date | None = None,
    closing_before: Instant | None = None,
    q: Words | None = None,
    order: BoardOrder = BoardOrder.NEWEST,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Page[DemandSummary]:
    """List demands: those on the board, and all of the caller's own; staff all of its market's.

    By default the last posted come first. `order=closing` lists what still takes proposals, the
    nearest deadline first; `order=budget` the highest budget in CNY first. A budget fits if its
    range and the one asked for have a part in common; open budgets and other currencies fit
    none. `q` finds demands that have all its words, within a second of their posting.
    """
    filters = BoardFilters(
        market_id=None if market_id is None else MarketId(market_id),
        statuses=tuple(status or ()),
        technology_field=technology_field,
        region_code=region_code,
        edition_id=None if edition_id is None else EditionId(edition_id),
        challenge_id=None if challenge_id is None else ChallengeId(challenge_id),
        cooperation_mode=cooperation_mode,
        budget_min=_money(budget_min),
        budget_max=_money(budget_max),
        due_before=due_before,
        closing_before=closing_before,
        terms=() if q is None else terms_of(q),
    )
    found = await board.find_page(
        session,
        actor.viewer,
        filters,
        order=order,
        after=_after(order, cursor),
        limit=limit + 1,
    )
    return Page(
        items=[DemandSummary.model_validate(listed) for _, listed in found[:limit]],
        next=_cursor(found[limit - 1][0]) if len(found) > limit else None,
    )


@routes.get("/demands/statistics")
async def get_demand_statistics(
    session: SessionDep,
    by: GroupBy,
    from_: Annotated[
        date | None, Query(alias="from", ge=_FIRST, le=_LAST, description="First day posted")
    ] = None,
    to: Annotated[date | None, Query(ge=_FIRST, le=_LAST, description="Last day posted")] = None,
    market_id: UUID | None = None,
) -> StatisticsView:
    """Return what became of the postings of a period, as the journal tells it.

    Days are of Asia/Shanghai, both included; a demand posted anew counts once a posting. What
    came in answer is counted when the deadline has passed, never before. Nothing is older than
    the worker's last look at the journal, about a second.
    """
    begins_at, ends_at = period(from_, to)
    found = await facts.count(
        session,
        by,
        begins_at=begins_at,
        ends_at=ends_at,
        market_id=None if market_id is None else MarketId(market_id),
    )
    return StatisticsView.of(by, found)
