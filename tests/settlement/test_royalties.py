"""Royalties on a real database: reported, paid, doubted, audited, reconciled."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.journal import history
from tests.listings.factories import Desk, Json, done, yuan
from tests.settlement.factories import Counter
from tests.settlement.payment_terms import HASH, Till, code, entry_fee, shown, till
from tests.world import World


@pytest.fixture
async def licensed(desk: Desk, counter: Counter) -> Till:
    """A signed deal with an entry fee and two half-yearly royalties of 3 % of the sales."""
    found = await till(desk, counter)
    done(await found.fix(entry_fee()))
    await found.sign()
    return found


async def report(found: Till, number: int, base: str, role: str = "buyer_staff") -> Json:
    body = {"base": yuan(base), "evidence_id": await found.file(role)}
    return done(await found.act(f"royalty-reports/{number}", body, role))


async def test_a_reported_period_is_due_to_the_fen_and_paid_beyond_the_price(
    session: AsyncSession, world: World, licensed: Till
) -> None:
    """ST63, ST68, ST69"""
    evidence = {"base": yuan("1000000.01"), "evidence_id": await licensed.file()}
    early = await licensed.act("royalty-reports/3", evidence, "buyer_staff")
    assert code(early) == (409, "report_not_due")
    done(await licensed.pay("580000.00"))
    assert code(await licensed.pay("1.00")) == (409, "transition_refused")  # nothing is due
    await world.later(session, days=200)  # 2026-10-09: the first half-year is over
    second = await licensed.act("royalty-reports/4", evidence, "buyer_staff")
    assert code(second) == (409, "report_not_due")
    currency = evidence | {"base": {"amount": "1.00", "currency": "USD"}}
    refused = await licensed.act("royalty-reports/3", currency, "buyer_staff")
    assert (code(refused), refused.json()["accepted"]) == ((400, "base_currency_wrong"), "CNY")
    huge = evidence | {"base": yuan("999999999999999.99")}
    refused = await licensed.act("royalty-reports/3", huge, "buyer_staff")
    assert code(refused) == (400, "base_too_large")
    assert refused.json()["maximum"] == yuan("100000000000000.00")
    stranger = await licensed.act("royalty-reports/3", evidence, "seller_staff")
    assert code(stranger) == (403, "not_yours")
    reported = done(await licensed.act("royalty-reports/3", evidence, "buyer_staff"))
    assert (reported["state"], reported["period"]) == ("reported", 1)
    assert shown(await licensed.dues())[1] == (3, "royalty", "30000.00", "planned")
    again = await licensed.act("royalty-reports/3", evidence, "buyer_staff")
    assert code(again) == (409, "report_not_due")
    terms = await licensed.terms("seller_staff")
    assert (terms["amount_known"], terms["total_so_far"]) == (False, yuan("730000.00"))
    above = await licensed.pay("30000.01")
    assert above.json()["maximum"] == yuan("30000.00")
    done(await licensed.pay("30000.00"))
    deal = await licensed.deal()
    assert (deal["paid"], deal["released"], deal["status"]) == (
        yuan("700000.00"),
        yuan("730000.00"),
        "settled",
    )


async def test_an_audit_brings_the_difference_and_what_was_too_much_is_credited(
    session: AsyncSession, world: World, licensed: Till
) -> None:
    """ST69"""
    await world.later(session, days=200)
    unknown = await licensed.act("royalty-reports/3/objection", {"reason": "存疑"}, "seller_staff")
    assert code(unknown) == (404, "royalty_report_unknown")
    await report(licensed, 3, "1000000.00")
    finding = {
        "audited": yuan("1200000.00"),
        "audit_report_id": await licensed.file("operator"),
    }
    assert code(await licensed.act("royalty-reports/3/audit", finding)) == (
        409,
        "transition_refused",
    )
    doubt = {"reason": "销售额与纳税申报不符"}
    mine = await licensed.act("royalty-reports/3/objection", doubt, "buyer_staff")
    assert code(mine) == (403, "not_yours")
    done(await licensed.act("royalty-reports/3/objection", doubt, "seller_staff"))
    dropped = await licensed.counter.client.request(
        "DELETE",
        f"/v1/deals/{licensed.deal_id}/royalty-reports/3/objection",
        headers=world.headers("seller_staff") | {"Idempotency-Key": "drop-1"},
    )
    assert done(dropped)["state"] == "reported"
    done(await licensed.act("royalty-reports/3/objection", doubt, "seller_staff"))
    assert code(await licensed.act("royalty-reports/3/audit", finding)) == (
        409,
        "audit_too_early",
    )
    await world.later(session, days=15)
    audited = done(await licensed.act("royalty-reports/3/audit", finding))
    assert (audited["state"], audited["audit_paid_by"]) == ("audited", "buyer")
    assert shown(await licensed.dues())[1:] == [
        (3, "royalty", "30000.00", "planned"),
        (4, "royalty", None, "planned"),
        (5, "difference", "6000.00", "planned"),
    ]
    waived = await licensed.act("dues/5/waiver", {"reason": "双方和解"}, "seller_staff")
    assert done(waived)["items"][-1]["state"] == "waived"
    reports = await licensed.counter.get(f"deals/{licensed.deal_id}/royalty-reports")
    (found,) = reports.json()
    assert found["audited"] == yuan("1200000.00")


async def test_what_was_unknown_at_signing_is_reconciled_later(
    session: AsyncSession, world: World, licensed: Till
) -> None:
    """ST73"""
    await world.later(session, days=200)
    await report(licensed, 3, "1000000.00")
    agreed = {"final_total": yuan("729999.99"), "text_hash": HASH, "reason": "双方一次性买断"}
    low = await licensed.act("terms/reconciliation", agreed)
    assert (code(low), low.json()["minimum"]) == (
        (400, "final_total_too_low"),
        yuan("730000.00"),
    )
    agreed["final_total"] = yuan("760000.00")
    final = done(await licensed.act("terms/reconciliation", agreed))
    assert (final["amount_known"], final["total_so_far"]) == (True, yuan("760000.00"))
    assert shown(await licensed.dues())[1:] == [
        (3, "royalty", "30000.00", "planned"),
        (4, "royalty", None, "reconciled"),
        (5, "difference", "30000.00", "planned"),
    ]
    again = await licensed.act("terms/reconciliation", agreed)
    assert code(again) == (409, "nothing_to_reconcile")
    done(await licensed.pay("640000.00"))
    assert (await licensed.deal())["released"] == yuan("760000.00")
    told = [event.type for event in await history(session, licensed.deal_id)]
    assert told.index("deal.royalty_reported") < told.index("deal.total_reconciled")


async def test_a_royalty_pays_the_price_it_guarantees_and_the_rest_falls_due_at_the_end(
    session: AsyncSession, world: World, desk: Desk, counter: Counter
) -> None:
    """ST60, ST69, ST73"""
    found = await till(desk, counter)
    done(await found.fix(entry_fee() | {"kind": "royalty"}))
    await found.sign()
    await world.later(session, days=200)
    await report(found, 3, "5000000.00")
    assert shown(await found.dues()) == [
        (2, "guaranteed", "550000.00", "part_paid"),
        (3, "royalty", "150000.00", "planned"),
        (4, "royalty", None, "planned"),
    ]
    done(await found.pay("150000.00"))
    assert (await found.deal())["released"] == yuan("150000.00")
    agreed = {"final_total": yuan("700000.00"), "text_hash": HASH, "reason": "提前终止使用"}
    done(await found.act("terms/reconciliation", agreed))
    guaranteed, _, last = await found.dues()
    assert (last["state"], guaranteed["due_at"]) == ("reconciled", "2026-10-19T16:00:00+00:00")
    done(await found.pay("430000.00"))
    assert (await found.deal())["status"] == "settled"


async def test_a_renounced_period_leaves_the_years_where_they_were(
    session: AsyncSession, world: World, desk: Desk, counter: Counter
) -> None:
    """ST68: the year's minimum is asked for at its end, also if a period was waived unreported."""
    found = await till(desk, counter)
    done(await found.fix(entry_fee(period="half_year", minimum_a_year=yuan("60000.00"))))
    await found.sign()
    done(await found.act("dues/3/waiver", {"reason": "投产推迟"}, "seller_staff"))
    await world.later(session, days=400)
    await report(found, 4, "1000000.00")
    assert shown(await found.dues())[1:] == [
        (3, "royalty", None, "waived"),
        (4, "royalty", "60000.00", "planned"),
    ]


async def test_money_goes_on_that_an_audit_makes_enough(
    session: AsyncSession, world: World, licensed: Till
) -> None:
    """ST65, ST69: what was paid in part is the whole once the audit has lowered the rest."""
    done(await licensed.pay("580000.00"))
    await world.later(session, days=200)
    await report(licensed, 3, "1000000.00")
    done(await licensed.pay("24000.00"))
    assert (await licensed.deal())["released"] == yuan("700000.00")
    doubt = {"reason": "基数重复计算"}
    done(await licensed.act("royalty-reports/3/objection", doubt, "seller_staff"))
    await world.later(session, days=15)
    finding = {"audited": yuan("800000.00"), "audit_report_id": await licensed.file("operator")}
    done(await licensed.act("royalty-reports/3/audit", finding))
    assert shown(await licensed.dues())[1] == (3, "royalty", "24000.00", "paid")
    assert (await licensed.deal())["released"] == yuan("724000.00")
