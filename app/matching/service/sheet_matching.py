"""Match the demands of a file against the market, at the exchange's own machine."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.markets.public import MarketView, newest_markets
from app.matching.domain.entry import EntryKind
from app.matching.domain.match import Found, Verdict
from app.matching.domain.match_sheet import RowFound, SheetBasis, write_sheets
from app.matching.domain.weights import Weights
from app.matching.domain.wish import Wish
from app.matching.domain.wish_sheet import SHEET, SheetRead, read_wishes
from app.matching.service.engine import MatchingEngine, engine_of
from app.matching.service.finding import find_matches
from app.matching.service.keeping import worth_keeping
from app.matching.service.reading import names_of
from app.matching.service.weighting import active_weights
from app.platform.clock import market_now
from app.platform.db import forbid_writes
from app.platform.runtime import Runtime
from app.platform.tables.sheets import CSV, XLSX, Sheet, read_sheet, write_xlsx
from app.shared.calendar import SHANGHAI
from app.shared.errors import NotFound
from app.shared.tables.form import ImportFileUnreadable

MATCHES_A_DEMAND: Final = 10
_MARKETS_MAX: Final = 200
_KINDS: Final = {".xlsx": XLSX, ".csv": CSV}


class MarketNotNamed(NotFound):
    """There are several exchanges, or none of this code."""

    code = "market_not_named"
    title_zh = "请用 --market 指明交易所"
    title_en = "Name the exchange with --market"


@dataclass(frozen=True, slots=True)
class SheetMatched:
    """What became of a file.

    Attributes:
        content: The XLSX to write.
        rows: Of the file.
        unread: Rows with faults.
        suited: Rows that found something possible.
    """

    content: bytes
    rows: int
    unread: int
    suited: int


@dataclass(frozen=True, slots=True)
class _Ground:
    market: MarketView
    weights: Weights
    now: datetime


async def match_sheet(
    runtime: Runtime, path: Path, *, market_code: str | None, tell: Callable[[int, int], None]
) -> SheetMatched:
    """Match each row of a file; nothing of it is stored.

    Args:
        market_code: Whose weights and day are used; may be left out where there is one exchange.
        tell: Told how many rows are done, and of how many.

    Raises:
        ImportFileUnreadable, ImportEmpty, ImportTooLong, ImportColumnsInvalid: See each.
        MarketNotNamed: Several exchanges and no code, or no such one.
        IndexNotReady: The indexer has made no index yet.
        OSError: The file cannot be read.

    Invariants: MT99, MT100, MT101.
    """
    sheet = await asyncio.to_thread(_open, path)
    engine = engine_of(runtime)
    async with runtime.database.transaction() as session:
        await forbid_writes(session)
        ground = await _ground(session, market_code)
    today = ground.now.astimezone(SHANGHAI).date()
    read = await asyncio.to_thread(read_wishes, sheet.header, sheet.rows, today=today)
    rows: list[RowFound] = []
    for count, asked in enumerate(read.rows):
        tell(count, len(read.rows))
        found = None if asked.wish is None else await _find(runtime, engine, asked.wish, ground)
        rows.append(RowFound(asked, found))
    tell(len(rows), len(rows))
    return await _written(runtime, engine, read, rows, ground)


async def _ground(session: AsyncSession, code: str | None) -> _Ground:
    markets = await newest_markets(session, limit=_MARKETS_MAX)
    named = [market for market in markets if code in {None, market.code}]
    if len(named) != 1:
        raise MarketNotNamed(
            "Give the code of one exchange.",
            field="market",
            accepted=sorted(market.code for market in markets),
        )
    market = named[0]
    weights = await active_weights(session, market.id)
    return _Ground(market, weights, await market_now(session, market.id))


def _open(path: Path) -> Sheet:
    kind = _KINDS.get(path.suffix.lower())
    if kind is None:
        raise ImportFileUnreadable("Give an XLSX or CSV file.", accepted=["xlsx", "csv"])
    return read_sheet(path.read_bytes(), kind, SHEET)


async def _find(runtime: Runtime, engine: MatchingEngine, wish: Wish, ground: _Ground) -> Found:
    vector, model = await engine.embed(wish.words, wish.wants)
    async with runtime.database.transaction() as session:
        await forbid_writes(session)
        found = await find_matches(
            session,
            engine,
            replace(wish, vector=vector, model=model),
            home=ground.market.id,
            weights=ground.weights,
            today=ground.now.astimezone(SHANGHAI).date(),
            limit=MATCHES_A_DEMAND,
        )
    return replace(found, matches=worth_keeping(found))


async def _written(
    runtime: Runtime,
    engine: MatchingEngine,
    read: SheetRead,
    rows: Sequence[RowFound],
    ground: _Ground,
) -> SheetMatched:
    results = [row.found for row in rows if row.found is not None]
    async with runtime.database.transaction() as session:
        await forbid_writes(session)
        every = tuple(match for found in results for match in found.matches)
        names = await names_of(session, every)
    told = SheetBasis(
        market=ground.market.name_zh,
        at=ground.now,
        weights=ground.weights,
        calibration=engine.calibration.version,
        models={
            model: engine.calibration.of(model, EntryKind.ACHIEVEMENT)
            for model in {found.basis.model for found in results}
        },
        unused=read.unused,
    )
    content = await asyncio.to_thread(write_xlsx, write_sheets(rows, names, told))
    return SheetMatched(
        content=content,
        rows=len(rows),
        unread=len(rows) - len(results),
        suited=sum(found.verdict is not Verdict.NONE for found in results),
    )
