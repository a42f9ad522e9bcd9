"""The award queue over HTTP, from a signature to a re-run, with the books at each end."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text

from app.platform.access import Role
from app.platform.signing import verify
from app.shared.calendar import SHANGHAI
from tests.auctions.acts import (
    act,
    code_of,
    done,
    event_of,
    events_of,
    refused,
)
from tests.auctions.holders import AUDITOR
from tests.auctions.lot import BUYERS, OPERATOR, SELLER, Lot, buyer, yuan
from tests.auctions.standby import (
    DAY,
    DEPOSIT,
    THREE,
    MakeLot,
    answer,
    awarded,
    awards,
    becomes,
    check_books,
    check_proof,
    confirmed,
    default,
    deposits,
    lots,
    outcomes,
    sign,
)
from tests.world import START

__all__ = ["lots"]

pytestmark = pytest.mark.concurrency


async def test_the_winner_signs_and_the_others_get_their_deposits_back(lots: MakeLot) -> None:
    """AU80, AU81"""
    lot = await lots()
    await awarded(lot)
    assert await awards(lot) == []  # nothing of it before the confirmation
    await done(lot, "confirmation")
    await lot.run_worker()
    assert await outcomes(lot) == {
        "buyer": "confirmed",
        "other_buyer": "waiting",
        "third_buyer": "waiting",
    }
    assert await deposits(lot) == {"buyer": "posted", "other_buyer": "held", "third_buyer": "held"}
    await check_books(lot, held=2 * DEPOSIT, escrow=DEPOSIT)
    event = await event_of(lot, "confirmed")
    assert event["public"]["standby"] == [code_of(lot, "other_buyer"), code_of(lot, "third_buyer")]
    parties = {name: str(getattr(lot.world, name)) for name in THREE}
    queue = event["restricted"]["queue"]
    assert [(it["place"], it["party_id"], it["amount"]) for it in queue] == [
        (0, parties["buyer"], yuan(640_000)),
        (1, parties["other_buyer"], yuan(620_000)),
        (2, parties["third_buyer"], yuan(600_000)),
    ]
    assert not any(party in str(event["public"]) for party in parties.values())
    status, problem = await _refused_answer(lot, "other_buyer")
    assert (status, problem["code"], problem["outcome"]) == (409, "standby_not_asked", "waiting")

    await sign(lot)
    assert await outcomes(lot) == {
        "buyer": "signed",
        "other_buyer": "released",
        "third_buyer": "released",
    }
    assert set((await deposits(lot)).values()) == {"posted", "voided"}
    await check_books(lot, escrow=DEPOSIT)
    await check_proof(lot)


async def test_who_sees_what_of_the_queue(lots: MakeLot) -> None:  # AU88
    lot = await lots()
    await confirmed(lot)
    everybody = await awards(lot, None)
    shown = [(it["bidder_code"], it["amount"], it["outcome"]) for it in everybody]
    assert shown == [
        (code_of(lot, "buyer"), yuan(640_000), "confirmed"),
        (code_of(lot, "other_buyer"), yuan(620_000), "waiting"),
        (code_of(lot, "third_buyer"), yuan(600_000), "waiting"),
    ]
    for who in (None, SELLER):
        rows = await awards(lot, who)
        assert all(it["party_id"] is it["deal_id"] is it["shortfall"] is None for it in rows)
        assert not any(it["own"] for it in rows)
    for staff in (OPERATOR, AUDITOR):
        parties = [it["party_id"] for it in await awards(lot, staff)]
        assert parties == [str(getattr(lot.world, name)) for name in THREE]
    own = await awards(lot, buyer("other_buyer"))
    party_id = str(lot.world.other_buyer)
    assert [(it["own"], it["party_id"]) for it in own] == [
        (False, None),
        (True, party_id),
        (False, None),
    ]
    headers = lot.world.headers(Role.OPERATOR, lot.world.operator_elsewhere, "other")
    path = f"/v1/auctions/{lot.auction_id}/awards"
    rows = (await lot.api._client.get(path, headers=headers)).json()["items"]
    assert all(it["party_id"] is None for it in rows)


async def _refused_answer(lot: Lot, name: str, *, accept: bool = True) -> tuple[int, Any]:
    return await refused(lot, "standby-answer", {"accept": accept}, who=buyer(name))


async def test_after_a_default_the_second_opts_in_and_signs(lots: MakeLot) -> None:
    """AU81, AU82, AU83"""
    lot = await lots()
    first_deal = await confirmed(lot)
    first = await lot.auction()
    await lot.at(lot.opens_at + 10 * DAY)  # the time to sign is over
    await default(lot, {"ground": "逾期未签约"})
    assert (await lot.auction())["status"] == "offering"
    assert await outcomes(lot) == {
        "buyer": "defaulted",
        "other_buyer": "asked",
        "third_buyer": "waiting",
    }
    await check_books(lot, forfeited=DEPOSIT, held=2 * DEPOSIT)
    told = (await event_of(lot, "standby_asked"))["public"]
    assert (told["bidder_code"], told["amount"]) == (code_of(lot, "other_buyer"), yuan(620_000))
    left = datetime.fromisoformat(told["answer_by_at"]) - await lot.now()
    assert 2 * DAY < left < 8 * DAY  # three working days
    assert (await event_of(lot, "defaulted"))["public"]["bidder_code"] == code_of(lot, "buyer")

    for name in ("buyer", "third_buyer"):
        assert (await _refused_answer(lot, name))[1]["code"] == "standby_not_asked"
    for who in (OPERATOR, SELLER):
        assert (await act(lot, "standby-answer", {"accept": True}, who=who)).status_code == 403
    path = f"/v1/auctions/{lot.auction_id}/standby-answer"
    headers = lot.world.headers(Role.BUYER_STAFF, lot.world.other_buyer)
    bare = await lot.api._client.post(path, json={"accept": True}, headers=headers)
    assert bare.json()["code"] == "idempotency_key_missing"

    opted = await answer(lot, "other_buyer", accept=True, key="opt-in")
    assert opted.status_code == 200, opted.text
    assert (await answer(lot, "other_buyer", accept=True, key="opt-in")).content == opted.content
    assert (await _refused_answer(lot, "other_buyer"))[1]["code"] == "standby_not_asked"
    await lot.run_worker()
    auction = await lot.auction()
    assert (auction["status"], auction["leading"]) == ("confirmed", yuan(620_000))
    assert auction["leader_code"] == code_of(lot, "other_buyer")
    assert auction["deal_id"] != first_deal
    assert auction["confirmed_at"] > first["confirmed_at"]
    keys = await lot.api.get(None, "/.well-known/jwks.json")
    document = verify(opted.json()["confirmation"], keys)
    assert (document["kind"], document["deal_id"]) == ("deal_confirmation", auction["deal_id"])
    assert (document["price"], document["confirmed_at"]) == (
        yuan(620_000),
        (await event_of(lot, "opted_in"))["public"]["confirmed_at"],
    )
    deal = await lot.api.get(OPERATOR, f"/v1/deals/{auction['deal_id']}")
    assert (deal["price"], deal["buyer_id"]) == (yuan(620_000), str(lot.world.other_buyer))
    await check_books(lot, forfeited=DEPOSIT, held=DEPOSIT, escrow=DEPOSIT)

    await sign(lot)
    assert await outcomes(lot) == {
        "buyer": "defaulted",
        "other_buyer": "signed",
        "third_buyer": "released",
    }
    await check_books(lot, forfeited=DEPOSIT, escrow=DEPOSIT)
    await check_proof(lot)
    shortfalls = [it["shortfall"] for it in await awards(lot)]
    assert shortfalls == [None] * 3  # the next bidder buys in the same auction: no re-run


async def test_who_declines_or_is_silent_leaves_with_its_deposit(lots: MakeLot) -> None:
    """AU84"""
    lot = await lots()
    await confirmed(lot)
    await default(lot)
    declined = await answer(lot, "other_buyer", accept=False)
    assert declined.json()["confirmation"] is None
    assert (await deposits(lot))["other_buyer"] == "voided"
    assert await outcomes(lot) == {
        "buyer": "defaulted",
        "other_buyer": "declined",
        "third_buyer": "asked",
    }
    await check_books(lot, forfeited=DEPOSIT, held=DEPOSIT)
    answer_by_at = datetime.fromisoformat((await awards(lot))[2]["answer_by_at"])
    await lot.at(answer_by_at)  # and no worker yet: half open, the deadline decides
    status, problem = await _refused_answer(lot, "third_buyer")
    assert (status, problem["code"]) == (409, "standby_answer_late")
    assert datetime.fromisoformat(problem["answer_by_at"]) == answer_by_at
    await lot.run_worker()
    assert (await outcomes(lot))["third_buyer"] == "silent"
    assert (await _refused_answer(lot, "third_buyer"))[1]["code"] == "standby_answer_late"
    silent = await event_of(lot, "standby_left")
    assert silent["public"]["silent"] is True
    assert silent["market_at"] == answer_by_at

    auction = await lot.auction()  # nobody is left
    assert auction["status"] == "failed"
    failed = (await event_of(lot, "failed"))["public"]
    assert (failed["silent"], failed["silent_forfeits"]) == (False, False)
    await lot.listing_becomes("failed")
    await check_books(lot, forfeited=DEPOSIT)
    await check_proof(lot)


async def test_the_second_declines_and_the_third_buys(lots: MakeLot) -> None:  # AU82, AU84
    lot = await lots()
    await confirmed(lot)
    await default(lot)
    assert (await answer(lot, "other_buyer", accept=False)).status_code == 200
    assert (await answer(lot, "third_buyer", accept=True)).status_code == 200
    await lot.run_worker()
    assert (await lot.auction())["leading"] == yuan(600_000)
    await default(lot)  # it does not keep its word either
    assert await outcomes(lot) == {
        "buyer": "defaulted",
        "other_buyer": "declined",
        "third_buyer": "defaulted",
    }
    assert (await lot.auction())["status"] == "failed"
    await lot.listing_becomes("failed")
    await check_books(lot, forfeited=2 * DEPOSIT)
    await check_proof(lot)


async def test_who_signed_and_does_not_pay_leaves_nobody_to_ask(lots: MakeLot) -> None:
    """AU81, AU85: the standby deposits went back with the signature."""
    lot = await lots()
    await confirmed(lot)
    await sign(lot)
    await lot.at(lot.opens_at + 30 * DAY)
    await default(lot, {"ground": "逾期未付款"})
    await lot.listing_becomes("failed")
    assert (await lot.auction())["status"] == "failed"
    assert await outcomes(lot) == {
        "buyer": "defaulted",
        "other_buyer": "released",
        "third_buyer": "released",
    }
    await check_books(lot, forfeited=DEPOSIT)


async def test_a_default_behind_the_known_days_holds_up_its_own_auction_alone(
    lots: MakeLot,
) -> None:
    """AU82: nobody can be asked until a day that is not known; a timer waits for the calendar."""
    lot = await lots()
    await confirmed(lot)
    await lot.at(datetime(2026, 12, 31, 10, tzinfo=SHANGHAI))
    await default(lot)
    assert (await lot.auction())["status"] == "offering"
    assert set((await outcomes(lot)).values()) == {"defaulted", "waiting"}
    async with lot.database.transaction() as session:
        failing = "SELECT count(*) FROM reaction_cursors WHERE attempts > 0"
        assert await session.scalar(text(failing)) == 0
        waiting = "SELECT attempts > 0 FROM timers WHERE kind = 'auction.standby_answer'"
        assert await session.scalar(text(waiting)) is True


async def test_signed_and_defaulted_before_any_worker_looks(lots: MakeLot) -> None:  # AU85
    lot = await lots()
    deal_id = await confirmed(lot)
    body = {"signed_at": (await lot.now()).isoformat()}
    await lot.api.post(OPERATOR, f"/v1/deals/{deal_id}/signing", body)
    await default(lot)
    assert (await lot.auction())["status"] == "failed"
    assert set((await outcomes(lot)).values()) == {"defaulted", "released"}
    await lot.listing_becomes("failed")
    await check_books(lot, forfeited=DEPOSIT)


async def test_who_pays_in_full_needs_nobody_behind_it(lots: MakeLot) -> None:  # AU85
    lot = await lots()
    deal_id = await confirmed(lot)
    payment = {
        "amount": yuan(640_000 - DEPOSIT),
        "payer_name": BUYERS["buyer"],
        "bank_reference": "JK1",
        "received_at": (await lot.now()).isoformat(),
    }
    await lot.api.post(OPERATOR, f"/v1/deals/{deal_id}/payments", payment)
    await becomes(lot, deal_id, "settled")
    assert set((await outcomes(lot)).values()) == {"settled", "released"}
    assert (await deposits(lot))["other_buyer"] == "voided"


async def test_an_annulment_lets_everybody_go(lots: MakeLot) -> None:  # AU86
    lot = await lots()
    await confirmed(lot)
    await default(lot)
    void = {"reason": "竞买人串通", "ground": "collusion"}
    assert (await done(lot, "annulment", void))["status"] == "annulled"
    assert set((await outcomes(lot)).values()) == {"defaulted", "released"}
    assert (await _refused_answer(lot, "other_buyer"))[1]["code"] == "standby_not_asked"
    await lot.listing_becomes("failed")
    await check_books(lot, forfeited=DEPOSIT)
    await lot.at(lot.opens_at + 40 * DAY)
    await lot.run_worker()
    assert (await lot.auction())["status"] == "annulled"
    await check_proof(lot)


async def test_who_has_no_place_is_not_asked(lots: MakeLot) -> None:  # AU83
    lot = await lots(standby_count=1)
    await confirmed(lot)
    assert (await deposits(lot))["third_buyer"] == "voided"  # not among the standby bidders
    await default(lot)
    status, problem = await _refused_answer(lot, "third_buyer")
    assert (status, problem["code"]) == (403, "not_on_standby")
    lot.auction_id = str(lot.world.operator)
    assert (await _refused_answer(lot, "other_buyer"))[0] == 404


async def test_the_journal_tells_the_whole_story_in_order(lots: MakeLot) -> None:  # AU89
    lot = await lots()
    await confirmed(lot)
    await default(lot)
    await answer(lot, "other_buyer", accept=False)
    await answer(lot, "third_buyer", accept=True)
    events = await events_of(lot)
    types = [event["type"].removeprefix("auction.") for event in events]
    assert types[types.index("confirmed") :] == [
        "confirmed",
        "defaulted",
        "standby_asked",
        "standby_left",
        "standby_asked",
        "opted_in",
    ]
    moments = [event["market_at"] for event in events]
    assert moments == sorted(moments)
    parties = [str(getattr(lot.world, name)) for name in THREE]
    assert not any(party in str(event["public"]) for event in events for party in parties)
    assert moments[-1] > START
