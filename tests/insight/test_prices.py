"""The price statistics against naive readers of the same lots and events; over HTTP."""

import csv
import io
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import openpyxl
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.insight.domain.cuts import Cut
from app.insight.domain.figures import Competition, GroupBy, Prices
from app.insight.domain.lots import Lot, Method, Outcome
from app.insight.handlers import REACTIONS
from app.insight.models import PriceLotRow
from app.insight.public import count_anew
from app.insight.repository import figures, lots
from app.platform.access import SYSTEM
from app.platform.journal import JournalEvent, NewEvent, append, history
from app.shared import codes
from app.shared.calendar import SHANGHAI
from app.shared.ids import ListingId, new_id
from app.shared.money import Money
from tests.world import START, World

Json = dict[str, Any]
(PRICES,) = REACTIONS
FIELDS = ("new_materials", "agriculture", "advanced_manufacturing")
REGIONS = ("330106", "330110", "330204", "110105")
ENDS = [outcome for outcome in Outcome if outcome is not Outcome.RUNNING]


def made_lot(chance: random.Random, works: Sequence[str]) -> Lot:
    """Return a lot as it might have ended, or that runs."""
    outcome = chance.choice([*Outcome, *[Outcome.SOLD] * 6])
    bidders = chance.choice((0, 1, 1, 2, 3, 7))
    mode = chance.choice(("bidding", "bidding", "posted", "agreement"))
    method = Method.CONTESTED if bidders > 1 else Method.UNCONTESTED
    sold = outcome is Outcome.SOLD
    start = chance.randrange(10**6, 10**9)
    day = START + timedelta(minutes=chance.randrange(400 * 24 * 60))
    return Lot(
        number="ZP-L-2026-000001",
        title="低温甲醇洗尾气回收工艺",
        achievement_id=chance.choice(works),
        technology_field=chance.choice(FIELDS),
        seller_region=chance.choice((None, *REGIONS)),
        seller_class=chance.choice(("university", "private")),
        buyer_region=chance.choice(REGIONS) if sold else None,
        pricing_mode=mode,
        sandbox=True,
        outcome=outcome,
        method=Method.OFF_FLOOR if mode == "agreement" else method,
        ended_at=None if outcome is Outcome.RUNNING else day,
        bidders=bidders,
        registered=bidders + 2,
        qualified=bidders + 1,
        deposited=bidders,
        currency=chance.choice(("CNY", "CNY", "CNY", "USD")),
        appraisal_minor=chance.choice((None, start + 10**5)),
        start_minor=start,
        price_minor=start * chance.randrange(100, 300) // 100 if sold else None,
        amount_known=chance.random() < 0.9,
        defaults=1 if outcome is Outcome.DEFAULTED else chance.choice((0, 0, 0, 1)),
    )


def nearest(values: Sequence[int]) -> int | None:
    ordered = sorted(values)
    return ordered[(len(ordered) + 1) // 2 - 1] if ordered else None


def bp(part: int, whole: int) -> int:
    return (2 * part * 10_000 + whole) // (2 * whole)


def prices_of(some: Sequence[Lot], everything: Sequence[Lot]) -> Prices:
    """Count lots of one method as one would by hand."""
    sold = [lot for lot in some if lot.price_minor is not None]
    priced = [lot for lot in sold if lot.amount_known and lot.currency == "CNY"]
    known = [lot for lot in priced if lot.appraisal_minor is not None]

    def again(lot: Lot) -> bool:
        return lot.defaults > 0 or any(
            other.achievement_id == lot.achievement_id
            and other.defaults > 0
            and other.ended_at is not None
            and lot.ended_at is not None
            and other.ended_at < lot.ended_at
            for other in everything
        )

    return Prices(
        outcomes={outcome: sum(lot.outcome is outcome for lot in some) for outcome in ENDS},
        unknown_amounts=sum(not lot.amount_known for lot in sold),
        other_currencies=sum(lot.amount_known and lot.currency != "CNY" for lot in sold),
        resold=sum(again(lot) for lot in sold),
        defaults=sum(lot.defaults for lot in some),
        priced=len(priced),
        start_minor=sum(lot.start_minor for lot in priced),
        price_minor=sum(lot.price_minor or 0 for lot in priced),
        premium_median_bp=nearest(
            [bp((lot.price_minor or 0) - lot.start_minor, lot.start_minor) for lot in priced]
        ),
        appraised=len(known),
        appraised_minor=sum(lot.appraisal_minor or 0 for lot in known),
        appraised_start_minor=sum(lot.start_minor for lot in known),
        appraised_price_minor=sum(lot.price_minor or 0 for lot in known),
        start_ratio_median_bp=nearest(
            [bp(lot.start_minor, lot.appraisal_minor or 1) for lot in known]
        ),
        price_ratio_median_bp=nearest(
            [bp(lot.price_minor or 0, lot.appraisal_minor or 1) for lot in known]
        ),
    )


def competition_of(some: Sequence[Lot]) -> Competition:
    """Count who took part as one would by hand."""
    decided = {Outcome.SOLD, Outcome.FAILED, Outcome.DEFAULTED}
    own = [lot for lot in some if lot.method is not Method.OFF_FLOOR and lot.outcome in decided]
    numbers = [lot.bidders for lot in own]
    return Competition(
        lots_by_bidders={number: numbers.count(number) for number in sorted(set(numbers))},
        registered=sum(lot.registered for lot in own),
        qualified=sum(lot.qualified for lot in own),
        deposited=sum(lot.deposited for lot in own),
    )


def ended_on(lot: Lot) -> date:
    assert lot.ended_at is not None
    return lot.ended_at.astimezone(SHANGHAI).date()


def city(code: str | None) -> str | None:
    return None if code is None else f"{code[:4]}00"


GROUPS: dict[GroupBy, Callable[[Lot], str | None]] = {
    GroupBy.FIELD: lambda lot: lot.technology_field,
    GroupBy.SELLER_REGION: lambda lot: city(lot.seller_region),
    GroupBy.BUYER_REGION: lambda lot: city(lot.buyer_region),
    GroupBy.PRICING_MODE: lambda lot: lot.pricing_mode,
    GroupBy.SELLER_CLASS: lambda lot: lot.seller_class,
    GroupBy.MONTH: lambda lot: f"{ended_on(lot):%Y-%m}",
    GroupBy.QUARTER: lambda lot: f"{ended_on(lot).year}-Q{(ended_on(lot).month + 2) // 3}",
    GroupBy.YEAR: lambda lot: str(ended_on(lot).year),
}


async def kept(session: AsyncSession, world: World, seed: int, number: int) -> list[Lot]:
    chance = random.Random(seed)
    works = [str(new_id()) for _ in range(number // 2)]
    made = [made_lot(chance, works) for _ in range(number)]
    for lot in made:
        await lots.put(session, world.market_id, ListingId(new_id()), lot)
    return made


async def test_figures_are_what_a_naive_reader_of_the_lots_counts(
    session: AsyncSession, world: World
) -> None:
    """IN4, IN5, IN6: sums, medians and competition of every group, and of all."""
    made = await kept(session, world, seed=11, number=120)
    first = date(2026, 4, 1)
    asked = Cut(market_id=world.market_id, first=first, last=date(2027, 2, 15))
    ended = [lot for lot in made if lot.ended_at is not None]
    wanted = [lot for lot in ended if first <= ended_on(lot) <= date(2027, 2, 15)]
    assert GROUPS.keys() == set(GroupBy)
    for by, group_of in GROUPS.items():
        total, groups = await figures.count(session, by, asked)
        named = {name for lot in wanted if (name := group_of(lot)) is not None}
        assert [item.group for item in groups] == sorted(named)
        for item in (total, *groups):
            own = [lot for lot in wanted if item.group is None or group_of(lot) == item.group]
            for method in Method:
                of_method = [lot for lot in own if lot.method is method]
                expected = prices_of(of_method, ended) if of_method else Prices()
                assert item.of(method) == expected, (by, item.group, method)
            assert item.competition == competition_of(own), (by, item.group)


# Events of made-up lots, and a reader that follows each subject in order


class Story:
    """Events of listings and their deals that might have happened, with a fixed chance."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.chance = world, random.Random(seed)
        self.events: list[NewEvent] = []

    def tell(self, subject: str, id_: UUID, what: str, at: datetime, said: Json) -> None:
        self.events.append(
            NewEvent(
                market_id=self.world.market_id,
                subject=subject,
                subject_id=id_,
                type=f"{subject}.{what}",
                market_at=at,
                actor=SYSTEM,
                public=said,
                restricted={"buyer_id": self.world.buyer, "terms": {"royalty": {"rate_bp": 300}}},
            )
        )

    def listing(self) -> None:
        """Let a listing be published, sold, lost, sold again, or end otherwise."""
        listing_id, at = new_id(), START + timedelta(minutes=self.chance.randrange(10**5))
        head: Json = {"number": "ZP-L-2026-000001"}
        start = Money(self.chance.randrange(10**6, 10**8), self.chance.choice(("CNY", "USD")))
        base = self.chance.choice((None, start, Money(10**8, "CNY")))
        self.tell("listing", listing_id, "published", at, head | self.notice(start, base))
        if self.chance.random() < 0.3:
            self.tell("listing", listing_id, "changed", at, head | self.notice(start, base))
        for _ in range(self.chance.choice((0, 1, 1, 2))):
            at += timedelta(days=20)
            if self.sold(listing_id, at, start, head):
                return
            self.tell("listing", listing_id, "reopened", at + timedelta(days=9), head)
        end = self.chance.choice(("failed", "withdrawn", "terminated", None))
        if end is not None:
            self.tell("listing", listing_id, end, at + timedelta(days=30), head)

    def sold(self, listing_id: UUID, at: datetime, start: Money, head: Json) -> bool:
        deal_id, said = new_id(), {"listing_id": listing_id}
        price = Money(start.amount_minor * self.chance.randrange(10, 30) // 10, start.currency)
        self.tell("deal", deal_id, "opened", at, said | {"price": price, "start": start})
        self.tell("listing", listing_id, "sold", at, head)
        if self.chance.random() < 0.3:
            self.tell("deal", deal_id, "terms_fixed", at, said)
        if self.chance.random() < 0.4:
            self.tell("deal", deal_id, "defaulted", at + timedelta(days=9), said)
            return False
        return True

    def notice(self, start: Money, base: Money | None) -> Json:
        return {
            "notice": {
                "seller": {"party_id": self.world.seller, "name": "钱塘理工大学"},
                "achievement": {
                    "id": new_id(),
                    "title": "水系锌离子电池隔膜",
                    "technology_field": self.chance.choice(FIELDS),
                },
                "pricing_mode": self.chance.choice(("bidding", "posted", "agreement")),
                "floor": start,
                "base_price": base,
            }
        }


def minor(told: Mapping[str, str]) -> int:
    return int(told["amount"].replace(".", ""))


def naive(events: Sequence[JournalEvent]) -> dict[UUID, tuple[Any, ...]]:
    """Read what became of each listing: outcome, end, price, premium counted, defaults."""
    found: dict[UUID, Json] = {}
    deals: dict[UUID, Json] = {}
    for event in sorted(events, key=lambda event: event.seq):
        said, at = event.public, event.market_at
        id_ = event.subject_id if event.subject == "listing" else UUID(said["listing_id"])
        lot = found.setdefault(id_, {"status": "running", "at": None, "defaults": [], "deal": None})
        match event.type.partition(".")[2]:
            case "published" | "changed":
                lot["field"] = said["notice"]["achievement"]["technology_field"]
            case "opened":
                price = minor(said["price"])
                lot["deal"] = event.subject_id
                deals[event.subject_id] = {"price": price, "at": at, "known": True}
                deals[event.subject_id] |= {"yuan": said["price"]["currency"] == "CNY"}
            case "terms_fixed":
                deals[event.subject_id]["known"] = False
            case "defaulted":
                lot["deal"] = None
                lot["defaults"].append(at)
            case "sold" | "reopened":
                lot["status"] = "running"
            case what:
                lot |= {"status": what, "at": at}
    told = {}
    for id_, lot in found.items():
        deal = deals[lot["deal"]] if lot["deal"] else None
        if deal:
            how = ("sold", deal["at"], deal["price"], deal["known"] and deal["yuan"])
        elif lot["defaults"]:
            how = ("defaulted", max(lot["defaults"]), None, False)
        else:
            how = (lot["status"], lot["at"], None, False)
        told[id_] = (lot["field"], *how, len(lot["defaults"]))
    return told


async def table(session: AsyncSession) -> list[Json]:
    columns = PriceLotRow.__table__.columns
    rows = await session.execute(select(*columns).order_by(PriceLotRow.listing_id))
    return [dict(row) for row in rows.mappings()]


async def test_the_lots_are_what_a_naive_reader_of_the_journal_tells(
    session: AsyncSession, world: World
) -> None:
    """IN1, IN2, IN3: in any order, told more than once, and read anew."""
    story = Story(world, seed=5)
    for _ in range(14):
        story.listing()
    await append(session, *story.events)
    subjects = {event.subject_id for event in story.events}
    events = [event for subject in subjects for event in await history(session, subject)]
    shuffled = [*events, *events[::3]]
    story.chance.shuffle(shuffled)
    for event in shuffled:
        await PRICES.react(session, event)
    known = await table(session)
    assert {
        row["listing_id"]: (
            row["technology_field"],
            row["outcome"],
            row["ended_at"],
            row["price_minor"],
            row["premium_bp"] is not None,
            row["defaults"],
        )
        for row in known
    } == naive(events)
    assert {row["outcome"] for row in known} == set(Outcome)
    await count_anew(session)
    assert await table(session) == []
    for event in sorted(events, key=lambda event: event.seq):
        await PRICES.react(session, event)
    assert await table(session) == known
    # A draft's end and a demand's deal are no lots.
    silent = NewEvent(
        market_id=world.market_id,
        subject="deal",
        subject_id=new_id(),
        type="deal.defaulted",
        market_at=START,
        actor=SYSTEM,
        public={"demand_id": new_id()},
    )
    await append(session, silent)
    for event in await history(session, silent.subject_id):
        await PRICES.react(session, event)
    assert await table(session) == known


# Over HTTP


async def answer(client: httpx.AsyncClient, path: str, headers: Mapping[str, str]) -> Any:
    response = await client.get(f"/v1/insight/{path}", headers=dict(headers))
    assert response.status_code == 200, response.text
    return response.json()


async def test_everybody_reads_prices_and_nobody_reads_sandboxes_among_live_markets(
    client: httpx.AsyncClient, session: AsyncSession, world: World
) -> None:
    """IN7, IN8: who came is for the market's own staff."""
    made = await kept(session, world, seed=3, number=30)
    own = f"prices?by=field&market_id={world.market_id}"
    told = await answer(client, own, {})
    ended = [lot for lot in made if lot.ended_at is not None]
    total = told["total"]
    assert total["floor"]["lots"] + total["off_floor"]["lots"] == len(ended)
    assert total["competition"]["came"] is None
    assert total["competition"]["distribution"][0]["bidders"] == 0
    inside = await answer(client, own, world.headers("auditor"))
    came = inside["total"]["competition"]["came"]
    assert came["registered"] > came["qualified"] > came["deposited"] == came["bid"] > 0
    elsewhere = await answer(client, own, world.headers("operator", market="other"))
    assert elsewhere == told
    live = await answer(client, "prices?by=field", {})
    assert live["total"]["floor"]["lots"] == 0
    assert live["groups"] == []


async def test_lots_are_paged_newest_first_and_name_no_buyer(
    client: httpx.AsyncClient, session: AsyncSession, world: World
) -> None:
    """IN8"""
    made = await kept(session, world, seed=4, number=25)
    query = f"prices/lots?market_id={world.market_id}&seller_region=330000&limit=4"
    found: list[Json] = []
    cursor: str | None = None
    while True:
        page = await answer(client, query + (f"&cursor={cursor}" if cursor else ""), {})
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    wanted = [lot for lot in made if lot.ended_at and (lot.seller_region or "")[:2] == "33"]
    ends = [lot.ended_at.astimezone(UTC).isoformat() for lot in wanted if lot.ended_at]
    assert [item["ended_at"] for item in found] == sorted(ends, reverse=True)
    assert not any("buyer" in name or "regist" in name for item in found for name in item)
    refused = await client.get(f"/v1/insight/{query}&cursor=x")
    assert (refused.status_code, refused.json()["code"]) == (400, "cursor_invalid")


async def test_buyers_regions_need_a_whole_past_year_or_the_markets_own_staff(
    client: httpx.AsyncClient, session: AsyncSession, world: World
) -> None:
    """IN8"""
    await kept(session, world, seed=4, number=40)
    path = f"/v1/insight/prices?by=buyer_region&market_id={world.market_id}"
    refused = await client.get(path)
    assert (refused.status_code, refused.json()["code"]) == (400, "period_too_fine")
    assert refused.json()["accepted"] == {"from": "2025-01-01", "to": "2025-12-31"}
    staff = await client.get(path, headers=world.headers("operator"))
    assert len(staff.json()["groups"]) == 3
    await world.at(session, START + timedelta(days=330))
    told = await client.get(f"{path}&from=2026-01-01&to=2026-12-31")
    assert told.status_code == 200
    sold = [
        sum(group[name]["outcomes"]["sold"] for name in ("floor", "off_floor"))
        for group in told.json()["groups"]
    ]
    assert sold
    assert min(sold) >= 5
    # All markets less one of them would be the other one, whose small cells are not told.
    refused = await client.get("/v1/insight/prices?by=buyer_region&from=2025-01-01&to=2025-12-31")
    problem = refused.json()
    assert (problem["code"], problem["field"]) == ("period_too_fine", "market_id")


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ("by=field&technology_field=alchemy", "code_unknown", "technology_field"),
        ("by=field&pricing_mode=guess", "code_unknown", "pricing_mode"),
        ("by=field&seller_class=guild", "code_unknown", "seller_class"),
        ("by=field&seller_region=999999", "code_unknown", "seller_region"),
        ("by=field&from=2026-03-02&to=2026-03-01", "period_reversed", "from"),
    ],
)
async def test_a_cut_that_cannot_be_answered_says_why(
    client: httpx.AsyncClient, world: World, query: str, code: str, field: str
) -> None:
    for path in ("prices", "prices/table"):
        refused = await client.get(f"/v1/insight/{path}?{query}")
        told = refused.json()
        assert (refused.status_code, told["code"], told["field"]) == (400, code, field)
        assert told.get("accepted") or told["maximum"] == "2026-03-01"


async def test_the_tables_say_what_the_figures_say(
    client: httpx.AsyncClient, session: AsyncSession, world: World
) -> None:
    await kept(session, world, seed=6, number=30)
    query = f"by=seller_class&market_id={world.market_id}"
    told = await answer(client, f"prices?{query}", {})
    file = await client.get(f"/v1/insight/prices/table?{query}&format=csv")
    rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
    floor = next(row for row in rows if row[0] == "合计" and row[2] == "场内合计 floor")
    assert floor[15] == told["total"]["floor"]["price"]["amount"]
    names = [codes.label("seller_class", group["group"]) for group in told["groups"]]
    assert [row[1] for row in rows if row[2].startswith("有竞争")] == ["all", *names]
    book = openpyxl.load_workbook(
        io.BytesIO((await client.get(f"/v1/insight/prices/table?{query}")).content)
    )
    assert book.sheetnames == ["价格统计", "出价人数"]
    shown = [cell.value for cell in book["价格统计"][5]][:16]
    assert shown[:3] == floor[:3]
    assert shown[3:] == [float(figure) for figure in floor[3:16]]
