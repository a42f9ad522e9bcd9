"""The permission table, walked: every route × every role × own, another party's, another market's.

Expected answers come from the table and from who made each object, not from the owner look-ups
that the gate uses.
"""

import json
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from app.demands.domain.proposal import Proposal, ProposalStatus
from app.demands.repository import proposals
from app.demo.api import Who
from app.demo.market import content, records
from app.demo.steps import accept_achievement
from app.main import create_app
from app.permissions import PERMISSIONS
from app.platform.access import KeyUse, Permission, Reach, Role
from app.platform.inbox import NewNotification, notify
from app.platform.routing import SAFE, Route
from app.platform.runtime import Runtime
from app.shared.ids import DemandId, MarketId, PartyId, ProposalId, new_id
from tests.auctions.lot import OPERATOR, Lot, make_lot
from tests.banking.things import put_bank_things
from tests.demands.reviews import put_objection
from tests.demands.work import put_engagement
from tests.listings.shows import roadshow_body
from tests.matching.desk import put_case, put_day
from tests.matching.shown import Shown, put_result, weights_body
from tests.settlement.things import put_voucher
from tests.world import World

pytestmark = pytest.mark.concurrency


@dataclass(frozen=True)
class Thing:
    """An object in a path, in which market it lies and whose it is."""

    parameter: str
    id: str
    elsewhere: bool
    parties: frozenset[PartyId] = frozenset()


async def sold_lot(world: World, runtime: Runtime, client: httpx.AsyncClient, **how: Any) -> Lot:
    """Bring a lot to its deal."""
    lot = await make_lot(world, runtime, client, **how)
    await lot.at(lot.opens_at + timedelta(minutes=1))
    bidder = "buyer" if lot.operator == OPERATOR else "buyer_elsewhere"
    assert (await lot.bid(bidder, 600_000)).status_code == 201
    await lot.at(lot.opens_at + timedelta(hours=2))
    confirmed = await lot.api.post(lot.operator, f"/v1/auctions/{lot.auction_id}/confirmation")
    lot.listing["deal_id"] = confirmed["auction"]["deal_id"]
    return lot


async def made_import(
    lot: Lot, world: World, *, elsewhere: bool, of: str = "achievements", by: Role | None = None
) -> str:
    """Import a table of the market's seller, or of its poster of demands."""
    who = by or Role.SELLER_STAFF
    headers = world.headers(who, market="other" if elsewhere else "own")
    template = "imports/template" if of == "demands" else "import-template"
    transport = httpx.ASGITransport(create_app(lot.runtime))
    async with httpx.AsyncClient(transport=transport, base_url="http://zhepai.test") as client:
        table = await client.get(f"/v1/{of}/{template}?format=csv")
        file = {"file": ("a.csv", table.content)}
        form = {"audience": "owner"}
        kept = await client.post("/v1/files", files=file, data=form, headers=headers)
        body = {"file_id": kept.json()["id"]}
        made = await client.post(f"/v1/{of}/imports", json=body, headers=headers)
    return str(made.json()["id"])


async def made_objection(lot: Lot, world: World, *, elsewhere: bool) -> str:
    """Bring an agreement of the market's seller to its notice, and object to it."""
    suffix = "_elsewhere" if elsewhere else ""
    seller, buyer = (
        Who(Role.SELLER_STAFF, f"seller{suffix}"),
        Who(Role.BUYER_STAFF, f"buyer{suffix}"),
    )
    api, operator = lot.api, lot.operator
    await api.post(seller, "/v1/objection-procedures", {"text": "书面提出，十五日内答复。"})
    body = content(records("achievements")[1], "owner")
    achievement_id = await accept_achievement(api, seller, operator, body)
    terms = {
        "achievement_id": achievement_id,
        "pricing_mode": "agreement",
        "conversion_mode": body["conversion_modes"][0],
        "floor": {"amount": "600000.00", "currency": "CNY"},
        "contract_terms": "许可合同。",
        "payment_terms": "一次付清。",
        "buyer_conditions": "企业法人。",
        "forfeiture_terms": "不收保证金。",
        "buyer_id": str(getattr(world, buyer.party_key)),
        "unit_notice": {"place": "https://zhilan.example.cn", "published_on": "2026-03-02"},
    }
    listing = await api.post(seller, "/v1/listings", terms)
    path = f"/v1/listings/{listing['id']}"
    await api.post(buyer, f"{path}/consent", {"terms_hash": listing["agreed_terms_hash"]})
    await api.post(operator, f"{path}/notice")
    words = {"ground": "price", "text": "价格偏低。", "evidence": "见附件。"}
    filed = await api.post(seller, f"{path}/objections", words)
    return str(filed["id"])


async def made_proposal(lot: Lot, demand_id: str, party_id: PartyId, market_id: MarketId) -> str:
    """Return a proposal as if its round had been opened."""
    proposal = Proposal(
        id=ProposalId(new_id()),
        demand_id=DemandId(uuid.UUID(demand_id)),
        market_id=market_id,
        round=1,
        party_id=party_id,
        code="K7Q2M9XR4T8V",
        status=ProposalStatus.HANDED_IN,
        version=1,
        members=(),
        commitment="0" * 64,
        handed_in_at=lot.opens_at,
    )
    async with lot.runtime.database.transaction() as session:
        await proposals.put(session, proposal, None)
    return str(proposal.id)


async def things_of(lot: Lot, world: World, *, elsewhere: bool) -> list[Thing]:
    """Return every kind of object of one market with its owners."""
    seller = world.seller_elsewhere if elsewhere else world.seller
    buyer = world.buyer_elsewhere if elsewhere else world.buyer
    market_id = world.other_market_id if elsewhere else world.market_id

    def thing(parameter: str, id_: object, *parties: PartyId) -> Thing:
        return Thing(parameter, str(id_), elsewhere, frozenset(parties))

    api, operator = lot.api, lot.operator
    accounts = (await api.get(operator, "/v1/accounts?limit=200"))["items"]
    session = await api.post(
        operator,
        "/v1/sessions",
        {"title": "综合专场", "edition": "general", "held_on": "2026-09-01"},
    )
    made = await api.post(operator, "/v1/clients", {"name": "合作交易所", "party_id": str(seller)})
    poster = Who(Role.BUYER_STAFF, "buyer_elsewhere" if elsewhere else "buyer")
    body = content(records("demands")[0], "poster")
    later = json.loads(json.dumps(body).replace('"2025-', '"2027-'))
    demand = await api.post(poster, "/v1/demands", later)
    listed = {"title": "第一期需求清单", "region_code": "330100"}
    period = {"starts_on": "2026-01-01", "ends_on": "2026-03-31"}
    edition = await api.post(operator, "/v1/demand-editions", listed | period)
    final = {
        "kind": "final",
        "title": "决赛",
        "starts_at": "2028-01-01T00:00:00Z",
        "ends_at": "2028-02-01T00:00:00Z",
    }
    event = {"title": "创新挑战赛", "rules": "以评审结果为准。", "stages": [final], "prizes": []}
    challenge = await api.post(operator, "/v1/challenges", event)
    evaluation = await api.post(
        operator,
        f"/v1/achievements/{lot.listing['achievement_id']}/evaluations",
        {"purpose": "转让前评价", "due_at": "2027-12-01T00:00:00+08:00"},
    )
    valuation = await api.post(
        operator,
        f"/v1/achievements/{lot.listing['achievement_id']}/valuations",
        {"purpose": "转让定价参考"},
    )
    notice = lot.listing["notice"]
    selling = Who(Role.SELLER_STAFF, "seller_elsewhere" if elsewhere else "seller")
    dossier = await api.post(selling, f"/v1/listings/{lot.listing['id']}/dossiers")
    saved = await api.post(poster, "/v1/saved-searches", {"name": "事件相机", "q": "事件相机"})
    field = {"kind": "field", "wants": "achievement", "technology_field": "new_materials"}
    subscribing = {"name": "新材料", "source": field}
    subscription = await api.post(poster, "/v1/match-subscriptions", subscribing)
    async with lot.runtime.database.transaction() as writing:
        told = NewNotification(
            market_id=market_id,
            party_id=buyer,
            topic="tests.walk",
            title_zh="测试通知",
            title_en="A notification of the tests",
            text_zh="测试",
            text_en="Test",
            dedupe_key=f"walk:{market_id}",
            market_at=lot.opens_at,
        )
        await notify(writing, told)
        engagement_id = await put_engagement(
            writing, market_id, uuid.UUID(demand["id"]), poster_id=buyer, solver_id=seller
        )
        result = await put_result(
            writing,
            [Shown(uuid.UUID(lot.listing["achievement_id"]), seller)],
            market_id=market_id,
            party_id=buyer,
            entry_id=uuid.UUID(demand["id"]),
            computed_at=lot.opens_at,
        )
        demand_objection_id = await put_objection(
            writing, market_id, uuid.UUID(demand["id"]), seller
        )
        case_id = await put_case(
            writing,
            market_id,
            broker_id=buyer,
            demand=(uuid.UUID(demand["id"]), buyer),
            achievement=(uuid.UUID(lot.listing["achievement_id"]), seller),
        )
        day_id = await put_day(writing, market_id)
        bank = await put_bank_things(writing, market_id, uploader=seller, party_id=buyer)
    notification = (await api.get(poster, "/v1/notifications"))["items"][0]
    show = await api.post(operator, "/v1/roadshows", roadshow_body())
    weights = await api.post(operator, f"/v1/markets/{market_id}/match-weights", weights_body())
    asking = {"achievement_id": lot.listing["achievement_id"], "request": "希望洽谈"}
    room = await api.post(poster, "/v1/deal-rooms", asking)
    return [
        thing("market_id", market_id),
        thing("roadshow_id", show["id"]),
        thing("room_id", room["id"], seller, buyer),
        thing("notice_id", notice["id"], seller),
        thing("saved_search_id", saved["id"], buyer),
        thing("match_subscription_id", subscription["id"], buyer),
        thing("notification_id", notification["id"], buyer),
        thing("evaluation_id", evaluation["id"], seller),
        thing("valuation_id", valuation["id"], seller),
        thing("session_id", session["id"]),
        thing("client_id", made["id"], seller),
        thing("party_id", seller, seller),
        thing("party_id", buyer, buyer),
        thing("achievement_id", lot.listing["achievement_id"], seller),
        thing("import_id", await made_import(lot, world, elsewhere=elsewhere), seller),
        thing(
            "demand_import_id",
            await made_import(lot, world, elsewhere=elsewhere, of="demands", by=Role.BUYER_STAFF),
            buyer,
        ),
        thing("listing_id", lot.listing["id"], seller),
        thing("objection_id", await made_objection(lot, world, elsewhere=elsewhere), seller),
        thing("dossier_id", dossier["id"], seller),
        thing("auction_id", lot.auction_id, seller),
        thing("deal_id", lot.listing["deal_id"], seller, buyer),
        thing("voucher_id", await put_voucher(api, operator, buyer), buyer),
        thing("demand_id", demand["id"], buyer),
        thing("engagement_id", engagement_id, buyer, seller),
        thing("demand_objection_id", demand_objection_id, seller),
        thing("result_id", result.id, buyer),
        thing("case_id", case_id, buyer, seller),
        thing("day_id", day_id),
        thing("bank_statement_id", bank.statement_id),
        thing("bank_line_id", bank.line_id),
        thing("payment_order_id", bank.order_id, buyer),
        thing("payment_batch_id", bank.batch_id),
        thing("weights_id", weights["id"]),
        thing("proposal_id", await made_proposal(lot, demand["id"], seller, market_id), seller),
        thing("challenge_id", challenge["id"]),
        thing("edition_id", edition["id"]),
        *(
            thing(
                "registration_id", registration["id"], PartyId(uuid.UUID(registration["party_id"]))
            )
            for registration in lot.registrations.values()
        ),
        *(
            thing("account_id", account["id"], PartyId(uuid.UUID(account["party_id"])))
            for account in accounts
            if account["party_id"] is not None
        ),
    ]


def expected(rule: Permission, role: Role, actor_party: PartyId, thing: Thing | None) -> int | None:
    """Return the refusal that must come, or ``None`` where none may come."""
    reach = rule.reach.get(role)
    if reach is None:
        return 401 if role is Role.ANONYMOUS else 403
    if thing is None or reach is Reach.ANY:
        return None
    if thing.elsewhere:
        return 404
    if reach is Reach.OWN and actor_party not in thing.parties:
        return 403
    return None


async def ask(
    client: httpx.AsyncClient, route: APIRoute, method: str, headers: dict[str, str], path: str
) -> httpx.Response:
    rule = PERMISSIONS[route.name]
    if rule.key is KeyUse.REQUIRED:
        headers = {**headers, "Idempotency-Key": str(uuid.uuid4())}
    body: Any = None if method in SAFE else {}
    query = {"duration_s": 0} if route.name == "stream_room" else None  # else it never ends
    return await client.request(method, path, headers=headers, json=body, params=query)


async def test_every_route_with_every_role_on_every_kind_of_object(
    own_world: World, own_runtime: Runtime, own_client: httpx.AsyncClient
) -> None:
    here = await sold_lot(own_world, own_runtime, own_client)
    there = await sold_lot(own_world, own_runtime, own_client, bidders=("buyer",), market="other")
    things = await things_of(here, own_world, elsewhere=False)
    things += await things_of(there, own_world, elsewhere=True)
    app = create_app(own_runtime)
    routes = [route for route in app.routes if isinstance(route, Route)]
    faults, asked = [], 0
    for route in routes:
        ids = [name for name in route.param_convertors if name.endswith("_id")]
        targets: list[Thing | None] = [None]
        if ids and ids[0] != "file_id":
            targets = [thing for thing in things if thing.parameter == ids[0]]
            assert {thing.elsewhere for thing in targets if thing} == {False, True}, route.path
        for role in Role:
            party = own_world.party_of(role)
            for target in targets:
                path = route.path
                for name in route.param_convertors:
                    path = path.replace(f"{{{name}}}", target.id if target else str(uuid.uuid4()))
                method = next(iter((route.methods or {"GET"}) - {"HEAD"}))
                answer = await ask(own_client, route, method, own_world.headers(role), path)
                wanted = expected(PERMISSIONS[route.name], role, party, target)
                asked += 1
                got = answer.status_code
                refused = got if got in {401, 403} or (got == 404 and wanted == 404) else None
                if refused != wanted:
                    faults.append(f"{method} {route.path} as {role} on {target}: {got}")
    assert not faults, "\n".join(faults)
    assert asked > len(routes) * len(Role)


def test_the_table_covers_every_route_and_no_other(shared_runtime: Runtime) -> None:
    app = create_app(shared_runtime)
    names = {route.name for route in app.routes if isinstance(route, Route)}
    assert names == set(PERMISSIONS)


def test_every_v1_route_goes_through_the_gate(shared_runtime: Runtime) -> None:
    app = create_app(shared_runtime)
    for route in app.routes:
        path = getattr(route, "path", "")
        if path.startswith("/v1"):
            assert isinstance(route, Route), path


@pytest.mark.parametrize("name", sorted(PERMISSIONS))
def test_no_role_below_the_exchange_reaches_another_party_by_writing(name: str) -> None:
    """A bidder or seller changes only what is its own, or adds something of its own."""
    adds_of_its_own = {
        "register_buyer",
        "place_bid",
        "set_limit",
        "match_price",
        "answer_standby",
        "waive_priority",
        "offer_price",
        "waive_right",
        "exercise_right",
        "upload_file",
        "consent_to_agreement",
        "publish_procedure",
        "hand_in_proposal",
        "fund_challenge_prize",
        "withdraw_proposal",
        "consent_to_consortium",
        "give_match_feedback",
    }
    rule = PERMISSIONS[name]
    if name in adds_of_its_own or rule.reach.get(Role.ANONYMOUS) is not None:
        return
    if rule.scope is not None and rule.scope.endswith((":write", ":bid")):
        for role in (Role.SELLER_STAFF, Role.BUYER_STAFF, Role.BROKER, Role.EXPERT):
            assert rule.reach.get(role) in {None, Reach.OWN}
