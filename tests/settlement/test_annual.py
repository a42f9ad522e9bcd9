"""The unit's annual report over HTTP: from a signed deal, its money, awards and outcomes."""

import io

import openpyxl

from app.platform.journal import history
from tests.listings.factories import Desk, done, yuan
from tests.settlement.factories import Counter, lot, sell
from tests.settlement.payment_terms import PRICE, STAKE, Till, entry_fee
from tests.settlement.sharings import paid
from tests.settlement.test_tracking import FOLLOW, put


async def test_the_unit_reads_its_year_and_nobody_elses(desk: Desk, counter: Counter) -> None:
    """ST250, ST251, ST252"""
    unit = await paid(desk, counter, empowerment="ownership_share")
    deal_id, world = unit.deal_id, unit.world
    path = f"parties/{world.seller}/conversion-report?year=2026"
    told = done(await counter.get(path, "seller_staff"))["present"]
    assert (told["unsigned"], told["total"]["contracts"]) == (1, 0)
    assert told["total"]["received"] == yuan("730000.00")
    done(await counter.fix(deal_id, 0))
    now = await desk.now()
    done(await counter.act(deal_id, "signing", {"signed_at": now.isoformat()}))
    for event in await history(counter.session, deal_id):
        if event.type in {"deal.settled", "deal.effective"}:
            await FOLLOW.react(counter.session, event)
    await world.later(counter.session, days=330)
    sales = {"sales": yuan("5600000.00"), "jobs": 3}
    done(await put(counter, deal_id, "outcomes/2026", sales, "buyer_staff"))
    report = done(await counter.get(path, "seller_staff"))
    told = report["present"]
    assert (told["unsigned"], told["ways"]["transfer"]["contracts"]) == (0, 1)
    assert told["total"]["amount"] == told["total"]["received"] == yuan("730000.00")
    assert (told["converted"], told["empowered"]) == (1, {"ownership_share": 1})
    assert told["largest"][0]["title"] == "面向低照度产线的事件相机金属表面缺陷检测方法"
    assert (told["outcomes"]["sales"], told["outcomes"]["jobs"]) == (sales["sales"], 3)
    assert told["outcomes"]["output"] is None
    assert report["before"]["total"]["contracts"] == 0
    following = done(await counter.get(path.replace("2026", "2027"), "auditor"))
    assert following["before"] == told
    stranger = await counter.get(path, "seller_staff", party_id=world.other_seller)
    assert stranger.status_code == 403
    file = await counter.get(path.replace("report?", "report/table?"), "operator")
    book = openpyxl.load_workbook(io.BytesIO(file.content))
    assert book["按转化方式"]["C2"].value == 730000


async def test_awards_count_when_they_are_paid(desk: Desk, counter: Counter) -> None:
    """ST251"""
    unit = await paid(desk, counter)
    await unit.final()
    done(await unit.pay(1, "100000.00"))
    done(await unit.pay(1, "50000.00"))
    done(await unit.pay(2, "30000.00"))
    path = f"parties/{unit.world.seller}/conversion-report?year=2026"
    told = done(await counter.get(path, "seller_staff"))["present"]["awards"]
    assert (told["amount"], told["persons"], told["shares"]) == (yuan("180000.00"), 2, 0)


async def test_a_royalty_on_top_and_shares_change_how_a_contract_counts(
    desk: Desk, counter: Counter
) -> None:
    """ST250"""
    for terms in (
        entry_fee(),
        {"kind": "share_investment", "price": yuan("700000.00"), "shares": STAKE},
    ):
        deal_id = await sell(desk.session, desk.world, await lot(desk, "buyer"), PRICE)
        done(await Till(counter, deal_id).fix(terms))
        now = await desk.now()
        done(await counter.act(deal_id, "signing", {"signed_at": now.isoformat()}))
    path = f"parties/{desk.world.seller}/conversion-report?year=2026"
    told = done(await counter.get(path, "seller_staff"))["present"]
    unstated, shares = told["ways"]["unstated"], told["ways"]["share_investment"]
    assert (unstated["contracts"], unstated["unknown_amounts"]) == (1, 1)
    assert (shares["contracts"], shares["amount"]) == (1, yuan("700000.00"))
    assert told["total"]["amount"] == yuan("700000.00")
    assert [item["way"] for item in told["largest"]] == ["share_investment"]


async def test_a_total_agreed_on_later_is_known(desk: Desk, counter: Counter) -> None:
    """ST250: as the registration sheet and the tax hint have it."""
    deal_id = await sell(desk.session, desk.world, await lot(desk, "buyer"), PRICE)
    till = Till(counter, deal_id)
    done(await till.fix(entry_fee()))
    now = await desk.now()
    done(await counter.act(deal_id, "signing", {"signed_at": now.isoformat()}))
    final = {
        "final_total": yuan("912345.67"),
        "text_hash": "ab" * 32,
        "reason": "双方结清提成并终止后续支付",
    }
    done(await counter.act(deal_id, "terms/reconciliation", final))
    path = f"parties/{desk.world.seller}/conversion-report?year=2026"
    told = done(await counter.get(path, "seller_staff"))["present"]["total"]
    assert (told["unknown_amounts"], told["amount"]) == (0, yuan("912345.67"))
