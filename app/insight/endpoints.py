"""The price statistics 价格统计 over HTTP: JSON, CSV, XLSX, and the lots behind the figures."""

import asyncio
from datetime import UTC, date, datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Query, Response

from app.insight.domain.cuts import Cut, checked
from app.insight.domain.figures import GroupBy
from app.insight.domain.table import Sheet, price_sheets
from app.insight.repository.lots import find_page
from app.insight.schemas.prices import PriceLotView, PriceStatisticsView
from app.insight.service.reading import read_prices, sees_inside
from app.platform.access import ActorDep
from app.platform.db import SessionDep
from app.platform.routing import router, self_transacted_router
from app.platform.runtime import RuntimeDep
from app.platform.schema import Limit, Page, decode_cursor, encode_cursor
from app.platform.tables.http import Format, table_file
from app.platform.tables.report import TableFormat
from app.platform.tables.sheets import write_csv, write_xlsx
from app.shared.ids import MarketId

routes = router(tag="insight")
slow = self_transacted_router(tag="insight")

_FIRST: Final = date(2000, 1, 1)
_LAST: Final = date(2199, 12, 31)
Code = Annotated[str | None, Query(pattern=r"^[a-z0-9_]{1,40}$", description="Name in `/v1/codes`")]


def cut_of(
    from_: Annotated[
        date | None, Query(alias="from", ge=_FIRST, le=_LAST, description="First day of ends")
    ] = None,
    to: Annotated[
        date | None, Query(ge=_FIRST, le=_LAST, description="Last day of ends, included")
    ] = None,
    market_id: Annotated[
        UUID | None, Query(description="One market; without it all live ones, no sandbox")
    ] = None,
    technology_field: Code = None,
    seller_region: Annotated[
        str | None, Query(pattern=r"^[0-9]{6}$", description="GB/T 2260, with all its parts")
    ] = None,
    pricing_mode: Code = None,
    seller_class: Code = None,
) -> Cut:
    """Return which lots are asked for."""
    asked = Cut(
        first=from_,
        last=to,
        market_id=None if market_id is None else MarketId(market_id),
        technology_field=technology_field,
        seller_region=seller_region,
        pricing_mode=pricing_mode,
        seller_class=seller_class,
    )
    return checked(asked)


CutDep = Annotated[Cut, Depends(cut_of)]


@routes.get("/insight/prices")
async def get_price_statistics(
    session: SessionDep, actor: ActorDep, by: GroupBy, asked: CutDep
) -> PriceStatisticsView:
    """Return how prices were found: what had competition, what had none, what was agreed, apart.

    A lot counts once, in the period (days of Asia/Shanghai, both included) in which it ended:
    with the deal that stands, or as failed, withdrawn, terminated or in default. So what found no
    buyer is counted too, and a deal in default is in no sum. Regions are the parties' cities by
    GB/T 2260: the seller's by `seller_region`, the buyer's by `buyer_region`. Buyers are not
    public, so theirs is told of one market's whole past year without filters, and cities of fewer
    than five deals are put together as `other`; operators and auditors who ask for their own market
    are free of that. Nothing is older than the worker's last look at the journal, about a second.
    Deals of demands are work to come and counted by `/v1/demands/statistics` alone.
    """
    inside = sees_inside(actor.viewer, asked)
    found = await read_prices(session, actor.viewer, by, asked)
    return PriceStatisticsView.of(by, found, inside=inside)


@slow.get("/insight/prices/table", response_class=Response)
async def get_price_table(
    runtime: RuntimeDep,
    actor: ActorDep,
    by: GroupBy,
    asked: CutDep,
    kind: Format = TableFormat.XLSX,
) -> Response:
    """Return the price statistics as CSV (prices) or XLSX (prices, bidders per lot).

    Money is in yuan, rates in per cent; the figures are those of `/v1/insight/prices`.
    """
    async with runtime.database.transaction() as session:
        total, groups = await read_prices(session, actor.viewer, by, asked)
    sheets = price_sheets(by, total, groups)
    content = await asyncio.to_thread(_written, kind, sheets)
    return table_file(content, kind, f"价格统计-{by}")


def _written(kind: TableFormat, sheets: tuple[Sheet, Sheet]) -> bytes:
    return write_csv(sheets[0][1]) if kind is TableFormat.CSV else write_xlsx(sheets)


def _moment(key: object) -> datetime:
    moment = datetime.fromisoformat(str(key))
    if moment.tzinfo is None:
        raise ValueError("a moment has its offset")
    return moment.astimezone(UTC)


@routes.get("/insight/prices/lots")
async def list_price_lots(
    session: SessionDep, asked: CutDep, cursor: str | None = None, limit: Limit = 50
) -> Page[PriceLotView]:
    """Return the lots behind the figures, the last one that ended first; public facts only."""
    before = None
    if cursor is not None:
        ended_at, listing_id = decode_cursor(cursor, _moment, UUID)
        before = (ended_at, listing_id)
    found = await find_page(session, asked, before=before, limit=limit + 1)
    page = found[:limit]
    following = None
    if len(found) > limit:
        listing_id, lot = page[-1]
        assert lot.ended_at is not None
        following = encode_cursor(lot.ended_at.isoformat(), str(listing_id))
    return Page(
        items=[PriceLotView.of(listing_id, lot) for listing_id, lot in page], next=following
    )
