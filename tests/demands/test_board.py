"""The board's list: filters, orders, pages, words, and what nobody else may find."""

from datetime import timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.demand import DemandStatus, may_see
from app.demands.handlers import REACTIONS
from app.demands.models import DemandBoardRow
from app.demands.repository import demands
from app.demands.repository.board import seen_by
from app.platform.journal import history
from app.platform.schema import encode_cursor
from app.shared.access import Viewer
from app.shared.ids import DemandId, new_id
from app.shared.regions import region_prefix
from tests.demands.board import RESTRICTED, Board, Json, city_of, done, refusal, terms, yuan
from tests.world import START

BOARD = next(item for item in REACTIONS if item.name == "demands.board")


async def read_journal(session: AsyncSession, demand: Json) -> None:
    for event in await history(session, UUID(demand["id"])):
        if event.type in BOARD.types:
            await BOARD.react(session, event)


async def ids(board: Board, asked: str, role: str = "anonymous", **who: Any) -> list[str]:
    market = f"market_id={board.world.market_id}"
    listed = done(await board.get(f"demands?{market}&{asked}", role, **who))
    return [item["id"] for item in listed["items"]]


def fixed(amount: str) -> Json:
    return {"budget": {"kind": "fixed", "low": yuan(amount), "high": yuan(amount)}}


async def test_filters_find_what_has_all_of_them(board: Board, session: AsyncSession) -> None:
    """DM110"""
    lathe = await board.posted(session)
    farm = await board.posted(
        session,
        more={
            "technology_field": "agriculture",
            "cooperation_mode": "joint_development",
            "budget": {"kind": "open"},
            "due_on": "2027-01-31",
        },
        closes_at="2026-04-30T16:00:00Z",
    )
    draft = await board.submitted()
    for demand in (lathe, farm):
        await read_journal(session, demand)
    assert await ids(board, "") == [farm["id"], lathe["id"]]
    assert await ids(board, "", "buyer_staff") == [draft["id"], farm["id"], lathe["id"]]
    for asked, found in (
        ("technology_field=agriculture", [farm]),
        ("cooperation_mode=commissioned_development", [lathe]),
        ("status=posted&status=closed", [farm, lathe]),
        ("status=submitted", []),
        ("budget_min=900000", [lathe]),
        ("budget_min=900000.01", []),
        ("budget_max=600000", [lathe]),
        ("budget_max=599999.99", []),
        ("due_before=2026-12-18", [lathe]),
        ("due_before=2026-12-17", []),
        ("closing_before=2026-03-31T16:00:01Z", [lathe]),
        ("closing_before=2026-03-31T16:00:00Z", []),
        ("region_code=330000", [farm, lathe]),
        ("region_code=330100&technology_field=agriculture", [farm]),
        ("region_code=330110", []),
        (f"edition_id={new_id()}", []),
        (f"challenge_id={new_id()}", []),
        ("budget_min=999999999999999", []),
    ):
        assert await ids(board, asked) == [demand["id"] for demand in found], asked
    assert await ids(board, "status=submitted", "operator") == [draft["id"]]


async def test_orders_page_without_a_gap_or_a_repetition(
    board: Board, session: AsyncSession
) -> None:
    """DM111"""
    made = []
    for day, amount in ((20, "300000.00"), (10, "300000.00"), (15, "900000.00")):
        made.append(
            await board.posted(
                session,
                more=fixed(amount),
                closes_at=f"2026-04-{day}T16:00:00Z",
            )
        )
        await board.world.later(session, minutes=1)
    made.append(await board.posted(session, more={"budget": {"kind": "open"}}))
    drafted = await board.submitted()
    late, soon, rich, open_ = made
    expected = {
        "newest": [open_, rich, soon, late],
        "closing": [open_, soon, rich, late],
        "budget": [rich, soon, late, open_],
    }
    market = f"market_id={board.world.market_id}"
    for order, demands_ in expected.items():
        found: list[str] = []
        place = ""
        while True:
            page = done(await board.get(f"demands?{market}&order={order}&limit=1{place}"))
            found += [item["id"] for item in page["items"]]
            if page["next"] is None:
                break
            place = f"&cursor={page['next']}"
        assert found == [demand["id"] for demand in demands_], order
        for cursor in ("bm8", encode_cursor("0001-01-01T00:00:00+08:00", str(new_id()))):
            refusal(
                await board.get(f"demands?order={order}&cursor={cursor}"), 400, "cursor_invalid"
            )
    assert drafted["id"] in await ids(board, "order=newest", "buyer_staff")
    assert drafted["id"] not in await ids(board, "order=closing", "buyer_staff")


async def test_words_find_what_everybody_may_read(board: Board, session: AsyncSession) -> None:
    """DM112"""
    drill = await board.posted(session, more=RESTRICTED)
    pump = await board.posted(session, more={"title": "高温熔盐泵轴承寿命提升"})
    for demand in (drill, pump):
        await read_journal(session, demand)
    assert await ids(board, "q=深孔镗削") == [drill["id"]]
    assert await ids(board, "q=熔盐泵 轴承") == [pump["id"]]
    assert set(await ids(board, "q=西溪智造")) == {drill["id"], pump["id"]}
    assert await ids(board, f"q={pump['number']}") == [pump["id"]]
    # What is restricted is found by nobody, not even by who may read it.
    assert await ids(board, "q=阻尼层配方") == await ids(board, "q=阻尼层配方", "buyer_staff") == []


async def test_the_list_knows_who_may_know_a_demand(board: Board, session: AsyncSession) -> None:
    """DM2, DM110"""
    world = board.world
    viewers = (
        Viewer(),
        Viewer(party_id=world.buyer),
        Viewer(party_id=world.other_buyer),
        Viewer(party_id=world.operator, staff_of=world.market_id),
        Viewer(party_id=world.operator_elsewhere, staff_of=world.other_market_id),
    )
    posted, never = await board.posted(session), await board.submitted()
    for told, status in product((posted, never), DemandStatus):
        if told is never and status not in {DemandStatus.DRAFT, DemandStatus.WITHDRAWN}:
            continue
        if status is DemandStatus.MERGED:
            continue  # it names the other demand
        await board.put_in(session, told["id"], status)
        demand = await demands.find(session, DemandId(UUID(told["id"])))
        assert demand is not None
        for viewer in viewers:
            found = await session.scalar(
                select(DemandBoardRow.demand_id).where(
                    DemandBoardRow.demand_id == demand.id, seen_by(viewer)
                )
            )
            assert (found is not None) == may_see(viewer, demand), (status, viewer)


async def test_what_is_posted_anew_is_the_newest_again(board: Board, session: AsyncSession) -> None:
    """DM111"""
    first, second = await board.posted(session), await board.posted(session)
    assert await ids(board, "") == [second["id"], first["id"]]
    await board.world.at(session, START + timedelta(days=1))
    await board.put_in(session, first["id"], DemandStatus.REVIEWED)
    path = f"demands/{first['id']}/posting"
    done(await board.post(path, "operator", {"terms": terms()}))
    assert await ids(board, "") == [first["id"], second["id"]]


@pytest.mark.parametrize(
    ("code", "prefix", "city"),
    [
        ("330000", "33", "330000"),
        ("330100", "3301", "330100"),
        ("330106", "330106", "330100"),
        ("110105", "110105", "110100"),
    ],
)
def test_a_region_holds_its_parts(code: str, prefix: str, city: str) -> None:
    """DM110"""
    assert (region_prefix(code), city_of(code)) == (prefix, city)
