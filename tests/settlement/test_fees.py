"""Fees over HTTP: frozen with the deal, paid, withheld, waived, given back; brokers, invoices."""

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import public as ledger
from app.platform.access import Role
from app.platform.clock import market_now
from app.platform.journal import history
from app.settlement import public as settlement
from app.shared.ids import DealId, EntryId, PartyId, new_id
from app.shared.money import Money
from tests.listings.factories import Desk, Json, done, refusal, yuan
from tests.settlement.charged import PRICE, TERMS, Cashier
from tests.settlement.factories import DEPOSIT, lot, sell
from tests.settlement.test_deals import assert_balanced, funds, pay
from tests.world import START, World


@pytest.fixture
def cashier(client: httpx.AsyncClient, world: World, session: AsyncSession) -> Cashier:
    return Cashier(client, world, session)


async def fees_of(session: AsyncSession, world: World) -> Money:
    lines = await ledger.trial_balance(session, world.market_id)
    found = [line.debit for line in lines if str(line.purpose) == "fees"]
    return -sum(found, Money(0))


async def give(session: AsyncSession, world: World, party_id: PartyId, amount: str) -> None:
    await ledger.receive(
        session,
        entry_id=EntryId(new_id()),
        market_id=world.market_id,
        party_id=party_id,
        amount=Money.parse(amount),
        reference="bank",
        at=START,
        actor="user:1",
    )


async def default(session: AsyncSession, world: World, deal_id: DealId) -> None:
    await settlement.default_deal(
        session,
        deal_id=deal_id,
        ground="书面拒绝签约",
        refused=True,
        at=await market_now(session, world.market_id),
        actor=world.actor(Role.OPERATOR),
    )


async def test_a_market_without_a_policy_charges_nothing(
    session: AsyncSession, world: World, desk: Desk, cashier: Cashier
) -> None:
    """ST100"""
    sold = await lot(desk, "buyer")
    deal_id = await sell(session, world, sold, PRICE)
    assert await cashier.charges(deal_id) == []
    await pay(session, world, deal_id, PRICE - DEPOSIT)
    assert await funds(session, world, world.seller) == PRICE


async def test_a_deal_keeps_the_fees_it_was_opened_under(
    session: AsyncSession, world: World, cashier: Cashier
) -> None:
    """ST100, ST101, ST102: each side reads its own; a later policy of the same day is not its."""
    _, deal_id = await cashier.charged()
    today = (await cashier.now()).date().isoformat()
    dearer = TERMS | {"rules": [TERMS["rules"][0] | {"minimum_minor": 10**9}]}
    path = f"markets/{world.market_id}/fee-policies"
    await world.later(session, minutes=1)
    entered = await cashier.post(path, "operator", {"effective_on": today, "terms": dearer})
    assert done(entered)["version"] == 2
    buyer, seller = await cashier.charges(deal_id)
    assert (buyer["amount"], seller["amount"]) == (yuan("3650.00"), yuan("12300.00"))
    assert seller["calculation"]["bands"] == [
        {"part": yuan("500000.00"), "rate_bp": 200},
        {"part": yuan("230000.00"), "rate_bp": 100},
    ]
    assert (buyer["policy_version"], buyer["due_at"]) == (1, "2026-04-02T16:00:00+00:00")
    assert [it["number"] for it in await cashier.charges(deal_id, "seller_staff")] == [2]
    own = {"party_id": world.buyer}
    assert [it["number"] for it in await cashier.charges(deal_id, "buyer_staff", **own)] == [1]
    events = [e for e in await history(session, deal_id) if e.type == "deal.fee_charged"]
    assert [event.audience for event in events] == [[world.buyer], [world.seller]]
    assert all(event.public == {} for event in events)
    listed = done(await cashier.get(path))["items"]
    assert [policy["version"] for policy in listed] == [2, 1]
    first = done(await cashier.get(f"{path}?limit=1"))
    assert done(await cashier.get(f"{path}?cursor={first['next']}"))["items"] == [listed[1]]


async def test_a_policy_that_contradicts_itself_or_comes_late_is_refused(
    cashier: Cashier, world: World
) -> None:
    rule = TERMS["rules"][0]
    told = refusal(await cashier.enter(rules=[rule, rule]), 400, "fee_policy_invalid")
    assert {error["rule"] for error in told["errors"]} == {"repeated"}
    path = f"markets/{world.market_id}/fee-policies"
    late = {"effective_on": "2026-03-01", "terms": TERMS}
    refusal(await cashier.post(path, "operator", late), 400, "fee_policy_in_the_past")


async def test_the_sellers_commission_is_withheld_and_the_buyers_paid_from_its_funds(
    session: AsyncSession, world: World, cashier: Cashier
) -> None:
    """ST103, ST104: the seller gets the net amount; the exchange its fee, once."""
    _, deal_id = await cashier.charged()
    await pay(session, world, deal_id, PRICE - DEPOSIT)
    net = PRICE - Money.parse("12300.00")
    assert await funds(session, world, world.seller) == net
    _, seller = await cashier.charges(deal_id)
    assert (seller["status"], seller["withheld"]) == ("met", yuan("12300.00"))
    (told,) = [e for e in await history(session, deal_id) if e.type == "deal.released"]
    assert told.restricted["withheld"] == yuan("12300.00")
    assert told.audience == [world.seller]  # what it owes is not the buyer's to read
    refusal(await cashier.on_charge(deal_id, 1, "payment", {}), 409, "insufficient_funds")
    await give(session, world, world.buyer, "4000.00")
    too_much = {"amount": yuan("3650.01")}
    refused = await cashier.on_charge(deal_id, 1, "payment", too_much, "buyer_staff")
    assert refusal(refused, 400, "charge_amount_too_high")["maximum"] == yuan("3650.00")
    part = {"amount": yuan("3000.00")}
    paid = done(await cashier.on_charge(deal_id, 1, "payment", part, "buyer_staff"))
    assert (paid["status"], paid["outstanding"]) == ("due", yuan("650.00"))
    refusal(await cashier.on_charge(deal_id, 1, "payment", part, "seller_staff"), 403, "not_yours")
    refusal(await cashier.on_charge(deal_id, 9, "payment", {}), 404, "charge_unknown")
    waiver = {"reason": "首单减免", "amount": yuan("650.00")}
    waived = done(await cashier.on_charge(deal_id, 1, "waiver", waiver))
    assert (waived["status"], waived["waived"], waived["reason"]) == (
        "met",
        yuan("650.00"),
        "首单减免",
    )
    assert await fees_of(session, world) == Money.parse("15300.00")
    assert await funds(session, world, world.buyer) == Money.parse("1000.00")
    await assert_balanced(session, world)


async def test_what_is_overdue_is_listed(
    session: AsyncSession, world: World, cashier: Cashier
) -> None:
    _, deal_id = await cashier.charged()
    assert done(await cashier.get("charges?overdue=true", "operator"))["items"] == []
    await world.later(session, days=12)
    late = done(await cashier.get("charges?overdue=true&limit=1", "operator"))
    assert [(it["deal_id"], it["number"]) for it in late["items"]] == [(str(deal_id), 2)]
    rest = done(await cashier.get(f"charges?overdue=true&cursor={late['next']}", "operator"))
    assert [it["number"] for it in rest["items"]] == [1]
    own = done(await cashier.get("charges", "buyer_staff", party_id=world.buyer))["items"]
    assert [it["number"] for it in own] == [1]


async def test_a_fallen_deal_charges_nothing_and_gives_back_what_was_paid(
    session: AsyncSession, world: World, cashier: Cashier
) -> None:
    """ST106"""
    _, deal_id = await cashier.charged()
    await give(session, world, world.buyer, "1000.00")
    done(await cashier.on_charge(deal_id, 1, "payment", {"amount": yuan("1000.00")}))
    await default(session, world, deal_id)
    buyer, seller = await cashier.charges(deal_id)
    assert (buyer["status"], buyer["refunded"]) == ("cancelled", yuan("1000.00"))
    assert (seller["status"], seller["outstanding"]) == ("cancelled", yuan("0.00"))
    assert await funds(session, world, world.buyer) == Money.parse("1000.00")
    assert await fees_of(session, world) == Money(0)
    refusal(await cashier.on_charge(deal_id, 1, "payment", {}), 409, "transition_refused")
    await assert_balanced(session, world)


async def agree(cashier: Cashier, deal_id: DealId, broker: PartyId) -> Json:
    body = {"broker_id": str(broker)}
    path = f"deals/{deal_id}/broker/consent"
    done(await cashier.post(path, "seller_staff", body))
    return done(await cashier.post(path, "buyer_staff", body))


async def test_a_broker_that_both_sides_agree_to_earns_its_share(
    session: AsyncSession, world: World, cashier: Cashier
) -> None:
    """ST105: 30 % of the seller's commission, out of the escrow when the money is released."""
    _, deal_id = await cashier.charged()
    path = f"deals/{deal_id}/broker"
    refusal(await cashier.get(path, "operator"), 404, "broker_unknown")

    async def name(party_id: PartyId) -> httpx.Response:
        body = {"broker_id": str(party_id)}
        key = world.headers("operator") | {"Idempotency-Key": str(new_id())}
        return await cashier.client.put(f"/v1/{path}", json=body, headers=key)

    refusal(await name(world.buyer), 409, "broker_is_a_side")
    done(await name(world.third_buyer))
    other = {"broker_id": str(world.auditor)}
    told = await cashier.post(f"{path}/consent", "seller_staff", other)
    refusal(told, 409, "broker_differs")
    assert len(await cashier.charges(deal_id)) == 2
    agreed = await agree(cashier, deal_id, world.third_buyer)
    assert agreed["agreed"]
    _, seller, share = await cashier.charges(deal_id)
    assert (seller["amount"], share["amount"]) == (yuan("8610.00"), yuan("3690.00"))
    refusal(await name(world.auditor), 409, "charge_in_motion")
    await give(session, world, world.seller, "5000.00")
    early = await cashier.on_charge(deal_id, 3, "payment", {}, "seller_staff")
    refusal(early, 409, "brokerage_too_early")
    await pay(session, world, deal_id, PRICE - DEPOSIT)
    assert await funds(session, world, world.third_buyer) == Money.parse("3690.00")
    assert await fees_of(session, world) == Money.parse("8610.00")
    assert await funds(session, world, world.seller) == PRICE - Money.parse("7300.00")
    await assert_balanced(session, world)


async def test_invoice_data_are_entered_written_and_numbered(
    session: AsyncSession, world: World, cashier: Cashier
) -> None:
    """ST107, ST108, ST109"""
    _, deal_id = await cashier.charged()
    await pay(session, world, deal_id, PRICE - DEPOSIT)
    path = f"deals/{deal_id}/charges/2/invoice"
    refusal(await cashier.get(path, "seller_staff"), 409, "invoice_title_missing")
    refusal(
        await cashier.get(f"deals/{deal_id}/charges/1/invoice", "operator"),
        409,
        "nothing_to_invoice",
    )
    title = {"title": "之澜理工大学", "tax_number": "12330110470128359P"}
    where = f"/v1/parties/{world.seller}/invoice-title"

    async def put(body: Json, seen: str | None) -> httpx.Response:
        headers = world.headers("seller_staff") | ({} if seen is None else {"If-Match": seen})
        return await cashier.client.put(where, json=body, headers=headers)

    refusal(await put(title, None), 400, "if_match_missing")
    refusal(
        await put(title | {"tax_number": "12330110470128359X"}, '"0"'), 400, "tax_number_invalid"
    )
    assert (await put(title, '"0"')).headers["etag"] == '"1"'
    refusal(await put(title, '"0"'), 409, "version_mismatch")
    assert (
        done(await put(title | {"address_phone": "杭州市余杭区北苕大道1号"}, '"1"'))["version"] == 2
    )
    data = done(await cashier.get(path, "seller_staff"))
    assert (data["gross"], data["net"], data["tax"]) == (
        yuan("12300.00"),
        yuan("11603.77"),
        yuan("696.23"),
    )
    assert data["to_be_checked"] == ["item", "tax_rate_bp"]
    refusal(await cashier.get(path, "buyer_staff", party_id=world.buyer), 403, "not_yours")
    number = {"number": "26332000000012345678", "issued_on": "2026-03-23"}
    future = number | {"issued_on": "2026-03-24"}
    refusal(await cashier.post(path, "operator", future), 400, "invoiced_in_future")
    bad = number | {"number": "2633"}
    refusal(await cashier.post(path, "operator", bad), 400, "invoice_number_malformed")
    assert done(await cashier.post(path, "operator", number))["invoice_number"] == number["number"]
    refusal(await cashier.post(path, "operator", number), 409, "already_invoiced")
    await give(session, world, world.buyer, "3650.00")
    done(await cashier.on_charge(deal_id, 1, "payment", {}))
    other = f"deals/{deal_id}/charges/1/invoice"
    refusal(await cashier.post(other, "operator", number), 409, "invoice_number_taken")
