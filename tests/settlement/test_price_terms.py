"""Price terms on a real database: fixed, paid, changed by both sides, reminded of."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger import public as ledger
from app.platform.clock import market_now
from app.platform.db import Database
from app.platform.journal import history
from app.platform.schema import encode_cursor
from app.settlement.domain.deal import Deal
from app.settlement.domain.payment import PayerDiffers, Payment
from app.settlement.service import dunning, paying
from app.shared.ids import DealId, EntryId, new_id
from app.shared.money import Money
from tests.demands.board import Board
from tests.demands.work import Work
from tests.listings.factories import Desk, done, yuan
from tests.queries import counted
from tests.settlement.factories import BUYER_NAME, Counter
from tests.settlement.payment_terms import (
    STAKE,
    Till,
    actor_of,
    code,
    entry_fee,
    instalments,
    shown,
    till,
)
from tests.world import World


@pytest.fixture
async def desk_till(desk: Desk, counter: Counter) -> Till:
    return await till(desk, counter)


async def balances(session: AsyncSession, world: World, found: Till) -> tuple[str, str, str]:
    """Return escrow, the seller's and the buyer's funds; the books sum to zero."""
    market_id = world.market_id
    assert ledger.totals(await ledger.trial_balance(session, market_id)) == (Money(0),)
    escrow = await ledger.escrow_of(session, market_id=market_id, deal_id=found.deal_id)
    sold = await ledger.funds_of(session, market_id=market_id, party_id=world.seller)
    back = await ledger.funds_of(session, market_id=market_id, party_id=world.buyer)
    return str(escrow), str(sold), str(back)


async def test_instalments_reach_the_seller_as_they_come(
    session: AsyncSession, world: World, desk_till: Till
) -> None:
    """ST60, ST63, ST64, ST65"""
    assert shown(await desk_till.dues()) == [(1, "price", "700000.00", "part_paid")]
    fixed = await desk_till.fix(instalments())
    assert (fixed.status_code, fixed.headers["ETag"]) == (200, '"1"')
    assert fixed.json()["payment_mode"] == "instalments"
    assert shown(await desk_till.dues()) == [
        (2, "instalment", "210000.00", "part_paid"),
        (3, "instalment", "490000.00", "planned"),
        (4, "interest", "8521.97", "planned"),
    ]
    above = await desk_till.pay("580000.01")  # interest is taken once it is signed
    assert above.json()["maximum"] == yuan("580000.00")
    done(await desk_till.pay("90000.00"))
    assert await balances(session, world, desk_till) == ("210000.00", "0.00", "0.00")
    await desk_till.sign()
    done(await desk_till.pay("10000.00"))
    assert await balances(session, world, desk_till) == ("10000.00", "210000.00", "0.00")
    assert (await desk_till.deal())["released"] == yuan("210000.00")
    done(await desk_till.pay("480000.00"))
    deal = await desk_till.deal()
    assert (deal["status"], deal["released"]) == ("settled", yuan("700000.00"))
    late = await desk_till.pay("8521.98")
    assert code(late) == (400, "payment_above_outstanding")
    assert late.json()["maximum"] == yuan("8521.97")
    done(await desk_till.pay("8521.97"))
    assert code(await desk_till.pay("1.00")) == (409, "transition_refused")
    assert await balances(session, world, desk_till) == ("0.00", "708521.97", "0.00")
    assert {item["state"] for item in await desk_till.dues("seller_staff")} == {"paid"}
    told = [event.type for event in await history(session, desk_till.deal_id)]
    assert told == [
        "deal.opened",
        "deal.terms_fixed",
        "deal.due_generated",
        "deal.payment_received",
        "deal.due_paid",
        "deal.signed",
        "deal.effective",
        "deal.payment_received",
        "deal.released",
        "deal.payment_received",
        "deal.due_paid",
        "deal.paid",
        "deal.released",
        "deal.settled",
        "deal.payment_received",
        "deal.due_paid",
        "deal.released",
    ]


async def test_who_fixes_terms_has_seen_them_and_they_hold_their_rules(
    session: AsyncSession, world: World, desk_till: Till
) -> None:
    """ST66, ST67"""
    assert code(await desk_till.fix(instalments(), seen=None)) == (400, "if_match_missing")
    assert code(await desk_till.fix(instalments(), seen=1)) == (409, "version_mismatch")
    other = await desk_till.fix(instalments(price=yuan("699999.99")))
    assert code(other) == (400, "price_terms_invalid")
    assert other.json()["errors"][0]["accepted"] == {"price": yuan("700000.00")}
    unsecured = instalments(
        guarantee={
            "kind": "surety",
            "guarantor": "之江担保有限公司",
            "amount": yuan("490000.00"),
            "expires_on": "2026-12-31",
            "document_id": await desk_till.file("buyer_staff"),
        }
    )
    assert code(await desk_till.fix(unsecured)) == (404, "object_unknown")  # not its own file
    unsecured["guarantee"]["document_id"] = await desk_till.file("seller_staff")
    done(await desk_till.fix(unsecured))
    shown_file = await desk_till.counter.get(
        f"files/{unsecured['guarantee']['document_id']}", "buyer_staff"
    )
    assert shown_file.status_code == 200
    assert code(await desk_till.propose(instalments())) == (409, "price_terms_unsigned")
    await desk_till.sign()
    signed = await desk_till.fix(instalments(), seen=1)
    assert code(signed) == (409, "price_terms_signed")
    seen = await desk_till.terms()
    assert (seen["version"], seen["amount_known"], seen["total_so_far"]) == (
        1,
        True,
        yuan("700000.00"),
    )


async def test_a_paid_deal_has_nothing_to_agree_on(desk_till: Till) -> None:
    done(await desk_till.pay("580000.00"))
    assert code(await desk_till.fix(instalments())) == (409, "price_terms_over")


async def test_signed_terms_change_by_both_sides_and_for_the_future_only(
    session: AsyncSession, world: World, desk_till: Till
) -> None:
    """ST62, ST66"""
    done(await desk_till.fix(instalments()))
    await desk_till.sign()
    done(await desk_till.pay("90000.00"))
    assert code(await desk_till.agree()) == (404, "supplement_unknown")
    later = instalments(
        instalments=[
            {"share_bp": 5_000, "due_on": "2026-10-31"},
            {"share_bp": 5_000, "due_on": "2026-11-30"},
        ],
        interest_bp=0,
    )
    proposed = done(await desk_till.propose(later))
    assert proposed["supplement"]["buyer_agreed_at"] is None
    shares = {"kind": "share_investment", "price": yuan("700000.00"), "shares": STAKE}
    done(await desk_till.propose(shares))
    partly = await desk_till.agree()
    assert (code(partly), partly.json()["errors"][0]["rule"]) == (
        (400, "price_terms_invalid"),
        "price_part_paid",
    )
    done(await desk_till.propose(later))
    assert code(await desk_till.agree(text_hash="cd" * 32)) == (409, "supplement_differs")
    assert (await desk_till.terms())["version"] == 1
    fixed = done(await desk_till.agree())
    assert (fixed["version"], fixed["supplement"]) == (2, None)
    assert shown(await desk_till.dues()) == [
        (2, "instalment", "210000.00", "paid"),
        (5, "instalment", "245000.00", "planned"),
        (6, "instalment", "245000.00", "planned"),
    ]
    done(await desk_till.propose(later, seen=2, role="buyer_staff"))
    dropped = await desk_till.counter.client.delete(
        f"/v1/deals/{desk_till.deal_id}/terms/supplement", headers=world.headers("seller_staff")
    )
    assert dropped.status_code == 204
    again = await desk_till.counter.client.delete(
        f"/v1/deals/{desk_till.deal_id}/terms/supplement", headers=world.headers("seller_staff")
    )
    assert code(again) == (404, "supplement_unknown")


async def test_a_supplement_schedules_what_a_deposit_has_not_paid(
    session: AsyncSession, world: World, desk_till: Till
) -> None:
    """ST60, ST62: what came in stays and goes on, the rest is paid as both have agreed."""
    await desk_till.sign()
    done(await desk_till.propose(instalments(interest_bp=0), seen=0))
    done(await desk_till.agree())
    assert shown(await desk_till.dues()) == [
        (1, "price", "120000.00", "paid"),
        (2, "instalment", "174000.00", "planned"),
        (3, "instalment", "406000.00", "planned"),
    ]
    assert await balances(session, world, desk_till) == ("0.00", "120000.00", "0.00")
    done(await desk_till.pay("580000.00"))
    assert (await desk_till.deal())["status"] == "settled"


async def test_both_sides_may_agree_that_an_overdue_price_is_paid_later(
    session: AsyncSession, world: World, desk_till: Till
) -> None:
    """ST62"""
    await desk_till.sign()
    await world.later(session, days=30)
    later = instalments(
        instalments=[
            {"share_bp": 5_000, "due_on": "2026-10-31"},
            {"share_bp": 5_000, "due_on": "2026-11-30"},
        ],
        interest_bp=0,
    )
    done(await desk_till.propose(later, seen=0))
    done(await desk_till.agree())
    assert [item[2] for item in shown(await desk_till.dues())] == [
        "120000.00",
        "290000.00",
        "290000.00",
    ]
    words = {"ground": "未付款", "refused": False}
    early = await desk_till.act("default", words)
    assert early.json()["earliest"] == "2026-10-31T16:00:00+00:00"


async def test_who_does_not_register_shares_is_in_default(
    session: AsyncSession, world: World, desk_till: Till
) -> None:
    """ST13, ST72"""
    body = {"kind": "share_investment", "price": yuan("700000.00"), "shares": STAKE}
    done(await desk_till.fix(body))
    await desk_till.sign()
    words = {"ground": "未办理股权登记", "refused": False}
    early = await desk_till.act("default", words)
    assert early.json()["earliest"] == "2026-06-30T16:00:00+00:00"
    await world.later(session, days=100)
    await dunning.remind(
        session, desk_till.deal_id, datetime.fromisoformat(early.json()["earliest"])
    )
    inbox = done(await desk_till.counter.get("notifications", "buyer_staff"))["items"]
    (late,) = [item for item in inbox if item["topic"] == "settlement.due_overdue"]
    assert "作价700000.00元的股权待登记，期限至 2026-06-30（含当日）。" in late["text_zh"]
    ended = done(await desk_till.act("default", words))
    assert ended["default_reason"] == "not_paid"


async def test_milestones_are_due_some_days_after_their_acceptance(
    world: World, session: AsyncSession, desk_till: Till
) -> None:
    """ST71, ST13"""
    steps = [
        {"title": name, "acceptance": "验收报告", "expected_on": day, "share_bp": share}
        for name, day, share in (("中试", "2026-06-30", 4_000), ("投产", "2026-12-31", 6_000))
    ]
    body = {"kind": "milestones", "price": yuan("700000.00"), "milestones": steps}
    done(await desk_till.fix(body))
    await desk_till.sign()
    early = await desk_till.act("default", {"ground": "未付款", "refused": False})
    assert code(early) == (409, "default_too_early")
    accepted = {"happened_on": "2026-03-23"}
    foreign = await desk_till.act("dues/2/acceptance", accepted, "seller_staff")
    assert code(foreign) == (403, "not_yours")
    ahead = await desk_till.act("dues/2/acceptance", {"happened_on": "2026-03-24"})
    assert (code(ahead), ahead.json()["maximum"]) == ((400, "happened_in_future"), "2026-03-23")
    before = await desk_till.act("dues/2/acceptance", {"happened_on": "0001-01-01"})
    assert (code(before), before.json()["minimum"]) == (
        (400, "happened_before_deal"),
        "2026-03-23",
    )
    found = done(await desk_till.act("dues/2/acceptance", accepted, "buyer_staff"))
    assert found["items"][0]["due_at"] == "2026-04-02T16:00:00+00:00"  # ten days: 04-02, 24:00
    again = await desk_till.act("dues/2/acceptance", accepted)
    assert code(again) == (409, "due_has_date")
    assert code(await desk_till.act("dues/9/acceptance", accepted)) == (404, "due_unknown")
    waived = await desk_till.act("dues/2/waiver", {"reason": "减免"}, "seller_staff")
    assert code(waived) == (409, "due_of_the_price")
    await world.later(session, days=11)
    ended = done(await desk_till.act("default", {"ground": "未付款", "refused": False}))
    assert ended["default_reason"] == "not_paid"


async def test_a_default_leaves_the_seller_what_it_got(
    session: AsyncSession, world: World, desk_till: Till
) -> None:
    """ST13, ST14: the deposit came first and is part of what was released."""
    done(await desk_till.fix(instalments()))
    await desk_till.sign()
    done(await desk_till.pay("100000.00"))
    deal = await desk_till.deal()
    assert (deal["paid"], deal["released"]) == (yuan("220000.00"), yuan("210000.00"))
    await world.later(session, days=30)
    early = await desk_till.act("default", {"ground": "未付第二期", "refused": False})
    assert early.json()["earliest"] == "2026-09-30T16:00:00+00:00"
    await world.later(session, days=170)
    ended = done(await desk_till.act("default", {"ground": "未付第二期", "refused": False}))
    assert (ended["returned"], ended["released"]) == (yuan("10000.00"), yuan("210000.00"))
    assert await balances(session, world, desk_till) == ("0.00", "210000.00", "10000.00")
    lost = await ledger.forfeited_of(session, market_id=world.market_id)
    assert lost == Money(0)


async def test_registered_shares_stand_for_the_price_and_money_goes_back(
    session: AsyncSession, world: World, desk_till: Till
) -> None:
    """ST72"""
    body = {"kind": "share_investment", "price": yuan("700000.00"), "shares": STAKE}
    done(await desk_till.fix(body))
    assert shown(await desk_till.dues()) == [(2, "shares", "700000.00", "planned")]
    assert code(await desk_till.pay("1.00")) == (400, "payment_above_outstanding")
    registered = {"registered_on": "2026-03-23", "document_id": await desk_till.file("operator")}
    deal = done(await desk_till.act("dues/2/share-registration", registered))
    assert (deal["status"], deal["returned"], deal["outstanding"]) == (
        "settled",
        yuan("120000.00"),
        yuan("0.00"),
    )
    assert await balances(session, world, desk_till) == ("0.00", "0.00", "120000.00")
    again = await desk_till.act("dues/2/share-registration", registered)
    assert code(again) == (409, "transition_refused")


async def test_shares_are_registered_of_a_share_investment_only(desk_till: Till) -> None:
    """ST72"""
    registered = {"registered_on": "2026-03-23", "document_id": await desk_till.file("operator")}
    answer = await desk_till.act("dues/1/share-registration", registered)
    assert code(answer) == (409, "due_not_shares")


async def test_timers_call_remind_and_decide_nothing(
    session: AsyncSession, world: World, desk_till: Till
) -> None:
    """ST70"""
    done(await desk_till.fix(instalments()))
    await desk_till.sign()
    dues = await desk_till.dues()
    due_at = datetime.fromisoformat(dues[0]["due_at"])
    await dunning.remind(session, desk_till.deal_id, due_at - timedelta(days=5))
    assert (await desk_till.dues())[0]["state"] == "part_paid"
    await world.at(session, due_at)
    await dunning.remind(session, desk_till.deal_id, due_at)
    await dunning.remind(session, desk_till.deal_id, due_at)  # a repetition tells nobody again
    second = datetime.fromisoformat(dues[1]["due_at"])
    await dunning.remind(session, desk_till.deal_id, second - timedelta(days=5))
    states = [item["state"] for item in await desk_till.dues()]
    assert states == ["part_paid", "due", "due"]
    for role, topics in (
        (
            "buyer_staff",
            ["settlement.due_called", "settlement.due_called", "settlement.due_overdue"],
        ),
        ("seller_staff", ["settlement.due_overdue"]),
    ):
        inbox = done(await desk_till.counter.get("notifications", role))["items"]
        mine = [item["topic"] for item in inbox if item["topic"].startswith("settlement.due")]
        assert sorted(mine) == topics
    page = done(await desk_till.counter.get("dues?overdue=true", "seller_staff"))
    assert [(item["due"]["number"], item["due"]["overdue"]) for item in page["items"]] == [
        (2, True)
    ]
    first = done(await desk_till.counter.get("dues?limit=2"))
    rest = done(await desk_till.counter.get(f"dues?limit=2&cursor={first['next']}"))
    numbers = [item["due"]["number"] for item in [*first["items"], *rest["items"]]]
    assert (numbers, rest["next"]) == ([2, 3, 4], None)
    for place in ("2026-03-30T00:00:00", "soon"):
        forged = encode_cursor(place, str(desk_till.deal_id), 2)
        answer = await desk_till.counter.get(f"dues?cursor={forged}")
        assert code(answer) == (400, "cursor_invalid")
    far = encode_cursor("2026-03-30T00:00:00+00:00", str(desk_till.deal_id), 2**40)
    assert code(await desk_till.counter.get(f"dues?cursor={far}")) == (400, "cursor_invalid")
    assert (await desk_till.deal())["status"] == "opened"


async def test_payments_of_several_deals_are_one_batch(
    session: AsyncSession,
    world: World,
    desk: Desk,
    counter: Counter,
    desk_till: Till,
    rolled_back: Database,
) -> None:
    """ST63, ST64: each judged in order, all or none; two deals cost the statements of one."""
    first, second = desk_till.deal_id, (await till(desk, counter)).deal_id
    now = await market_now(session, world.market_id)

    def arrival(text: str, name: str = BUYER_NAME) -> Payment:
        return Payment(
            id=EntryId(new_id()),
            amount=Money.parse(text),
            payer_name=name,
            bank_reference=str(new_id()),
            received_at=now,
        )

    async def record(*payments: tuple[DealId, Payment]) -> tuple[list[Deal], int]:
        with counted(rolled_back) as statements:
            deals = await paying.record_payments(session, actor_of(counter), payments, now=now)
        return deals, len(statements)

    with pytest.raises(PayerDiffers):
        async with session.begin_nested():
            await record((first, arrival("1.00")), (second, arrival("1.00", "第三方有限公司")))
    await record((first, arrival("10000.00")), (second, arrival("10000.00")))
    _, one = await record((first, arrival("10000.00")))
    _, both = await record((first, arrival("10000.00")), (second, arrival("10000.00")))
    assert 0 < both == one
    deals, _ = await record(
        (first, arrival("50000.00")),
        (first, arrival("500000.00")),
        (second, arrival("560000.00")),
    )
    assert [str(deal.status) for deal in deals] == ["settled"] * 3
    assert await balances(session, world, desk_till) == ("0.00", "1400000.00", "0.00")
    events = [event.type for event in await history(session, first)]
    assert events == [
        "deal.opened",
        *["deal.payment_received"] * 5,
        "deal.paid",
        "deal.released",
        "deal.settled",
    ]


async def test_a_supplement_may_postpone_a_royalty_that_was_not_reported(
    world: World, session: AsyncSession, desk_till: Till
) -> None:
    """ST62"""
    done(await desk_till.fix(entry_fee()))
    await desk_till.sign()
    later = entry_fee(starts_on="2026-10-01")
    done(await desk_till.propose(later, role="buyer_staff"))
    done(await desk_till.agree("seller_staff"))
    assert shown(await desk_till.dues()) == [
        (2, "entry_fee", "120000.00", "paid"),
        (5, "entry_fee", "580000.00", "planned"),
        (6, "royalty", None, "planned"),
        (7, "royalty", None, "planned"),
    ]


async def test_a_demands_deal_is_paid_by_its_milestones(
    session: AsyncSession, world: World, counter: Counter
) -> None:
    """ST21, ST66"""
    work = Work(Board(counter.client, world), session)
    _, (engagement,) = await work.engaged("150000.00")
    found = Till(counter, DealId(UUID(engagement["deal_id"])))
    seen = await found.terms("seller_staff")
    assert (seen["read_only"], seen["payment_mode"], seen["version"]) == (
        True,
        "milestone_instalments",
        0,
    )
    shares = [step["share_bp"] for step in seen["terms"]["milestones"]]
    assert sum(shares) == 10_000
    refused = await found.fix(instalments(), role="operator")
    assert code(refused) == (409, "terms_of_engagement")
    await work.sign(engagement)
    await work.pay(engagement, "150000.00")
    await work.accepted(engagement, 1)
    await work.run()
    deal = await found.deal()
    assert (deal["status"], deal["released"]) == ("paid", yuan("45000.00"))
