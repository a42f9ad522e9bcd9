"""Innovation vouchers over HTTP: issued, reserved, redeemed, claimed, settled by the bank."""

from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import public as ledger
from app.platform.access import Role
from app.platform.clock import market_now
from app.platform.journal import history
from app.settlement import public as settlement
from app.shared.ids import DealId
from app.shared.money import Money
from tests.listings.factories import Json, done, refusal, yuan
from tests.settlement.charged import PRICE, PROGRAMME, Cashier
from tests.settlement.factories import DEPOSIT, Counter
from tests.settlement.payment_terms import Till, instalments
from tests.settlement.test_deals import assert_balanced, funds, pay
from tests.world import World


@pytest.fixture
def cashier(client: httpx.AsyncClient, world: World, session: AsyncSession) -> Cashier:
    return Cashier(client, world, session)


async def owed_by_issuers(session: AsyncSession, world: World) -> Money:
    lines = await ledger.trial_balance(session, world.market_id)
    return sum((it.debit for it in lines if str(it.purpose) == "vouchers"), Money(0))


async def default(session: AsyncSession, world: World, deal_id: DealId, **how: Any) -> None:
    await settlement.default_deal(
        session,
        deal_id=deal_id,
        ground="书面拒绝签约",
        refused=True,
        at=await market_now(session, world.market_id),
        actor=world.actor(Role.OPERATOR),
        **how,
    )


async def services(counter: Counter, deal_id: DealId) -> None:
    """Fix the deal's contract as one of services."""
    done(await counter.fix(deal_id, 0, contract_type="service_general", technology_amount=None))


async def test_a_voucher_pays_a_charge_and_its_issuer_the_exchange(
    session: AsyncSession, world: World, cashier: Cashier
) -> None:
    """ST112, ST113, ST115"""
    _, deal_id = await cashier.charged()
    programme = await cashier.programme()
    voucher = done(await cashier.voucher(programme, "CXQ-0001"))
    refusal(await cashier.voucher(programme, "CXQ-0001"), 409, "voucher_number_taken")
    over = await cashier.reserve(voucher, deal_id, 1, "1825.01")
    assert refusal(over, 400, "voucher_amount_too_high")["maximum"] == yuan("1825.00")
    held = done(await cashier.reserve(voucher, deal_id, 1))
    assert (held["status"], held["used"]) == ("reserved", yuan("1825.00"))  # half of 3,650
    refusal(await cashier.reserve(voucher, deal_id, 1), 409, "transition_refused")
    assert (await cashier.charges(deal_id))[0]["outstanding"] == yuan("3650.00")
    used = done(await cashier.use(voucher, "redemption"))
    assert used["redeemed_at"] is not None
    refusal(await cashier.use(voucher, "redemption"), 409, "transition_refused")
    (buyer, _) = await cashier.charges(deal_id)
    assert (buyer["by_voucher"], buyer["outstanding"]) == (yuan("1825.00"), yuan("1825.00"))
    assert await owed_by_issuers(session, world) == Money.parse("1825.00")
    refusal(await cashier.use(voucher, "claim"), 409, "voucher_claim_too_early")
    await pay(session, world, deal_id, PRICE - DEPOSIT)
    done(await cashier.use(voucher, "claim"))
    paid = done(await cashier.use(voucher, "settlement", {"bank_reference": "财政-0099"}))
    assert (paid["status"], paid["bank_reference"]) == ("settled", "财政-0099")
    assert await owed_by_issuers(session, world) == Money(0)
    told = [event.type for event in await history(session, voucher["id"])]
    course = ("issued", "reserved", "redeemed", "claimed", "settled")
    assert told == [f"voucher.{it}" for it in course]
    mine = done(await cashier.get("vouchers?status=settled", "buyer_staff", party_id=world.buyer))
    assert [it["id"] for it in mine["items"]] == [voucher["id"]]
    others = {"party_id": world.other_buyer}
    assert done(await cashier.get("vouchers", "buyer_staff", **others))["items"] == []
    assert done(await cashier.get("voucher-programmes", "buyer_staff"))["items"] == [programme]
    await assert_balanced(session, world)


async def test_the_years_cap_and_the_share_hold_across_vouchers(
    world: World, cashier: Cashier
) -> None:
    """ST112: 3,000 a year and holder; half of one charge, whatever the number of vouchers."""
    _, deal_id = await cashier.charged()
    programme = await cashier.programme(share_bp=10_000)
    vouchers = [done(await cashier.voucher(programme, f"CXQ-{n}")) for n in (1, 2)]
    assert done(await cashier.reserve(vouchers[0], deal_id, 1))["used"] == yuan("2000.00")
    second = await cashier.reserve(vouchers[1], deal_id, 1, "1000.01")
    assert refusal(second, 400, "voucher_amount_too_high")["maximum"] == yuan("1000.00")
    assert done(await cashier.reserve(vouchers[1], deal_id, 1))["used"] == yuan("1000.00")
    freed = done(await cashier.use(vouchers[0], "return", None, "buyer_staff"))
    assert (freed["status"], freed["used"], freed["deal_id"]) == ("issued", None, None)
    half = await cashier.programme(share_bp=5_000, year_cap=yuan("99999.00"))
    pair = [done(await cashier.voucher(half, f"CXQ-H{n}")) for n in (1, 2)]
    done(await cashier.reserve(pair[0], deal_id, 1, "1800.00"))
    third = await cashier.reserve(pair[1], deal_id, 1, "25.01")
    assert refusal(third, 400, "voucher_amount_too_high")["maximum"] == yuan("25.00")


@pytest.mark.parametrize(
    ("changes", "rule"),
    [({"region_code": "320000"}, "region"), ({"cap": yuan("1999.99")}, None)],
)
async def test_a_voucher_outside_its_programme_is_not_issued(
    cashier: Cashier, changes: Json, rule: str | None
) -> None:
    """ST110, ST112"""
    programme = await cashier.programme(**changes)
    refused = await cashier.voucher(programme, "CXQ-1")
    if rule is None:
        refusal(refused, 400, "voucher_amount_too_high")
    else:
        assert refusal(refused, 400, "voucher_use_refused")["rule"] == rule


async def test_a_use_that_the_programme_does_not_know_is_refused(
    session: AsyncSession, world: World, cashier: Cashier
) -> None:
    """ST110, ST111"""
    _, deal_id = await cashier.charged()
    programme = await cashier.programme(uses=["price"])
    voucher = done(await cashier.voucher(programme, "CXQ-1"))
    told = refusal(await cashier.reserve(voucher, deal_id, 1), 400, "voucher_use_refused")
    assert told["rule"] == "use"
    told = refusal(await cashier.reserve(voucher, deal_id, 2), 400, "voucher_use_refused")
    assert told["rule"] == "not_the_payer"
    told = refusal(await cashier.reserve(voucher, deal_id, None), 400, "voucher_use_refused")
    assert told["rule"] == "not_services"
    refusal(await cashier.reserve(voucher, deal_id, 7), 404, "charge_unknown")
    late = await cashier.programme(valid_to="2026-03-24", name="短期券")
    short = done(await cashier.voucher(late, "CXQ-2"))
    done(await cashier.reserve(short, deal_id, 1, "1.00"))
    await world.later(session, days=2)
    told = refusal(await cashier.use(short, "redemption"), 400, "voucher_use_refused")
    assert (told["rule"], told["expires_on"]) == ("expired", "2026-03-24")
    bad = {"valid_to": "2025-01-01"}
    path = await cashier.post("voucher-programmes", "operator", PROGRAMME | bad)
    refusal(path, 400, "voucher_programme_invalid")


async def test_a_voucher_pays_a_part_of_the_price_of_services(
    session: AsyncSession, world: World, cashier: Cashier, counter: Counter
) -> None:
    """ST2, ST113: it counts as paid, and the seller gets it when the rest is there."""
    _, deal_id = await cashier.charged()
    await services(counter, deal_id)
    voucher = done(await cashier.voucher(await cashier.programme(), "CXQ-1"))
    done(await cashier.reserve(voucher, deal_id, None))
    done(await cashier.use(voucher, "redemption"))
    deal = await settlement.get_deal(session, deal_id)
    assert deal.paid == DEPOSIT + Money.parse("2000.00")
    refusal(await counter.pay(deal_id, str(PRICE - DEPOSIT)), 400, "payment_above_outstanding")
    await pay(session, world, deal_id, deal.outstanding)
    net = PRICE - Money.parse("12300.00")
    assert await funds(session, world, world.seller) == net
    done(await cashier.use(voucher, "claim"))
    await assert_balanced(session, world)


@pytest.mark.parametrize("side", [settlement.Side.BUYER, settlement.Side.SELLER])
async def test_a_fallen_deal_gives_vouchers_back_and_not_their_money(
    session: AsyncSession,
    world: World,
    cashier: Cashier,
    counter: Counter,
    side: settlement.Side,
) -> None:
    """ST106, ST114, ST116: nobody gets cash for a voucher, which may be used again."""
    _, deal_id = await cashier.charged()
    await services(counter, deal_id)
    programme = await cashier.programme(year_cap=yuan("9000.00"))
    of_price, of_fee, waiting = [
        done(await cashier.voucher(programme, f"CXQ-{n}")) for n in range(3)
    ]
    done(await cashier.reserve(of_price, deal_id, None))
    done(await cashier.reserve(of_fee, deal_id, 1, "1000.00"))
    done(await cashier.reserve(waiting, deal_id, 1, "500.00"))
    for voucher in (of_price, of_fee):
        done(await cashier.use(voucher, "redemption"))
    await pay(session, world, deal_id, Money.parse("7000.00"))
    await default(session, world, deal_id, side=side)
    for voucher in (of_price, of_fee, waiting):
        seen = done(await cashier.get(f"vouchers/{voucher['id']}", "operator"))
        assert (seen["status"], seen["used"]) == ("issued", None)
    assert await funds(session, world, world.buyer) == Money.parse("7000.00")
    assert await owed_by_issuers(session, world) == Money(0)
    escrow = await ledger.escrow_of(session, market_id=world.market_id, deal_id=deal_id)
    assert escrow == Money(0)
    await assert_balanced(session, world)


async def test_a_buyer_in_default_gets_no_cash_for_a_voucher_that_is_half_with_the_seller(
    session: AsyncSession, world: World, cashier: Cashier, counter: Counter
) -> None:
    """ST114: 270,000 paid, 150,000 of it by voucher; 219,000 are with the seller."""
    _, deal_id = await cashier.charged()
    await services(counter, deal_id)
    till = Till(counter, deal_id)
    done(await till.fix(instalments(price=yuan("730000.00"))))
    await till.sign()
    big = {"cap": yuan("150000.00"), "year_cap": yuan("150000.00"), "share_bp": 10_000}
    programme = await cashier.programme(**big)
    voucher = done(await cashier.voucher(programme, "CXQ-1", face="150000.00"))
    done(await cashier.reserve(voucher, deal_id, None))
    done(await cashier.use(voucher, "redemption"))
    await pay(session, world, deal_id, Money.parse("5000.00"))
    deal = await settlement.get_deal(session, deal_id)
    assert (deal.paid, deal.released) == (Money.parse("275000.00"), Money.parse("219000.00"))
    await default(session, world, deal_id)
    seen = done(await cashier.get(f"vouchers/{voucher['id']}", "operator"))
    assert (seen["status"], seen["used"]) == ("redeemed", yuan("94000.00"))
    assert await owed_by_issuers(session, world) == Money.parse("94000.00")
    assert await funds(session, world, world.buyer) == Money(0)
    escrow = await ledger.escrow_of(session, market_id=world.market_id, deal_id=deal_id)
    assert escrow == Money(0)
    done(await cashier.use(voucher, "claim"))
    done(await cashier.use(voucher, "settlement", {"bank_reference": "财政-0100"}))
    assert await owed_by_issuers(session, world) == Money(0)
    await assert_balanced(session, world)
