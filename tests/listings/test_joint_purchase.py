"""Joint purchase: several parties buy as one, if announced, and each takes part once."""

from typing import Any

import httpx

from app.identity.public import PartyStatus, create_party
from app.platform.access import SYSTEM
from tests.listings.factories import Json, done, refusal
from tests.listings.posted import Counter
from tests.listings.test_posted import changed
from tests.world import START, organisation


async def join(counter: Counter, listing: Json, lead: str, *members: Any) -> httpx.Response:
    ids = [str(getattr(counter.world, it) if isinstance(it, str) else it) for it in members]
    return await counter.register(listing, counter.party(lead), members=ids)


async def test_a_consortium_registers_once_as_one_buyer(counter: Counter) -> None:
    """LS83"""
    listing = await counter.posted(joint_purchase=True)
    assert listing["notice"]["content"]["joint_purchase"] is True
    made = done(await join(counter, listing, "buyer", "other_buyer"))
    assert made["members"] == [str(counter.world.other_buyer)]
    told = refusal(await join(counter, listing, "third_buyer", "other_buyer"), 409, "member_taken")
    assert told["field"] == "members.0"
    refusal(await join(counter, listing, "third_buyer", "buyer"), 409, "member_taken")
    refusal(await join(counter, listing, "other_buyer"), 409, "member_taken")
    refusal(await join(counter, listing, "third_buyer", "third_buyer"), 409, "member_taken")
    refusal(await join(counter, listing, "third_buyer", "seller"), 409, "member_taken")
    # Two of one consortium are one buyer, whatever they share.
    flags = done(await counter.get(f"listings/{listing['id']}/flags", "operator"))
    assert flags["items"] == []
    done(await counter.withdraw(made))
    done(await join(counter, listing, "third_buyer", "other_buyer"))


async def test_a_member_is_checked_as_the_buyer_is(counter: Counter) -> None:
    """LS83"""
    listing = await counter.posted(joint_purchase=True)
    pending = await create_party(
        counter.session,
        market_id=counter.world.market_id,
        new=organisation(78, "未审核买方有限公司"),
        status=PartyStatus.PENDING,
        actor=SYSTEM,
        now=START,
    )
    refusal(await join(counter, listing, "buyer", pending), 400, "party_not_verified")
    refusal(await join(counter, listing, "buyer", "operator"), 400, "staff_may_not_register")
    refusal(await join(counter, listing, "buyer", "buyer_elsewhere"), 404, "object_unknown")


async def test_who_announced_nothing_sells_to_one(counter: Counter) -> None:
    """LS83"""
    listing = await counter.posted()
    told = refusal(
        await join(counter, listing, "buyer", "other_buyer"), 400, "joint_purchase_not_announced"
    )
    assert (told["field"], told["accepted"]) == ("members", [])


async def test_a_consortium_accepts_new_terms_with_its_members(counter: Counter) -> None:
    """LS71, LS83"""
    listing = await counter.posted(joint_purchase=True)
    made = done(await join(counter, listing, "buyer", "other_buyer"))
    again = await changed(counter, listing, joint_purchase=True, payment_terms="分两期付清。")
    refusal(await join(counter, again, "buyer", "third_buyer"), 409, "already_registered")
    kept = done(await join(counter, again, "buyer"))
    assert (kept["id"], kept["members"]) == (made["id"], made["members"])
    assert kept["accepted_terms_hash"] == again["notice"]["content_hash"]
