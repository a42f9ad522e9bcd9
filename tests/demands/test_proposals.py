"""Proposals over HTTP: versions until the deadline, opened together, admitted or excluded."""

from typing import Any
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.platform.runtime import Runtime
from tests.demands.board import Board, body, done, refusal
from tests.demands.proposing import (
    PRICE,
    SEALED,
    SECRET,
    close,
    content,
    hand_in,
    plain,
    sealed,
    shares,
)
from tests.world import START


async def test_a_proposal_is_handed_in_replaced_taken_back_and_read_by_its_own(
    board: Board, session: AsyncSession
) -> None:
    """DM35, DM40"""
    demand = await board.posted(session)
    path = f"demands/{demand['id']}"
    none = done(await board.get(f"{path}/proposal", "seller_staff"))
    assert (none["version"], none["id"], none["sealing_code"]) == (0, None, none["code"] + ".1")
    refusal(await board.post(f"{path}/proposal/withdrawal", "seller_staff"), 409, "no_proposal")
    first = await hand_in(board, demand, "seller_staff", plain())
    assert (first["version"], first["status"], first["code"]) == (1, "handed_in", none["code"])
    second = await hand_in(board, demand, "seller_staff", plain("800000.00"))
    assert (second["version"], second["id"]) == (2, first["id"])
    assert second["commitment"] != first["commitment"]
    own = done(await board.get(f"{path}/proposal", "seller_staff"))
    assert (own["price"]["amount"], own["content"]["route"]) == ("800000.00", SECRET)
    taken = done(await board.post(f"{path}/proposal/withdrawal", "seller_staff"))
    assert (taken["status"], taken["version"]) == ("withdrawn", 3)
    gone = done(await board.get(f"{path}/proposal", "seller_staff"))
    assert (gone["content"], gone["status"]) == (None, "withdrawn")
    again = await hand_in(board, demand, "seller_staff", plain())
    assert (again["version"], again["id"]) == (4, first["id"])


async def test_gaps_are_told_to_the_proposer_all_at_once(
    board: Board, session: AsyncSession
) -> None:
    """DM44"""
    demand = await board.posted(session)
    gaps = plain("1.00", team=" ", answers=[], milestones=[], ip_accepted=False)
    await hand_in(board, demand, "seller_staff", gaps)
    own = done(await board.get(f"demands/{demand['id']}/proposal", "seller_staff"))
    assert [item["rule"] for item in own["findings"]] == [
        "missing",
        "target_unanswered",
        "outside_budget",
        "milestone_uncovered",
        "milestone_uncovered",
        "ip_statement_missing",
    ]


async def test_plain_proposals_open_with_the_deadline_and_are_decided(
    board: Board, session: AsyncSession, shared_runtime: Runtime
) -> None:
    """DM48, DM50, DM51, DM52"""
    demand = await board.posted(session)
    path = f"demands/{demand['id']}"
    await hand_in(board, demand, "seller_staff", plain())
    rival = {"party_id": board.world.other_seller}
    await hand_in(board, demand, "seller_staff", plain("700000.00", route="另一路线"), **rival)
    closed = await close(board, session, shared_runtime.box, demand)
    assert closed["status"] == "closed"
    late = await board.post(f"{path}/proposals", "seller_staff", plain())
    refusal(late, 409, "proposals_not_taken")
    notice = done(await board.get(f"{path}/notices"))["items"][-1]
    assert (notice["kind"], notice["content"]["proposals"]) == ("closing", 2)
    seen = {}
    for role, who in (
        ("buyer_staff", {}),
        ("operator", {}),
        ("seller_staff", {}),
        ("seller_staff", rival),
        ("buyer_staff", {"party_id": board.world.other_buyer}),
        ("expert", {"party_id": board.world.third_buyer}),
    ):
        found = done(await board.get(f"{path}/proposals", role, **who))["items"]
        seen[role, str(who)] = {item["price"]["amount"] for item in found}
    assert list(seen.values()) == [
        {PRICE, "700000.00"},
        {PRICE, "700000.00"},
        {PRICE},
        {"700000.00"},
        set(),
        set(),
    ]
    page = done(await board.get(f"{path}/proposals?limit=1", "operator"))
    rest = done(await board.get(f"{path}/proposals?cursor={page['next']}", "operator"))
    mine, other = page["items"][0], rest["items"][0]
    assert (mine["findings"], mine["grounds"], mine["status"]) == ([], [], "opened")
    one = f"proposals/{mine['id']}"
    assert done(await board.get(one, "buyer_staff"))["grounds"] is None
    refusal(await board.get(one, "seller_staff", **rival), 404, "object_unknown")
    decide = f"{one}/eligibility"
    no = {"admitted": False}
    refusal(await board.post(decide, "operator", no), 400, "demand_reason_missing")
    admitted = done(await board.post(decide, "operator", {"admitted": True}))
    assert admitted["status"] == "admitted"
    refusal(await board.post(decide, "operator", {"admitted": True}), 409, "eligibility_not_due")
    why = {"admitted": False, "reason": "不具备同类项目条件"}
    done(await board.post(f"proposals/{other['id']}/eligibility", "operator", why))
    told = done(await board.get(f"proposals/{other['id']}", "seller_staff", **rival))
    assert (told["status"], told["reason"]) == ("excluded", why["reason"])
    refusal(
        await board.post(f"proposals/{uuid4()}/eligibility", "operator", why), 404, "object_unknown"
    )


async def test_without_a_proposal_or_with_none_left_the_demand_stays_unanswered(
    board: Board, session: AsyncSession, shared_runtime: Runtime
) -> None:
    """DM48, DM52"""
    demand = await board.posted(session)
    empty = await close(board, session, shared_runtime.box, demand)
    assert (empty["status"], empty["reason"]) == ("unanswered", "no_proposal")
    await board.world.at(session, START)
    demand = await board.posted(session)
    await hand_in(board, demand, "seller_staff", plain())
    await close(board, session, shared_runtime.box, demand)
    [only] = done(await board.get(f"demands/{demand['id']}/proposals", "operator"))["items"]
    # A price that compares with no other would end the review in nothing but its failure.
    foreign = "UPDATE proposals SET currency = 'USD'"
    await session.execute(text(foreign))
    decide = f"proposals/{only['id']}/eligibility"
    told = refusal(
        await board.post(decide, "operator", {"admitted": True, "reason": "可折算"}),
        400,
        "proposal_currency_differs",
    )
    assert told["accepted"] == "CNY"
    why = {"admitted": False, "reason": "资质不符"}
    done(await board.post(f"proposals/{only['id']}/eligibility", "operator", why))
    ended = done(await board.get(f"demands/{demand['id']}", "operator"))
    assert (ended["status"], ended["reason"]) == ("unanswered", "none_eligible")


async def test_who_is_near_the_poster_or_watches_or_is_not_asked_may_not_propose(
    board: Board, session: AsyncSession
) -> None:
    """DM47"""
    demand = await board.posted(session, more={"who_may_answer": ["person"]})
    path = f"demands/{demand['id']}/proposals"
    told = refusal(await board.post(path, "buyer_staff", plain()), 400, "proposer_not_eligible")
    assert [item["rule"] for item in told["errors"]] == ["kind_not_admitted", "poster"]
    watcher = await board.post(path, "seller_staff", plain(), party_id=board.world.operator)
    told = refusal(watcher, 400, "proposer_not_eligible")
    assert [item["rule"] for item in told["errors"]] == ["kind_not_admitted", "watches_market"]


async def test_a_consortium_needs_consent_shares_and_each_party_once(
    board: Board, session: AsyncSession, shared_runtime: Runtime
) -> None:
    """DM36, DM39"""
    demand = await board.posted(session)
    path = f"demands/{demand['id']}"
    lead, member = str(board.world.seller), str(board.world.other_seller)
    joint = plain() | {
        "members": [
            {"party_id": lead, "share_bp": 6000},
            {"party_id": member, "share_bp": 4000},
        ]
    }
    told = refusal(
        await board.post(f"{path}/proposals", "seller_staff", joint), 400, "consortium_invalid"
    )
    assert [item["rule"] for item in told["errors"]] == ["no_consent"]
    as_member: Any = {"party_id": board.world.other_seller}
    yes, no = {"lead_party_id": lead}, {"lead_party_id": None}
    consent = f"{path}/consortium"
    own = done(await board.put(consent, "seller_staff", yes, **as_member))
    assert own["lead_party_id"] == lead
    refusal(await board.put(consent, "seller_staff", yes), 409, "takes_part_already")
    refusal(
        await board.post(f"{path}/proposals", "seller_staff", plain(), **as_member),
        409,
        "takes_part_already",
    )
    wrong = joint | {"members": [{"party_id": lead, "share_bp": 0}] * 2}
    told = refusal(
        await board.post(f"{path}/proposals", "seller_staff", wrong), 400, "consortium_invalid"
    )
    rules = {item["rule"] for item in told["errors"]}
    assert rules == {"no_share", "shares_not_whole", "repeated"}
    done(await board.post(f"{path}/proposals", "seller_staff", joint))
    refusal(await board.put(consent, "seller_staff", no, **as_member), 409, "takes_part_already")
    done(await board.post(f"{path}/proposals", "seller_staff", plain()))
    assert done(await board.put(consent, "seller_staff", no, **as_member))["lead_party_id"] is None
    done(await board.put(consent, "seller_staff", yes, **as_member))
    done(await board.post(f"{path}/proposals", "seller_staff", joint))
    await close(board, session, shared_runtime.box, demand)
    [seen] = done(await board.get(f"{path}/proposals", "seller_staff", **as_member))["items"]
    assert seen["members"][1] == {"party_id": member, "share_bp": 4000}


async def test_sealed_proposals_open_when_holders_shares_suffice(
    board: Board, session: AsyncSession, shared_runtime: Runtime
) -> None:
    """DM41, DM42, DM49"""
    demand = await board.posted(session, **SEALED)
    path = f"demands/{demand['id']}"
    refusal(
        await board.post(f"{path}/proposals", "seller_staff", plain()),
        400,
        "proposal_sealing_wrong",
    )
    sent = await sealed(board, demand, "seller_staff")
    await hand_in(board, demand, "seller_staff", sent)
    stale = await board.post(f"{path}/proposals", "seller_staff", sent)
    assert refusal(stale, 400, "seal_malformed")["field"] == "sealed.bidder_code"
    rival = {"party_id": board.world.other_seller}
    bad = await sealed(board, demand, "seller_staff", {"approach": "无"}, **rival)
    refusal(await board.post(f"{path}/proposals", "seller_staff", bad), 400, "seal_malformed")
    await hand_in(board, demand, "seller_staff", bad, **rival)
    own = done(await board.get(f"{path}/proposal", "seller_staff"))
    assert (own["sealed"], own["findings"]) == (sent["sealed"], [])
    for hidden in ("sealed-proposals", "opening"):
        refusal(await board.get(f"{path}/{hidden}"), 409, "proposal_opening_not_due")
    body_of = {"holder": 1, "shares": [{"sequence": 1, "unreadable": True}]}
    early = await board.post(f"{path}/shares", "operator", body_of)
    refusal(early, 409, "proposal_opening_not_due")
    await close(board, session, shared_runtime.box, demand)
    assert done(await board.get(f"{path}/proposals", "operator"))["items"] == []
    first = await shares(board, demand, 1)
    refusal(await board.post(f"{path}/shares", "operator", body_of), 403, "holder_unproven")
    wrong = first | {"holder": 2}
    refusal(await board.post(f"{path}/shares", "operator", wrong), 400, "share_wrong")
    done(await board.post(f"{path}/shares", "operator", first))
    waits = done(await board.get(f"{path}/opening"))
    assert (waits["waiting"], waits["holders"][0]["shares"]) == ([1, 2], [1, 2])
    opened = done(await board.post(f"{path}/shares", "auditor", await shares(board, demand, 3)))
    assert opened["waiting"] == []
    found = done(await board.get(f"{path}/proposals", "operator"))["items"]
    good = next(item for item in found if item["status"] == "opened")
    void = next(item for item in found if item["status"] == "void")
    assert (good["price"]["amount"], good["content"]) == (PRICE, content())
    assert void["void_reason"] == "document_malformed"
    assert done(await board.get(f"proposals/{good['id']}", "seller_staff"))["proof"]["key"]
    again = await board.post(f"{path}/shares", "operator", first)
    refusal(again, 409, "proposal_opening_not_due")


async def test_plain_postings_have_no_holders(board: Board, session: AsyncSession) -> None:
    demand = await board.posted(session)
    for route in ("sealed-proposals", "opening"):
        refusal(await board.get(f"demands/{demand['id']}/{route}"), 400, "not_sealed_for_holders")
    draft = done(await board.post("demands", "buyer_staff", body() | {"draft": True}))
    refusal(
        await board.get(f"demands/{draft['id']}/proposal", "buyer_staff"), 404, "object_unknown"
    )


async def test_who_shares_control_with_the_poster_is_found_when_handing_in_and_at_the_opening(
    board: Board, session: AsyncSession, shared_runtime: Runtime
) -> None:
    """DM47, DM50, DM52"""
    demand = await board.posted(session)
    await hand_in(board, demand, "seller_staff", plain())
    same = "UPDATE parties SET representative = (SELECT representative FROM parties WHERE id = :a)"
    both = {"a": board.world.buyer, "b": board.world.seller}
    await session.execute(text(f"{same} WHERE id = :b"), both)
    path = f"demands/{demand['id']}/proposals"
    told = refusal(await board.post(path, "seller_staff", plain()), 400, "proposer_not_eligible")
    assert (told["errors"][0]["rule"], told["errors"][0]["grounds"]) == (
        "shared_control",
        ["representative"],
    )
    await close(board, session, shared_runtime.box, demand)
    [found] = done(await board.get(path, "operator"))["items"]
    assert [item["rule"] for item in found["grounds"]] == ["shared_control"]
    decide = f"proposals/{found['id']}/eligibility"
    refusal(await board.post(decide, "operator", {"admitted": True}), 400, "demand_reason_missing")
