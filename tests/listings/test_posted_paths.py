"""One buyer, and those whose right goes before it; several buyers call for the bidding."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.listings.handlers import take_outcome
from app.platform.journal import NewEvent, append, history
from app.shared.calendar import DayUnit, Duration, mainland_china, period_end
from app.shared.ids import new_id
from tests.listings.factories import Json, done, refusal, yuan
from tests.listings.posted import NAMES, Counter, in_days
from tests.listings.test_posted import hold_right

THREE = Duration(3, DayUnit.WORKING_DAY)
PRICE = yuan("620000.00")


async def awarded(counter: Counter, listing: Json) -> dict[str, Any]:
    """Return what the journal tells of the sale: all that opens the deal."""
    events = await history(counter.session, UUID(listing["id"]))
    told = [event for event in events if event.type == "listing.awarded"]
    assert len(told) == 1
    assert told[0].public["price"] == PRICE
    restricted: dict[str, Any] = told[0].restricted
    return restricted


async def test_one_buyer_names_its_price_and_the_sale_is_confirmed_at_once(
    counter: Counter,
) -> None:
    """LS77"""
    listing = await counter.posted()
    paid = await counter.depositor(listing)
    refusal(await counter.act(listing, "offer", "buyer", {"amount": PRICE}), 409, NOT_ASKED)
    ends_at = await counter.end_disclosure(listing)
    asked = done(await counter.act_read(listing, "buyer"))
    due = period_end(
        start=ends_at, duration=counter.policy(listing).signing, calendar=mainland_china()
    )
    assert (asked["offer_due_at"], asked["price"]) == (due.isoformat(), None)
    refusal(await counter.act_read(listing, "other_buyer"), 404, "object_unknown")
    assert done(await counter.get(f"listings/{listing['id']}/offer", "auditor")) == asked
    low = {"amount": yuan("599999.99")}
    told = refusal(await counter.act(listing, "offer", "buyer", low), 400, "offer_below_floor")
    assert told["minimum"] == yuan("600000.00")
    refusal(await counter.act(listing, "offer", "other_buyer", {"amount": PRICE}), 409, NOT_ASKED)
    offered = done(await counter.act(listing, "offer", "buyer", {"amount": PRICE}))
    assert offered["price"] == PRICE
    assert (await counter.read(listing))["status"] == "awarded"
    buyer = {"registration_id": paid["id"], "buyer_id": str(counter.world.buyer)}
    assert (await awarded(counter, listing)).items() >= buyer.items()
    # Nothing public tells how many buyers there were, or who.
    for event in await history(counter.session, UUID(listing["id"])):
        assert str(counter.world.buyer) not in str(event.public)
    told = refusal(await counter.withdraw(paid), 409, "registration_bound")
    assert told["rule"] == "over"


NOT_ASKED = "offer_not_invited"


@pytest.mark.parametrize(("announced", "deposit"), [(True, "forfeited"), (False, "voided")])
async def test_a_single_buyer_that_stays_silent_ends_the_listing(
    counter: Counter, announced: bool, deposit: str
) -> None:
    """LS77: silence costs the deposit where the notice says so (LS23)."""
    draft = await counter.posted_draft()
    done(await counter.plan(draft, terms={"silent_forfeits": announced}))
    listing = done(await counter.publish(draft))
    paid = await counter.depositor(listing)
    await counter.end_disclosure(listing)
    due = (await counter.act_read(listing, "buyer")).json()["offer_due_at"]
    due_at = counter.moment(due)
    await counter.world.at(counter.session, due_at)
    late = await counter.act(listing, "offer", "buyer", {"amount": PRICE})
    assert refusal(late, 409, NOT_ASKED)["offer_due_at"] == due
    await counter.due(listing, due_at)
    assert (await counter.read(listing))["status"] == "failed"
    assert await counter.hold(paid) == deposit


async def test_a_single_buyer_that_steps_back_leaves_the_field_empty(counter: Counter) -> None:
    """LS72, LS75: the announced extension follows at once."""
    listing = await counter.posted(extensions=1)
    paid = await counter.depositor(listing)
    await counter.end_disclosure(listing)
    done(await counter.withdraw(paid))
    assert await counter.hold(paid) == "forfeited"
    assert (await counter.read(listing))["status"] == "disclosing"
    refusal(await counter.act_read(listing, "buyer"), 404, "object_unknown")
    second = await counter.depositor(await counter.read(listing), "other_buyer")
    await counter.end_disclosure(listing)
    done(await counter.act(listing, "offer", "other_buyer", {"amount": PRICE}))
    assert (await awarded(counter, listing))["registration_id"] == second["id"]


async def priced(counter: Counter, *holders: tuple[str, int]) -> tuple[Json, Json]:
    """Bring a transfer with holders of a right to its single buyer's price."""
    draft = await counter.posted_draft(conversion_mode="transfer")
    done(await counter.plan(draft))
    for name, rank in holders:
        done(await hold_right(counter, draft, name, rank=rank))
    listing = done(await counter.publish(draft))
    paid = await counter.depositor(listing)
    await counter.end_disclosure(listing)
    done(await counter.act(listing, "offer", "buyer", {"amount": PRICE}))
    return listing, paid


async def test_a_holder_that_waives_lets_the_buyer_have_it(counter: Counter) -> None:
    """LS79"""
    listing, paid = await priced(counter, ("third_buyer", 1), ("other_buyer", 2))
    assert (await counter.read(listing))["status"] == "closed"
    refusal(await counter.act(listing, "offer", "buyer", {"amount": PRICE}), 409, NOT_ASKED)
    told = refusal(await counter.withdraw(paid), 409, "registration_bound")
    assert told["rule"] == "offered"
    assert done(await counter.act_read(listing, "third_buyer"))["price"] == PRICE
    done(await counter.act(listing, "priority-waiver", "third_buyer"))
    assert (await counter.read(listing))["status"] == "closed"
    done(await counter.act(listing, "priority-waiver", "other_buyer"))
    assert (await awarded(counter, listing))["registration_id"] == paid["id"]


async def test_a_holder_that_lets_the_time_pass_has_lost_its_right(counter: Counter) -> None:
    """LS79"""
    listing, paid = await priced(counter, ("third_buyer", 1))
    due = (await counter.act_read(listing, "buyer")).json()["exercise_due_at"]
    now = await counter.now()
    assert due == period_end(start=now, duration=THREE, calendar=mainland_china()).isoformat()
    due_at = counter.moment(due)
    await counter.to(due_at - timedelta(microseconds=1), listing)
    assert (await counter.read(listing))["status"] == "closed"
    await counter.world.at(counter.session, due_at)
    hash_ = {"accepted_terms_hash": listing["notice"]["content_hash"]}
    late = await counter.act(listing, "priority-exercise", "third_buyer", hash_)
    refusal(late, 409, "right_decided")
    await counter.due(listing, due_at)
    assert (await awarded(counter, listing))["registration_id"] == paid["id"]
    (holder,) = done(await counter.get(f"listings/{listing['id']}/priority-holders", "auditor"))[
        "items"
    ]
    assert (holder["decision"], holder["decided_at"]) == ("silent", due)


async def test_a_buyer_with_the_best_right_buys_at_once_and_every_holder_is_on_record(
    counter: Counter,
) -> None:
    """LS79"""
    listing, paid = await priced(counter, ("buyer", 1), ("third_buyer", 2))
    assert (await awarded(counter, listing))["registration_id"] == paid["id"]
    path = f"listings/{listing['id']}/priority-holders"
    holders = done(await counter.get(path, "operator"))["items"]
    assert [it["decision"] for it in holders] == ["exercised", "silent"]
    assert holders[0]["registration_id"] == paid["id"]


async def exercise(counter: Counter, listing: Json, name: str = "third_buyer") -> Json:
    body = {"accepted_terms_hash": listing["notice"]["content_hash"]}
    return done(await counter.act(listing, "priority-exercise", name, body))


async def test_a_holder_takes_the_price_under_the_same_conditions(counter: Counter) -> None:
    """LS79"""
    draft = await counter.posted_draft(conversion_mode="transfer")
    done(await counter.plan(draft))
    done(await hold_right(counter, draft, "third_buyer"))
    listing = done(await counter.publish(draft))
    hash_ = {"accepted_terms_hash": listing["notice"]["content_hash"]}
    early = await counter.act(listing, "priority-exercise", "third_buyer", hash_)
    refusal(early, 409, "right_not_due")
    paid = await counter.depositor(listing)
    await counter.end_disclosure(listing)
    done(await counter.act(listing, "offer", "buyer", {"amount": PRICE}))
    wrong = {"accepted_terms_hash": "0" * 64}
    refused = await counter.act(listing, "priority-exercise", "third_buyer", wrong)
    refusal(refused, 400, "terms_not_accepted")
    none = await counter.act(listing, "priority-exercise", "other_buyer", hash_)
    refusal(none, 404, "right_unknown")
    holder = await exercise(counter, listing)
    refusal(await counter.act(listing, "priority-waiver", "third_buyer"), 409, "right_decided")
    # It does not hang on the three days any more: it is qualified and pays as everybody.
    await counter.to(in_days(await counter.now(), 4), listing)
    registration = await counter.registration({"id": holder["registration_id"]})
    assert registration["status"] == "applied"
    done(await counter.qualify(registration))
    assert (await counter.read(listing))["status"] == "closed"
    done(await counter.pay(registration, NAMES["third_buyer"]))
    told = await awarded(counter, listing)
    assert told["registration_id"] == registration["id"]
    assert told["buyer_id"] == str(counter.world.third_buyer)
    assert await counter.hold(paid) == "held"  # until the deal is opened
    deal = await happened(counter, "deal.opened", listing)
    await take_outcome(counter.session, deal)
    assert await counter.hold(paid) == "voided"


async def happened(counter: Counter, kind: str, listing: Json, subject: UUID | None = None) -> Any:
    """Journal what a deal would tell, and return it as a reaction gets it."""
    subject = subject or new_id()
    event = NewEvent(
        market_id=counter.world.market_id,
        subject="deal",
        subject_id=subject,
        type=kind,
        market_at=await counter.now(),
        actor="system",
        public={"listing_id": listing["id"]},
    )
    await append(counter.session, event)
    return (await history(counter.session, subject))[-1]


@pytest.mark.parametrize("why", ["refused", "does not pay"])
async def test_a_holder_that_does_not_qualify_or_pay_buys_nothing(
    counter: Counter, why: str
) -> None:
    """LS79: the better rank goes first, then the next, then the buyer."""
    listing, paid = await priced(counter, ("third_buyer", 1), ("other_buyer", 2))
    first = await exercise(counter, listing, "third_buyer")
    second = await exercise(counter, listing, "other_buyer")
    registrations = [
        await counter.registration({"id": it["registration_id"]}) for it in (first, second)
    ]
    done(await counter.qualify(registrations[1]))
    done(await counter.pay(registrations[1], NAMES["other_buyer"]))
    assert (await counter.read(listing))["status"] == "closed"  # the better rank is on its way
    if why == "refused":
        done(await counter.qualify(registrations[0], qualified=False, reason="不符合受让条件"))
    else:
        done(await counter.qualify(registrations[0]))
        await counter.to(in_days(await counter.now(), 8), listing)
    assert (await awarded(counter, listing))["registration_id"] == registrations[1]["id"]
    assert await counter.hold(paid) == "held"


async def test_a_sale_without_an_auction_that_ends_in_default_ends_the_listing(
    counter: Counter,
) -> None:
    """LS21"""
    listing = await counter.posted()
    await counter.depositor(listing)
    await counter.end_disclosure(listing)
    done(await counter.act(listing, "offer", "buyer", {"amount": PRICE}))
    deal = await happened(counter, "deal.opened", listing)
    await take_outcome(counter.session, deal)
    assert (await counter.read(listing))["status"] == "sold"
    default = await happened(counter, "deal.defaulted", listing, deal.subject_id)
    await take_outcome(counter.session, default)
    assert (await counter.read(listing))["status"] == "failed"


async def test_several_buyers_call_for_the_announced_bidding_once(counter: Counter) -> None:
    """LS76"""
    listing = await counter.posted()
    first = await counter.depositor(listing)
    second = await counter.depositor(listing, "other_buyer")
    applied = done(await counter.register(listing, counter.party("third_buyer")))
    await counter.end_disclosure(listing)
    assert "listing.bidding_due" not in await counter.types(listing)  # one is undecided
    done(await counter.qualify(applied, qualified=False, reason="不符合受让条件"))
    for _ in range(2):
        await counter.due(listing, await counter.now())
    events = await history(counter.session, UUID(listing["id"]))
    due = [event for event in events if event.type == "listing.bidding_due"]
    assert len(due) == 1
    assert due[0].public["floor"] == yuan("600000.00")
    assert due[0].public["plan"] == listing["notice"]["content"]["bidding"]
    for registration in (first, second):
        assert registration["id"] not in str(due[0].public)
        assert registration["party_id"] not in str(due[0].public)
    refusal(await counter.act(listing, "offer", "buyer", {"amount": PRICE}), 409, NOT_ASKED)
