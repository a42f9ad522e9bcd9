"""Buyers near the seller, the exchange or each other, over HTTP."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from app.identity.public import NewParty, PartyKind, PartyStatus, create_party
from app.platform import journal
from app.platform.access import SYSTEM
from app.shared.ids import PartyId
from tests.listings.factories import Desk, Json, achievement_body, done, refusal
from tests.world import START, organisation

RECTOR = "陆景深"  # represents the seller
COMPLETER = "许澜清"  # of every achievement of these tests


async def party(desk: Desk, number: int, **changes: Any) -> PartyId:
    """Make a verified party, an organisation or, without a code, a natural person."""
    new = replace(organisation(number, f"买方{number}"), **changes)
    return await enter(desk, new)


async def person(desk: Desk, name: str, **changes: Any) -> PartyId:
    return await enter(desk, NewParty(kind=PartyKind.PERSON, name=name, **changes))


async def enter(desk: Desk, new: NewParty) -> PartyId:
    return await create_party(
        desk.session,
        market_id=desk.world.market_id,
        new=new,
        status=PartyStatus.VERIFIED,
        actor=SYSTEM,
        now=START,
    )


async def test_a_notice_publishes_which_relations_may_buy(desk: Desk) -> None:
    """LS3, LS18"""
    listing = await desk.published(related_buyers=["related", "completer"])
    assert listing["related_buyers"] == ["completer", "related"]
    assert listing["notice"]["content"]["related_buyers"] == ["completer", "related"]
    plain = await desk.published(await desk.accepted(title="另一成果"))
    assert plain["notice"]["content"]["related_buyers"] == []
    draft = achievement_body()
    body = {"achievement_id": str(UUID(int=1)), "related_buyers": ["none"]} | draft
    refusal(await desk.post("listings", "seller_staff", body), 422, "request_invalid")


async def test_a_relation_that_the_notice_does_not_disclose_is_refused(desk: Desk) -> None:
    """LS18"""
    listing = await desk.published(related_buyers=["completer"])
    related = await party(desk, 81, representative=RECTOR)
    for relation in ("none", "related"):
        answer = await desk.register(listing, related, relation=relation)
        told = refusal(answer, 400, "related_party_not_disclosed")
        assert told["accepted"] == ["none", "completer"]
        assert told["on_record"] == {"related": ["representative"]}
    stranger = await desk.register(listing, desk.world.buyer, relation="related")
    assert refusal(stranger, 400, "related_party_not_disclosed")["on_record"] == {}
    assert done(await desk.register(listing, desk.world.buyer))["relation"] == "none"


async def test_a_disclosed_relation_is_admitted_as_it_is(desk: Desk) -> None:
    """LS18"""
    listing = await desk.published(related_buyers=["completer", "related"])
    related = await party(desk, 81, beneficial_owners=(RECTOR,))
    told = refusal(await desk.register(listing, related), 400, "relation_untrue")
    assert (told["accepted"], told["on_record"]) == (["related"], {"related": ["person"]})
    made = done(await desk.register(listing, related, relation="related"))
    shown = done(await desk.get(f"registrations/{made['id']}", "operator"))
    assert shown["relation"] == "related"
    # A relation that the records do not show may be declared, being a completer may not.
    done(await desk.register(listing, desk.world.buyer, relation="related"))
    posing = await desk.register(listing, desk.world.other_buyer, relation="completer")
    told = refusal(posing, 400, "relation_untrue")
    assert told["accepted"] == ["none", "related"]
    refusal(await desk.register(listing, relation="cousin"), 422, "request_invalid")


async def test_completers_buy_in_person_or_as_related_companies(desk: Desk) -> None:
    """LS18"""
    listing = await desk.published(related_buyers=["completer", "related"])
    in_person = await person(desk, COMPLETER)
    done(await desk.register(listing, in_person, relation="completer"))
    company = await party(desk, 82, beneficial_owners=(COMPLETER,))
    told = refusal(
        await desk.register(listing, company, relation="completer"), 400, "relation_untrue"
    )
    assert told["on_record"] == {"related": ["completer_behind"]}
    done(await desk.register(listing, company, relation="related"))


async def test_the_exchange_and_its_auditors_do_not_register(desk: Desk) -> None:
    """LS17"""
    listing = await desk.published()
    for watcher in (desk.world.operator, desk.world.auditor):
        refusal(await desk.register(listing, watcher), 400, "staff_may_not_register")


async def flags(desk: Desk, listing: Json, role: str = "operator") -> list[Json]:
    told = done(await desk.get(f"listings/{listing['id']}/flags", role))
    assert told["next"] is None
    items: list[Json] = told["items"]
    return items


async def journaled(desk: Desk, registration: Json) -> list[journal.JournalEvent]:
    events = await journal.history(desk.session, UUID(registration["id"]))
    return [event for event in events if event.type == "registration.flagged"]


async def test_two_buyers_of_one_owner_are_flagged_to_the_staff_and_refused_nothing(
    desk: Desk,
) -> None:
    """LS19"""
    listing = await desk.published()
    one = await party(desk, 81, beneficial_owners=("钱一", "孙二"), phone="0571-55557777")
    other = await party(desk, 82, beneficial_owners=("孙二",), phone="+86 571 55557777")
    first = await desk.qualified(listing, one)
    second = done(await desk.register(listing, other))
    assert await journaled(desk, first) == []
    flag = {
        "party_ids": [str(one), str(other)],
        "registration_ids": [first["id"], second["id"]],
        "grounds": ["beneficial_owner", "phone"],
    }
    assert await flags(desk, listing) == [flag]
    before = done(await desk.get(f"listings/{listing['id']}", "buyer_staff", party_id=other))
    done(await desk.qualify(second))
    [event] = await journaled(desk, second)
    assert (event.public, event.audience) == ({}, [])
    assert event.restricted["shared_control"] == [
        {"party_ids": flag["party_ids"], "grounds": flag["grounds"]}
    ]
    # The third shares nothing with them.
    third = await desk.qualified(listing, desk.world.buyer)
    assert await journaled(desk, third) == []
    done(await desk.pay(first, "买方81"))
    done(await desk.pay(second, "买方82"))
    assert await flags(desk, listing, "auditor") == [flag]
    # Neither the buyer nor anybody else is told.
    assert before == done(
        await desk.get(f"listings/{listing['id']}", "buyer_staff", party_id=other)
    )
    shown = await desk.get(f"registrations/{second['id']}", "buyer_staff", party_id=other)
    assert "孙二" not in shown.text
    assert "grounds" not in shown.text
    feed = (await desk.get("events?limit=500", "partner")).text
    assert "registration." not in feed


async def test_the_refused_are_flagged_no_more(desk: Desk) -> None:
    """LS19"""
    listing = await desk.published()
    one = await party(desk, 81, contact="同一人")
    other = await party(desk, 82, contact="同一人")
    first = done(await desk.register(listing, one))
    second = done(await desk.register(listing, other))
    assert len(await flags(desk, listing)) == 1
    done(await desk.qualify(first, qualified=False, reason="不符合受让条件"))
    done(await desk.qualify(second))
    assert await flags(desk, listing) == []
    assert await journaled(desk, second) == []


@pytest.mark.parametrize(
    ("who", "status"),
    [
        (("anonymous", {}), 401),
        (("seller_staff", {}), 403),
        (("buyer_staff", {}), 403),
        (("broker", {}), 403),
        (("expert", {}), 403),
        (("partner", {}), 403),
        (("operator", {"market": "other"}), 404),
        (("auditor", {}), 200),
    ],
)
async def test_flags_are_for_the_markets_staff(
    desk: Desk, who: tuple[str, dict[str, Any]], status: int
) -> None:
    """LS19"""
    listing = await desk.published()
    role, place = who
    answer = await desk.get(f"listings/{listing['id']}/flags", role, **place)
    assert answer.status_code == status
