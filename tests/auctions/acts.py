"""Acts of staff, consignors and holders on a lot, terms of each format, a search for secrets."""

from datetime import datetime
from typing import Any, Final

import httpx
from sqlalchemy import text

from app.demo.api import Who
from app.platform.db import Database
from tests.auctions.lot import OPERATOR, Lot, buyer, yuan

_NOT_OPEN: Final = {"step": None, "steps_max": None, "free_phase_s": None, "window_s": None}
_SEALED: Final = {**_NOT_OPEN, "round_s": 3600, "sealing": "plain"}

CRITERIA: Final = [{"name": "实施方案", "weight_bp": 2000}, {"name": "团队", "weight_bp": 1000}]
FORMATS: Final[dict[str, dict[str, Any]]] = {
    "multiple_bids": {"format": "multiple_bids"},
    "dynamic": {"format": "dynamic"},
    "sealed_first": {**_SEALED, "format": "sealed_first"},
    "sealed_second": {**_SEALED, "format": "sealed_second"},
    "rounds": {**_SEALED, "format": "rounds", "rounds": 2, "gap_s": 60, "eliminate": 1},
    "weighted": {**_SEALED, "format": "weighted", "criteria": CRITERIA},
    "dutch": {
        **_NOT_OPEN,
        "format": "dutch",
        "start": yuan(800_000),
        "step": yuan(20_000),
        "reserve": yuan(600_000),
        "interval_s": 60,
    },
}


async def act(
    lot: Lot, name: str, body: Any = None, *, who: Who = OPERATOR, key: str | None = None
) -> httpx.Response:
    """Post to ``/v1/auctions/{auction_id}/<name>``."""
    path = f"/v1/auctions/{lot.auction_id}/{name}"
    return await lot.api.send("POST", who, path, body, key=key)


async def done(lot: Lot, name: str, body: Any = None, *, who: Who = OPERATOR) -> Any:
    """Post as `act` does and return the body; the act must succeed."""
    answer = await act(lot, name, body, who=who)
    assert answer.is_success, answer.text
    return answer.json()


async def refused(lot: Lot, name: str, body: Any = None, *, who: Who = OPERATOR) -> tuple[int, Any]:
    """Post as `act` does and return status and problem."""
    answer = await act(lot, name, body, who=who)
    assert answer.is_error, answer.text
    return answer.status_code, answer.json()


async def offer(lot: Lot, name: str, amount: int, *, what: str = "bids") -> httpx.Response:
    """Let a buyer bid, set a limit or match."""
    return await act(lot, what, {"amount": yuan(amount)}, who=buyer(name))


def code_of(lot: Lot, name: str) -> str:
    """Return a buyer's code."""
    code: str = lot.registrations[name]["bidder_code"]
    return code


async def move_to(lot: Lot, moment: datetime) -> None:
    """Move the sandbox's clock by its route: all that falls due happens in its order."""
    path = f"/v1/markets/{lot.world.market_id}/sandbox/clock"
    await lot.api.post(lot.operator, path, {"advance_to": moment.isoformat()})


async def events_of(lot: Lot) -> list[dict[str, Any]]:
    """Return the auction's events as an operator reads them, in order."""
    query = text("""
        SELECT type, market_at, public, restricted FROM journal_events
        WHERE subject_id = :auction ORDER BY subject_version
    """)
    async with lot.database.transaction() as session:
        rows = await session.execute(query, {"auction": lot.auction_id})
        return [dict(row._mapping) for row in rows]


async def event_of(lot: Lot, what: str) -> dict[str, Any]:
    """Return the last event ``auction.<what>``."""
    return [event for event in await events_of(lot) if event["type"] == f"auction.{what}"][-1]


def traces(amount: int) -> list[str]:
    """Return how an amount in yuan could lie in a table, a log or an answer: text or its bytes."""
    minor = amount * 100
    plain = [str(minor), f"{amount}.00", f"{amount:,}"]
    return [*plain, *(it.encode().hex() for it in plain), minor.to_bytes(8, "big").hex()]


async def tables_with(database: Database, needles: list[str]) -> list[str]:
    """Return the tables of the whole database in whose rows' text one of the needles stands."""
    found = []
    async with database.transaction() as session:
        tables = await session.scalars(
            text("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'")
        )
        for table in tables:
            hit = await session.scalar(
                text(f"""
                    SELECT EXISTS (SELECT FROM {table} AS t, unnest(CAST(:needles AS text[])) n
                                   WHERE strpos(lower(t::text), lower(n)) > 0)
                """),
                {"needles": needles},
            )
            if hit:
                found.append(table)
    return found
