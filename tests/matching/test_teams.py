"""Who can solve a demand, over HTTP: found, counted, and told to whom."""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.demands.domain.demand import DemandStatus
from app.demands.domain.engagement import EngagementStatus
from app.demands.repository import demands, engagements
from app.identity.public import add_membership, create_user
from app.listings.domain.listing import ListingStatus
from app.listings.models import AchievementRow
from app.listings.public import get_listing, told_works_of
from app.listings.repository import listings
from app.platform.access import Role
from app.platform.db import Database
from app.settlement import repository as deals
from app.settlement.domain.deal import Deal, DealStatus, DefaultReason, Side
from app.shared.ids import (
    AchievementId,
    DealId,
    DemandId,
    EngagementId,
    ListingId,
    PartyId,
    RegistrationId,
    new_id,
)
from app.shared.money import Money
from tests.demands.board import Json, done, refusal
from tests.demands.work import put_engagement
from tests.listings.factories import achievement_body
from tests.matching.market import LEAKAGE, LOCATING, OTHERS, Market
from tests.queries import counted

FIELD = "electronic_information"  # of the shelf's results


def people(*names: str) -> list[Json]:
    first, *others = names
    rest = [{"name": name, "share_bp": 1000} for name in others]
    return [{"name": first, "share_bp": 10_000 - 1000 * len(rest)}, *rest]


async def located(market: Market, *names: str, **changes: Any) -> UUID:
    """Shelve a result that fits the demand, completed by these."""
    return await market.shelve(
        "配电网漏电断点定位方法", LOCATING, completers=people(*names), **changes
    )


async def ask(market: Market, demand_id: UUID, role: str = "buyer_staff", **who: Any) -> Json:
    return done(await market.board.get(f"demands/{demand_id}/experts", role, **who))


@pytest.fixture
async def demand_id(market: Market) -> UUID:
    """A posted demand beside results of other kinds, of people of their own."""
    for number, (title, text) in enumerate(OTHERS.items()):
        await market.shelve(title, text, completers=people(f"外组{number}"))
    return await market.post("配电网故障定位", LEAKAGE, technology_field=FIELD)


RESTRICTED: Json = {"confidentiality": "restricted", "public_summary": LOCATING}


async def test_teams_come_from_the_completers_of_what_fits(market: Market, demand_id: UUID) -> None:
    """MT110, MT111, MT112: every name from a public view, every score the sum of its points."""
    together = [
        await located(market, "许澜清", "郭一舟"),
        await located(market, "郭一舟", "沈知微"),
    ]
    alone = await located(market, "顾云帆")
    closed = await located(market, "叶书白", "顾云帆", **RESTRICTED)
    told = await ask(market, demand_id)
    assert told["verdict"] in ("strong", "possible")
    teams = {frozenset(team["members"]): team for team in told["teams"]}
    assert {
        names: {UUID(work["achievement_id"]) for work in team["works"]}
        for names, team in teams.items()
    } == {
        frozenset({"许澜清", "郭一舟", "沈知微"}): set(together),
        frozenset({"顾云帆"}): {alone},
        frozenset(): {closed},
    }
    assert "叶书白" not in str(told)
    unit = {
        "party_id": str(market.world.seller),
        "market_id": str(market.world.market_id),
        "name": "之澜理工大学",
        "region": "330110",
    }
    assert all(team["unit"] == unit for team in told["teams"])
    assert {person["name"] for person in told["experts"]} == {
        "许澜清",
        "郭一舟",
        "沈知微",
        "顾云帆",
    }
    assert told["registered_experts"] is None
    for judged in (*told["teams"], *told["experts"]):
        points = sum(item["points"] for item in judged["contributions"])
        assert points == pytest.approx(judged["score"], abs=1e-9)
    assert told["teams"][0]["works"][0]["terms"]


async def test_what_is_not_told_changes_nothing(
    market: Market, demand_id: UUID, session: AsyncSession
) -> None:
    """MT110: whoever completed a restricted result, the answer is the same, also for staff."""
    await located(market, "许澜清")
    await located(market, "郭一舟")
    closed = await located(market, "叶书白", **RESTRICTED)
    before = [await ask(market, demand_id, role) for role in ("buyer_staff", "broker", "operator")]
    await session.execute(
        update(AchievementRow)
        .where(AchievementRow.id == closed)
        .values(completers=people("许澜清", "郭一舟"))
    )
    after = [await ask(market, demand_id, role) for role in ("buyer_staff", "broker", "operator")]
    assert after == before


@pytest.mark.parametrize("ending", ["accepted", "restricted", "withdrawn"])
async def test_completers_are_told_as_the_result_itself_tells_everybody(
    market: Market, session: AsyncSession, ending: str
) -> None:
    """MT110"""
    made = await located(market, "许澜清", **(RESTRICTED if ending == "restricted" else {}))
    if ending == "withdrawn":
        gone = {"reason": "成果已转让给第三方。"}
        done(await market.desk.post(f"achievements/{made}/withdrawal", "seller_staff", gone))
    seen = await market.desk.get(f"achievements/{made}")
    public = seen.json().get("completers") if seen.is_success else None
    told = await told_works_of(session, [AchievementId(made)])
    assert [list(work.completers or ()) for work in told] == (
        [] if public is None else [[person["name"] for person in public]]
    )


async def test_nobody_is_named_where_nothing_fits(market: Market, demand_id: UUID) -> None:
    """MT115"""
    told = await ask(market, demand_id)
    assert (told["verdict"], told["teams"], told["experts"]) == ("none", [], [])


async def sell(market: Market, achievement_id: UUID, *, defaulted: bool = False) -> None:
    """Let a result be sold by licence; the listing has not yet heard of a default."""
    listing = await market.desk.published(
        {"id": str(achievement_id)}, conversion_mode="licence_exclusive"
    )
    buyer = done(await market.desk.register(listing, market.world.third_buyer))
    listing_id, at = ListingId(UUID(listing["id"])), await market.desk.now()
    nothing, price = Money(0), Money(60_000_000)
    deal = Deal(
        id=DealId(new_id()),
        number=await deals.next_number(market.session, confirmed_at=at),
        market_id=market.world.market_id,
        listing_id=listing_id,
        seller_id=market.world.seller,
        buyer_id=market.world.third_buyer,
        registration_id=RegistrationId(UUID(buyer["id"])),
        status=DealStatus.OPENED,
        start=price,
        price=price,
        deposit=nothing,
        paid=nothing,
        source="auction",
        source_id=new_id(),
        confirmed_at=at,
        sign_by_at=at + timedelta(days=30),
        pay_by_at=at + timedelta(days=60),
        released=nothing,
        returned=nothing,
    )
    assert await deals.insert_deal(market.session, deal)
    if defaulted:
        lost = replace(
            deal,
            status=DealStatus.DEFAULTED,
            defaulted_at=at,
            default_reason=DefaultReason.REFUSED,
            default_side=Side.BUYER,
            default_ground="受让方书面拒绝签约。",
        )
        await deals.save_deal(market.session, lost)
    found = await get_listing(market.session, listing_id)
    await listings.save(market.session, replace(found, status=ListingStatus.SOLD))


async def solve(market: Market, demand_status: DemandStatus, status: EngagementStatus) -> None:
    """Let the seller's unit have worked for a demand of the field."""
    at = await market.desk.now()
    demand_id = DemandId(
        await market.post("电网巡检图像识别", "识别绝缘子缺陷", technology_field=FIELD)
    )
    made = EngagementId(
        UUID(
            await put_engagement(
                market.session,
                market.world.market_id,
                demand_id,
                poster_id=market.world.buyer,
                solver_id=market.world.seller,
            )
        )
    )
    engagement = await engagements.find(market.session, made)
    assert engagement is not None
    entitled = None if status is EngagementStatus.COMPLETED else Money(0)
    ended = replace(engagement, status=status, ended_at=at, entitled=entitled)
    await engagements.save(market.session, ended, before=engagement)
    demand = await demands.find(market.session, demand_id)
    assert demand is not None
    await demands.save(
        market.session, replace(demand, status=demand_status, ended_at=at, reason="测试")
    )


async def test_past_deals_are_counted_and_their_prices_stay_unsaid(
    market: Market, demand_id: UUID
) -> None:
    """MT113: a sale of theirs, and what their unit has solved; a default and a stop are none."""
    sold = await located(market, "许澜清")
    await located(market, "郭一舟")
    await sell(market, sold)
    await sell(market, await located(market, "郭一舟"), defaulted=True)
    await solve(market, DemandStatus.ACCEPTED, EngagementStatus.COMPLETED)
    await solve(market, DemandStatus.TERMINATED, EngagementStatus.STOPPED)
    told = await ask(market, demand_id)
    teams = {tuple(team["members"]): team for team in told["teams"]}
    assert teams["许澜清",]["sold"] == {"count": 1, "last_year": 2026}
    assert teams["郭一舟",]["sold"] == {"count": 0, "last_year": None}
    assert all(team["solved"] == {"count": 1, "last_year": 2026} for team in told["teams"])
    assert told["experts"][0]["name"] == "许澜清"
    assert "600000.00" not in str(told)


async def expert(market: Market, name: str, party_id: PartyId) -> str:
    user_id = await create_user(
        market.session, login=f"expert-{new_id().hex}", password_hash="-", display_name=name
    )
    return await _let(market, user_id, party_id)


async def _let(market: Market, user_id: Any, party_id: PartyId) -> str:
    membership = await add_membership(
        market.session,
        user_id=user_id,
        party_id=party_id,
        market_id=market.world.market_id,
        role=Role.EXPERT,
    )
    return str(membership)


async def test_registered_experts_are_for_staff_with_what_they_must_recuse_for(
    market: Market, demand_id: UUID
) -> None:
    """MT114: neither the poster nor a broker learns who may judge its proposals."""
    world = market.world
    await located(market, "许澜清")
    completer = await expert(market, "许 澜清", world.seller)
    namesake = await expert(market, "许澜清", world.other_seller)
    colleague = await expert(market, "陆景深", world.seller)
    near_poster = await _let(market, world.users[world.buyer], world.seller)
    await expert(market, "顾云帆", world.other_seller)
    told = await ask(market, demand_id, "operator")
    assert [
        (it["membership_id"], it["nearness"], [ground["kind"] for ground in it["recusals"]])
        for it in told["registered_experts"]
    ] == [
        (completer, "completer", []),
        (namesake, "namesake", []),
        (colleague, "colleague", []),
        (near_poster, "colleague", ["same_unit"]),
    ]
    for it in told["registered_experts"]:
        points = sum(item["points"] for item in it["contributions"])
        assert points == pytest.approx(it["score"], abs=1e-9)
    assert (await ask(market, demand_id, "auditor"))["registered_experts"]
    for role, party_id in (("buyer_staff", world.buyer), ("broker", world.third_buyer)):
        answer = await ask(market, demand_id, role, party_id=party_id)
        assert answer["registered_experts"] is None
        assert answer | {"registered_experts": []} == told | {"registered_experts": []}


async def test_who_may_ask(market: Market, demand_id: UUID) -> None:
    """MT114: the poster, and who serves the market; not its rivals, not those who would answer."""
    path, world = f"demands/{demand_id}/experts", market.world
    others = await market.board.get(path, "buyer_staff", party_id=world.other_buyer)
    refusal(others, 403, "not_yours")
    refusal(await market.board.get(path, "seller_staff"), 403, "role_not_allowed")
    refusal(await market.board.get(path), 401, "token_missing")


async def test_a_demand_that_is_not_posted_may_ask_too(market: Market, demand_id: UUID) -> None:
    """MT115: its public part finds who is there now, its wishes keep out what they must."""
    await located(market, "许澜清")
    draft = await market.board.submitted(
        title="配电网故障定位", background=LEAKAGE, technology_field=FIELD
    )
    assert (await ask(market, draft["id"]))["teams"][0]["members"] == ["许澜清"]
    assert (await ask(market, draft["id"], "operator"))["teams"]
    for what in ("experts", "matches"):  # a broker does not know it yet
        path = f"demands/{draft['id']}/{what}"
        broker = await market.board.get(path, "broker", party_id=market.world.third_buyer)
        refusal(broker, 404, "object_unknown")
    hidden = achievement_body(draft=True)  # of its owner alone, also for an operator
    made = done(await market.desk.post("achievements", "seller_staff", hidden))
    path = f"achievements/{made['id']}/matches"
    refusal(await market.board.get(path, "operator"), 404, "object_unknown")
    done(await market.board.get(path, "seller_staff"))
    strict = {"conditions": {"regions": ["310000"]}}
    path = f"demands/{draft['id']}/match-wishes"
    done(await market.board.put(path, "buyer_staff", strict, seen='"0"'))
    told = await ask(market, draft["id"])
    assert (told["verdict"], told["teams"]) == ("none", [])
    assert told["excluded"]["regions"] > 0


async def test_more_works_cost_no_more_statements(
    market: Market, demand_id: UUID, rolled_back: Database
) -> None:
    """MT116"""

    async def statements() -> int:
        with counted(rolled_back) as sent:
            await ask(market, demand_id, "operator")
        return len(sent)

    names: Collection[str] = ("许澜清", "郭一舟", "沈知微")
    await located(market, "陆景深")
    few = await statements()
    for name in names:
        await located(market, name)
        await expert(market, name, market.world.seller)
    assert await statements() == few
