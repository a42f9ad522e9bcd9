"""What entries are made of, and that they follow every act: MT25, MT26, MT27."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.listings.handlers import take_outcome
from app.matching.domain.entry import EntryKind, Facts, Readiness
from app.matching.models import MatchEntryRow
from app.matching.repository import entry_work, entry_writing
from app.matching.repository.entries import load_current, mark_matched
from app.matching.service import deriving
from app.platform import timers
from app.platform.db import Database
from app.platform.journal import JournalEvent
from app.platform.runtime import Runtime
from app.shared.calendar import SHANGHAI
from app.shared.ids import new_id
from app.shared.money import Money
from tests.demands.board import RESTRICTED, done
from tests.listings.factories import achievement_body
from tests.listings.test_outcome import happen
from tests.matching.market import Market
from tests.world import START

ALL = UUID(int=0)


@dataclass
class Follower:
    """Follows events as the indexer does, of all that is journaled in the test."""

    session: AsyncSession
    seen: int = 0

    async def follow(self) -> None:
        events = (
            await self.session.scalars(
                select(JournalEvent)
                .where(JournalEvent.seq > self.seen, JournalEvent.type.in_(deriving.FOLLOWED))
                .order_by(JournalEvent.seq)
            )
        ).all()
        if events:
            self.seen = events[-1].seq
            await deriving.keep(self.session, await deriving.ids_of(self.session, events))

    async def held(self) -> set[UUID]:
        """Return what is kept, which is what may be shown, in that revision."""
        await self.follow()
        rows = await self.session.execute(select(MatchEntryRow.id, MatchEntryRow.revision))
        shown = await self.session.execute(text("SELECT id, revision FROM matchable_entries"))
        kept = {(row.id, row.revision) for row in rows}
        assert kept == {(row.id, row.revision) for row in shown}
        return {id_ for id_, _ in kept}


@pytest.fixture
async def follower(session: AsyncSession) -> Follower:
    return Follower(session, await session.scalar(select(func.max(JournalEvent.seq))) or 0)


async def row_of(session: AsyncSession, entry_id: UUID) -> MatchEntryRow:
    row = await session.get(MatchEntryRow, entry_id, populate_existing=True)
    assert row is not None
    return row


async def run_timers(market: Market, database: Database, runtime: Runtime, at: datetime) -> None:
    await market.world.at(market.session, at)
    while await timers.run_one(database, runtime.timer_handlers):
        pass


async def test_an_achievement_is_held_exactly_while_it_lies_on_the_shelf(
    market: Market, follower: Follower, rolled_back: Database, shared_runtime: Runtime
) -> None:
    desk = market.desk
    entry = await desk.submit()
    own = UUID(entry["id"])
    assert own not in await follower.held()
    await desk.review(entry)
    assert own in await follower.held()
    body = achievement_body(title="事件相机检测方法（二代）")
    done(await market.board.put(f"achievements/{own}", "seller_staff", body, seen='"1"'))
    assert own not in await follower.held()
    await desk.review(entry)
    assert own in await follower.held()
    assert (await row_of(market.session, own)).title == "事件相机检测方法（二代）"
    await run_timers(market, rolled_back, shared_runtime, datetime(2027, 3, 3, tzinfo=SHANGHAI))
    assert own not in await follower.held()
    done(await desk.post(f"achievements/{own}/confirmation", "seller_staff", None))
    assert own in await follower.held()
    reason = {"reason": "技术路线已被替代"}
    done(await desk.post(f"achievements/{own}/withdrawal", "seller_staff", reason))
    assert own not in await follower.held()


async def test_a_transfer_takes_what_it_sold_and_a_licence_does_not(
    market: Market, follower: Follower
) -> None:
    desk = market.desk
    for mode, stays in (("transfer", False), ("licence_exclusive", True)):
        listing = await desk.published(conversion_mode=mode)
        own = UUID(listing["achievement_id"])
        assert own in await follower.held()
        event = await happen(desk, listing, "deal.opened", at=await desk.now() + timedelta(days=30))
        await take_outcome(desk.session, event)
        assert (own in await follower.held()) == stays


async def test_a_demand_is_held_exactly_while_it_takes_proposals(
    market: Market, follower: Follower, rolled_back: Database, shared_runtime: Runtime
) -> None:
    board, session = market.board, market.session
    closing, withdrawn = [await board.posted(session) for _ in range(2)]
    both = {UUID(closing["id"]), UUID(withdrawn["id"])}
    assert both <= await follower.held()
    reason = {"reason": "项目取消"}
    done(await board.post(f"demands/{withdrawn['id']}/withdrawal", "buyer_staff", reason))
    assert both & await follower.held() == {UUID(closing["id"])}
    await run_timers(market, rolled_back, shared_runtime, datetime(2026, 4, 1, tzinfo=SHANGHAI))
    assert not both & await follower.held()


async def test_nothing_restricted_is_kept(market: Market) -> None:
    """MT27"""
    shelved = await market.shelve(
        "高镍正极包覆",
        "包覆液配方为磷酸镧与铌酸锂。",
        confidentiality="restricted",
        public_summary="一种正极材料表面包覆技术。",
        evidence="中试记录三批。",
        state_of_the_art="对比某厂产品。",
        keywords=["正极材料"],
    )
    posted = await market.post("深孔镗削抑振", "返修率百分之八。", **RESTRICTED)
    row = await row_of(market.session, shelved)
    assert (row.title, row.keywords, row.text) == (
        "高镍正极包覆",
        ["正极材料"],
        "一种正极材料表面包覆技术。",
    )
    row = await row_of(market.session, posted)
    assert row.text == "返修率百分之八。\n内孔表面粗糙度Ra μm"
    assert RESTRICTED["restricted_text"] not in str(vars(row))


async def test_facts_are_those_stated(market: Market) -> None:
    shelved = await market.shelve("缺陷检测", "事件相机检测。")
    posted = await market.post("抑振", "返修率高。")
    found = await load_current(market.session, [shelved, posted])
    price = Money.parse("650000.00", "CNY")
    assert found[shelved].entry.facts == Facts(
        technology_field="electronic_information",
        readiness=Readiness("trl_9", 7),
        price_low=price,
        price_high=price,
        region="330110",
        modes=("transfer", "licence_exclusive"),
    )
    demand = found[posted].entry.facts
    assert (demand.price_low, demand.price_high) == (
        Money.parse("600000.00", "CNY"),
        Money.parse("900000.00", "CNY"),
    )
    assert (demand.region, demand.modes) == ("330106", ("commissioned_development",))
    assert demand.ip_ownership == "poster_owns_solver_research_use"
    assert str(demand.due_on) == "2026-12-18"


async def _change(session: AsyncSession, achievement_id: UUID, **columns: Any) -> None:
    names = ", ".join(f"{name} = :{name}" for name in columns)
    await session.execute(
        text(f"UPDATE achievements SET {names} WHERE id = :id"), {"id": achievement_id} | columns
    )


async def test_a_vector_outlives_other_facts_and_not_another_text(market: Market) -> None:
    """MT25, MT26"""
    session = market.session
    own = await market.shelve("缺陷检测", "事件相机检测。")

    async def read_and_matched() -> None:
        async with session.begin_nested():
            unread = await entry_work.unread(session, limit=9)
            await entry_work.keep_vectors(session, "e5", [(one, b"\x01\xff") for one in unread])
            await mark_matched(session, own, "kept", knows_until=START)

    await read_and_matched()
    await market.index(EntryKind.ACHIEVEMENT, own)
    row = await row_of(session, own)
    assert (row.model, row.vector, row.matched_with) == ("e5", b"\x01\xff", "kept")
    assert own not in await entry_work.unmatched(session, but=(), limit=9)

    await _change(session, own, readiness_level=9)
    await market.index(EntryKind.ACHIEVEMENT, own)
    row = await row_of(session, own)
    assert (row.readiness_level, row.model, row.vector) == (9, "e5", b"\x01\xff")
    assert own in await entry_work.unmatched(session, but=(), limit=9)
    assert own not in await entry_work.unmatched(session, but=[own], limit=9)

    await read_and_matched()
    [old] = await entry_work.read_by_others(session, "better", before=UUID(int=2**128 - 1), limit=9)
    await _change(session, own, abstract="事件相机检测，二代。")
    await market.index(EntryKind.ACHIEVEMENT, own)
    row = await row_of(session, own)
    assert (row.model, row.vector, row.matched_with) == (None, None, None)
    await entry_work.keep_vectors(session, "better", [(old, b"\x02")])
    assert (await row_of(session, own)).model is None  # it was the old text's


async def test_entries_made_anew_page_by_page_are_the_same(market: Market) -> None:
    """MT25: and what should not be there goes, before, between and behind."""
    session = market.session
    ids = sorted([await market.shelve(f"方法{number}", "检测。") for number in range(5)])
    strange = [UUID(int=1), UUID(int=ids[2].int + 1), UUID(int=2**128 - 1)]
    for id_ in strange:
        row = dict(vars(await row_of(session, ids[0])))
        row.pop("_sa_instance_state")
        session.add(MatchEntryRow(**row | {"id": id_}))
    await session.flush()
    await _change(session, ids[1], title="改名")
    await mark_matched(session, ids[0], "kept", knows_until=START)
    found: list[UUID] = []
    after: UUID | None = ALL
    while after is not None:
        entries, after = await deriving.keep_page(
            session, EntryKind.ACHIEVEMENT, after=after, limit=2
        )
        found += [entry.id for entry in entries]
    assert set(ids) <= set(found)
    kept = set(await session.scalars(select(MatchEntryRow.id)))
    assert kept == set(found)
    assert (await row_of(session, ids[1])).title == "改名"
    assert (await row_of(session, ids[0])).matched_with == "kept"


async def test_what_a_late_index_finds_is_not_shown(market: Market) -> None:
    """MT21: withdrawn, closed to the public, or of an older revision."""
    session = market.session
    withdrawn, edited, shown = [
        await market.shelve(f"缺陷检测{number}", "事件相机检测。") for number in range(3)
    ]
    await _change(session, withdrawn, status="withdrawn")
    await _change(session, edited, confidentiality="restricted", public_summary="摘要", version=2)
    index = market.engine.indexes[EntryKind.ACHIEVEMENT]
    found = [one.id for one in index.search({"相机": 1.0}, limit=9)]
    assert {withdrawn, edited, shown} <= set(found)
    current = await load_current(session, found)
    assert shown in current
    assert not {withdrawn, edited} & current.keys()


async def test_strangers_ids_are_nothing(session: AsyncSession) -> None:
    stranger = new_id()
    change = await deriving.keep(session, {EntryKind.DEMAND: {stranger}})
    assert (change.entries, change.gone) == ([], [(EntryKind.DEMAND, stranger)])
    assert await entry_writing.shown_among(session, [stranger]) == frozenset()
